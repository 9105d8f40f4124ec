"""A frame of features becomes the numbers a model computes with, the same way at every use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.errors import ArtifactRefused
from engage.features.definition import Feature

Matrix = NDArray[np.float64]

MOST_CATEGORIES = 200
"""Rarer words beyond this many count as missing; a tree could only memorise them."""


FEW_ROWS = 16
"""Up to so many rows Python is done with a column before Arrow has begun."""


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


@dataclass(frozen=True, slots=True)
class _Words:
    """A category's saved list, for columns and for single values."""

    listed: pa.Array
    codes: Mapping[str | None, int]

    @classmethod
    def of(cls, words: Sequence[str]) -> _Words:
        return cls(pa.array(words, pa.string()), {word: code for code, word in enumerate(words)})


class Encoder:
    """What turns frames into a model's numbers; made once and used for any number of frames."""

    def __init__(
        self,
        features: Sequence[Feature],
        categories: Mapping[str, Sequence[str]],
        *,
        model: str = "",
    ) -> None:
        """Keep the features in order and, for each category, its saved list of words."""
        self._features, self._model = tuple(features), model
        self._words = [
            _Words.of(categories[one.name]) if one.type == "category" else None for one in features
        ]
        self._seen: _Layout | None = None

    def encode(self, frame: pa.Table) -> Encoded:
        """Return the frame as float64, features in order.

        Numbers stay what they are, flags become 0 and 1, a word becomes its place in its saved list
        and a word that was not there in training becomes missing. Raises ArtifactRefused when a
        column is missing or has another type.
        """
        matrix = np.empty((frame.num_rows, len(self._features)), dtype=np.float64)
        layout, first = self._layout(frame.schema), 0
        for batch in frame.to_batches():
            rows = slice(first, first := first + batch.num_rows)
            if layout.numbers and batch.num_rows:
                numbers = batch.select(layout.places).to_tensor(null_to_nan=True)
                matrix[rows, layout.numbers] = numbers.to_numpy()
            for position, place in layout.others:
                matrix[rows, position] = _floats(batch.column(place), self._words[position])
        bad = np.isinf(matrix)
        infinite = int(bad.sum())
        if infinite:
            matrix[bad] = np.nan
        return Encoded(matrix, infinite)

    def _layout(self, schema: pa.Schema) -> _Layout:
        """Return where each feature stands; frames mostly have the shape of the last one."""
        seen = self._seen
        if seen is None or not seen.schema.equals(schema):
            places = [_place(schema, feature, self._model) for feature in self._features]
            ready = {at for at, one in enumerate(places) if schema.field(one).type in _NUMBERS}
            numbers = [at for at in range(len(places)) if at in ready]
            others = [(at, one) for at, one in enumerate(places) if at not in ready]
            seen = _Layout(schema, numbers, [places[at] for at in numbers], others)
            self._seen = seen
        return seen


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a frame of one shape holds each feature.

    Numbers are taken all at once: of 40 features and one row, to ask for each is what takes time.
    """

    schema: pa.Schema
    numbers: list[int]
    """The matrix's columns of plain numbers, whose columns in the frame are `places`."""
    places: list[int]
    others: list[tuple[int, int]]
    """Column in the matrix and column in the frame of flags, words and numbers of other types."""


_NUMBERS = (pa.float64(), pa.int64())


def _place(schema: pa.Schema, feature: Feature, model: str) -> int:
    """Return where the column of a feature stands, once its type is known to fit."""
    place: int = schema.get_field_index(feature.name)
    if place < 0:
        raise ArtifactRefused(
            f"model {model}: the column {feature.name} is not in the frame, or stands there twice; "
            f"build the frame with this model's query, or train the model again"
        )
    kind = schema.field(place).type
    if not _fits(_plain_type(kind), feature.type):
        raise ArtifactRefused(
            f"model {model}: the column {feature.name} holds {kind}, "
            f"but the model was trained on a {feature.type}; train it again"
        )
    return place


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """Return a column's type without dictionary encoding, `string` for any kind of words."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return kind


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the column in its plain type."""
    kind = _plain_type(column.type)
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


def _floats(column: pa.Array, words: _Words | None) -> NDArray[Any] | list[float]:
    """Return one array as numbers of any kind; words as their places in the saved list."""
    if len(column) <= FEW_ROWS:
        return _few_floats(column.to_pylist(), words)
    if words is not None:
        same = column if column.type == words.listed.type else column.cast(words.listed.type)
        column = pc.index_in(same, value_set=words.listed)
    elif not pa.types.is_primitive(column.type) or (
        column.null_count and pa.types.is_boolean(column.type)
    ):
        column = column.cast(pa.float64(), safe=False)
    numbers: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return numbers


def _few_floats(values: Sequence[Any], words: _Words | None) -> list[float]:
    if words is not None:
        return [words.codes.get(value, np.nan) for value in values]
    return [np.nan if value is None else float(value) for value in values]
