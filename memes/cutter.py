"""Cuts texts into words with jieba, which learns the names of the memes first."""

from __future__ import annotations

import logging
import tempfile
import threading
import warnings
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any


class Cutter:
    """An own jieba tokenizer: it loads its dictionary on first use, or in `warm`, and is safe among threads."""

    def __init__(self) -> None:
        """Load nothing yet."""
        self._lock = threading.Lock()
        self._jieba: Any = None
        self._taught: set[str] = set()

    def warm(self, cache_dir: Path | None = None) -> None:
        """Load the dictionary: about a second, less once `cache_dir` holds it (a writable folder of our own)."""
        with self._lock:
            if self._jieba is None:
                self._jieba = _load(cache_dir)

    def teach(self, names: Iterable[str]) -> None:
        """Let folded names of two characters or more count as words. They stay words until the program ends."""
        self.warm()
        with self._lock:
            for name in sorted(set(names) - self._taught):
                if len(name) > 1 and name.isalnum():
                    self._jieba.add_word(name)
                self._taught.add(name)

    def cut(self, text: str) -> list[str]:
        """Return the pieces of a folded text, gaps included: joined they give the text again."""
        self.warm()
        return list(self._jieba.cut(text, HMM=False))


def keep_words(pieces: Iterable[str]) -> list[str]:
    """Return the pieces that hold a letter or a digit."""
    return [piece for piece in pieces if any(map(str.isalnum, piece))]


@cache
def shared_cutter() -> Cutter:
    """Return the one cutter of this process: its dictionary takes some 60 MB."""
    return Cutter()


def _load(cache_dir: Path | None) -> Any:
    with warnings.catch_warnings():
        # jieba's own source holds invalid escapes and an old import that newer Pythons warn about.
        warnings.simplefilter("ignore")
        import jieba  # noqa: PLC0415 - its import alone takes 0.2 s: only who cuts texts pays for it
    jieba.setLogLevel(logging.ERROR)
    tokenizer = jieba.Tokenizer()
    # Without a folder jieba would trust whatever lies in the common /tmp under its cache's name.
    with tempfile.TemporaryDirectory(prefix="jiegeng-") as own:
        folder = cache_dir or Path(own)
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer.tmp_dir = str(folder)
        tokenizer.initialize()
    return tokenizer
