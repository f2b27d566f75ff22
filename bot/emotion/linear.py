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


def load(path: Path) -> Linear:
    """Reads a weight file written by `save`."""
    with np.load(path, allow_pickle=False) as box:
        pieces = zlib.decompress(box["pieces"].tobytes()).decode("utf-8").split("\x00")
        facts = json.loads(box["facts"].tobytes().decode("utf-8"))
        return Linear(
            labels=tuple(facts["labels"]),
            places={piece: at for at, piece in enumerate(pieces)},
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
