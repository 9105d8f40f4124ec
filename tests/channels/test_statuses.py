"""Reports of a message in any order and number: promise B5."""

from __future__ import annotations

import random

import pytest

from engage.channels.twilio.statuses import RANK, furthest, state_of
from engage.domain.messages import MessageState

WAYS = (
    ("accepted", "queued", "sending", "sent", "delivered"),
    ("scheduled", "accepted", "queued", "sending", "sent", "delivered", "read"),
    ("queued", "sending", "sent", "undelivered"),
    ("queued", "failed"),
    ("scheduled", "canceled"),
)
"""What really happens to messages, in order."""


def test_five_thousand_disorders_end_where_the_message_ended_and_never_go_back() -> None:
    drawn = random.Random(5)  # noqa: S311  so that a failure can be tried again
    for _ in range(5_000):
        way = drawn.choice(WAYS)
        told = list(way) + drawn.choices([*way, "brand_new"], k=drawn.randrange(4))
        drawn.shuffle(told)
        seen = [furthest(told[: n + 1]) for n in range(len(told))]
        assert seen[-1] == way[-1], told
        ranks = [RANK.get(one, -1) for one in seen]
        assert ranks == sorted(ranks), told
        ends = [state_of(one) for one in seen if RANK.get(one, -1) >= 10]
        assert len(set(ends)) == 1, told


def test_of_two_ends_the_first_stays() -> None:
    assert furthest(["sent", "undelivered", "delivered", "read"]) == "undelivered"
    assert furthest(["delivered", "failed"]) == "delivered"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("queued", MessageState.SENT),
        ("read", MessageState.DELIVERED),
        ("canceled", MessageState.FAILED),
        ("receiving", None),
        ("", None),
    ],
)
def test_a_status_is_a_state_of_ours(status: str, state: MessageState | None) -> None:
    assert state_of(status) is state
