"""Who is treated and who is held out, stored once and never computed again."""

from __future__ import annotations

from enum import StrEnum

GLOBAL = "global"
"""The scope that covers every trigger; any other scope is a trigger's name."""


class Arm(StrEnum):
    """The side of the comparison a person is on."""

    TREATED = "treated"
    HELD_OUT = "held_out"
