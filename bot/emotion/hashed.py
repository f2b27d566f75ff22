"""The linear model by the hashes of its pieces: the words themselves, ten times as large, are not kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.emotion import linear
from bot.emotion.linear import Scores

CHUNK = 1 << 14
"""Characters of pieces that are words at a time while a file is read."""


class Counted(NamedTuple):
    """The pieces of one text: their hashes, and 1 + ln of how often each stands there."""

    keys: NDArray[np.int64]
    times: Scores


@dataclass(frozen=True, slots=True)
class Hashed:
    """`keys` are the hashes of the pieces, sorted; `rows`, (pieces, labels), and `idf`, (pieces,), in their order.

    Two pieces share one of 2^64 hashes once in 10^12 texts, and nobody outside can choose which, because Python's
    hashes are salted anew in each process.
    """

    keys: NDArray[np.int64]
    rows: NDArray[np.integer[Any]]
    idf: Scores
    scale: Scores
    bias: Scores
    facts: dict[str, Any]

    def scores(self, text: Counted) -> Scores:
        """The scores of one text, (labels,), as `Linear` gives them; the bias alone if no piece is known."""
        at = self.keys.searchsorted(text.keys)
        known = self.keys.take(at, mode="clip") == text.keys
        at = at[known]
        if not at.size:
            return self.bias
        weights = self.idf.take(at) * text.times[known]
        length = np.sqrt(weights @ weights)
        total = (weights / length) @ self.rows.take(at, 0).astype(np.float32) * self.scale + self.bias
        return np.asarray(total, dtype=np.float32)


def hashed(counts: Mapping[str, int]) -> Counted:
    """The pieces of a text as every `Hashed` model looks for them."""
    times = np.fromiter(counts.values(), np.float32, len(counts))
    return Counted(np.fromiter(map(hash, counts), np.int64, len(counts)), np.float32(1.0) + np.log(times))


def load(path: Path) -> Hashed:
    """Reads a weight file written by `linear.save` whose pieces are words."""
    with np.load(path, allow_pickle=False) as box:
        facts, idf = linear.facts_and_idf(box)
        keys = _hash_all(linear.joined_pieces(box))
        order = keys.argsort()
        return Hashed(keys[order], box["rows"][order], idf[order], box["scale"], box["bias"], facts)


def _hash_all(pieces: str) -> NDArray[np.int64]:
    found, start = [], 0
    while start <= len(pieces):
        end = pieces.find("\0", start + CHUNK)
        end = len(pieces) if end < 0 else end
        words = pieces[start:end].split("\0")
        found.append(np.fromiter(map(hash, words), np.int64, len(words)))
        start = end + 1
    return np.concatenate(found)
