"""Finds the words one of which every match of a pattern must hold, so that most patterns need not be tried at all."""

from __future__ import annotations

import re
from functools import lru_cache
from re import _compiler as compiler  # type: ignore[attr-defined] # here and in `ahead` a pattern's structure is known
from re import _constants as signs  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from safety.ahead import REPEATS, look_ahead

MANY = 32  # alternatives; a look before each shorter list would make reading the word lists a fifth slower
MOST_SIGNS = 40  # a larger set of single characters says too little

Words = frozenset[str] | None


@lru_cache(maxsize=4096)
def compile_anchored(text: str) -> tuple[re.Pattern[str], Words]:
    """Return the compiled pattern, and words of which each match holds at least one (None when it promises nothing).

    The text is parsed once for both, which is most of the time that reading the lists takes, and not again when the
    lists are read once more: only changed patterns cost anything then. Raises re.error.
    """
    tree = parser.parse(text)
    words = of_sequence(tree)
    look_ahead(tree, MANY)
    return compiler.compile(tree), words


def of_sequence(items: Any) -> Words:
    """Return the best of what the items of a sequence, one after the other, promise."""
    best: Words = None
    run = ""
    for sign, value in [*items.data, (None, None)]:
        if sign is signs.LITERAL:
            run += chr(value)
            continue
        if run:
            best = better(best, frozenset({run}))
            run = ""
        best = better(best, of_item(sign, value))
    return best


def of_item(sign: Any, value: Any) -> Words:
    """Return what one item promises."""
    if sign is signs.SUBPATTERN:
        return of_sequence(value[-1])
    if sign is signs.BRANCH:
        found = [of_sequence(branch) for branch in value[1]]
        return None if any(words is None for words in found) else frozenset().union(*(words or () for words in found))
    if sign in REPEATS and value[0] >= 1:
        return of_sequence(value[2])
    if sign is signs.IN and all(kind is signs.LITERAL for kind, _ in value) and len(value) <= MOST_SIGNS:
        return frozenset(chr(code) for _, code in value)
    return None


def better(first: Words, second: Words) -> Words:
    """Return the set that stands in fewer texts: longer words first, then fewer of them."""
    if first is None or second is None:
        return first if second is None else second
    return min(first, second, key=lambda words: (-min(2, *map(len, words)), len(words)))
