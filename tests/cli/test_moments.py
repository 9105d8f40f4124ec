"""What `--at` takes for a moment, and what it says of it."""

from __future__ import annotations

from tests.cli.test_imports import Engage, engage

__all__ = ["engage"]


def test_a_moment_without_offset_is_utc_and_told_so(engage: Engage) -> None:
    engage("job", "plan_capacity")
    code, out, err = engage("job", "plan_capacity", "--at", "2026-03-07T11:00", "--json")
    assert (code, out[0]) == (0, "[")
    assert err == "Note: --at is taken as 2026-03-07 11:00:00 UTC\n"


def test_a_moment_with_an_offset_needs_no_word(engage: Engage) -> None:
    code, _, err = engage("job", "plan_capacity", "--at", "2026-03-07T12:00+01:00")
    assert (code, err) == (0, "")


def test_what_is_no_moment_is_told_what_one_looks_like(engage: Engage) -> None:
    for text in ("nonsense", "12:00", "0001-01-01T00:00+14:00"):
        code, _, err = engage("job", "plan_capacity", "--at", text)
        assert code == 2
        assert (
            f"'{text}' is no moment; write one as 2026-03-03T09:56:30, which is UTC, or with an "
            "offset as 2026-03-03T10:56:30+01:00"
        ) in " ".join(err.split())
