"""Whether a newly trained model may replace the one in use, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping

from engage.domain.scores import Objective
from engage.scoring.definition import Model

Figures = Mapping[str, float | None]

CERTAIN = 2.0
"""Standard errors beyond which a bias is no longer chance."""


def judge(model: Model, challenger: Figures, champion: Figures | None) -> tuple[str, ...]:
    """Return what is wrong with a challenger, in words; nothing means that it may be used.

    `challenger` and `champion` are the figures of `quality` on the same, newest rows; `challenger`
    also holds `rows` and `rarer` of its training set. What small numbers alone explain is not held
    against a model: a calibration error is counted beyond what honest scores would show by chance.
    """
    found = [*_size(model, challenger), *_calibration(model, challenger)]
    name = ranking(model)
    gain_needed = model.gates.min_gain
    new = challenger.get(name)
    if new is None:
        return (*found, f"{name} cannot be known: the judged rows all have the same outcome")
    least = model.gates.min_auc
    least = least if model.objective is Objective.PROBABILITY else 2 * least - 1
    if new < least:
        found.append(f"{name} is {new:.3f} on the newest rows, at least {least:.3f} is needed")
    old = champion.get(name) if champion else None
    if old is not None and new - old < gain_needed:
        found.append(
            f"{name} is {new:.3f}, the model in use has {old:.3f} on the same rows; "
            f"the difference must be at least {gain_needed:+.3f}"
        )
    return tuple(found)


def ranking(model: Model) -> str:
    """Return the name of the figure that says how well the model ranks."""
    return "roc_auc" if model.objective is Objective.PROBABILITY else "ngini"


def _size(model: Model, figures: Figures) -> list[str]:
    gates = model.gates
    found = []
    if (rows := figures.get("rows") or 0) < gates.min_rows:
        found.append(f"{rows:.0f} labelled rows, {gates.min_rows} are needed")
    if (rarer := figures.get("rarer") or 0) < gates.min_positives:
        found.append(f"{rarer:.0f} rows of the rarer outcome, {gates.min_positives} are needed")
    return found


def _calibration(model: Model, figures: Figures) -> list[str]:
    limit = model.gates.max_ece
    if model.objective is Objective.PROBABILITY:
        name, error, chance = "ece", figures.get("ece"), figures.get("ece_by_chance") or 0.0
    else:
        name, error = "bias", figures.get("bias")
        error = None if error is None else abs(error)
        chance = CERTAIN * (figures.get("bias_by_chance") or 0.0)
    if error is not None and error - chance > limit:
        found = (
            f"{name} is {error:.3f} on the newest rows, of which chance may explain {chance:.3f}"
        )
        return [f"{found}; at most {limit:.3f} more is allowed"]
    return []
