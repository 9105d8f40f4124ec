"""A random share of the contacts on no list is judged by people: the list tells only of its own.

draw(app, tx) -> int                      by the nightly list
waiting(app) -> list[dict]                what is to be judged, without the score
judge(app, contact, verdict, by)
findings(app) -> dict                     what was found, beside scores and labels
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.app.app import App
from engage.app.engines import over_history
from engage.collect.names import nearest
from engage.domain.audits import AUDITED, Verdict
from engage.domain.ids import draw_column
from engage.domain.interactions import INTERACTIONS
from engage.errors import WrongUse
from engage.features.labels import labels
from engage.features.schema import subjects_table
from engage.measure.shares import wilson
from engage.store import Tx, contact_audits, people, rows, scores

_UTC = pa.timestamp("us", "UTC")
_WINDOW = timedelta(days=7)
"""A contact may be drawn for so long, should a night have been missed; the first run scores older ones."""
_TOLD = ("ts", "channel", "topic", "queue", "disposition", "resolved", "transfers", "wait_s")
"""What whoever judges is shown of a contact: never the score, which would persuade."""


def draw(app: App, tx: Tx) -> int:
    """Draw the audit's share of the scored contacts of which there is no case; return how many.

    By a hash of the contact, so that whoever is drawn is so however often the list is made.
    """
    share, now = app.settings.scoring.audit_share, app.now()
    if not share or AUDITED not in app.models:
        return 0
    until = now + timedelta.resolution
    found = scores.read(tx, AUDITED, since=now - _WINDOW, until=until)
    recent = rows.read(tx, INTERACTIONS, since=now - _WINDOW, until=until)["interaction_id"]
    found = found.filter(pc.is_in(found["subject_id"], recent.combine_chunks()))
    drawn = np.array(draw_column(app.draw_key, found["subject_id"].to_pylist(), "audit"))
    found = found.filter(pa.array(drawn < share, pa.bool_()))
    ids = found["subject_id"].to_pylist()
    on_a_list = contact_audits.listed(tx, ids)
    found = found.filter(pa.array([one not in on_a_list for one in ids], pa.bool_()))
    columns = found.select(["subject_id", "person_id", "as_of", "score"])
    named = columns.rename_columns(["interaction_id", "person_id", "as_of", "score"])
    size = named.num_rows
    named = named.append_column("share", pa.array(np.full(size, share)))
    return contact_audits.add(tx, named.append_column("drawn_at", pa.array([now] * size, _UTC)))


def waiting(app: App) -> list[dict[str, Any]]:
    """Return the drawn contacts that nobody has judged, the oldest first, as their record tells them."""
    with app.store.read() as tx:
        drawn = contact_audits.waiting(tx).to_pylist()
        who = people.everyone(tx, sorted({one["person_id"] for one in drawn}))
        known = rows.read(tx, INTERACTIONS, person_ids=who).to_pylist()
    records = {one["interaction_id"]: one for one in known}
    return [
        {
            "contact": one["interaction_id"],
            "person": one["person_id"],
            **{name: records.get(one["interaction_id"], {}).get(name) for name in _TOLD},
        }
        for one in drawn
    ]


def judge(app: App, contact: str, verdict: str, by: str) -> None:
    """Write down whether a contact's matter was solved; raises WrongUse for one that was not drawn."""
    try:
        said = Verdict(verdict)
    except ValueError:
        known = [str(one) for one in Verdict]
        raise WrongUse(
            f"{verdict!r} is no verdict: {', '.join(known)}; {nearest(verdict, known)}"
        ) from None
    if not by.strip():
        raise WrongUse("say who judged it: --by NAME")
    with app.store.write() as tx:
        if not contact_audits.judge(tx, contact, said, by.strip(), app.now()):
            raise WrongUse(f"{contact!r} was not drawn for the audit; see engage models audit")


def findings(app: App) -> dict[str, Any] | None:
    """Return what people found in the contacts on no list, beside scores and labels; None so far.

    `unresolved` is the share of those with a clear verdict, with its 95 % interval (Wilson),
    `stated` what the model had said of the same contacts on average, `agree` in how many of those
    whose label is known (`labelled`) the label says what the person found.
    """
    with app.store.read() as tx:
        drawn = contact_audits.read(tx)
    judged = drawn.filter(pc.is_valid(drawn["verdict"]))
    if not judged.num_rows:
        return None
    clear = judged.filter(pc.not_equal(judged["verdict"], str(Verdict.UNCLEAR)))
    told = {
        "drawn": drawn.num_rows,
        "judged": judged.num_rows,
        "unclear": judged.num_rows - clear.num_rows,
    }
    if not clear.num_rows:
        return told
    unresolved = pc.equal(clear["verdict"], str(Verdict.UNRESOLVED)).to_numpy()
    low, high = wilson(float(unresolved.mean()), len(unresolved))
    label = _labels(app, clear)
    known = np.isfinite(label)
    return told | {
        "unresolved": float(unresolved.mean()),
        "low": low,
        "high": high,
        "stated": pc.mean(clear["score"]).as_py(),
        "labelled": int(known.sum()),
        "agree": int((label[known] == unresolved[known]).sum()),
    }


def audit_in_words(told: dict[str, Any]) -> str:
    """Return what `findings` found as a sentence or three."""
    said = f"Of {told['drawn']} contacts on no list that were drawn at random {told['judged']} were judged"
    if "unresolved" not in told:
        return f"{said}, none of them clearly."
    agreed = (
        f" Of {told['labelled']} whose outcome is known, the label says the same of {told['agree']}."
        if told["labelled"]
        else ""
    )
    return (
        f"{said}, {told['unclear']} of them not clearly. Unresolved: {told['unresolved']:.1%} "
        f"({told['low']:.1%} to {told['high']:.1%}); the model had said {told['stated']:.1%}.{agreed}"
    )


def _labels(app: App, clear: pa.Table) -> NDArray[np.float64]:
    """Return what the model would learn of each contact: 1, 0, or NaN where that is not known yet."""
    model, now = app.models[AUDITED], app.now()
    named = clear.rename_columns(
        ["subject_id" if name == "interaction_id" else name for name in clear.column_names]
    )
    with over_history(app) as duck:
        found = labels(duck, model.label, subjects_table(named), model.horizon, name=model.file)
    ripe = [at + model.horizon <= now for at in clear["as_of"].cast(_UTC).to_pylist()]
    label = pc.if_else(pa.array(ripe, pa.bool_()), found["label"].cast(pa.float64()), None)
    return np.asarray(label.to_numpy(), dtype=np.float64)
