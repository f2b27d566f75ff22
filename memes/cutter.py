"""Cuts texts into words as jieba does, by jieba's dictionary and the names of the memes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from memes.words import Table, Words, load_table


class Cutter:
    """jieba's dictionary, loaded on first use or in `warm`, and the words of the last library; safe among threads."""

    def __init__(self) -> None:
        """Load nothing yet."""
        self._lock = threading.Lock()
        self._table: Table | None = None
        self._words: Words | None = None

    def warm(self, cache_dir: Path | None = None) -> None:
        """Load the dictionary: most of a second, nothing once `cache_dir` holds it (a writable folder of our own)."""
        self._load(cache_dir)

    def learn(self, names: Iterable[str]) -> tuple[Words, dict[str, int]]:
        """Return jieba's words with folded names of two characters or more, and the counts of these.

        What other names were learned before does not matter, so that the same names always give the same cuts.
        """
        words = Words(self._load())
        counts = {name: words.teach(name) for name in sorted(set(names)) if len(name) > 1 and name.isalnum()}
        return words, counts

    def remember(self, counts: Mapping[str, int]) -> Words:
        """Return the words that `learn` returned with these counts."""
        words = Words(self._load())
        for name, count in counts.items():
            words.remember(name, count)
        return words

    def take(self, words: Words) -> None:
        """Cut by these words from now on."""
        self._words = words

    def cut(self, text: str) -> list[str]:
        """Return the pieces of a folded text, gaps included: joined they give the text again."""
        words = self._words
        if words is None:
            words = self._words = Words(self._load())
        return words.cut(text)

    def _load(self, cache_dir: Path | None = None) -> Table:
        with self._lock:
            if self._table is None:
                self._table = load_table(cache_dir)
            return self._table


def keep_words(pieces: Iterable[str]) -> list[str]:
    """Return the pieces that hold a letter or a digit."""
    return [piece for piece in pieces if piece.isalnum() or any(map(str.isalnum, piece))]


@cache
def shared_cutter() -> Cutter:
    """Return the one cutter of this process."""
    return Cutter()
