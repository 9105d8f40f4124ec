"""Where a person may be: every place and time zone that anything we know points to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec
import phonenumbers
from phonenumbers import timezone

from engage.decide.known import Known

_COUNTRY = re.compile(r"[A-Z]{2}")
_REGION = re.compile(r"[A-Z0-9]{1,3}")
_NOWHERE = "Etc/Unknown"


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


def whereabouts(known: Known) -> dict[str, Any]:
    """Return for each person home country and region, all places and zones, and wish for privacy.

    Candidates are the customer record, each phone number, and what the browser reported last.
    """
    n = len(known.people)
    seen: list[set[tuple[str, str]]] = [set() for _ in range(n)]
    home, private = [""] * n, [False] * n
    records = known.rows("people")
    for who, text in zip(records.place.tolist(), records.texts("attributes"), strict=True):
        told = attributes(text or "")
        home[who] = place(told.get("country"), told.get("region"))
        seen[who].add((home[who], _name(told.get("zone"))))
        private[who] = bool(told.get("gpc") or told.get("dnt"))
    for who, number in _phones(known):
        where, zones = of_phone(number)
        seen[who].update((where, zone) for zone in zones or ("",))
    pages = known.rows("zones")
    columns = (pages.place.tolist(), pages.texts("zone"), pages.texts("country"))
    for who, zone, country in zip(*columns, strict=True):
        seen[who].add((place(country), _name(zone)))
    found = [_summed(frozenset(one)) for one in seen]
    main = [own or (*places, "")[0] for own, (places, _) in zip(home, found, strict=True)]
    return {
        "country": [one.partition("-")[0] for one in main],
        "region": [one.partition("-")[2] for one in main],
        "places": [places for places, _ in found],
        "zones": [zones for _, zones in found],
        "gpc": private,
    }


def _phones(known: Known) -> Iterable[tuple[int, str]]:
    points = known.rows("contact_points")
    phone = points.objects("kind") == "phone"
    return zip(points.place[phone].tolist(), points.objects("value")[phone], strict=True)


def _name(zone: Any) -> str:
    return zone if isinstance(zone, str) else ""


@lru_cache(maxsize=1 << 12)
def _summed(seen: frozenset[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the distinct places and zones of what was seen, in order."""
    return narrowed(where for where, _ in seen), tuple(sorted({zone for _, zone in seen} - {""}))
