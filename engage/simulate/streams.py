"""Seeded chance: every column of every table draws from a stream of its own.

So the bank does not depend on the order in which it is generated, and a new column changes no other.
Only uniform doubles are drawn (Philox, the same on every machine); every other distribution is
computed from them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from engage.domain.ids import Prefix

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_WORD = 16
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Draws:
    """The chance behind one table of one bank."""

    seed: int
    table: str

    def stream(self, column: str) -> np.random.Generator:
        """Return the generator that belongs to this column alone."""
        scope = "\x1f".join((str(self.seed), self.table, column)).encode()
        key = int.from_bytes(hashlib.blake2b(scope, digest_size=16).digest(), "little")
        return np.random.Generator(np.random.Philox(key=key))

    def uniform(self, column: str, *shape: int) -> Floats:
        """Return numbers in [0, 1)."""
        return self.stream(column).random(shape)

    def between(self, column: str, n: int, low: ArrayLike, high: ArrayLike) -> Floats:
        """Return n numbers spread evenly between low and high."""
        low = np.asarray(low, dtype=np.float64)
        return np.asarray(low + self.uniform(column, n) * (np.asarray(high) - low))

    def bell(self, column: str, *shape: int) -> Floats:
        """Return bell-shaped numbers, mean 0 and deviation 1: four uniform numbers summed."""
        return np.asarray((self.uniform(column, *shape, 4).sum(axis=-1) - 2.0) * np.sqrt(3.0))

    def chance(self, column: str, likely: Floats) -> Flags:
        """Return True as often as `likely` says, row by row."""
        return self.uniform(column, *likely.shape) < likely

    def exponential(self, column: str, mean: NDArray[np.floating[Any]]) -> Floats:
        """Return waiting times with these means."""
        return np.asarray(-mean * np.log1p(-self.uniform(column, *mean.shape)))

    def count(self, column: str, rate: Floats, most: int) -> Ints:
        """Return Poisson counts with these rates, at most `most`."""
        u = self.uniform(column, *rate.shape)
        term = np.exp(-rate)
        below = term.copy()
        counts = np.zeros(rate.shape, dtype=np.int64)
        for k in range(1, most + 1):
            counts += u >= below
            term = term * rate / k
            below = below + term
        return counts

    def pick(self, column: str, n: int, weights: ArrayLike) -> Ints:
        """Return n indices, each as likely as its weight."""
        return pick(self.uniform(column, n), weights)

    def ids(self, prefix: Prefix, n: int) -> pa.Array:
        """Return n ids of this kind; what they name cannot be read from them."""
        raw = np.frombuffer(self.stream("ids").bytes(n * _ID_BYTES), dtype=np.uint8)
        return _hexadecimal(prefix, raw.reshape(n, _ID_BYTES))


@dataclass(frozen=True, slots=True)
class Fates:
    """Chance that follows from rows' own ids: the same whichever rows stand beside them."""

    ids: pa.Array | pa.ChunkedArray
    seed: int

    def uniform(self, column: str) -> Floats:
        """Return a number in [0, 1) for each row."""
        return by_id(self.ids, self.seed, column)

    def between(self, column: str, low: float, high: float) -> Floats:
        """Return a number for each row, spread evenly between low and high."""
        return np.asarray(low + self.uniform(column) * (high - low))

    def bell(self, column: str) -> Floats:
        """Return a bell-shaped number for each row, mean 0 and deviation 1."""
        four = [self.uniform(f"{column}{k}") for k in range(4)]
        return np.asarray((np.sum(four, axis=0) - 2.0) * np.sqrt(3.0))


def pick(u: Floats, weights: ArrayLike) -> Ints:
    """Return the index that each number in [0, 1) falls on when weights lie side by side."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    found = np.searchsorted(edges, u * edges[-1], side="right")
    return np.asarray(np.minimum(found, len(edges) - 1), dtype=np.int64)


def by_id(ids: pa.Array | pa.ChunkedArray, seed: int, scope: str) -> Floats:
    """Return a number in [0, 1) for each id that follows from the id, the seed and the scope alone.

    So a row's fate does not depend on which rows stand beside it, or when it came to be. The first
    64 bits of the id, keyed and mixed by SplitMix64 (Steele, Lea, Flood 2014, OOPSLA).
    """
    key = hashlib.blake2b(f"{seed}\x1f{scope}".encode(), digest_size=8).digest()
    z = _words(ids) ^ np.uint64(int.from_bytes(key, "little"))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53


def _words(ids: pa.Array | pa.ChunkedArray) -> NDArray[np.uint64]:
    """Return the first sixteen hexadecimal digits of each id as a number."""
    digits = pc.utf8_slice_codeunits(ids, -2 * _ID_BYTES, -2 * _ID_BYTES + _WORD)
    chunks = digits.chunks if isinstance(digits, pa.ChunkedArray) else [digits]
    words = [_word(pc.cast(chunk, pa.binary())) for chunk in chunks if len(chunk)]
    return np.concatenate(words) if words else np.array([], dtype=np.uint64)


def _word(text: pa.BinaryArray) -> NDArray[np.uint64]:
    begin = int(np.frombuffer(text.buffers()[1], dtype=np.int32)[text.offset])
    raw = np.frombuffer(text.buffers()[2], dtype=np.uint8)[begin : begin + _WORD * len(text)]
    values = np.where(raw < ord("a"), raw - ord("0"), raw - ord("a") + 10).astype(np.uint64)
    word = np.zeros(len(text), dtype=np.uint64)
    for column in values.reshape(len(text), _WORD).T:
        word = (word << np.uint64(4)) | column
    return word


def sigmoid(x: Floats) -> Floats:
    """Return the chance whose log-odds are x."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def _hexadecimal(prefix: Prefix, raw: NDArray[np.uint8]) -> pa.Array:
    n = len(raw)
    head = np.frombuffer(f"{prefix}_".encode(), dtype=np.uint8)
    text = np.empty((n, len(head) + 2 * _ID_BYTES), dtype=np.uint8)
    text[:, : len(head)] = head
    text[:, len(head) :: 2] = _HEX[raw >> 4]
    text[:, len(head) + 1 :: 2] = _HEX[raw & 15]
    offsets = np.arange(n + 1, dtype=np.int32) * text.shape[1]
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(text))
