"""Finds texts that share rare words and characters with a post: BM25 over words, TF-IDF over characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.int64]
Places: TypeAlias = npt.NDArray[np.integer[Any]]

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

    def add_up(self, lines: Ints, factors: Floats, size: int) -> Floats:
        """Return the sum of some lines, each times its factor, as a dense vector of `size`."""
        at, counts = list_entries(self.starts, lines)
        hits = self.weights.take(at) * factors.repeat(counts)
        return np.bincount(self.places.take(at), hits, size).astype(np.float32)


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


class Query(NamedTuple):
    """A text as a vector of length 1 over the terms that the index knows."""

    terms: Ints
    weights: Floats


@dataclass(frozen=True)
class GramCounts:
    """How often runs of characters stand in groups of texts, and nothing that depends on other groups.

    `keys` are the runs, rising; group i has `sizes[i]` texts; text i owns `terms[starts[i]:starts[i + 1]]`, which are
    places in `keys`, rising, and the counts beside them.
    """

    keys: Ints
    sizes: Ints
    starts: Ints
    terms: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int32]

    @classmethod
    def of(cls, groups: Sequence[Sequence[str]]) -> GramCounts:
        """Count in folded texts; each group has one or more."""
        texts = [text for group in groups for text in group]
        runs, owners = list_grams(texts)
        keys, terms = np.unique(runs, return_inverse=True)
        width = max(len(keys), 1)
        spots, counts = np.unique(owners * width + terms, return_counts=True)
        starts = np.searchsorted(spots, np.arange(len(texts) + 1) * width)
        sizes = np.array([len(group) for group in groups], np.int64)
        return cls(keys, sizes, starts, (spots % width).astype(np.int32), counts.astype(np.int32))

    def pick(self, groups: Places) -> GramCounts:
        """Return the counts of some of the groups, in their order."""
        if len(groups) == len(self.sizes):
            return self
        edges = np.concatenate(([0], self.sizes.cumsum()))
        texts, _ = list_entries(edges, groups)
        at, counts = list_entries(self.starts, texts)
        starts = np.concatenate(([0], counts.cumsum()))
        return GramCounts(self.keys, self.sizes[groups], starts, self.terms[at], self.counts[at])


class Grams(NamedTuple):
    """TF-IDF over characters (`1 + ln tf`, `1 + ln((1 + n) / (1 + df))`, length 1) for groups of texts.

    Group i has the texts from `edges[i]` to `edges[i + 1]`.
    """

    known: Ints
    rarity: Floats
    edges: Ints
    by_text: Matrix
    by_term: Matrix

    @classmethod
    def of(cls, groups: Sequence[Sequence[str]]) -> Grams:
        """Index folded texts; each group has one or more."""
        return cls.weigh([GramCounts.of(groups)])

    @classmethod
    def weigh(cls, parts: Sequence[GramCounts]) -> Grams:
        """Index the groups of all parts, one after the other. Goes part by part, which bounds the memory it takes."""
        known, terms, frequency = _join_keys(parts)
        sizes = _join([part.sizes for part in parts], np.int64)
        texts = int(sizes.sum())
        rarity = (np.log((1 + texts) / (1 + frequency)) + 1).astype(np.float32)
        common = frequency > max(COMMON * texts, FEW)
        weights, shares = [], []
        first = 0
        for part, own in zip(parts, terms, strict=True):
            weights.append(_weigh(part, own, rarity))
            shares.append(_share(part, own, weights[-1], common, first))
            first += len(part.sizes)
        starts = _join_starts([np.diff(part.starts) for part in parts])
        by_text = Matrix(starts, _join(terms, np.int32), _join(weights, np.float32))
        edges = _join_starts([sizes])
        return cls(known, rarity, edges, by_text, _by_term(shares, len(known)))

    @property
    def _unseen(self) -> float:
        return float(np.log(len(self.by_text.starts)) + 1)

    def read(self, text: str) -> Query:
        """Return a folded text as a query. Terms that nothing here holds only make the others weigh less."""
        keys, counts = count_grams(text)
        if not len(self.known):
            return Query(np.zeros(0, np.int64), np.zeros(0, np.float32))
        at = np.minimum(self.known.searchsorted(keys), len(self.known) - 1)
        seen = self.known.take(at) == keys
        weights = (1 + np.log(counts)) * np.where(seen, self.rarity.take(at), self._unseen)
        norm = max(float(np.sqrt(weights @ weights)), 1e-9)
        return Query(at[seen], (weights[seen] / norm).astype(np.float32))

    def average(self, query: Query) -> Floats:
        """Return for each group the mean of its texts' cosines with the query, shape (groups,), in [0, 1].

        Terms that stand in more than COMMON of the texts are left out of the sum.
        """
        return self.by_term.add_up(query.terms, query.weights, len(self.edges) - 1)

    def nearest(self, query: Query, groups: Sequence[int]) -> Floats:
        """Return for some groups the cosine of their nearest text with the query, shape (len(groups),), in [0, 1]."""
        if not len(groups):
            return np.zeros(0, np.float32)
        dense = np.zeros(max(len(self.known), 1), np.float32)
        dense[query.terms] = query.weights
        chosen = np.asarray(groups, np.int64)
        sizes = self.edges[chosen + 1] - self.edges[chosen]
        firsts = sizes.cumsum() - sizes
        texts = np.arange(int(sizes.sum())) + (self.edges[chosen] - firsts).repeat(sizes)
        at, counts = list_entries(self.by_text.starts, texts)
        sums = np.zeros(len(at) + 1)
        sums[1:] = (dense.take(self.by_text.places.take(at)) * self.by_text.weights.take(at)).cumsum()
        ends = counts.cumsum()
        cosines = sums.take(ends) - sums.take(ends - counts)
        return np.minimum(np.maximum.reduceat(cosines, firsts), 1.0).astype(np.float32)

    def compare(self, query: Query) -> Floats:
        """Return the cosine of the query with every text, in the order of the groups, shape (texts,)."""
        dense = np.zeros(max(len(self.known), 1), np.float32)
        dense[query.terms] = query.weights
        sums = np.concatenate(([0.0], np.cumsum(dense[self.by_text.places] * self.by_text.weights)))
        return np.diff(sums[self.by_text.starts]).astype(np.float32)


@dataclass(frozen=True)
class WordCounts:
    """How often words stand in documents: document i owns `terms[starts[i]:starts[i + 1]]`, places in `words`."""

    words: Sequence[str]
    starts: Ints
    terms: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int32]

    @classmethod
    def of(cls, documents: Sequence[Sequence[str]]) -> WordCounts:
        """Count in documents that are already cut into folded words."""
        ids: dict[str, int] = {}
        flat = [ids.setdefault(word, len(ids)) for words in documents for word in words]
        rows = np.arange(len(documents)).repeat([len(words) for words in documents])
        width = max(len(ids), 1)
        spots, counts = np.unique(rows * width + np.array(flat, np.int64), return_counts=True)
        starts = np.searchsorted(spots, np.arange(len(documents) + 1) * width)
        return cls(tuple(ids), starts, (spots % width).astype(np.int32), counts.astype(np.int32))

    def pick(self, documents: Places) -> WordCounts:
        """Return the counts of some of the documents, in their order."""
        if len(documents) == len(self.starts) - 1:
            return self
        at, counts = list_entries(self.starts, documents)
        return WordCounts(self.words, np.concatenate(([0], counts.cumsum())), self.terms[at], self.counts[at])


class Words(NamedTuple):
    """BM25 over words (Robertson and Zaragoza 2009, k1 = 1.5, b = 0.75; each query word counts once)."""

    ids: dict[str, int]
    size: int
    matrix: Matrix

    @classmethod
    def of(cls, documents: Sequence[Sequence[str]]) -> Words:
        """Index documents that are already cut into folded words."""
        return cls.weigh([WordCounts.of(documents)])

    @classmethod
    def weigh(cls, parts: Sequence[WordCounts], k1: float = 1.5, b: float = 0.75) -> Words:
        """Index the documents of all parts, one after the other."""
        ids: dict[str, int] = {}
        places = [np.array([ids.setdefault(word, len(ids)) for word in part.words], np.int32) for part in parts]
        terms = _join([own.take(part.terms) for own, part in zip(places, parts, strict=True)], np.int32)
        counts = _join([part.counts for part in parts], np.int64)
        starts = _join_starts([np.diff(part.starts) for part in parts])
        size = len(starts) - 1
        rows = np.arange(size).repeat(np.diff(starts))
        lengths = np.bincount(rows, counts, size)
        frequency = np.bincount(terms, minlength=len(ids))
        rarity = np.log(1 + (size - frequency + 0.5) / (frequency + 0.5))
        mean = float(lengths.mean()) if size else 1.0
        damp = k1 * (1 - b + b * lengths / max(mean, 1e-9))
        weights = rarity[terms] * counts * (k1 + 1) / (counts + damp[rows])
        return cls(ids, size, _turn(terms, rows, weights, len(ids)))

    def score(self, words: Sequence[str]) -> Floats:
        """Return the BM25 score of each document for the query's words, shape (documents,), 0 or more."""
        terms = np.array(sorted({self.ids[word] for word in words if word in self.ids}), np.int64)
        return self.matrix.add_up(terms, np.ones(len(terms), np.float32), self.size)


def list_entries(starts: Ints, lines: Places) -> tuple[Ints, Ints]:
    """Return where the entries of some lines stand, and how many each line has; line i begins at `starts[i]`."""
    firsts = starts.take(lines)
    counts = starts.take(lines + 1) - firsts
    ends = counts.cumsum()
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + (firsts - ends + counts).repeat(counts), counts


def _join(parts: Sequence[npt.NDArray[Any]], kind: type[np.generic]) -> npt.NDArray[Any]:
    return np.concatenate([np.zeros(0, kind), *parts], dtype=kind)


def _join_starts(counts: Sequence[Ints]) -> Ints:
    return np.concatenate([np.zeros(1, np.int64), *counts]).cumsum()


def _join_keys(parts: Sequence[GramCounts]) -> tuple[Ints, list[npt.NDArray[np.int32]], Ints]:
    """Return the keys that stand in a text, the places in them of each part's terms, and in how many texts each is."""
    known = np.unique(_join([part.keys for part in parts], np.int64))
    places = [known.searchsorted(part.keys).astype(np.int32) for part in parts]
    frequency = np.zeros(len(known), np.int64)
    for part, own in zip(parts, places, strict=True):
        frequency[own] += np.bincount(part.terms, minlength=len(part.keys))
    used = frequency > 0
    number = (used.cumsum() - 1).astype(np.int32)
    return known[used], [number[own].take(part.terms) for part, own in zip(parts, places, strict=True)], frequency[used]


def _weigh(part: GramCounts, terms: npt.NDArray[np.int32], rarity: Floats) -> Floats:
    """The weights of all entries of a part, each text of length 1."""
    weights = (1 + np.log(part.counts)) * rarity[terms]
    texts = len(part.starts) - 1
    owners = np.arange(texts).repeat(np.diff(part.starts))
    norms = np.sqrt(np.bincount(owners, weights**2, texts))
    return (weights / np.maximum(norms, 1e-9)[owners]).astype(np.float32)


def _share(
    part: GramCounts, terms: npt.NDArray[np.int32], weights: Floats, common: npt.NDArray[np.bool_], first: int
) -> tuple[npt.NDArray[np.int32], Ints, Floats]:
    """The terms of a part's groups that are not common, sorted by group, and what each is worth to the mean cosine."""
    groups = np.arange(len(part.sizes)).repeat(part.sizes).repeat(np.diff(part.starts))
    rare = ~common[terms]
    groups, terms, worth = groups[rare], terms[rare], (weights / part.sizes[groups])[rare]
    width = max(len(common), 1)
    spots, inverse = np.unique(groups * width + terms, return_inverse=True)
    sums = np.bincount(inverse, worth, len(spots)).astype(np.float32)
    return (spots % width).astype(np.int32), first + spots // width, sums


def _by_term(shares: Sequence[tuple[npt.NDArray[np.int32], Ints, Floats]], height: int) -> Matrix:
    terms = _join([terms for terms, _, _ in shares], np.int32)
    groups = _join([groups for _, groups, _ in shares], np.int32)
    return _turn(terms, groups, _join([worth for _, _, worth in shares], np.float32), height)


def _turn(terms: npt.NDArray[np.int32], places: Places, weights: npt.NDArray[Any], height: int) -> Matrix:
    """A matrix with a line for each term, of entries that are sorted by place."""
    order = np.argsort(terms, kind="stable")
    starts = _join_starts([np.bincount(terms, minlength=height)])
    return Matrix(starts, places[order].astype(np.int32), weights[order].astype(np.float32))
