"""One frame per kind of subject: the features of all its models and their scores, side by side.

Several models may look at the same kind of subject. A feature that two of them declare alike, by
name, type, meaning and all, is one column; anything else of the same name stops the start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engage.domain.scores import Objective
from engage.errors import DefinitionError, PredicateRefused
from engage.features.build import ARROW
from engage.features.definition import Feature
from engage.features.predicates import columns_read
from engage.features.schema import SUBJECTS

PERSON_SCORES = pa.schema(
    [("person_id", pa.string()), ("model", pa.string()), ("score", pa.float64())]
)
"""A person's scores, one row each, as they join every frame."""


def features_of(parts: Mapping[str, Sequence[Feature]]) -> dict[str, Feature]:
    """Return the features of several models by name; alike ones once.

    Raises DefinitionError, naming the column and the models, where two of one name are not alike.
    """
    merged: dict[str, Feature] = {}
    owner: dict[str, str] = {}
    for model, features in parts.items():
        for feature in features:
            _refuse_taken(feature.name, SUBJECTS.names, model)
            _refuse_reserved(feature.name, model)
            known = merged.setdefault(feature.name, feature)
            if known != feature:
                raise DefinitionError(
                    f"column {feature.name!r} is defined by {owner[feature.name]} and by {model}, "
                    "and not alike; rename one, or give both the same type and meaning"
                )
            owner.setdefault(feature.name, model)
    return merged


def columns_of(
    parts: Mapping[str, Sequence[Feature]], scores: Mapping[str, Objective] | Sequence[str] = ()
) -> pa.Schema:
    """Return the columns that a condition over this frame may name, with their types.

    Raises DefinitionError where a score and a feature have one name.
    """
    features = features_of(parts)
    for score in scores:
        _refuse_taken(score, [*features, *SUBJECTS.names], f"the score {score}")
    typed = [pa.field(one.name, ARROW[one.type]) for one in features.values()]
    return pa.schema([*typed, *(pa.field(score, pa.float64()) for score in scores)])


def merge(frames: Mapping[str, pa.Table], parts: Mapping[str, Sequence[Feature]]) -> pa.Table:
    """Return the frames of several models over the same subjects as one.

    Each frame is what `build` returned for that model. A column that two models share must hold the
    same values in both, else DefinitionError: their queries do not mean the same by it.
    """
    features_of(parts)
    first, *others = frames.items()
    merged, owner = first[1], dict.fromkeys(first[1].column_names, first[0])
    for model, frame in others:
        if not frame.select(SUBJECTS.names).equals(merged.select(SUBJECTS.names)):
            raise DefinitionError(f"{model} and {first[0]} were built over different subjects")
        for feature in parts[model]:
            if feature.name not in owner:
                merged = merged.append_column(feature.name, frame[feature.name])
                owner[feature.name] = model
            elif not frame[feature.name].equals(merged[feature.name]):
                raise DefinitionError(
                    f"column {feature.name!r}: the queries of {owner[feature.name]} and {model} "
                    "give different values; make them the same or rename one"
                )
    return merged


def with_scores(
    frame: pa.Table, scores: Mapping[str, npt.NDArray[np.float64] | pa.ChunkedArray]
) -> pa.Table:
    """Return the frame with a column per score of its own subjects, in the frame's order."""
    for name, values in scores.items():
        _refuse_taken(name, frame.column_names, f"the score {name}")
        frame = frame.append_column(name, pa.array(values, pa.float64(), from_pandas=True))
    return frame


def drop_of(score: str) -> Feature:
    """Return the column that says how far a score has fallen since it was highest."""
    meaning = f"{score} lies {{value}} below the highest it has been in this visit"
    return Feature(f"{score}_drop", "number", meaning, mention=False)


def with_drops(frame: pa.Table, highest: pa.Table, scores: Sequence[str]) -> pa.Table:
    """Return the frame with `drop_of` each score: 0 where none was higher, null without a score.

    `highest` has subject_id, model and score: the highest of before, at most one row per subject
    and model.
    """
    for score in scores:
        name = drop_of(score).name
        _refuse_taken(name, frame.column_names, f"the drop of {score}")
        rows = highest.filter(pc.field("model") == score)
        place = pc.index_in(frame["subject_id"], value_set=rows["subject_id"].combine_chunks())
        fallen = pc.subtract(pc.coalesce(rows["score"].take(place), frame[score]), frame[score])
        frame = frame.append_column(name, pc.max_element_wise(fallen, 0.0, skip_nulls=False))
    return frame


def with_person_scores(frame: pa.Table, scores: pa.Table, models: Sequence[str]) -> pa.Table:
    """Return the frame with a column per person-level model, null for persons without a score.

    `scores` has person_id, model and score, at most one row per person and model.
    """
    for model in models:
        _refuse_taken(model, frame.column_names, f"the score {model}")
    known = scores.select(PERSON_SCORES.names).cast(PERSON_SCORES)
    if known.group_by(["person_id", "model"]).aggregate([]).num_rows != known.num_rows:
        raise DefinitionError("a person has two scores of one model; hand over the latest only")
    for model in models:
        rows = known.filter(pc.field("model") == model)
        place = pc.index_in(frame["person_id"], value_set=rows["person_id"].combine_chunks())
        frame = frame.append_column(model, rows["score"].take(place))
    return frame


def _refuse_reserved(name: str, who: str) -> None:
    """Raise DefinitionError for a name that a condition cannot write as it is, like `returning`."""
    try:
        plain = columns_read(name) == {name}
    except PredicateRefused:
        plain = False
    if not plain:
        raise DefinitionError(f"{who}: a column cannot be named {name!r} in SQL; rename it")


def _refuse_taken(name: str, taken: Sequence[str], who: str) -> None:
    if name in taken:
        raise DefinitionError(f"{who}: there already is a column {name!r}; rename one of them")
