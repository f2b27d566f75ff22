"""Which characters a text has, and which stand side by side: the cheapest proof that it holds nothing of a list."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from operator import add


@lru_cache(maxsize=16)  # the readings of one text are mostly the same, and each is asked about several lists
def pair_up(text: str) -> frozenset[str]:
    """Return all characters of a text and all its runs of two."""
    return frozenset(map(add, text, text[1:])).union(text)


def begin(words: Iterable[str]) -> frozenset[str]:
    """Return the first two characters of each word, or the only one; a text without any of them holds no such word."""
    return frozenset(word[:2] for word in words)
