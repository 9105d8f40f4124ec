"""Scored subjects become decisions: one transaction holds the decision and its outbox row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from engage.app.app import App
from engage.app.candidates import candidates_of
from engage.app.frames import Scored
from engage.app.incidents import obeying
from engage.app.planning import current_plan
from engage.app.rules import policy_body
from engage.app.sending import send
from engage.app.triggers import live
from engage.decide import context, policy
from engage.decide.policy import Decided
from engage.domain.ids import Prefix, derive
from engage.domain.runs import JobReport
from engage.domain.scores import Subject
from engage.domain.triggers import Trigger
from engage.store import Tx, assignments, decisions, ledger, policies, weighed
from engage.store import context as stored_context
from engage.store.lock import lock_people

_ONCE = frozenset({Subject.SESSION, Subject.INTERACTION})
"""Subjects that a trigger decides once; the others come up again."""


def decide(app: App, subject: Subject, scored: Scored, moments: pa.Table) -> JobReport:
    """Decide for every subject that a live trigger fires for, and store what was decided.

    `moments` holds (subject_id, moment): when the subject was last alive, from which an offer's
    validity counts.
    """
    watching = live(app, subject)
    candidates = candidates_of(app, scored, moments, watching)
    seen = scored.frame.num_rows
    if candidates.empty:
        return JobReport(seen=seen)
    if subject in _ONCE:
        candidates = _undecided(app, candidates)
        if candidates.empty:
            return JobReport(seen=seen)
    run_id = derive(Prefix.RUN, subject, app.now().isoformat())
    with app.store.write() as tx:
        decided = _decide(app, tx, candidates, watching, run_id)
        _store(app, tx, decided, run_id)
    return _report(seen, decided)


def _undecided(app: App, candidates: pd.DataFrame) -> pd.DataFrame:
    """Leave out what was decided already, before anything more is asked about it."""
    with app.store.read() as tx:
        taken = decisions.decided_pairs(tx, candidates["subject_id"].unique().tolist())
    pairs = zip(candidates["trigger"], candidates["subject_id"], strict=True)
    fresh = [pair not in taken for pair in pairs]
    kept: pd.DataFrame = candidates[fresh].reset_index(drop=True)
    return kept


def _decide(
    app: App, tx: Tx, candidates: pd.DataFrame, watching: tuple[Trigger, ...], run_id: str
) -> Decided:
    now = app.now()
    people = sorted(candidates["person_id"].unique())
    lock_people(tx, people)
    tables = stored_context.read(tx, people, now, app.suppression_key)
    purposes = sorted({action.needs for action in app.actions.values() if action.needs})
    lives = {name: action.life for name, action in app.actions.items()}
    known = context.build(people, now, tables, purposes, lives)
    return policy.decide(
        candidates,
        {trigger.name: trigger for trigger in watching},
        app.actions,
        known,
        obeying(app, tx),
        current_plan(app, tx, now),
        now=now,
        salt=app.salt,
        secret=app.draw_key,
        run_id=run_id,
        decided=decisions.decided(tx, candidates["subject_id"].unique().tolist()),
    )


def _store(app: App, tx: Tx, decided: Decided, run_id: str) -> None:
    """Write everything down in the one transaction that also read what it was decided from."""
    tables: Mapping[str, pa.Table] = decided.tables()
    now = app.now()
    if len(decided.decisions) and not policies.known(tx, app.rules.version):
        policies.keep(tx, app.rules.version, policy_body(app.settings), now)
    assignments.store_first(tx, tables["assignments"])
    decisions.add(tx, tables["decisions"], now)
    decisions.add_refusals(tx, tables["refusals"], run_id)
    ledger.add_ghosts(tx, tables["ghosts"])
    weighed.add(tx, tables["weighed"])
    send(app, tx, tables["messages"], tables["contacts"])


def _report(seen: int, decided: Decided) -> JobReport:
    skipped: Counter[str] = Counter()
    for reasons in decided.refusals["reasons"]:
        skipped.update(str(reason) for reason in reasons)
    acted = decided.decisions["action"].ne("none")
    for arm_reason in decided.decisions.loc[~acted, "reasons"]:
        skipped.update(str(reason) for reason in arm_reason)
    return JobReport(seen=seen, done=int(acted.sum()), skipped=dict(skipped))
