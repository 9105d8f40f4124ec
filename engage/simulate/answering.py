"""Offers come in, answers go out: who is asked, whether they are there, and what it changes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from engage.domain.actions import NONE
from engage.features.schema import TIME
from engage.simulate import responses
from engage.simulate.bank import Bank
from engage.simulate.calendar import MINUTE
from engage.simulate.course import Course, Log
from engage.simulate.finding import Finder
from engage.simulate.streams import Ints
from engage.simulate.tables import micros_of

OFFERS = pa.schema(
    [
        (name, pa.string())
        for name in ("decision_id", "person_id", "trigger", "subject_id", "action", "channel")
    ]
    + [("sent_at", TIME)]
)
ANSWERED = pa.schema([("decision_id", pa.string()), ("answer", pa.string()), ("at", TIME)])


def answers(
    bank: Bank, finder: Finder, course: Course, told_until: int, offers: pa.Table
) -> tuple[Log, Ints]:
    """Return how people answer new offers, as lines for the log, and when they do.

    Nothing changes before `told_until`: what the engine has been told stays true.
    """
    sent = micros_of(offers["sent_at"])
    person, need = finder.find(offers, sent)
    actions = offers["action"].to_pylist()
    channel = responses.channels(offers["channel"].to_pylist(), actions)
    mode = responses.modes(
        bank.responses,
        bank.people,
        person,
        need,
        channel,
        present=finder.present(person, sent, course) & ~bank.unseen[need],
        slots_only=np.array(["slot" in one for one in actions]),
    )
    nobody = (person < 0) | np.array([one == NONE for one in actions])
    mode = np.where(nobody, responses.ABSENT, mode)
    answered, effective, finish = responses.times(
        bank.responses, bank.calendar, bank.people.zone[person], need, mode, channel, sent
    )
    effective = np.maximum(effective, told_until + 1)
    finish = np.maximum(finish, effective + 2 * MINUTE)
    alone = finder.alone(need)
    outcome = responses.outcomes(
        bank.responses, bank.people, bank.needs, need, mode, effective, **alone
    )
    decision, trigger = (
        np.array(offers[name].to_pylist(), dtype=np.str_) for name in ("decision_id", "trigger")
    )
    return Log(decision, trigger, person, need, effective, mode, outcome, finish), answered
