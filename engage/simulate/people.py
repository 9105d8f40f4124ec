"""Who banks here: where they live, what they hold, how they are, how they may be reached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engage.domain.ids import Prefix, derive_column
from engage.domain.people import PEOPLE
from engage.features.schema import TIME
from engage.simulate.calendar import DAY, NEVER
from engage.simulate.streams import Draws, Flags, Floats, Ints
from engage.simulate.tables import arrow, digits, rank, table, words

SOURCE = "bank"
"""The natural keys of customers and browsers are told apart by nothing but this source."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where people live."""

    region: str
    country: str
    language: str
    zone: str
    weight: float
    area_codes: tuple[str, ...] = ()


PLACES = (
    Place("DE-BY", "DE", "de", "Europe/Berlin", 0.18),
    Place("DE-NW", "DE", "de", "Europe/Berlin", 0.24),
    Place("DE-BE", "DE", "de", "Europe/Berlin", 0.14),
    Place("DE-HE", "DE", "de", "Europe/Berlin", 0.12),
    Place("DE-BW", "DE", "de", "Europe/Berlin", 0.12),
    Place("DE-HH", "DE", "de", "Europe/Berlin", 0.08),
    Place("US-NY", "US", "en", "America/New_York", 0.05, ("212", "315", "518", "646", "716")),
    Place("US-CA", "US", "en", "America/Los_Angeles", 0.04, ("213", "310", "415", "510", "619")),
    Place("US-TX", "US", "en", "America/Chicago", 0.02, ("210", "214", "512", "713")),
    Place("US-FL", "US", "en", "America/New_York", 0.01, ("305", "407", "813")),
)
ZONES = tuple(sorted({place.zone for place in PLACES}))
PRODUCTS = ("current", "savings", "card", "loan", "mortgage")
HELD = (1.0, 0.55, 0.45, 0.15, 0.18)
"""The share of people who hold each product."""
PURPOSES = {"sms": 0.75, "call": 0.85, "marketing": 0.8, "email": 0.6}
"""What people are asked to agree to, and the share who do."""

REVIEW = 70 * DAY
"""So long before launch the books were looked through; everybody had joined by then."""

CONTACT_POINTS = pa.schema(
    [(name, pa.string()) for name in ("person_id", "kind", "value")] + [("known_at", TIME)]
)
CONSENTS = pa.schema(
    [
        ("person_id", pa.string()),
        ("purpose", pa.string()),
        ("granted", pa.bool_()),
        ("at", TIME),
        ("source", pa.string()),
        ("text_version", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class People:
    """Everybody, one entry a person; most of it nobody at the bank can see."""

    key: pa.Array
    """Customer number."""
    ids: pa.Array
    place: Ints
    zone: Ints
    """Index into ZONES."""
    joined: Ints
    holds: Flags
    """[person, product]"""
    skill: Floats
    """0 to 1: how easily they find their way through a form."""
    patience_s: Floats
    """Seconds they usually wait in a queue."""
    activity: Floats
    """Around 1: how often something is on their mind."""
    likes_chat: Floats
    likes_phone: Floats
    likes_messages: Floats
    irritable: Flags
    """Put off by being approached."""
    logs_in: Flags
    """Known on the page from the first click."""
    closed: Ints
    """When they leave for reasons of their own; NEVER for most."""

    def __len__(self) -> int:
        return len(self.key)


def draw(n: int, seed: int, first: int, start: int, end: int) -> People:
    """Return n people: `first` is when records begin, `start` the launch, `end` the last day."""
    draws = Draws(seed, "people")
    key = pc.binary_join_element_wise("K", digits(np.arange(1, n + 1), 7), "")
    place = draws.pick("place", n, [p.weight for p in PLACES])
    zone_of = np.array([ZONES.index(p.zone) for p in PLACES], dtype=np.int64)
    age = (draws.uniform("tenure", n) ** 2 * 7_300).astype(np.int64) * DAY
    joined = start - 100 * DAY - age
    leaves = draws.uniform("leaves", n) < 0.04
    left = (first + 200 * DAY + draws.uniform("left", n) * (end - first - 200 * DAY)) // DAY * DAY
    return People(
        key=key,
        ids=pa.array(derive_column(Prefix.PERSON, [SOURCE] * n, key.to_pylist()), pa.string()),
        place=place,
        zone=zone_of[place],
        joined=joined,
        holds=draws.uniform("holds", n, len(PRODUCTS)) < np.array(HELD),
        skill=draws.uniform("skill", n, 2).mean(axis=1),
        patience_s=90.0 + draws.exponential("patience", np.full(n, 160.0)),
        activity=np.exp(0.45 * draws.bell("activity", n)),
        likes_chat=draws.uniform("likes_chat", n),
        likes_phone=draws.uniform("likes_phone", n),
        likes_messages=draws.uniform("likes_messages", n),
        irritable=draws.uniform("irritable", n) < 0.1,
        logs_in=draws.uniform("logs_in", n) < 0.5,
        closed=np.where(leaves, np.maximum(left.astype(np.int64), joined + 60 * DAY), NEVER),
    )


def people_table(people: People, first: int, start: int) -> pa.Table:
    """Return the `people` relation: what the bank's own books say, and said ten weeks ago."""
    earlier = np.maximum(people.joined, first)
    rows = [_version(people, since) for since in (earlier, np.full_like(earlier, start - REVIEW))]
    return pa.concat_tables(rows).combine_chunks()


def _version(people: People, since: Ints) -> pa.Table:
    held = [
        pc.if_else(pa.array(people.holds[:, k]), f'"{name}"', pa.scalar(None, pa.string()))
        for k, name in enumerate(PRODUCTS)
    ]
    months = pa.array((since - people.joined) // (30 * DAY)).cast(pa.string())
    parts = [
        '{"tenure":', months,
        ',"products":[', pc.binary_join_element_wise(*held, ",", null_handling="skip"),
        '],"country":"', words([p.country for p in PLACES], people.place),
        '","region":"', words([p.region for p in PLACES], people.place),
        '","language":"', words([p.language for p in PLACES], people.place),
        '","zone":"', words([p.zone for p in PLACES], people.place),
        '"}', "",
    ]  # fmt: skip
    columns = {
        "person_id": people.ids,
        "valid_from": since,
        "known_at": since,
        "attributes": pc.binary_join_element_wise(*parts),
    }
    return arrow(PEOPLE, len(people), columns)


def contact_points(people: People, seed: int, first: int) -> pa.Table:
    """Return numbers and addresses; all of them fictitious."""
    draws = Draws(seed, "contact_points")
    n = len(people)
    phone = np.flatnonzero(draws.uniform("has_phone", n) < 0.93)
    email = np.flatnonzero(draws.uniform("has_email", n) < 0.85)
    who = np.concatenate([phone, email])
    names = pc.utf8_lower(people.key.take(pa.array(email)))
    addresses = pc.binary_join_element_wise(names, "example.org", "@")
    numbers = _phone_numbers(people.place).take(pa.array(phone))
    return table(
        CONTACT_POINTS,
        len(who),
        {
            "person_id": people.ids.take(pa.array(who)),
            "kind": words(["phone", "email"], np.repeat([0, 1], [len(phone), len(email)])),
            "value": pa.concat_arrays([numbers, addresses]),
            "known_at": np.maximum(people.joined, first)[who],
        },
    )


def _phone_numbers(place: Ints) -> pa.Array:
    """Return +49 1555 5xxxxxx in Germany and the 555-01xx numbers kept for fiction in the US.

    Where a state has more people than such numbers, some share one, as households do.
    """
    american = np.array([p.country == "US" for p in PLACES])[place]
    group = np.where(american, place, -1)
    count = rank(group)
    codes, first_code = _area_codes()
    many = np.array([max(len(p.area_codes), 1) for p in PLACES], dtype=np.int64)[place]
    code = first_code[place] + count // 100 % many
    us = pc.binary_join_element_wise("+1", words(codes, code), "55501", digits(count % 100, 2), "")
    de = pc.binary_join_element_wise("+4915555", digits(count % 1_000_000, 6), "")
    return pc.if_else(pa.array(american), us, de)


def _area_codes() -> tuple[list[str], Ints]:
    """Return all area codes in one list, and where each place's own begin in it."""
    codes = [code for place in PLACES for code in place.area_codes]
    sizes = np.array([len(place.area_codes) for place in PLACES], dtype=np.int64)
    return codes, np.minimum(np.cumsum(sizes) - sizes, len(codes) - 1)


def consents(people: People, seed: int, start: int) -> pa.Table:
    """Return each person's yes or no to each purpose, given in the year and a half before launch."""
    draws = Draws(seed, "consents")
    n, purposes = len(people), tuple(PURPOSES)
    share = np.array(list(PURPOSES.values()))
    granted = draws.uniform("granted", n, len(purposes)) < share
    asked = start - (10 + draws.uniform("asked", n) * 530).astype(np.int64) * DAY
    rows = n * len(purposes)
    return table(
        CONSENTS,
        rows,
        {
            "person_id": people.ids.take(pa.array(np.repeat(np.arange(n), len(purposes)))),
            "purpose": words(purposes, np.tile(np.arange(len(purposes)), n)),
            "granted": granted.ravel(),
            "at": np.repeat(asked, len(purposes)),
            "source": "online banking",
            "text_version": "2025-1",
        },
    )
