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
from numpy.typing import ArrayLike, NDArray

from engage.domain.ids import Prefix

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

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


def pick(u: Floats, weights: ArrayLike) -> Ints:
    """Return the index that each number in [0, 1) falls on when weights lie side by side."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    found = np.searchsorted(edges, u * edges[-1], side="right")
    return np.asarray(np.minimum(found, len(edges) - 1), dtype=np.int64)


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
