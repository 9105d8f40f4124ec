"""Ids that come out the same when the same thing is decided twice, and codes that people read."""

from __future__ import annotations

import hmac

import numpy as np
import numpy.typing as npt

from engage.decide.board import Board, Whole
from engage.domain.ids import Prefix, derive
from engage.domain.scores import Subject
from engage.domain.triggers import Trigger

_ALPHABET = "CDFHJKMNPRTVWXY34679"
"""No vowels, so that no words; no B8 G6 I1 L O0 Q S5 U Z2 pairs that a reader confuses."""
_CODE_LENGTH = 7


def windows(board: Board) -> Whole:
    """Return (n,) the stretch within which a subject is decided once by a trigger.

    A visit and a contact are decided once, however long the visit lasts. An appointment is
    decided once for each time it is moved to. A person comes up again and again, so there the
    stretch is the trigger's validity, counted from 1970 by the candidate's own moment and never
    by the time of the run: a run repeated after a crash finds the same id.
    """
    moment = board.moments("moment").astype(np.int64)
    widths = board.by_trigger([width(trigger) for trigger in board.triggers], np.int64)
    return np.where(widths > 0, moment // np.maximum(widths, 1), 0)


def width(trigger: Trigger) -> int:
    """Return the stretch in microseconds; 0 is for ever."""
    if trigger.subject is Subject.APPOINTMENT:
        return 1
    if trigger.subject is Subject.PERSON:
        return max(1, round(trigger.validity.total_seconds() * 1e6))
    return 0


def decision_ids(board: Board, rows: npt.NDArray[np.intp]) -> list[str]:
    """Return the decision id of these candidates."""
    keys = [(t.name, str(t.version)) for t in board.triggers]
    subjects = board.candidates["subject_id"].to_numpy()[rows].tolist()
    stretches = windows(board)[rows].tolist()
    return [
        derive(Prefix.DECISION, *keys[code], subject, str(stretch))
        for code, subject, stretch in zip(
            board.code[rows].tolist(), subjects, stretches, strict=True
        )
    ]


def reference(secret: bytes, decision_id: str) -> str:
    """Return the short code that stands in a message's body: 20^7 of them, keyed, easily read."""
    digest = hmac.digest(secret, f"{decision_id}\x1freference".encode(), "sha256")
    number = int.from_bytes(digest[:8], "big")
    letters = []
    for _ in range(_CODE_LENGTH):
        number, at = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[at])
    return "".join(letters)
