"""Which characters stand side by side in a text: the cheapest proof that it holds nothing of a list."""

from __future__ import annotations

from functools import lru_cache
from operator import add


@lru_cache(maxsize=16)  # the readings of one text are mostly the same, and each is asked about several lists
def pair_up(text: str) -> frozenset[str]:
    """Return all runs of two characters in a text."""
    return frozenset(map(add, text, text[1:]))
