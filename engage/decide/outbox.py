"""What leaves with the decisions: messages, the contact ledger, and the ghosts of the held out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.decide.naming import reference
from engage.decide.outing import Outing
from engage.decide.verdict import Verdict
from engage.domain.actions import ContactClass
from engage.domain.ids import Prefix, derive_column, draw
from engage.domain.messages import MessageState

RESERVED = "reserved"
"""The budget is set aside in the decision's own transaction."""


def _who(verdict: Verdict, at: npt.NDArray[np.intp]) -> dict[str, npt.NDArray[np.object_]]:
    columns = ["person_id", "trigger", "subject_id"]
    subjects = verdict.board.candidates[columns].take(verdict.rows[at])
    return {
        "decision_id": verdict.ids[at],
        "person_id": subjects["person_id"].to_numpy(object),
        "trigger": subjects["trigger"].to_numpy(object),
        "subject_id": subjects["subject_id"].to_numpy(object),
    }


def _classes(verdict: Verdict, at: npt.NDArray[np.intp]) -> npt.NDArray[np.object_]:
    names = np.asarray([str(one) for one in ContactClass], object)
    return names[verdict.board.class_code[verdict.rows[at]]]


def _channels(verdict: Verdict, columns: npt.NDArray[np.intp]) -> npt.NDArray[np.object_]:
    return np.asarray([str(a.channel) for a in verdict.board.actions] + [""], object)[columns]


def messages(verdict: Verdict, out: Outing, secret: bytes) -> pd.DataFrame:
    """Return the outbox rows, one for each action that is really taken; bodies come later."""
    at = np.flatnonzero(verdict.action != verdict.none)
    who = _who(verdict, at)
    frame = {
        "message_id": derive_column(Prefix.MESSAGE, who["decision_id"]),
        "decision_id": who["decision_id"],
        "person_id": who["person_id"],
        "channel": _channels(verdict, verdict.action[at]),
        "action": verdict.names[verdict.action[at]],
        "class": _classes(verdict, at),
        "body": "",
        "reference": [reference(secret, one) for one in who["decision_id"]],
        "details": _details(verdict, out, at, secret),
        "state": str(MessageState.DUE),
        "due_at": out.due[at],
        "expires_at": out.expires[at],
        "created_at": verdict.board.now,
        "updated_at": verdict.board.now,
    }
    return pd.DataFrame(frame)


def _details(
    verdict: Verdict, out: Outing, at: npt.NDArray[np.intp], secret: bytes
) -> npt.NDArray[np.object_]:
    """Return {subject_id, trigger, slot_ids (with commas), variant} of each message."""
    variants = [trigger.variants for trigger in verdict.board.triggers]
    codes = verdict.board.code[verdict.rows[at]].tolist()
    who = _who(verdict, at)
    details = np.empty(len(at), object)
    for i, (row, code) in enumerate(zip(at.tolist(), codes, strict=True)):
        details[i] = {"subject_id": who["subject_id"][i], "trigger": who["trigger"][i]}
        if out.slots[row]:
            details[i]["slot_ids"] = ",".join(out.slots[row])
        if variants[code]:
            place = draw(secret, verdict.ids[row], "variant")
            details[i]["variant"] = variants[code][int(place * len(variants[code]))]
    return details


def contacts(verdict: Verdict, out: Outing) -> pd.DataFrame:
    """Return what the messages take from each person's contact budget."""
    at = np.flatnonzero(verdict.action != verdict.none)
    frame = {
        **_who(verdict, at),
        "channel": _channels(verdict, verdict.action[at]),
        "class": _classes(verdict, at),
        "at": out.due[at],
        "state": RESERVED,
    }
    return pd.DataFrame(frame).drop(columns="trigger")


def ghosts(verdict: Verdict, out: Outing) -> pd.DataFrame:
    """Return, for the held out, what would have been done and what it would have used.

    A ghost of `none` used nothing. Its budget counts like a real contact's, so that the held
    out go on qualifying exactly as the treated do.
    """
    at = np.flatnonzero(verdict.arms.held)
    columns = verdict.drawn[at]
    minutes = [action.agent_minutes for action in verdict.board.actions] + [0.0]
    cost = [action.cost_minor for action in verdict.board.actions] + [0]
    nothing = columns == verdict.none
    frame = {
        **_who(verdict, at),
        "action": verdict.names[columns],
        "channel": _channels(verdict, columns),
        "class": _classes(verdict, at),
        "at": np.where(nothing, verdict.board.now, out.due[at]),
        "agent_minutes": np.asarray(minutes, np.float64)[columns],
        "cost_minor": np.asarray(cost, np.int64)[columns],
    }
    return pd.DataFrame(frame)
