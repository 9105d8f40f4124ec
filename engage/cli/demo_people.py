"""The customers of the demonstration: their pages fetch offers, their phones ring, they answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pyarrow as pa

from engage.app.app import App
from engage.deliver import offers
from engage.deliver.offers import Choice, Offer
from engage.deliver.recheck import Standing
from engage.domain.actions import ChannelName
from engage.domain.messages import MessageState
from engage.simulate.answering import OFFERS
from engage.simulate.world import World
from engage.store import Tx, outbox

_CHOICES = {
    "chat_now": Choice.CHAT_NOW,
    "call_now": Choice.CALL_NOW,
    "slot": Choice.SLOT,
    "declined": Choice.DECLINE,
}


class Customers:
    """Everybody who can be reached, and what they say to it."""

    def __init__(self, app: App, world: World) -> None:
        self._app = app
        self._world = world
        self._met: set[str] = set()

    def react(self) -> int:
        """Let people see what reached them and answer it; return how many were reached anew."""
        with self._app.store.write() as tx:
            shown = self._open_pages(tx)
            reached = outbox.read(tx, states=[MessageState.SENT, MessageState.DELIVERED])
            fresh = [row for row in reached.to_pylist() if row["message_id"] not in self._met]
            if not fresh:
                return 0
            self._met |= {row["message_id"] for row in fresh}
            told = pa.Table.from_pylist([_offer(row) for row in fresh], OFFERS)
            answers = self._world.respond(told).to_pylist()
            for row, said in zip(fresh, answers, strict=True):
                if row["message_id"] in shown and said["answer"] in _CHOICES:
                    self._answer(tx, shown[row["message_id"]], said["answer"])
        return len(fresh)

    def _open_pages(self, tx: Tx) -> dict[str, Offer]:
        """Let each page with an offer waiting fetch and show it."""
        now = self._app.now()
        asked = Standing(self._app.rules, self._app.actions, self._app.suppression_key)
        waiting = outbox.read(tx, states=[MessageState.DUE]).to_pylist()
        people = {r["person_id"] for r in waiting if r["channel"] == ChannelName.CHAT_OFFER}
        found = [
            offer
            for person in sorted(people)
            for offer in offers.pending(tx, person, recheck=asked, now=now)
        ]
        return {one.message_id: one for one in found if offers.shown(tx, one.message_id, now)}

    def _answer(self, tx: Tx, offer: Offer, said: str) -> None:
        choice = _CHOICES[said]
        rest = timedelta(hours=self._app.settings.caps.rest_h)
        slot = str(offer.slots[0]["slot_id"]) if offer.slots else ""
        if choice is Choice.SLOT and not slot:
            return
        offers.answer(tx, offer.message_id, choice, now=self._app.now(), rest=rest, slot_id=slot)


def _offer(row: Mapping[str, Any]) -> dict[str, Any]:
    details = json.loads(row["details"])
    return {
        "decision_id": row["decision_id"],
        "person_id": row["person_id"],
        "trigger": details["trigger"],
        "subject_id": details["subject_id"],
        "action": row["action"],
        "channel": row["channel"],
        "sent_at": row["updated_at"],
    }
