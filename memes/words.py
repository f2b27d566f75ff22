"""jieba's dictionary as a table of numbers, and the cut that jieba makes with it (accurate mode, without its HMM)."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from itertools import groupby
from operator import add
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Keys: TypeAlias = npt.NDArray[np.uint64]
Ranks: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]
Longer: TypeAlias = dict[int, list[tuple[int, float]]]  # start: the words there, shortest first, as (end, ln count)

# As in jieba/__init__.py: what is cut by the dictionary, how the rest is parted, and which letters are kept together.
BLOCK = re.compile(r"([\u4E00-\u9FD5a-zA-Z0-9+#&\._%\-]+)")
SKIP = re.compile(r"(\r\n|\s)")
LETTERS = frozenset(string.ascii_letters + string.digits)

TABLED = 4  # characters up to which a word is a number in the table; the 6,000 longer ones are spelt out
FACTOR = np.uint64(0x9E3779B97F4A7C15)  # any odd number without a pattern; no two words of the dictionary collide
SIEVE = (
    20  # bits of a second hash that prove of seven pieces in ten that they are no word, by one look instead of twenty
)
FORM = 2  # of the files; another number makes them anew


class DictionaryError(ValueError):
    """jieba, or its dictionary, is not there."""


@dataclass(frozen=True)
class Table:
    """All words by their count: `keys` sorted, and beside them as `ranks` the place of each count in `levels`.

    There are 5,000 different counts for 340,000 words; `logs` are their logarithms. `rest` are the words that are spelt
    out, and, with a count of 0, the openings of longer words that jieba may meet as a piece.
    """

    keys: Keys
    ranks: Ranks
    levels: tuple[int, ...]
    logs: npt.NDArray[np.float64]
    rest: dict[str, int]
    total: int

    @cached_property
    def sieve(self) -> npt.NDArray[np.bool_]:
        """Where a key may stand: every key of the table, and others by chance."""
        sieve = np.zeros(1 << SIEVE, bool)
        sieve[_sift(self.keys)] = True
        return sieve

    @cached_property
    def spelt(self) -> tuple[dict[str, float], dict[str, tuple[int, ...]]]:
        """The ln counts of words that are spelt out, and how long they may be by their first two characters."""
        logs: dict[str, float] = {}
        sizes: dict[str, tuple[int, ...]] = {}
        for word, count in self.rest.items():
            if len(word) > TABLED and count:
                _spell(word, count, logs, sizes)
        return logs, sizes

    def find(self, keys: Keys) -> tuple[list[int], list[float]]:
        """Return which of some keys are words, and their ln counts."""
        maybe = self.sieve.take(_sift(keys)).nonzero()[0]
        keys = keys.take(maybe)
        at = self.keys.searchsorted(keys)
        hits = (self.keys.take(at, mode="clip") == keys).nonzero()[0]
        logs: list[float] = self.logs.take(self.ranks.take(at.take(hits))).tolist()
        return maybe.take(hits).tolist(), logs


class Words:
    """The words of jieba's dictionary and those it was taught. Cuts as `jieba.Tokenizer().cut(text, HMM=False)`.

    The table is read in place from a file of the cache folder, so that all workers of a machine share its memory:
    jieba's own dictionary takes 68 MB of each.
    """

    def __init__(self, table: Table) -> None:
        """Begin with the dictionary alone."""
        self._table = table
        self._total = table.total
        self._counts: dict[str, int] = {}
        self._spelt, self._sizes = table.spelt[0].copy(), table.spelt[1].copy()

    def teach(self, name: str) -> int:
        """Let a name of two characters or more be one word; return the least count for which it stays whole."""
        count = self._suggest(name)
        for end in range(1, len(name)):
            if self._count(name[:end]) is None:
                self._counts[name[:end]] = 0
        self.remember(name, count)
        return count

    def remember(self, name: str, count: int) -> None:
        """Let a name be a word again that was taught to another dictionary with the same names before it."""
        self._counts[name] = count
        self._total += count
        _spell(name, count, self._spelt, self._sizes)

    def cut(self, text: str) -> list[str]:
        """Return the pieces of a text, gaps included."""
        pieces: list[str] = []
        single, longer = self._find(text)
        at = 0
        for block in BLOCK.split(text):
            if BLOCK.match(block):
                pieces += self._walk(text, at, at + len(block), single, longer)
            elif block:
                for part in SKIP.split(block):
                    pieces += (part,) if SKIP.match(part) else part
            at += len(block)
        return pieces

    def _suggest(self, name: str) -> int:
        # jieba's suggest_freq, step by step, so that the same names get the same counts.
        share = 1.0
        for piece in self.cut(name):
            count = self._count(piece)
            share *= (1 if count is None else count) / float(self._total)
        known = self._count(name)
        return max(int(share * self._total) + 1, 1 if known is None else known)

    def _count(self, word: str) -> int | None:
        known = self._counts.get(word)
        if known is None:
            known = self._table.rest.get(word)
        if known is not None:
            return known
        if len(word) > TABLED:
            return None
        key = _hash([word], len(word))[0]
        at = int(self._table.keys.searchsorted(key))
        found = at < len(self._table.keys) and self._table.keys[at] == key
        return self._table.levels[int(self._table.ranks[at])] if found else None

    def _find(self, text: str) -> tuple[list[float | None], Longer]:
        """For each place of a text the ln count of its character, if that is a word, and the longer words there."""
        size = len(text)
        signs = np.zeros(size + TABLED - 1, np.uint64)
        signs[:size] = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        keys = np.empty((TABLED, size), np.uint64)
        keys[0] = signs[:size]
        for more in range(1, TABLED):
            np.multiply(keys[more - 1], FACTOR, out=keys[more])
            keys[more] += signs[more : more + size]
        single: list[float | None] = [None] * size
        longer: Longer = {}
        for hit, log in zip(*self._table.find(keys.ravel()), strict=True):
            if hit < size:
                single[hit] = log
            else:
                longer.setdefault(hit % size, []).append((hit % size + hit // size + 1, log))
        self._find_spelt(text, longer)
        return single, longer

    def _find_spelt(self, text: str, longer: Longer) -> None:
        sizes, spelt = self._sizes, self._spelt
        for start, pair in enumerate(map(add, text, text[1:])):
            if pair in sizes:
                for end in [start + size for size in sizes[pair] if text[start : start + size] in spelt]:
                    if end <= len(text):
                        others = [word for word in longer.get(start, ()) if word[0] != end]
                        longer[start] = sorted([*others, (end, spelt[text[start:end]])])

    def _walk(self, text: str, start: int, end: int, single: list[float | None], longer: Longer) -> list[str]:
        """The most likely way through a block, found from its end."""
        least = math.log(self._total)
        steps = list(range(start + 1, end + 1))
        scores = [0.0] * (end - start + 1)
        for at in range(end - 1, start - 1, -1):
            log = single[at]
            words = longer.get(at)
            if words is None:
                scores[at - start] = (log or 0.0) - least + scores[at - start + 1]
                continue
            best = -math.inf if log is None else log - least + scores[at - start + 1]
            for stop, log in words:
                score = log - least + scores[stop - start]
                if score >= best:
                    best, steps[at - start] = score, stop
            scores[at - start] = best
        return list(_step(text, start, steps))


def _spell(word: str, count: int, logs: dict[str, float], sizes: dict[str, tuple[int, ...]]) -> None:
    """Take in a word; not one that jieba parts before it looks for words."""
    if BLOCK.fullmatch(word):
        logs[word] = math.log(count)
        sizes[word[:2]] = tuple(sorted({*sizes.get(word[:2], ()), len(word)}))


def _step(text: str, start: int, steps: list[int]) -> Iterator[str]:
    """The pieces on the way; letters and digits that stand alone side by side are one piece."""
    letters = at = start
    end = start + len(steps)
    while at < end:
        stop = steps[at - start]
        if stop - at > 1 or text[at] not in LETTERS:
            if letters < at:
                yield text[letters:at]
            yield text[at:stop]
            letters = stop
        at = stop
    if letters < end:
        yield text[letters:end]


def load_table(folder: Path | None) -> Table:
    """Read the dictionary, from `folder` if it was kept there before; otherwise make it, and keep it if that works.

    Raises DictionaryError without jieba.
    """
    source = _find_source()
    state = source.stat()
    stamp = hashlib.sha256(f"{FORM} {source} {state.st_size} {state.st_mtime_ns}".encode()).hexdigest()[:16]
    name = f"words-{stamp}"
    table = _read(folder, name) if folder else None
    if table is None:
        table = _make(source)
        if folder:
            _keep(folder, name, table)
            table = _read(folder, name) or table
    return table


def _find_source() -> Path:
    # Only the file is read: importing jieba takes 0.2 s and brings models that nobody asks.
    spec = find_spec("jieba")
    folders = list((spec and spec.submodule_search_locations) or ())
    if not folders or not (Path(folders[0]) / "dict.txt").is_file():
        raise DictionaryError("the package jieba, or its dict.txt, is missing: install the bot anew")
    return Path(folders[0]) / "dict.txt"


def _make(source: Path) -> Table:
    parts = source.read_text(encoding="utf-8").split()
    numbers = list(map(int, parts[1::3]))
    counts = dict(zip(parts[::3], numbers, strict=True))
    foreign = {word for word in counts if not BLOCK.fullmatch(word)}
    tabled = [word for word in counts if len(word) <= TABLED and word not in foreign]
    rest = {word: count for word, count in counts.items() if len(word) > TABLED or word in foreign}
    rest |= dict.fromkeys(_list_openings(counts) - counts.keys(), 0)
    tabled.sort(key=len)
    keys = np.concatenate([_hash(list(words), size) for size, words in groupby(tabled, key=len)])
    order = np.argsort(keys)
    levels, ranks = np.unique(np.array([counts[word] for word in tabled], np.int64)[order], return_inverse=True)
    return _lay(keys[order], ranks.astype(np.min_scalar_type(len(levels))), levels.tolist(), rest, sum(numbers))


def _lay(keys: Keys, ranks: Ranks, levels: Iterable[int], rest: dict[str, int], total: int) -> Table:
    levels = tuple(levels)
    return Table(keys, ranks, levels, np.array([math.log(count) for count in levels]), rest, total)


def _list_openings(words: Iterable[str]) -> set[str]:
    """The openings of words that may be a piece of their own: one character, or letters that stood side by side."""
    firsts = {word[0] for word in words}
    latin = [word for word in words if word[0] in LETTERS]
    return firsts | {word[:end] for word in latin for end in range(2, len(word)) if word[:end].isascii()}


def _hash(words: list[str], size: int) -> Keys:
    """A number for each word of `size` characters."""
    signs = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32).reshape(-1, size)
    keys = np.zeros(len(words), np.uint64)
    for column in signs.T:
        keys = keys * FACTOR + column
    return keys


def _sift(keys: Keys) -> npt.NDArray[np.int64]:
    """A place in the sieve for each key, by its upper bits: those of a single character differ only below them."""
    return ((keys * FACTOR) >> np.uint64(64 - SIEVE)).view(np.int64)


def _keep(folder: Path, name: str, table: Table) -> None:
    """Write the three files, the small one last: where it is, all are whole."""
    own = f".{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("words-*"):
            old.unlink(missing_ok=True)
        for kind, column in (("keys", table.keys), ("ranks", table.ranks)):
            with (folder / (name + own)).open("wb") as file:
                np.save(file, column)
            (folder / (name + own)).replace(folder / f"{name}-{kind}.npy")
        facts = {"total": table.total, "size": len(table.keys), "levels": table.levels, "rest": table.rest}
        (folder / (name + own)).write_text(json.dumps(facts), encoding="utf-8")
        (folder / (name + own)).replace(folder / f"{name}.json")
    except OSError:
        return  # without a folder that can be written, every start makes the table anew


def _read(folder: Path, name: str) -> Table | None:
    """Map the table into memory; None where it was not kept, or not whole."""
    try:
        facts = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        keys, ranks = (
            np.load(folder / f"{name}-{kind}.npy", mmap_mode="r", allow_pickle=False).view(np.ndarray)
            for kind in ("keys", "ranks")
        )
        size, levels = (facts["size"],), tuple(map(int, facts["levels"]))
        if (keys.shape, ranks.shape, keys.dtype, ranks.dtype.kind) != (size, size, np.uint64, "u"):
            return None
        return _lay(keys, ranks, levels, dict(facts["rest"]), int(facts["total"]))
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None
