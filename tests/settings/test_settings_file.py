from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

from engage import settings
from engage.domain.actions import ChannelName, ContactClass
from engage.domain.catalog import QUERYABLE
from engage.domain.goals import RECOVERED
from engage.domain.scores import Subject
from engage.domain.triggers import Stake
from engage.settings import Secrets, Settings, as_toml, in_force, reference
from engage.settings.base import Section, keys_of, meaning_of, row_of, table_of, unit_of
from engage.settings.outreach import Goal, Trigger

SUFFIXES = {
    "_s": "seconds",
    "_min": "minutes",
    "_h": "hours",
    "_d": "days",
    "_months": "months",
    "_mb": "MB",
}
_MONEY = re.compile(r"_minor(_|$)")


@pytest.fixture(scope="module")
def shipped(root: Path) -> Settings:
    return settings.load(root, {})


def tables() -> Iterator[tuple[str, type[Section]]]:
    """Yield each table that the file may hold, with the name of its place."""
    waiting: list[tuple[str, type[Section]]] = [("", Settings)]
    while waiting:
        place, table = waiting.pop()
        yield place, table
        for name, field in keys_of(table).items():
            inner, row = table_of(field), row_of(field)
            one = inner or row
            if one is not None and issubclass(one, Section):
                waiting.append((f"{place}.{name}".lstrip("."), one))


def test_the_shipped_file_writes_every_key_with_its_meaning_and_nothing_else(
    root: Path, shipped: Settings
) -> None:
    assert (root / "settings.toml").read_text() == as_toml(shipped), "run `make fix`"


def test_the_shipped_file_states_the_defaults(shipped: Settings) -> None:
    given = {one.key: one for one in in_force(shipped, Secrets())}
    families = tuple(f"{p}." for p in _families())
    changed = [k for k, one in given.items() if not one.is_default and not k.startswith(families)]
    assert changed == []


def _families() -> Iterator[str]:
    for place, table in tables():
        for name, field in keys_of(table).items():
            if row_of(field) is not None:
                yield f"{place}.{name}".lstrip(".")


def test_reading_what_was_written_gives_the_same_settings(tmp_path: Path) -> None:
    odd = settings.parse(
        {
            "project": {"name": 'a "quoted" näme\nwith two lines'},
            "jobs": {"train_models": {"at": "03:15"}, "tick": {"every_s": 0.5, "enabled": False}},
            "queues": {"front desk": {"agents": 2, "days": ["sat"]}},
            "triggers": {
                "t": {
                    "subject": "session",
                    "when": "pages > 1",
                    "actions": [f"{'long' * 9}_{n}" for n in range(6)],
                    "goal": "g",
                    "horizon_h": 24.0,
                }
            },
        }
    )
    (tmp_path / "settings.toml").write_text(as_toml(odd))
    assert settings.load(tmp_path, {}) == odd
    assert as_toml(settings.load(tmp_path, {})) == as_toml(odd)


def test_every_key_has_a_meaning_and_every_table_a_sentence() -> None:
    for place, table in tables():
        assert (table.__doc__ or "").strip().endswith("."), place
        for name, field in keys_of(table).items():
            assert meaning_of(field), f"{place}.{name} has no meaning"


def test_a_key_that_names_a_unit_has_that_unit() -> None:
    for place, table in tables():
        for name, field in keys_of(table).items():
            by_name = (unit for end, unit in SUFFIXES.items() if name.endswith(end))
            expected = "minor units" if _MONEY.search(name) else next(by_name, None)
            assert expected in {None, unit_of(field)}, f"{place}.{name}"


def test_the_reference_is_current(root: Path) -> None:
    assert (root / "docs" / "settings.md").read_text() == reference(), "run `make fix`"


def test_the_reference_names_every_key() -> None:
    page = reference()
    for _, table in tables():
        for name, field in keys_of(table).items():
            if table_of(field) is None and row_of(field) is None:
                assert f"| `{name}` |" in page


def test_the_words_of_the_settings_are_the_words_of_the_domain() -> None:
    def choices(table: type[Section], attribute: str) -> set[str]:
        return set(typing.get_args(table.model_fields[attribute].annotation))

    assert choices(Trigger, "subject") == set(Subject)
    assert choices(Trigger, "class_") == set(ContactClass)
    assert choices(Trigger, "stake") == set(Stake)
    assert choices(Goal, "relation") <= set(QUERYABLE)


def test_what_the_shipped_tables_name_exists(shipped: Settings) -> None:
    goals = {*shipped.goals, RECOVERED}
    assert {journey.goal for journey in shipped.journeys.values()} <= goals
    for name, trigger in shipped.triggers.items():
        assert set(trigger.actions) <= set(shipped.actions), name
        assert trigger.goal in goals, name
        assert trigger.journey in {"", *shipped.journeys}, name
    for name, action in shipped.actions.items():
        assert action.channel in set(ChannelName), name
        assert action.queue in {"", *shipped.queues}, name
        assert action.fallback in {"", *shipped.actions}, name
    assert set(shipped.channels.sms.bodies) == {
        name for name, action in shipped.actions.items() if action.channel == ChannelName.SMS
    }


def test_every_trigger_that_may_write_says_what_it_is_about(shipped: Settings) -> None:
    texting = {
        name
        for name, trigger in shipped.triggers.items()
        if any(shipped.actions[action].channel == ChannelName.SMS for action in trigger.actions)
    }
    assert texting <= set(shipped.channels.sms.purposes)


def test_an_agent_who_is_busy_turns_the_offer_into_slots(shipped: Settings) -> None:
    live = [a for a in shipped.actions.values() if a.queue and not a.slot]
    assert live
    assert all(shipped.actions[action.fallback].slot for action in live)


def test_what_was_requested_is_neither_held_out_nor_experimented_with(shipped: Settings) -> None:
    requested = [t for t in shipped.triggers.values() if t.class_ == "requested"]
    assert requested
    assert all((t.holdout, t.exploration) == (0, 0) for t in requested)


def test_outreach_launches_at_half_and_half(shipped: Settings) -> None:
    outreach = [t for t in shipped.triggers.values() if t.class_ != "requested"]
    assert {t.holdout for t in outreach} == {0.5}


def test_nothing_leaves_a_new_installation(shipped: Settings) -> None:
    assert shipped.delivery.dry_run
    assert Settings().delivery.dry_run


def test_what_is_in_force_shows_values_and_masks_secrets(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("[delivery]\nattempts = 3\n")
    rows = in_force(settings.load(tmp_path, {}), Secrets(secret="hush"))
    found = {row.key: row for row in rows}
    assert found["delivery.attempts"][:3] == ("delivery.attempts", "3", False)
    assert found["delivery.lease_s"][:4] == ("delivery.lease_s", "30", True, "seconds")
    assert found["ENGAGE_SECRET"].value == "******** (set)"
    assert found["ENGAGE_TWILIO_AUTH_TOKEN"].value == "not set"
    assert not any("hush" in str(row) for row in rows)


def test_settings_can_be_written_as_data_and_read_again(shipped: Settings) -> None:
    assert settings.parse(shipped.model_dump(mode="json", by_alias=True)) == shipped
