"""Which of a real bank's troubles the simulated one has; each is a switch of its own.

Each switch draws from streams that nothing else uses, so that turning one on leaves every other draw
as it was. Whatever only garbles what the engine is told leaves the truth alone; whatever changes what
happens changes the truth by just that, and the truth stays exact.
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Nastiness:
    """The switches; all off unless said otherwise."""

    crowding: bool = False
    """Conversations that the engine starts take agents from those who call: they wait longer, more
    of them give up, and more of them come back. The truth counts it: see `crowding`."""
    merges: bool = False
    """Browsers turn out days later to be known customers; households share one browser, which then
    belongs to two people and must be merged with neither."""
    unseen: bool = False
    """Three in ten offers on the page are painted into a page that was closed a moment before."""
    outage: bool = False
    """On the third live day half the visits end in errors, nothing is sent, and some call about it."""
    late: bool = False
    """Records of contacts and bookings come in days late, and dispositions that were wrong are
    corrected by a second version of the same record, known days after the first."""
    giant: bool = False
    """One customer earns the bank what five hundred others do."""
    seasons: bool = False
    """Month ends are busy, holidays are quiet, and who returns about a large decision often returns
    at night."""
    gap: bool = False
    """For six hours of the fifth live day no row comes in; then all of them at once."""
    skew: bool = False
    """One device in ten is some minutes fast or slow, and the chat system is four minutes fast."""
    bots: bool = False
    """Machines open a hundred pages in a minute and never answer; no person is behind them."""

    @staticmethod
    def none() -> Nastiness:
        """Return a bank without troubles."""
        return Nastiness()

    @staticmethod
    def all() -> Nastiness:
        """Return a bank with every trouble at once."""
        return Nastiness(**dict.fromkeys(NAMES, True))

    @staticmethod
    def only(*names: str) -> Nastiness:
        """Return a bank with just these troubles."""
        return Nastiness(**dict.fromkeys(names, True))


NAMES = tuple(field.name for field in fields(Nastiness))
