"""Where a person may be: every place and time zone that anything we know points to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec
import pandas as pd
import phonenumbers
from phonenumbers import timezone

from engage.decide.known import Frames, each, rows_of

_COUNTRY = re.compile(r"[A-Z]{2}")
_REGION = re.compile(r"[A-Z0-9]{1,3}")
_NOWHERE = "Etc/Unknown"
_RECORD = ("person_id", "attributes")
_POINT = ("person_id", "kind", "value")
_BROWSER = ("person_id", "zone", "country")


def attributes(text: str) -> dict[str, Any]:
    """Return a person's attributes from JSON; nothing where there is none."""
    found = msgspec.json.decode(text) if text else {}
    return found if isinstance(found, dict) else {}


def place(country: Any, region: Any = "") -> str:
    """Return `US-CA` from a country and a region, `US` where the region is not a code, or ""."""
    code = str(country or "").strip().upper()
    if not _COUNTRY.fullmatch(code):
        return ""
    part = str(region or "").strip().upper().removeprefix(f"{code}-")
    return f"{code}-{part}" if _REGION.fullmatch(part) else code


@lru_cache(maxsize=1 << 16)
def of_phone(number: str) -> tuple[str, tuple[str, ...]]:
    """Return the country and the zones a phone number (E.164) may be in.

    A number that is bound to no place, such as a toll-free one, may be in every zone of its
    country code.
    """
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return "", ()
    zones = tuple(zone for zone in timezone.time_zones_for_number(parsed) if zone != _NOWHERE)
    return place(phonenumbers.region_code_for_number(parsed)), zones


def narrowed(places: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct places in order, without a country of which a region is known."""
    distinct = sorted(set(places) - {""})
    known = {one.partition("-")[0] for one in distinct if "-" in one}
    return tuple(one for one in distinct if one not in known)


def whereabouts(index: pd.Index[Any], frames: Frames) -> dict[str, Any]:
    """Return for each person home country and region, all places and zones, and wish for privacy.

    Candidates are the customer record, each phone number, and what the browser reported last.
    """
    seen: dict[str, set[tuple[str, str]]] = {}
    home, private = {}, set()
    for person, text in each(rows_of(frames, "people", *_RECORD), *_RECORD):
        known = attributes(text if isinstance(text, str) else "")
        home[person] = place(known.get("country"), known.get("region"))
        seen[person] = {(home[person], _name(known.get("zone")))}
        if known.get("gpc") or known.get("dnt"):
            private.add(person)
    points = rows_of(frames, "contact_points", *_POINT)
    for person, _, number in each(points[points["kind"] == "phone"], *_POINT):
        where, zones = of_phone(number)
        seen.setdefault(person, set()).update((where, zone) for zone in zones or ("",))
    for person, zone, country in each(rows_of(frames, "zones", *_BROWSER), *_BROWSER):
        seen.setdefault(person, set()).add((place(country), _name(zone)))
    people = index.tolist()
    found = [_summed(frozenset(seen.get(person, ()))) for person in people]
    main = [
        home.get(who) or (*places, "")[0] for who, (places, _) in zip(people, found, strict=True)
    ]
    return {
        "country": [one.partition("-")[0] for one in main],
        "region": [one.partition("-")[2] for one in main],
        "places": [places for places, _ in found],
        "zones": [zones for _, zones in found],
        "gpc": [person in private for person in people],
    }


def _name(zone: Any) -> str:
    return zone if isinstance(zone, str) else ""


@lru_cache(maxsize=1 << 12)
def _summed(seen: frozenset[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the distinct places and zones of what was seen, in order."""
    return narrowed(where for where, _ in seen), tuple(sorted({zone for _, zone in seen} - {""}))
