"""Cuts texts into words as jieba does, by jieba's dictionary, which learns the names of the memes first."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from memes.words import Words, load_words


class Cutter:
    """An own dictionary: it is loaded on first use, or in `warm`, and is safe among threads."""

    def __init__(self) -> None:
        """Load nothing yet."""
        self._lock = threading.Lock()
        self._words: Words | None = None
        self._taught: set[str] = set()

    def warm(self, cache_dir: Path | None = None) -> None:
        """Load the dictionary: most of a second, nothing once `cache_dir` holds it (a writable folder of our own)."""
        self._load(cache_dir)

    def teach(self, names: Iterable[str]) -> None:
        """Let folded names of two characters or more count as words. They stay words until the program ends."""
        words = self._load()
        with self._lock:
            for name in sorted(set(names) - self._taught):
                if len(name) > 1 and name.isalnum():
                    words.teach(name)
                self._taught.add(name)

    def cut(self, text: str) -> list[str]:
        """Return the pieces of a folded text, gaps included: joined they give the text again."""
        return (self._words or self._load()).cut(text)

    def _load(self, cache_dir: Path | None = None) -> Words:
        with self._lock:
            if self._words is None:
                self._words = load_words(cache_dir)
            return self._words


def keep_words(pieces: Iterable[str]) -> list[str]:
    """Return the pieces that hold a letter or a digit."""
    return [piece for piece in pieces if piece.isalnum() or any(map(str.isalnum, piece))]


@cache
def shared_cutter() -> Cutter:
    """Return the one cutter of this process."""
    return Cutter()
