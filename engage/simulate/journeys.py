"""What brings people to the page: a matter on their mind, and whether they see it through alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engage.simulate.calendar import (
    DAY,
    LATE_VISITS_BY_HOUR,
    VISITS_BY_HOUR,
    VISITS_BY_WEEKDAY,
    Calendar,
    time_of_day,
)
from engage.simulate.people import People
from engage.simulate.seasons import nights
from engage.simulate.streams import Draws, Flags, Floats, Ints, sigmoid


@dataclass(frozen=True, slots=True)
class Journey:
    """One kind of matter: its pages, how hard it is and what it earns."""

    name: str
    weight: float
    """How often it is on people's minds."""
    ease: float
    """Log-odds of seeing it through for an ordinary person in an ordinary mood."""
    goal: str
    """Name of the event that ends it well."""
    info: str
    calculator: str
    form: str
    calculations: float = 0.0
    """How often the calculator is used in one visit."""
    errors: float = 1.0
    """How often the form complains."""
    late: bool = False
    """Thought about in the evening."""
    application: bool = False
    annual_margin_minor: int = 0
    approval_days: int = 0
    amounts: tuple[int, int] = (0, 0)
    """Whole euros."""


JOURNEYS = (
    Journey(
        "mortgage", 0.48, -0.8, "application_submitted", "/mortgage", "/mortgage/calculator",
        "/mortgage/apply", 1.8, 1.3, late=True, application=True, annual_margin_minor=240_000,
        approval_days=10, amounts=(80_000, 600_000),
    ),
    Journey(
        "card", 0.15, -0.2, "application_submitted", "/card", "", "/card/apply", 0.0, 0.8,
        application=True, annual_margin_minor=9_000, approval_days=3,
    ),
    Journey(
        "loan", 0.18, -0.6, "application_submitted", "/loan", "/loan/calculator", "/loan/apply",
        1.2, 1.0, late=True, application=True, annual_margin_minor=60_000, approval_days=5,
        amounts=(2_000, 40_000),
    ),
    Journey("complaint", 0.05, 0.6, "complaint_submitted", "/help", "", "/help/complaint", 0.0, 0.9),
    Journey("address", 0.14, 0.9, "address_changed", "/profile", "", "/profile/address", 0.0, 0.7),
)  # fmt: skip
NAMES = tuple(journey.name for journey in JOURNEYS)
COMPLAINT = NAMES.index("complaint")
DEVICES = ("desktop", "mobile", "tablet")
CAMPAIGNS = ("spring_rates", "newsletter", "search")
MOST_VISITS = 4


@dataclass(frozen=True, slots=True)
class Matters:
    """One entry for each matter that brings somebody to the page, left alone."""

    person: Ints
    journey: Ints
    starts: Ints
    """[matter, visit]: when each visit begins; entries beyond `visits` mean nothing."""
    visits: Ints
    heat: Floats
    """How much they want it; bell-shaped around 0. Never seen by the engine."""
    chance: Floats
    """The chance to see it through alone."""
    finishes: Flags
    """Whether they see it through alone."""
    anonymous: Flags
    """Done in a browser that nobody knows until they identify themselves."""
    amount: Ints
    device: Ints
    campaign: Ints
    """Index into CAMPAIGNS; -1 for none."""

    def __len__(self) -> int:
        return len(self.person)


def draw(
    people: People,
    seed: int,
    calendar: Calendar,
    first: int,
    last: int,
    per_week: float,
    *,
    seasons: bool = False,
) -> Matters:
    """Return the matters that begin between two times, `per_week` for an ordinary person.

    With `seasons`, half of the returns about large decisions come at night.
    """
    draws = Draws(seed, "matters")
    weeks = (last - first) / (7 * DAY)
    person = np.repeat(
        np.arange(len(people)), draws.count("number", per_week * weeks * people.activity, 40)
    )
    n = len(person)
    journey = draws.pick("journey", n, [j.weight for j in JOURNEYS])
    heat = draws.bell("heat", n)
    skill = people.skill[person]
    chance = sigmoid(of("ease", journey) + 1.3 * heat + 1.6 * (skill - 0.5))
    low, high = (np.array([j.amounts[k] for j in JOURNEYS])[journey] for k in (0, 1))
    again = np.clip(0.34 + 0.14 * heat, 0.08, 0.75)
    more = draws.uniform("visits", n, MOST_VISITS - 1) < again[:, None]
    return Matters(
        person=person,
        journey=journey,
        starts=_starts(people.zone[person], journey, draws, calendar, first, last, seasons),
        visits=1 + np.cumprod(more, axis=1).sum(axis=1),
        heat=heat,
        chance=chance,
        finishes=draws.chance("finishes", chance),
        anonymous=~people.logs_in[person],
        amount=draws.between("amount", n, low, high).astype(np.int64) // 1_000 * 1_000,
        device=draws.pick("device", n, (0.5, 0.42, 0.08)),
        campaign=draws.pick("campaign", n, (0.65, 0.12, 0.1, 0.13)) - 1,
    )


def of(attribute: str, journey: Ints) -> Floats:
    """Return an attribute of each row's journey."""
    return np.array([getattr(j, attribute) for j in JOURNEYS], dtype=np.float64)[journey]


def _starts(
    zone: Ints,
    journey: Ints,
    draws: Draws,
    calendar: Calendar,
    first: int,
    last: int,
    seasons: bool,
) -> Ints:
    """Return when each visit would begin: days apart, evenings for what is thought about late."""
    n = len(zone)
    late = of("late", journey) > 0
    u, v = draws.uniform("hour", n, MOST_VISITS), draws.uniform("minute", n, MOST_VISITS)
    gap = np.minimum(draws.exponential("gap", np.full((n, MOST_VISITS), 1.3)), 3.9)
    day = calendar.days(draws.uniform("day", n), first, last, VISITS_BY_WEEKDAY)
    clock = np.where(
        late[:, None],
        time_of_day(u, v, LATE_VISITS_BY_HOUR),
        time_of_day(u, v, VISITS_BY_HOUR),
    )
    if seasons:
        clock = nights(clock, late, draws.seed)
    starts = np.empty((n, MOST_VISITS), dtype=np.int64)
    for k in range(MOST_VISITS):
        starts[:, k] = calendar.utc(zone, day * DAY + clock[:, k])
        if k:
            # Visits of one matter never run into one another.
            starts[:, k] = np.maximum(starts[:, k], starts[:, k - 1] + DAY // 8)
        day = day + gap[:, k].astype(np.int64)
    return starts
