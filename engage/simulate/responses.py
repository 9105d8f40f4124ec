"""How each person answers each action: helped, coming anyway, put off, or not reached at all.

Drawn before anything is offered, from streams that nothing else uses: what a person would do under
an offer cannot be read from what they do when left alone. Everything here is the truth that the
engine has to find out; the engine never sees it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from engage.domain.actions import ChannelName
from engage.simulate.calendar import HOUR, MINUTE, SECOND, Calendar, in_office_hours
from engage.simulate.course import CONCERN, HELPED, MATTER, NOTHING, PUT_OFF, Needs
from engage.simulate.people import People
from engage.simulate.streams import Draws, Flags, Floats, Ints

ABSENT, IGNORED, DECLINED, CHAT, CALL, SLOT, READ = range(7)
ANSWERS = ("ignored", "ignored", "declined", "chat_now", "call_now", "slot", "read")
"""What the engine is told; it cannot tell the absent from those who ignore it."""
CHAT_OFFER, CALLBACK, SMS, NO_CHANNEL = range(4)
CHANNELS: dict[str, int] = {
    ChannelName.CHAT_OFFER: CHAT_OFFER,
    ChannelName.CALLBACK: CALLBACK,
    ChannelName.SMS: SMS,
}
BY_NAME = {"chat": CHAT_OFFER, "call": CALLBACK, "sms": SMS}
"""How the names of actions begin; that is all a dry run tells."""

MATTER_LIFT = np.array([0.0, 0.0, 0.0, 0.48, 0.46, 0.40, 0.14])
"""By answer: points added to the chance that an ordinary person gets it done."""
CONCERN_SOLVED = np.array([0.0, 0.0, 0.0, 0.62, 0.78, 0.72, 0.15])
"""By answer: the chance that the concern is over."""
REMINDED = 0.55
"""The chance that somebody who would have missed a meeting comes after reading a reminder."""
HURRIED = 0.5
"""The chance that somebody who would have come anyway gets it done at once instead."""
PUT_OFF_FROM_PAGE = 0.35
COMPLAINS_ABOUT_CALL = 0.2
"""The chance that an irritable person leaves the page, or complains about being approached."""
SPOKEN = (CHAT, CALL, SLOT)


@dataclass(frozen=True, slots=True)
class Responses:
    """What each need would do under each action; one entry a need and one for `no need`."""

    takes: Floats
    """[channel, need]: low numbers take what is offered."""
    prefers: Floats
    """Low numbers want to be phoned at once, high ones to chat."""
    solved: Floats
    """Low numbers are helped."""
    bristles: Floats
    """Low numbers, among the irritable, are put off."""
    pace: Floats
    """How quickly they answer and act."""

    @staticmethod
    def draw(n: int, seed: int) -> Responses:
        """Return the responses of n needs."""
        draws = Draws(seed, "responses")
        return Responses(
            np.stack([draws.uniform(f"takes_{name}", n + 1) for name in (*CHANNELS, "other")]),
            *(draws.uniform(name, n + 1) for name in ("prefers", "solved", "bristles", "pace")),
        )

    def with_more(self, place: int, more: Responses) -> Responses:
        """Return responses with those of further needs inserted; theirs of `no need` are dropped."""
        names = [field.name for field in fields(self)]
        return Responses(
            *(
                np.concatenate([one[..., :place], new[..., :-1], one[..., place:]], axis=-1)
                for one, new in ((getattr(self, n), getattr(more, n)) for n in names)
            )
        )


def channels(names: list[str], actions: list[str]) -> Ints:
    """Return the way each action takes; a dry run goes the way its action's name begins."""
    return np.array([_channel(*pair) for pair in zip(names, actions, strict=True)], dtype=np.int64)


def _channel(name: str, action: str) -> int:
    if name != ChannelName.DRY_RUN:
        return CHANNELS.get(name, NO_CHANNEL)
    return next((code for word, code in BY_NAME.items() if action.startswith(word)), NO_CHANNEL)


def modes(
    responses: Responses,
    people: People,
    person: Ints,
    need: Ints,
    channel: Ints,
    *,
    present: Flags,
    slots_only: Flags,
) -> Ints:
    """Return how each person answers; `present` says whether the page is open before them."""
    takes, prefers = responses.takes[channel, need], responses.prefers[need]
    chat, phone, messages = (
        getattr(people, name)[person] for name in ("likes_chat", "likes_phone", "likes_messages")
    )
    willing = np.select(
        [channel == CHAT_OFFER, channel == CALLBACK, channel == SMS],
        [0.45 + 0.45 * chat, 0.55 + 0.35 * phone, 0.45 + 0.4 * messages],
    )
    in_words = np.select(
        [prefers < 0.12 * phone / (chat + 0.2), prefers < 0.3 * phone / (chat + 0.2)],
        [SLOT, CALL],
        default=CHAT,
    )
    accepted = np.select(
        [channel == SMS, slots_only, channel == CALLBACK], [READ, SLOT, CALL], default=in_words
    )
    refuses = (channel != SMS) & (takes > 0.92)
    answer = np.where(takes < willing, accepted, np.where(refuses, DECLINED, IGNORED))
    # Nobody is annoyed by a call that did not reach them, or an offer that they did not see.
    missed = ((channel == CHAT_OFFER) & ~present) | ((channel == CALLBACK) & (answer == IGNORED))
    return np.where(missed | (channel == NO_CHANNEL), ABSENT, answer)


def times(
    responses: Responses,
    calendar: Calendar,
    zone: Ints,
    need: Ints,
    mode: Ints,
    channel: Ints,
    sent: Ints,
) -> tuple[Ints, Ints, Ints]:
    """Return when each person answers, when that changes anything, and when they are done."""
    pace = responses.pace[need]
    longest = np.array([40 * SECOND, 5 * MINUTE, 90 * MINUTE, MINUTE])[channel]
    answered = sent + 4 * SECOND + _part(longest, pace)
    slot = in_office_hours(calendar, zone, answered + 2 * HOUR, pace)
    effective = np.where(mode == SLOT, slot, answered)
    reading = mode == READ
    after = np.where(reading, HOUR + _part(40 * HOUR, pace), 8 * MINUTE + _part(30 * MINUTE, pace))
    return answered, effective, effective + after


def outcomes(
    responses: Responses,
    people: People,
    needs: Needs,
    need: Ints,
    mode: Ints,
    effective: Ints,
    *,
    chance: Floats,
    lasts_until: Ints,
    comes_anyway: Flags,
) -> NDArray[np.int64]:
    """Return what each answer does to its need.

    `chance`: of getting it done alone; `comes_anyway`: whether they will; `lasts_until`: after that
    it is too late. Those who would have come anyway can be hurried or put off, not helped.
    """
    person, kind = needs.person[need], needs.kind[need]
    irritable, solved = people.irritable[person], responses.solved[need]
    lift = MATTER_LIFT[mode] * np.where(irritable, 0.2, 1.0)
    # Conditional on not coming alone, so that the points added are `lift` over everybody.
    helped = np.where(
        comes_anyway,
        np.isin(mode, SPOKEN) & (solved < HURRIED),
        solved < lift / np.maximum(1.0 - chance, 1e-9),
    )
    done = np.select(
        [kind == MATTER, kind == CONCERN],
        [helped, solved < CONCERN_SOLVED[mode] * np.where(irritable, 0.5, 1.0)],
        default=(mode == READ) & ~comes_anyway & (solved < REMINDED),
    )
    annoying = np.select(
        [kind == MATTER, kind == CONCERN], [PUT_OFF_FROM_PAGE, COMPLAINS_ABOUT_CALL]
    )
    bristles = irritable & (mode != ABSENT) & (responses.bristles[need] < annoying)
    bristles &= (kind != MATTER) | comes_anyway
    outcome = np.where(bristles, PUT_OFF, np.where(done, HELPED, NOTHING))
    return np.where((need < 0) | (effective >= lasts_until), NOTHING, outcome).astype(np.int64)


def _part(of: Ints | int, share: Floats) -> Ints:
    """Return a share of a span, in whole milliseconds."""
    return np.asarray(of * share).astype(np.int64) // 1_000 * 1_000
