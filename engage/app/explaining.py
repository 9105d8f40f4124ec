"""How a decision came about: from the page, over scores and rules, to the message and the effect.

And why somebody was not contacted: asked about a person, it tells decisions and refusals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engage.app.app import App
from engage.app.intervals import decision_intervals
from engage.app.persons import ids_of
from engage.app.reasons import score_reasons
from engage.decide.explain import details, money, story
from engage.decide.passed import rules
from engage.domain.catalog import QUERYABLE
from engage.domain.exclusions import EXCLUSIONS
from engage.domain.outcomes import OUTCOMES
from engage.domain.reasons import Reason
from engage.domain.scores import Subject
from engage.domain.triggers import Trigger
from engage.errors import WrongUse
from engage.features.definition import Feature
from engage.features.frame import drop_of
from engage.features.plain import plain
from engage.store import Tx, artifacts, decisions, effects, outbox, people, triggers
from engage.store import rows as stored_rows

_NEWEST = 5
"""Decisions of one person or visit that are told, ..."""
_REFUSALS = 20
"""... and refusals; `engage people show` has every decision, `facts` every refusal."""


@dataclass
class Story:
    """What is known about one decision: facts for programs, lines for people."""

    facts: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    """What was known at the time, for whoever wants to follow each number."""

    def tell(self, name: str, fact: Any, *lines: str) -> None:
        """Add one fact and the lines that say it."""
        self.facts[name] = fact
        self.lines.extend(lines)


def explain(app: App, thing: str) -> Story:
    """Tell the story of a decision, of the event, visit, contact or message behind one, or of a person.

    A person is given by our id or by the company's own number, and told with what was refused.
    """
    told = Story()
    with app.store.read() as tx:
        subject = _begin(tx, thing, told)
        found = _decisions(tx, thing, subject)
        who = [] if found or told.facts else ids_of(tx, thing)
        found = found or decisions.of_people(tx, who)
        _tell_exclusions(tx, who, told)
        for decision in found[-_NEWEST:]:
            part = Story()
            _tell_decision(app, tx, decision, part)
            told.facts.setdefault("decisions", []).append(part.facts)
            told.lines.extend(part.lines)
            told.details.extend(part.details)
        if who or not found:
            _tell_refusals(tx, [subject, *who], told, known=bool(who))
    return told


def _begin(tx: Tx, thing: str, told: Story) -> str:
    """Tell of the event that the story starts from, if it does, and return its subject."""
    for name, column in (("events", "event_id"), ("interactions", "interaction_id")):
        found = stored_rows.find(tx, QUERYABLE[name], column, thing)
        if found:
            row = found[0]
            what = row.get("name") or row.get("disposition") or row.get("topic") or ""
            kind = row.get("type") or row.get("channel")
            where = f" on {row['page']}" if row.get("page") else ""
            told.tell(name, row, f"{row['ts']:%Y-%m-%d %H:%M:%S}  {kind} {what}{where}")
            return str(row.get("session_id") or row.get("interaction_id"))
    return thing


def _decisions(tx: Tx, thing: str, subject: str) -> list[dict[str, Any]]:
    if thing.startswith("msg_"):
        message = outbox.get(tx, thing)
        thing = message.message.decision_id if message else thing
    one = decisions.get(tx, thing)
    return [one] if one else decisions.of_subject(tx, subject)


def _tell_exclusions(tx: Tx, who: list[str], told: Story) -> None:
    """Tell since when a person stands on an exclusion list, and why."""
    held = stored_rows.read(tx, EXCLUSIONS, person_ids=who).to_pylist() if who else []
    for row in sorted(held, key=lambda one: one["valid_from"]):
        ends = row["valid_until"]
        until = f"until {ends:%Y-%m-%d %H:%M:%S}" if ends else "until further notice"
        by = f", says {row['source']}" if row["source"] else ""
        served = ", but must be served" if row["must_serve"] else ""
        words = f"excluded {until}: {row['reason']}{by}{served}"
        told.lines.append(f"{row['valid_from']:%Y-%m-%d %H:%M:%S}  {words}")
    if who:
        told.facts["exclusions"] = held


def _tell_refusals(tx: Tx, things: list[str], told: Story, *, known: bool) -> None:
    """Tell what was refused; `things`: the subject, or every id of a person who is `known`."""
    rows_of = {row["refusal_id"]: row for one in things for row in decisions.refusals_of(tx, one)}
    refused = sorted(rows_of.values(), key=lambda row: row["seq"])
    if not refused and not told.facts and not known:
        raise WrongUse(
            f"nothing is known of {things[0]!r}; give a person, by your own number or ours, or the "
            "id of a decision, an event, a visit, a contact or a message (see engage decisions list)"
        )
    if not refused and "decisions" not in told.facts:
        told.lines.append("No trigger fired for it, so nothing was decided.")
    told.tell("refusals", refused)
    for row in refused[-_REFUSALS:]:
        for reason in row["reasons"]:
            words = Reason(reason).sentence
            told.lines.append(f"{row['at']:%Y-%m-%d %H:%M:%S}  {row['trigger']}: {words}")


def _tell_decision(app: App, tx: Tx, decision: dict[str, Any], told: Story) -> None:
    trigger = triggers.version(tx, decision["trigger"], decision["trigger_version"])
    told.tell("decision", decision)
    told.tell("trigger", trigger and {"name": trigger.name, "when": trigger.when})
    because = score_reasons(app, tx, decision)
    told.tell("score_reasons", because)
    currency = app.settings.project.currency
    told.lines.extend(story(decision, trigger, _reason_lines(because), currency))
    told.tell("intervals", bounds := decision_intervals(tx, decision))
    told.lines.extend(_interval_lines(decision, bounds, currency))
    meanings = _meanings(app, decision, trigger)
    told.facts |= {
        "features": _known(decision, meanings),
        "rules": rules(decision),
        "versions": _versions(tx, decision),
    }
    told.details.extend(details(decision, meanings))
    told.lines.extend(_delivery(tx, decision, told))
    told.lines.extend(_afterwards(tx, decision, told))
    told.lines.extend(_effect(tx, decision, told))


def _meanings(app: App, decision: dict[str, Any], trigger: Trigger | None) -> dict[str, Feature]:
    """Return what each logged column means, by the models of its subject and those that scored."""
    names = set(decision["artifacts"] or {})
    about = None if trigger is None else trigger.subject
    used = [m for name, m in sorted(app.models.items()) if name in names or m.subject is about]
    drops = [drop_of(model.name) for model in used if model.subject is Subject.SESSION]
    features = [feature for model in used for feature in model.features]
    own = plain(about) if about else None
    return {one.name: one for one in (*(own.features if own else ()), *features, *drops)}


def _known(decision: dict[str, Any], meanings: dict[str, Feature]) -> list[dict[str, Any]]:
    """Return each logged column with its value and what it means; no words for a score."""
    return [
        {
            "name": name,
            "value": value,
            "meaning": meanings[name].meaning if name in meanings else "",
        }
        for name, value in sorted((decision["features"] or {}).items())
    ]


def _versions(tx: Tx, decision: dict[str, Any]) -> dict[str, Any]:
    """Return what decided: each version, and each artifact with its fingerprint."""
    names = ("trigger_version", "policy_version", "plan_version", "run_id")
    used = {
        name: {"artifact_id": one, "sha256": record.sha256 if record else None}
        for name, one in sorted((decision["artifacts"] or {}).items())
        for record in [artifacts.get(tx, one)]
    }
    return {name: decision[name] for name in names} | {"artifacts": used}


def _reason_lines(because: dict[str, Any]) -> Iterator[str]:
    for model, said in because.items():
        fallen = (
            f", {drop:.3f} below its highest in this visit" if (drop := said.get("drop")) else ""
        )
        reasons = "; ".join(said["reasons"]) or "nothing stood out"
        yield f"  {model} was {said['score']:.3f}{fallen}: {reasons}"


def _interval_lines(
    decision: dict[str, Any], bounds: dict[str, tuple[float, float]], currency: str
) -> Iterator[str]:
    for model, (low, high) in bounds.items():
        stated = money(decision["features"][model], currency)
        yield (
            f"  {model} was {stated}; four in five people like this one end up between "
            f"{money(low, currency)} and {money(high, currency)}."
        )


def _delivery(tx: Tx, decision: dict[str, Any], told: Story) -> Iterator[str]:
    message = outbox.of_decision(tx, decision["decision_id"])
    told.tell("message", message)
    if message is None:
        yield "Nothing was sent."
        return
    yield f"Its {message['channel']} message ({message['message_id']}) is {message['state']}."
    if message["note"]:
        yield f"  {message['note']}"
    attempts = outbox.attempts(tx, message["message_id"]).to_pylist()
    told.tell("attempts", attempts)
    for attempt in attempts:
        result = attempt["result"] or "under way"
        yield f"  {attempt['started_at']:%Y-%m-%d %H:%M:%S}  attempt {attempt['number']}: {result}"


def _afterwards(tx: Tx, decision: dict[str, Any], told: Story) -> Iterator[str]:
    """Tell which goals the person reached after the decision."""
    who = people.everyone(tx, [decision["person_id"]])
    found = stored_rows.read(tx, OUTCOMES, person_ids=who, since=decision["decided_at"]).to_pylist()
    told.tell("outcomes", found)
    if not found:
        yield "Since then the person has reached no goal."
    for outcome in sorted(found, key=lambda o: o["ts"]):
        yield f"{outcome['ts']:%Y-%m-%d %H:%M:%S}  reached {outcome['goal']}."


def _effect(tx: Tx, decision: dict[str, Any], told: Story) -> Iterator[str]:
    effect = effects.latest(tx, decision["trigger"])
    told.tell("effect", effect)
    if effect is None:
        yield f"The effect of {decision['trigger']} has not been measured yet."
        return
    found = effect["effect"]
    if found.get("withheld") or found.get("estimate") is None:
        yield f"The effect of {decision['trigger']} is not known yet: {found.get('withheld', '')}"
    else:
        yield (
            f"Over all {found['n_treated'] + found['n_held_out']} people whose window has passed, "
            f"{decision['trigger']} changed its goal by {found['estimate']:+.3f} "
            f"(95 % interval {found['low']:+.3f} to {found['high']:+.3f})."
        )
