"""A frame of features becomes the numbers a model computes with, the same way at every use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.errors import ArtifactRefused
from engage.features.definition import Feature

Matrix = NDArray[np.float64]

MOST_CATEGORIES = 200
"""Rarer words beyond this many count as missing; a tree could only memorise them."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """The numbers of a frame: one row per subject, one column per feature, NaN where missing."""

    matrix: Matrix
    infinite: int
    """How many values were infinite and are treated as missing."""


def learn_categories(frame: pa.Table, features: Sequence[Feature]) -> dict[str, list[str]]:
    """Return, for each category feature, its words; the code of a word is its place in the list.

    The most frequent `MOST_CATEGORIES`, in alphabetical order, so that neither the order of the
    rows nor a tie decides.
    """
    return {
        feature.name: _words(frame.column(feature.name))
        for feature in features
        if feature.type == "category"
    }


def _words(column: pa.ChunkedArray) -> list[str]:
    counted = pc.value_counts(_plain(column).cast(pa.string()).drop_null()).to_pylist()
    by_frequency = sorted(counted, key=lambda one: (-one["counts"], one["values"]))
    return sorted(one["values"] for one in by_frequency[:MOST_CATEGORIES])


def encode(
    frame: pa.Table,
    features: Sequence[Feature],
    categories: Mapping[str, Sequence[str]],
    *,
    model: str = "",
) -> Encoded:
    """Return the frame as float64, features in order.

    Numbers stay what they are, flags become 0 and 1, a word becomes its place in its saved list
    and a word that was not there in training becomes missing. Raises ArtifactRefused when a column
    is missing or has another type.
    """
    matrix = np.empty((frame.num_rows, len(features)), dtype=np.float64)
    for position, feature in enumerate(features):
        column = _checked(frame, feature, model)
        if feature.type == "category":
            column = pc.index_in(
                column.cast(pa.string()), value_set=pa.array(categories[feature.name], pa.string())
            )
        matrix[:, position] = _floats(column)
    bad = np.isinf(matrix)
    infinite = int(bad.sum())
    if infinite:
        matrix[bad] = np.nan
    return Encoded(matrix, infinite)


def _checked(frame: pa.Table, feature: Feature, model: str) -> pa.ChunkedArray:
    if feature.name not in frame.column_names:
        raise ArtifactRefused(
            f"model {model}: the column {feature.name} is not in the frame; "
            f"build the frame with this model's query, or train the model again"
        )
    column = frame.column(feature.name)
    plain = _plain(column)
    if not _fits(plain.type, feature.type):
        raise ArtifactRefused(
            f"model {model}: the column {feature.name} holds {column.type}, "
            f"but the model was trained on a {feature.type}; train it again"
        )
    return plain


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the column without dictionary encoding, words as `string`."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        kind = pa.string()
    return column if kind == column.type else column.cast(kind)


def _fits(kind: pa.DataType, wanted: str) -> bool:
    if pa.types.is_null(kind):
        return True
    if wanted == "category":
        return bool(pa.types.is_string(kind))
    if wanted == "flag":
        return bool(pa.types.is_boolean(kind))
    if wanted == "integer":
        return bool(pa.types.is_integer(kind))
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def plain_words(column: pa.ChunkedArray) -> pa.Array:
    """Return a column of words, however it is encoded, as one array of `string`."""
    words = _plain(column).cast(pa.string())
    return words.combine_chunks() if isinstance(words, pa.ChunkedArray) else words


def _floats(column: pa.ChunkedArray) -> Matrix:
    numbers = column.cast(pa.float64(), safe=False)
    return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.float64)
