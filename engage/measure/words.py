"""A trigger's figures in sentences that a colleague from marketing understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engage.domain.goals import RECOVERED

Found = Mapping[str, Any]
CERTAIN = 0.05


def sentences(trigger: Found, currency: str = "") -> Iterator[str]:
    """Yield what is known about one entry of the report, most important first."""
    effect = trigger["effect"]
    yield from _campaign(trigger, currency)
    if not trigger["qualified"] and trigger.get("actions"):
        return
    if trigger.get("aa"):
        yield from _aa(trigger)
        return
    yield (
        f"{_people(trigger['qualified'])} qualified; {_were(trigger['held_out'])} left alone to "
        f"compare with, {_were(trigger['contacted'])} contacted."
    )
    if effect.get("withheld"):
        yield f"No effect is shown: {effect['withheld']}."
        yield from _band(trigger)
        return
    yield _outcome(trigger, effect)
    yield _certainty(effect, trigger.get("detectable"))
    if trigger["not_compared"]:
        yield (
            f"{_people(trigger['not_compared'])} on neither side of that: left alone by "
            "every trigger now or lately, having asked for it, or to be served whatever happens."
        )
    if trigger["immature"]:
        yield f"{_people(trigger['immature'])} not counted yet, for whom the horizon runs on."
    if trigger.get("mixed_arms"):
        yield (
            f"{_people(trigger['mixed_arms'])} in both groups, as it turned out, counted in the "
            "one that came first."
        )
    yield from _money(trigger, currency)
    yield from _band(trigger)


def _aa(trigger: Found) -> Iterator[str]:
    """Yield whether a comparison of nothing with nothing shows nothing."""
    effect = trigger["effect"]
    yield (
        f"An A/A comparison: of {trigger['qualified']:,} people who qualified nobody was approached, on "
        "either side."
    )
    if effect.get("withheld"):
        yield f"What it shows is not told: {effect['withheld']}."
        return
    yield _outcome(trigger, effect)
    low, high = effect["always_valid"]
    if low is not None and (low > 0 or high < 0):
        yield (
            "That is more than chance, where there can be no effect: believe no other effect until it is "
            "found out how these groups came to differ."
        )
    elif effect["p_value"] is not None and effect["p_value"] < CERTAIN:
        yield "One in twenty such comparisons looks like this by chance; look again when more have matured."
    else:
        yield "As it must, it shows no more than chance."


def _band(trigger: Found) -> Iterator[str]:
    """Yield what is known about those who were let in from below the threshold."""
    if "band" not in trigger:
        return
    near = trigger["band"]
    yield (
        f"Apart from these, {near['qualified']:,} people just below the threshold were let in by "
        "chance, to learn whether it is right:"
    )
    effect = near["effect"]
    if effect.get("withheld"):
        yield f"No effect on them is shown: {effect['withheld']}."
    else:
        yield _outcome(trigger, effect)


def long_term_sentences(found: Found) -> Iterator[str]:
    """Yield what being left alone for long means, against all others."""
    for scope, people in found["turns"].items():
        until = scope.partition("@")[2]
        yield f"Of {people:,} people, some are left alone by everything until {until}."
    effect = found["effect"]
    if effect.get("withheld"):
        yield f"No effect is shown: {effect['withheld']}."
    else:
        yield (
            f"{_percent(effect['mean_treated'])} of {effect['n_treated']:,} others reached their goal, "
            f"against {_percent(effect['mean_held_out'])} of {effect['n_held_out']:,} of these: "
            f"{_points(effect['estimate'])} (95 % interval {_points(effect['low'])} to "
            f"{_points(effect['high'])})."
        )


def _campaign(trigger: Found, currency: str) -> Iterator[str]:
    """Yield what each action of a logged campaign changed."""
    for arm in trigger.get("actions", ()):
        effect = arm["effect"]
        if effect.get("withheld"):
            yield f"{arm['action']} on {arm['goal']}: not shown, {effect['withheld']}."
            continue
        low, middle, high = (
            _points(effect[end]) if arm["unit"] == "share" else _amount(effect[end], currency)
            for end in ("low", "estimate", "high")
        )
        yield (
            f"{arm['action']} changed {arm['goal']} by {middle} per person ({low} to {high}; "
            f"{effect['n_treated']:,} against {effect['n_held_out']:,} left alone)."
        )


def _outcome(trigger: Found, effect: Found) -> str:
    verb = "recovered" if trigger["goal"] == RECOVERED else f"reached {trigger['goal']}"
    return (
        f"{_percent(effect['mean_treated'])} of {effect['n_treated']:,} treated people {verb}, "
        f"against {_percent(effect['mean_held_out'])} of {effect['n_held_out']:,} held out: "
        f"{_points(effect['estimate'])} (95 % interval {_points(effect['low'])} to "
        f"{_points(effect['high'])})."
    )


def _certainty(effect: Found, detectable: float | None) -> str:
    low, high = effect["always_valid"]
    if low is not None and (low > 0 or high < 0):
        return "This holds however often somebody has looked."
    p = effect.get("p_holm") if effect.get("p_holm") is not None else effect["p_value"]
    if p is not None and p < CERTAIN:
        return "This is more than chance, if nobody stopped because of an earlier look."
    told = f"; so few people show only effects of {_points(detectable)} or more"
    return f"This may be chance{told if detectable is not None else ''}."


def _money(trigger: Found, currency: str) -> Iterator[str]:
    margin = trigger["margin"]
    if margin["estimate"] is not None:
        yield (
            f"Realised margin per person, {margin['window']}: "
            f"{_amount(margin['estimate'], currency)} "
            f"({_amount(margin['low'], currency)} to {_amount(margin['high'], currency)})."
        )
    value = trigger.get("clv_change")
    if value and value["estimate"] is not None:
        own = value["source"] == "imported"
        yield (
            f"{'Imported' if own else 'Predicted'} customer value per person (a surrogate): "
            f"{_amount(value['estimate'], currency)}, of which "
            f"{_amount(value['saved']['estimate'], currency)} kept from loss and "
            f"{_amount(value['expanded']['estimate'], currency)} new."
        )
        yield from _stand_in(trigger["surrogacy"], currency)
    if value and value["without_value"]:
        yield (
            f"{_people(value['without_value'])} left out of that, without a value from before "
            "and after."
        )


def _stand_in(found: Found, currency: str) -> Iterator[str]:
    """Yield whether the prediction may stand in for realised margin, and by what one sees it."""
    yield f"As a stand-in for realised margin: {found['verdict']}; {found['why']}."
    if found["window"] is None:
        return
    slope, apart = found["slope"], found["difference"]
    yield (
        f"Of {found['n_treated']:,} treated and {found['n_held_out']:,} held out, over "
        f"{found['window']}: margin moved by {slope['estimate']:.2f} ({slope['low']:.2f} to "
        f"{slope['high']:.2f}) for each unit of predicted change; the effect on it is "
        f"{_amount(apart['estimate'], currency)} ({_amount(apart['low'], currency)} to "
        f"{_amount(apart['high'], currency)}) more than that on the prediction."
    )


def _people(n: int) -> str:
    return "1 person" if n == 1 else f"{n:,} people"


def _were(n: int) -> str:
    return "1 was" if n == 1 else f"{n:,} were"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(share: float | None) -> str:
    return "unknown" if share is None else f"{100 * share:+.1f} points"


def _amount(minor: float, currency: str) -> str:
    return f"{minor / 100:+,.2f} {currency}".rstrip()
