"""Finds texts that share rare words and characters with a post: BM25 over words, TF-IDF over characters."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.int64]

GAP = 0x20  # whatever is no letter and no digit counts as one gap
ALPHABETS = 0x2E80  # below it lie the scripts that spell with letters
BITS = 21  # a code point takes 21 bits, so that three of them fit one 63-bit key without collisions


@dataclass(frozen=True)
class Postings:
    """For each term the documents that hold it: a sparse matrix by columns.

    `keys` are sorted; term i owns `rows[starts[i]:starts[i + 1]]` and the weights beside them; `size` documents.
    """

    keys: Ints
    starts: Ints
    rows: npt.NDArray[np.int32]
    weights: Floats
    size: int

    def score(self, keys: Ints, weights: Floats) -> Floats:
        """Return for each document the sum over shared terms of its weight times the query's, shape (size,)."""
        at = np.searchsorted(self.keys, keys)
        at[at == len(self.keys)] = 0
        known = self.keys[at] == keys if len(self.keys) else np.zeros(len(keys), bool)
        at, weights = at[known], weights[known]
        first, counts = self.starts[at], self.starts[at + 1] - self.starts[at]
        total = int(counts.sum())
        if not total:
            return np.zeros(self.size, np.float32)
        ends = np.cumsum(counts)
        flat = np.arange(total) + np.repeat(first - ends + counts, counts)
        hits = self.weights[flat] * np.repeat(weights, counts)
        return np.bincount(self.rows[flat], hits, self.size).astype(np.float32)


def _file(keys: Ints, rows: Ints, weights: Floats, size: int) -> Postings:
    order = np.lexsort((rows, keys))
    unique, starts = np.unique(keys[order], return_index=True)
    return Postings(
        keys=unique,
        starts=np.append(starts, len(keys)).astype(np.int64),
        rows=rows[order].astype(np.int32),
        weights=weights[order].astype(np.float32),
        size=size,
    )


def count_grams(text: str) -> tuple[Ints, Ints]:
    """Return the runs of one to three characters (of letters: three) in a folded text as keys, and their counts."""
    marks = np.frombuffer(text.encode("utf-32-le", "ignore"), np.uint32).astype(np.int64)
    letters = np.fromiter(map(str.isalnum, text.encode("utf-32-le", "ignore").decode("utf-32-le")), bool, len(marks))
    marks = np.where(letters, marks, GAP)
    keep = letters | np.concatenate(([True], letters[:-1])) if len(marks) else letters
    marks, letters = marks[keep], letters[keep]
    pairs = marks[:-1] << BITS | marks[1:]
    triples = pairs[:-1] << BITS | marks[2:]
    # In alphabets one or two letters say nothing: every English post would resemble every other.
    wide = marks >= ALPHABETS
    keys = np.concatenate((marks[letters & wide], pairs[wide[:-1] | wide[1:]], triples))
    return np.unique(keys, return_counts=True)


class Grams:
    """TF-IDF over characters: each document is a vector of length 1 (`1 + ln tf`, `1 + ln((1 + n) / (1 + df))`)."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Index folded texts."""
        counted = [count_grams(text) for text in texts]
        lengths = np.array([len(keys) for keys, _ in counted], np.int64)
        keys = np.concatenate([keys for keys, _ in counted] or [np.zeros(0, np.int64)])
        counts = np.concatenate([counts for _, counts in counted] or [np.zeros(0, np.int64)])
        rows = np.repeat(np.arange(len(texts)), lengths)
        known, inverse, frequency = np.unique(keys, return_inverse=True, return_counts=True)
        self._known = known
        self._rarity = (np.log((1 + len(texts)) / (1 + frequency)) + 1).astype(np.float32)
        self._unseen = float(np.log(1 + len(texts)) + 1)
        weights = (1 + np.log(counts)) * self._rarity[inverse]
        norms = np.sqrt(np.bincount(rows, weights**2, len(texts)))
        self._postings = _file(keys, rows, weights / np.maximum(norms, 1e-9)[rows], len(texts))

    def score(self, text: str) -> Floats:
        """Return the cosine of a folded text with each document, shape (documents,), each in [0, 1].

        Terms that no document holds lengthen the query's vector: a post about something else gets low cosines.
        """
        keys, counts = count_grams(text)
        if not len(keys) or not len(self._known):
            return np.zeros(self._postings.size, np.float32)
        at = np.minimum(np.searchsorted(self._known, keys), len(self._known) - 1)
        rarity = np.where(self._known[at] == keys, self._rarity[at], self._unseen)
        weights = (1 + np.log(counts)) * rarity
        norm = float(np.sqrt((weights**2).sum()))
        return self._postings.score(keys, (weights / max(norm, 1e-9)).astype(np.float32))


class Words:
    """BM25 over words (Robertson and Zaragoza 2009, k1 = 1.5, b = 0.75; each query word counts once)."""

    def __init__(self, documents: Sequence[Sequence[str]], k1: float = 1.5, b: float = 0.75) -> None:
        """Index documents that are already cut into folded words."""
        self._ids: dict[Hashable, int] = {}
        pairs = [
            (self._ids.setdefault(word, len(self._ids)), row) for row, words in enumerate(documents) for word in words
        ]
        flat = np.array(pairs, np.int64).reshape(-1, 2)
        size = len(documents)
        both, counts = np.unique(flat[:, 0] * max(size, 1) + flat[:, 1], return_counts=True)
        keys, rows = both // max(size, 1), both % max(size, 1)
        lengths = np.bincount(flat[:, 1], minlength=size).astype(np.float32)
        frequency = np.bincount(keys, minlength=len(self._ids))
        rarity = np.log(1 + (size - frequency + 0.5) / (frequency + 0.5))
        damp = k1 * (1 - b + b * lengths / max(float(lengths.mean()) if size else 0.0, 1e-9))
        weights = rarity[keys] * counts * (k1 + 1) / (counts + damp[rows])
        self._postings = _file(keys, rows, weights.astype(np.float32), size)

    def score(self, words: Sequence[str]) -> Floats:
        """Return the BM25 score of each document for the query's words, shape (documents,), 0 or more."""
        ids = {self._ids[word] for word in words if word in self._ids}
        keys = np.array(sorted(ids), np.int64)
        return self._postings.score(keys, np.ones(len(keys), np.float32))
