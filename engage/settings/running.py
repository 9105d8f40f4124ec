"""How Engage runs: whose project it is, where things are kept, how it computes and logs."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

from engage.settings.base import Section, key


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is no IANA time zone, for example 'Europe/Berlin'") from None
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]


def _a_day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no day; write it as 2026-12-24") from None
    return text


IsoDay = Annotated[str, AfterValidator(_a_day)]
CLOCK_TIME = r"^([01]\d|2[0-3]):[0-5]\d$"


class Project(Section):
    """Whose project this is, and where it is at home."""

    name: str = key("how the project is called in reports", "engage")
    currency: str = key("currency of every amount", "EUR", unit="ISO 4217", pattern="^[A-Z]{3}$")
    zone: Zone = key(
        "civil time of nightly jobs and of queues that name no zone",
        "Europe/Berlin",
        unit="IANA zone",
    )
    country: str = key(
        "home country, by whose rules national phone numbers are read",
        "DE",
        unit="ISO 3166",
        pattern="^[A-Z]{2}$",
    )
    holidays: tuple[IsoDay, ...] = key(
        "days on which hardly anybody calls, besides the home country's public holidays that are "
        "known (US, FR, AU)",
        (),
        unit="YYYY-MM-DD",
    )


class Store(Section):
    """The database of what is live; ENGAGE_STORE_URL in the environment goes first."""

    url: str = key(
        "database address without a password; empty: SQLite in var/engage.db",
        "",
        unit="SQLAlchemy URL",
    )
    cache_mb: int = key(
        "pages of a SQLite file that each connection keeps in memory; above some 20 million rows a "
        "large import is twice as fast with 2000",
        32,
        unit="MB",
        ge=1,
        le=65_536,
    )


class History(Section):
    """The Parquet files that training and measuring read."""

    folder: str = key("where the files are, seen from the project's folder", "var/history")
    hot_d: int = key(
        "how long rows stay in the database before only the history has them",
        30,
        unit="days",
        ge=1,
    )


class Engine(Section):
    """What computes features, nightly scores and goals."""

    kind: Literal["duckdb"] = key("which engine", "duckdb")
    threads: int = key("how many processor cores it may use", 2, unit="threads", ge=1)
    memory_mb: int = key("how much memory it may use before it spills", 4096, unit="MB", ge=256)


class Scoring(Section):
    """How models learn and when a new one takes over."""

    promote: Literal["auto", "ask"] = key(
        "auto: a better model takes over by itself; ask: it waits for a person", "auto"
    )
    seed: int = key("seed of training, so that it can be repeated exactly", 1, ge=0)
    threads: int = key("cores that training uses; part of what makes it repeatable", 2, ge=1)
    min_rows: int = key(
        "fewer examples than this train no model; a model's own gates may ask for more",
        200,
        unit="rows",
        ge=1,
    )
    trials: int = key(
        "ways of growing trees that are tried, our defaults first; the best on unseen rows stays",
        2,
        unit="ways",
        ge=1,
        le=100,
    )
    max_rows: int = key(
        "of more examples than this a model learns from so many, drawn by the seed",
        200_000,
        unit="rows",
        ge=1_000,
    )
    audit_share: float = key(
        "of the contacts on no list so many are drawn for somebody to judge by their record",
        0.05,
        ge=0,
        le=1,
    )


class JobSettings(Section):
    """A job's own schedule, where the project wants another than the job's file says."""

    enabled: bool = key("whether it runs at all", default=True)
    every_s: float | None = key("run this often", None, unit="seconds", gt=0)
    at: str | None = key(
        "run daily at this time in the project's zone", None, unit="HH:MM", pattern=CLOCK_TIME
    )


class Logs(Section):
    """What is written to the log; personal data never is."""

    level: Literal["debug", "info", "warning", "error"] = key("the least that is written", "info")
    format: Literal["text", "json"] = key("for people or for programs", "text")
