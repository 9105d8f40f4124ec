"""A model: what is scored, from which features, and how good it must be before it is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from engage.domain.scores import Objective, Subject
from engage.errors import DefinitionError
from engage.features.definition import Feature


@dataclass(frozen=True, slots=True)
class Gates:
    """What a newly trained model must show on the newest data before it may replace the old one."""

    min_rows: int = 200
    """Labelled rows to train and judge on."""
    min_positives: int = 30
    """Rows of the rarer class (probability) or rows with an amount other than zero (amount)."""
    min_auc: float = 0.55
    """ROC AUC; for an amount the normalised Gini that ranks as well, 2 x AUC - 1."""
    max_ece: float = 0.10
    """Expected calibration error over 15 equal-mass bins; for an amount |bias| over the mean."""
    min_gain: float = -0.005
    """How much better than the champion on the same rows; below zero allows for noise."""


@dataclass(frozen=True, slots=True)
class Purchases:
    """Which features tell how a shop's customer buys, so that what is still to come follows.

    For who leaves in silence, never for contracts. A model of an amount that names them is the
    average of its trees and of BG/NBD with gamma-gamma.
    """

    repeats: str
    """Purchases after the first; missing for who never bought."""
    recency: str
    """Time from the first to the last purchase; 0 without repeats."""
    age: str
    """Time from the first purchase to the moment of looking."""
    spend: str = ""
    """Mean amount of a purchase, the first one too; empty where the label counts purchases."""
    unit: timedelta = timedelta(days=1)
    """Of recency and age."""
    ahead: timedelta | None = None
    """How far ahead the label looks, where it is not the model's horizon."""


@dataclass(frozen=True, slots=True)
class Contract:
    """Who leaves when, so that a contract customer's value is margin times retention.

    For customers whose leaving is known, never for who leaves in silence. A model of an amount that
    has one is the average of its trees and of the margin of a month kept times the months kept.
    """

    left: str
    """SQL over `subjects` and the whole relations, as a label's, that returns subject_id, as_of and
    left_at: when this person left, null for who has not."""
    months: int = 12
    """Into so many equal months the horizon is cut."""


@dataclass(frozen=True, slots=True)
class Model:
    """What `models/NAME.py` defines: one score, named after its file.

    `query` is the text of `NAME.sql`; the loader fills it in. `label` is SQL that sees `subjects`
    and the whole relations and returns (subject_id, as_of, label); a NULL label is not known and
    is left out. `subjects` is SQL for the moments to train on, (subject_id, person_id, as_of);
    empty takes the default of the subject's kind.
    """

    name: str
    sentence: str
    subject: Subject
    features: tuple[Feature, ...]
    label: str
    horizon: timedelta
    lookback: timedelta
    objective: Objective = Objective.PROBABILITY
    gates: Gates = Gates()
    barred: tuple[str, ...] = ("decisions",)
    """Relations the query may not read; what the engine did itself must not value a customer."""
    subjects: str = ""
    goal: str = ""
    query: str = ""
    purchases: Purchases | None = None
    """How a shop's customer buys; None for contracts and whatever is no amount."""
    contract: Contract | None = None
    """How a contract customer leaves. The label must then be a sum over what happened by `until`, so
    that what is known of it so far is a part of it."""

    @property
    def file(self) -> str:
        """Return where in a project the model stands, for what is said of a mistake in it."""
        return f"models/{self.name}.py"

    @property
    def query_file(self) -> str:
        """Return where in a project the model's features are asked for."""
        return f"models/{self.name}.sql"

    def __post_init__(self) -> None:
        """Refuse purchases or a contract that the model cannot have."""
        self._check_contract()
        self._check_purchases()

    def _check_contract(self) -> None:
        told = self.contract
        if told is None:
            return
        if self.objective is not Objective.AMOUNT or self.subject is not Subject.PERSON:
            raise DefinitionError(
                f"model {self.name}: a contract gives the amount of a person; set "
                f"objective=Objective.AMOUNT and subject=Subject.PERSON"
            )
        if self.purchases is not None:
            raise DefinitionError(
                f"model {self.name}: customers either leave in silence (purchases) or are known to "
                f"leave (contract); keep one of the two"
            )
        if told.months < 1 or not told.left.strip():
            raise DefinitionError(
                f"model {self.name}: a contract needs the query `left` and at least one month"
            )

    def _check_purchases(self) -> None:
        told = self.purchases
        if told is None:
            return
        if self.objective is not Objective.AMOUNT:
            raise DefinitionError(
                f"model {self.name}: purchases give an amount; set objective=Objective.AMOUNT"
            )
        named = (told.repeats, told.recency, told.age, *([told.spend] if told.spend else []))
        numbers = {one.name for one in self.features if one.type in ("number", "integer")}
        for name in named:
            if name not in numbers:
                raise DefinitionError(
                    f"model {self.name}: purchases name {name!r}, which is no number among its "
                    f"features; add it to the features and to the query"
                )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Return the names of the features, in order."""
        return tuple(feature.name for feature in self.features)
