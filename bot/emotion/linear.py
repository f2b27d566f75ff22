"""A pruned, quantised linear model over pieces of text: a dictionary, two arrays and nothing else."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]
LONGEST = 3
"""Characters of a piece that fit into one whole number."""


@dataclass(frozen=True, slots=True)
class Linear:
    """`places` maps a piece to its row; `rows` is int8, (pieces, labels); `idf` is uint8, (pieces,).

    A text's scores are the sum over its pieces of (1 + ln count) · idf · row, divided by the length of that
    vector (TF-IDF with the pieces that were kept), times `scale`, plus `bias`.
    """

    labels: tuple[str, ...]
    places: dict[str, int]
    rows: NDArray[np.integer[Any]]
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


def _spelt(key: int) -> str:
    return "".join(chr(key >> shift & 0x1FFFFF) for shift in (42, 21, 0)).rstrip("\0")


@dataclass(frozen=True, slots=True)
class Joined:
    """Several packed models over one table, so that a text is looked up once for all of them.

    `rows` is (pieces, labels of all heads, then one column a head): a piece's weight times its idf, and idf squared;
    `spans` says which columns are a head's, `owners` whose each column is, and `facts` what is known of each head.
    """

    facts: tuple[dict[str, Any], ...]
    keys: NDArray[np.uint64]
    rows: Scores
    spans: tuple[tuple[int, int], ...]
    owners: NDArray[np.int64]
    biases: Scores

    def scores(self, keys: NDArray[np.uint64]) -> list[list[float]]:
        """The scores of every head for one text by its sorted keys; the bias alone if a head knows no piece of it."""
        at, times = self._known(keys)
        rows = self.rows.take(at, 0)
        width = len(self.owners)
        lengths = np.sqrt((times * times) @ rows[:, width:])
        lengths[lengths == 0] = 1.0
        said: list[float] = (times @ rows[:, :width] / lengths.take(self.owners) + self.biases).tolist()
        return [said[start:end] for start, end in self.spans]

    def leaning(self, keys: NDArray[np.uint64], head: int) -> list[tuple[str, float]]:
        """The known pieces of a text and what each adds to the first label of a head, the strongest first."""
        at, times = self._known(keys)
        rows = self.rows.take(at, 0)
        squares = rows[:, len(self.owners) + head]
        at, parts = at[squares > 0], (times * rows[:, self.spans[head][0]])[squares > 0]
        length = max(1e-9, float(np.sqrt((times * times) @ squares)))
        order = np.argsort(-parts)
        return [(_spelt(int(self.keys[at[place]])), float(parts[place]) / length) for place in order]

    def _known(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], Scores]:
        """The rows of the known pieces, and 1 + ln count of each."""
        at = self.keys.searchsorted(keys)
        at = at[self.keys.take(at, mode="clip") == keys]
        new = np.ones(len(at) + 1, bool)
        np.not_equal(at[1:], at[:-1], out=new[1:-1])
        edges = new.nonzero()[0]
        counts = (edges[1:] - edges[:-1]).astype(np.float32)
        return at[edges[:-1]], np.log(counts) + np.float32(1.0)


def join(heads: Sequence[Packed]) -> Joined:
    """One table for all heads."""
    keys = np.unique(np.concatenate([head.keys for head in heads]))
    sizes = [len(head.labels) for head in heads]
    ends = np.cumsum(sizes).tolist()
    spans = tuple(zip([0, *ends], ends, strict=False))
    rows = np.zeros((len(keys), ends[-1] + len(heads)), np.float32)
    for number, (head, (start, end)) in enumerate(zip(heads, spans, strict=True)):
        at = keys.searchsorted(head.keys)
        rows[at, start:end] = head.rows * head.idf[:, None]
        rows[at, ends[-1] + number] = head.idf**2
    biases = np.concatenate([head.bias for head in heads])
    return Joined(tuple(head.facts for head in heads), keys, rows, spans, np.arange(len(heads)).repeat(sizes), biases)


def pack(model: Linear) -> Packed:
    """Packs a model whose pieces have at most three characters. Raises ValueError for a longer piece."""
    keys = _keys(list(model.places))
    order = np.argsort(keys)
    rows = model.rows.astype(np.float32) * model.scale
    return Packed(model.labels, keys[order], rows[order], model.idf[order], model.bias, model.facts)


def _keys(pieces: list[str]) -> NDArray[np.uint64]:
    signs = np.frombuffer("\0".join([*pieces, ""]).encode("utf-32-le"), np.uint32)
    ends = np.flatnonzero(signs == 0)
    starts = np.concatenate(([0], ends[:-1] + 1))
    if (ends - starts).max(initial=0) > LONGEST:
        raise ValueError("a piece of more than three characters cannot be packed")
    padded = np.concatenate((signs.astype(np.uint64), np.zeros(2, np.uint64)))
    keys = np.zeros(len(starts), np.uint64)
    for place, shift in enumerate((42, 21, 0)):
        keys |= np.where(starts + place < ends, padded[starts + place], np.uint64(0)) << np.uint64(shift)
    return keys


def load(path: Path) -> Linear:
    """Reads a weight file written by `save`."""
    with np.load(path, allow_pickle=False) as box:
        facts, idf = facts_and_idf(box)
        if "steps" in box:
            pieces = [_spelt(key) for key in _summed(box["steps"]).tolist()]
        else:
            pieces = joined_pieces(box).split("\0")
        return Linear(
            labels=tuple(facts["labels"]),
            places=dict(zip(pieces, range(len(pieces)), strict=True)),
            rows=box["rows"],
            idf=idf,
            scale=box["scale"],
            bias=box["bias"],
            facts=facts,
        )


def load_packed(path: Path) -> Packed:
    """Reads a weight file whose pieces have at most three characters, without spelling them out."""
    with np.load(path, allow_pickle=False) as box:
        facts, idf = facts_and_idf(box)
        rows = box["rows"].astype(np.float32) * box["scale"]
        return Packed(tuple(facts["labels"]), _summed(box["steps"]), rows, idf, box["bias"], facts)


def facts_and_idf(box: Any) -> tuple[dict[str, Any], Scores]:
    """What an opened weight file tells of itself, and the idf of its pieces, (pieces,)."""
    facts = json.loads(box["facts"].tobytes().decode("utf-8"))
    return facts, box["idf"].astype(np.float32) * np.float32(facts["idf_step"])


def joined_pieces(box: Any) -> str:
    """The pieces of an opened weight file, of any length, with a zero between them."""
    return zlib.decompress(box["pieces"].tobytes()).decode("utf-8")


def _summed(packed: NDArray[np.uint8]) -> NDArray[np.uint64]:
    steps = np.frombuffer(zlib.decompress(packed.tobytes()), np.uint8).reshape(8, -1)
    return np.cumsum(np.ascontiguousarray(steps.T).view(np.uint64).ravel(), dtype=np.uint64)


def _stepped(keys: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Sorted keys as steps from one to the next, byte by byte, which packs them to a third."""
    steps = np.diff(keys, prepend=np.uint64(0)).astype("<u8").view(np.uint8).reshape(-1, 8)
    return np.frombuffer(zlib.compress(np.ascontiguousarray(steps.T).tobytes(), 9), np.uint8)


def save(
    path: Path,
    pieces: list[str],
    weights: NDArray[np.float64],
    idf: NDArray[np.float64],
    bias: Any,
    facts: dict[str, Any],
    *,
    fine: bool = False,
) -> None:
    """Quantises weights of shape (pieces, labels) to int8, or int16 if `fine`, and writes them with their facts."""
    whole = np.iinfo(np.int16 if fine else np.int8)
    scale = np.abs(weights).max(axis=0) / whole.max
    step = float(idf.max()) / 255.0
    if max(map(len, pieces)) > LONGEST:
        spelt: dict[str, Any] = {
            "pieces": np.frombuffer(zlib.compress("\x00".join(pieces).encode("utf-8"), 9), dtype=np.uint8)
        }
    else:
        keys = _keys(pieces)
        order = np.argsort(keys)
        weights, idf, spelt = weights[order], idf[order], {"steps": _stepped(keys[order])}
    np.savez_compressed(
        path,
        rows=np.round(weights / scale).astype(whole.dtype),
        idf=np.round(idf / step).astype(np.uint8),
        scale=scale.astype(np.float32),
        bias=np.asarray(bias, dtype=np.float32),
        facts=np.frombuffer(json.dumps(facts | {"idf_step": step}).encode("utf-8"), dtype=np.uint8),
        **spelt,
    )
