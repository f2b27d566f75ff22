"""Finds texts that share rare words and characters with a post: BM25 over words, TF-IDF over characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.int64]

GAP = 0x20  # whatever is no letter and no digit counts as one gap
ALPHABETS = 0x2E80  # below it lie the scripts that spell with letters
COMMON = 0.05  # share of texts above which a term tells groups apart no more, and costs the most time
FEW = 20  # texts up to which no term is common
BITS = 21  # a code point takes 21 bits, so that three of them fit one 63-bit key without collisions


@dataclass(frozen=True)
class Matrix:
    """A sparse matrix: line i owns `places[starts[i]:starts[i + 1]]` and the weights beside them."""

    starts: Ints
    places: npt.NDArray[np.int32]
    weights: Floats

    def pick(self, lines: Ints) -> tuple[Ints, Ints]:
        """Return where the entries of some lines stand, and how many each line has."""
        starts = self.starts.take(lines)
        counts = self.starts.take(lines + 1) - starts
        ends = counts.cumsum()
        total = int(ends[-1]) if len(ends) else 0
        return np.arange(total) + (starts - ends + counts).repeat(counts), counts

    def add_up(self, lines: Ints, factors: Floats, size: int) -> Floats:
        """Return the sum of some lines, each times its factor, as a dense vector of `size`."""
        at, counts = self.pick(lines)
        hits = self.weights.take(at) * factors.repeat(counts)
        return np.bincount(self.places.take(at), hits, size).astype(np.float32)


def _gather(lines: Ints, places: Ints, weights: Floats, height: int, width: int) -> Matrix:
    # Entries at the same place are added up.
    spots, inverse = np.unique(lines * width + places, return_inverse=True)
    sums = np.bincount(inverse, weights, len(spots)).astype(np.float32)
    starts = np.searchsorted(spots, np.arange(height + 1) * width)
    return Matrix(starts.astype(np.int64), (spots % width).astype(np.int32), sums)


def list_grams(texts: Sequence[str]) -> tuple[Ints, Ints]:
    """Return the runs of one to three characters (of letters: three) in folded texts as keys, and whose each is."""
    raw = [text.encode("utf-32-le", "ignore") for text in texts]
    lengths = np.array([len(part) // 4 for part in raw], np.int64)
    marks = np.frombuffer(b"".join(raw), np.uint32).astype(np.int64)
    owners = np.repeat(np.arange(len(texts)), lengths)
    letters = np.fromiter(map(str.isalnum, b"".join(raw).decode("utf-32-le")), bool, len(marks))
    # One gap stands for any number of marks between two words.
    opening = np.ones(len(marks), bool)
    opening[1:] = letters[:-1] | (owners[1:] != owners[:-1])
    keep = letters | opening
    marks, letters, owners = np.where(letters, marks, GAP)[keep], letters[keep], owners[keep]
    pairs = marks[:-1] << BITS | marks[1:]
    triples = pairs[:-1] << BITS | marks[2:]
    # In alphabets one or two letters say nothing: every English post would resemble every other.
    wide = marks >= ALPHABETS
    single = letters & wide
    double = (wide[:-1] | wide[1:]) & (owners[:-1] == owners[1:])
    triple = owners[:-2] == owners[2:]
    keys = np.concatenate((marks[single], pairs[double], triples[triple]))
    return keys, np.concatenate((owners[single], owners[:-1][double], owners[:-2][triple]))


def count_grams(text: str) -> tuple[Ints, Ints]:
    """Return the same keys of one folded text, each once and sorted, and how often it stands there."""
    raw = text.encode("utf-32-le", "ignore")
    marks = np.frombuffer(raw, np.uint32).astype(np.int64)
    letters = np.fromiter(map(str.isalnum, raw.decode("utf-32-le")), bool, len(marks))
    keep = letters.copy()
    keep[1:] |= letters[:-1]
    keep[:1] = True
    marks, letters = np.where(letters, marks, GAP)[keep], letters[keep]
    pairs = marks[:-1] << BITS | marks[1:]
    wide = marks >= ALPHABETS
    triples = pairs[:-1] << BITS | marks[2:]
    keys = np.concatenate((marks[letters & wide], pairs[wide[:-1] | wide[1:]], triples))
    keys.sort()
    new = np.ones(len(keys) + 1, bool)
    np.not_equal(keys[1:], keys[:-1], out=new[1:-1])
    edges = new.nonzero()[0]
    return keys[edges[:-1]], edges[1:] - edges[:-1]


@dataclass(frozen=True)
class Query:
    """A text as a vector of length 1 over the terms that the index knows."""

    terms: Ints
    weights: Floats


class Grams:
    """TF-IDF over characters (`1 + ln tf`, `1 + ln((1 + n) / (1 + df))`, length 1) for groups of texts."""

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        """Index folded texts; each group has one or more."""
        texts = [text for group in groups for text in group]
        sizes = np.array([len(group) for group in groups], np.int64)
        self._edges = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        self._size = len(groups)
        keys, owners = list_grams(texts)
        self._known, terms = np.unique(keys, return_inverse=True)
        width = max(len(self._known), 1)
        spots, counts = np.unique(owners * width + terms, return_counts=True)
        owners, terms = spots // width, spots % width
        frequency = np.bincount(terms, minlength=width)
        self._rarity = (np.log((1 + len(texts)) / (1 + frequency)) + 1).astype(np.float32)
        self._unseen = float(np.log(1 + len(texts)) + 1)
        weights = (1 + np.log(counts)) * self._rarity[terms]
        norms = np.sqrt(np.bincount(owners, weights**2, len(texts)))
        weights = (weights / np.maximum(norms, 1e-9)[owners]).astype(np.float32)
        starts = np.searchsorted(owners, np.arange(len(texts) + 1)).astype(np.int64)
        self._by_text = Matrix(starts, terms.astype(np.int32), weights)
        group = np.repeat(np.arange(self._size), sizes)[owners]
        rare = frequency[terms] <= max(COMMON * len(texts), FEW)
        share = (weights / sizes[group])[rare]
        self._by_term = _gather(terms[rare], group[rare], share, len(self._known), max(self._size, 1))

    def read(self, text: str) -> Query:
        """Return a folded text as a query. Terms that nothing here holds only make the others weigh less."""
        keys, counts = count_grams(text)
        if not len(self._known):
            return Query(np.zeros(0, np.int64), np.zeros(0, np.float32))
        at = np.minimum(self._known.searchsorted(keys), len(self._known) - 1)
        seen = self._known.take(at) == keys
        weights = (1 + np.log(counts)) * np.where(seen, self._rarity.take(at), self._unseen)
        norm = max(float(np.sqrt(weights @ weights)), 1e-9)
        return Query(at[seen], (weights[seen] / norm).astype(np.float32))

    def average(self, query: Query) -> Floats:
        """Return for each group the mean of its texts' cosines with the query, shape (groups,), in [0, 1].

        Terms that stand in more than COMMON of the texts are left out of the sum.
        """
        return self._by_term.add_up(query.terms, query.weights, self._size)

    def nearest(self, query: Query, groups: Sequence[int]) -> Floats:
        """Return for some groups the cosine of their nearest text with the query, shape (len(groups),), in [0, 1]."""
        if not len(groups):
            return np.zeros(0, np.float32)
        dense = np.zeros(max(len(self._known), 1), np.float32)
        dense[query.terms] = query.weights
        chosen = np.asarray(groups, np.int64)
        sizes = self._edges[chosen + 1] - self._edges[chosen]
        firsts = sizes.cumsum() - sizes
        texts = np.arange(int(sizes.sum())) + (self._edges[chosen] - firsts).repeat(sizes)
        at, counts = self._by_text.pick(texts)
        sums = np.zeros(len(at) + 1)
        sums[1:] = (dense.take(self._by_text.places.take(at)) * self._by_text.weights.take(at)).cumsum()
        ends = counts.cumsum()
        cosines = sums.take(ends) - sums.take(ends - counts)
        return np.minimum(np.maximum.reduceat(cosines, firsts), 1.0).astype(np.float32)

    def compare(self, query: Query) -> Floats:
        """Return the cosine of the query with every text, in the order of the groups, shape (texts,)."""
        dense = np.zeros(max(len(self._known), 1), np.float32)
        dense[query.terms] = query.weights
        sums = np.concatenate(([0.0], np.cumsum(dense[self._by_text.places] * self._by_text.weights)))
        return np.diff(sums[self._by_text.starts]).astype(np.float32)


class Words:
    """BM25 over words (Robertson and Zaragoza 2009, k1 = 1.5, b = 0.75; each query word counts once)."""

    def __init__(self, documents: Sequence[Sequence[str]], k1: float = 1.5, b: float = 0.75) -> None:
        """Index documents that are already cut into folded words."""
        self._ids: dict[str, int] = {}
        flat = [self._ids.setdefault(word, len(self._ids)) for words in documents for word in words]
        lengths = np.array([len(words) for words in documents], np.int64)
        self._size = len(documents)
        rows = np.repeat(np.arange(self._size), lengths)
        spots, counts = np.unique(np.array(flat, np.int64) * max(self._size, 1) + rows, return_counts=True)
        terms, rows = spots // max(self._size, 1), spots % max(self._size, 1)
        frequency = np.bincount(terms, minlength=len(self._ids))
        rarity = np.log(1 + (self._size - frequency + 0.5) / (frequency + 0.5))
        mean = float(lengths.mean()) if self._size else 1.0
        damp = k1 * (1 - b + b * lengths / max(mean, 1e-9))
        weights = (rarity[terms] * counts * (k1 + 1) / (counts + damp[rows])).astype(np.float32)
        starts = np.searchsorted(terms, np.arange(len(self._ids) + 1)).astype(np.int64)
        self._matrix = Matrix(starts, rows.astype(np.int32), weights)

    def score(self, words: Sequence[str]) -> Floats:
        """Return the BM25 score of each document for the query's words, shape (documents,), 0 or more."""
        terms = np.array(sorted({self._ids[word] for word in words if word in self._ids}), np.int64)
        return self._matrix.add_up(terms, np.ones(len(terms), np.float32), self._size)
