"""A pruned, quantised linear model over pieces of text: a dictionary, two arrays and nothing else."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Linear:
    """`places` maps a piece to its row; `rows` is int8, (pieces, labels); `idf` is uint8, (pieces,).

    A text's scores are the sum over its pieces of (1 + ln count) · idf · row, divided by the length of that
    vector (TF-IDF with the pieces that were kept), times `scale`, plus `bias`.
    """

    labels: tuple[str, ...]
    places: dict[str, int]
    rows: NDArray[np.int8]
    idf: NDArray[np.float32]
    scale: Scores
    bias: Scores
    facts: dict[str, Any]

    def scores(self, counts: Mapping[str, int]) -> Scores:
        """The scores of one text, (labels,); the bias alone if no piece is known."""
        size = len(counts)
        at = np.fromiter(map(self.places.get, counts, repeat(-1)), np.int64, size)
        known = at >= 0
        at = at[known]
        if not at.size:
            return self.bias
        times = np.fromiter(counts.values(), np.float32, size)[known]
        weights = self.idf[at] * (np.float32(1.0) + np.log(times))
        length = np.sqrt(weights @ weights)
        total = (weights / length) @ self.rows[at].astype(np.float32) * self.scale + self.bias
        return np.asarray(total, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Packed:
    """The same model over pieces of at most three characters, each packed into one whole number.

    `keys` are the packed pieces, sorted; `rows`, (pieces, labels), and `idf`, (pieces,), stand in their order.
    """

    labels: tuple[str, ...]
    keys: NDArray[np.uint64]
    rows: Scores
    idf: Scores
    bias: Scores
    facts: dict[str, Any]

    def scores(self, keys: NDArray[np.uint64], times: Scores) -> list[float]:
        """The scores of one text by its sorted keys and 1 + ln count of each; the bias alone if none is known."""
        at = self.keys.searchsorted(keys)
        found = self.keys.take(at, mode="clip") == keys
        at = at[found]
        if not at.size:
            bare: list[float] = self.bias.tolist()
            return bare
        weights = self.idf.take(at) * times[found]
        total: list[float] = (weights @ self.rows.take(at, 0) / np.sqrt(weights @ weights) + self.bias).tolist()
        return total

    def leaning(self, keys: NDArray[np.uint64], times: Scores, label: int = 0) -> list[tuple[str, float]]:
        """The known pieces of a text and what each adds to a label's score, the strongest first."""
        at = self.keys.searchsorted(keys)
        found = self.keys.take(at, mode="clip") == keys
        at = at[found]
        weights = self.idf.take(at) * times[found]
        parts = weights * self.rows.take(at, 0)[:, label] / max(1e-9, float(np.sqrt(weights @ weights)))
        order = np.argsort(-parts)
        return [(_spelt(int(self.keys[at[place]])), float(parts[place])) for place in order]


def _spelt(key: int) -> str:
    return "".join(chr(key >> shift & 0x1FFFFF) for shift in (42, 21, 0)).rstrip("\0")


def pack(model: Linear) -> Packed:
    """Packs a model whose pieces have at most three characters. Raises ValueError for a longer piece."""
    signs = np.frombuffer("\0".join([*model.places, ""]).encode("utf-32-le"), np.uint32)
    ends = np.flatnonzero(signs == 0)
    starts = np.concatenate(([0], ends[:-1] + 1))
    if (ends - starts).max(initial=0) > 3:
        raise ValueError("a piece of more than three characters cannot be packed")
    padded = np.concatenate((signs.astype(np.uint64), np.zeros(2, np.uint64)))
    keys = np.zeros(len(starts), np.uint64)
    for place, shift in enumerate((42, 21, 0)):
        keys |= np.where(starts + place < ends, padded[starts + place], np.uint64(0)) << np.uint64(shift)
    order = np.argsort(keys)
    rows = model.rows.astype(np.float32) * model.scale
    return Packed(model.labels, keys[order], rows[order], model.idf[order], model.bias, model.facts)


def load(path: Path) -> Linear:
    """Reads a weight file written by `save`."""
    with np.load(path, allow_pickle=False) as box:
        pieces = zlib.decompress(box["pieces"].tobytes()).decode("utf-8").split("\x00")
        facts = json.loads(box["facts"].tobytes().decode("utf-8"))
        return Linear(
            labels=tuple(facts["labels"]),
            places=dict(zip(pieces, range(len(pieces)), strict=True)),
            rows=box["rows"],
            idf=box["idf"].astype(np.float32) * np.float32(facts["idf_step"]),
            scale=box["scale"],
            bias=box["bias"],
            facts=facts,
        )


def save(
    path: Path,
    pieces: list[str],
    weights: NDArray[np.float64],
    idf: NDArray[np.float64],
    bias: Any,
    facts: dict[str, Any],
) -> None:
    """Quantises weights of shape (pieces, labels) to int8 and writes them with their facts."""
    scale = np.abs(weights).max(axis=0) / 127.0
    step = float(idf.max()) / 255.0
    np.savez_compressed(
        path,
        pieces=np.frombuffer(zlib.compress("\x00".join(pieces).encode("utf-8"), 9), dtype=np.uint8),
        rows=np.round(weights / scale).astype(np.int8),
        idf=np.round(idf / step).astype(np.uint8),
        scale=scale.astype(np.float32),
        bias=np.asarray(bias, dtype=np.float32),
        facts=np.frombuffer(json.dumps(facts | {"idf_step": step}).encode("utf-8"), dtype=np.uint8),
    )
