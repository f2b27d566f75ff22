"""Makes patterns of many words fast: where none of the words can begin, none is tried."""

from __future__ import annotations

import re
from re import _compiler as compiler  # type: ignore[attr-defined] # here and in `anchors` a pattern's structure is known
from re import _constants as signs  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

MANY = 8  # alternatives from which on a look at the next character pays
REPEATS = {signs.MAX_REPEAT, signs.MIN_REPEAT}
First = tuple[set[int] | None, bool]  # characters (None: it may be any), and whether a match may be empty


def compile_ahead(text: str) -> re.Pattern[str]:
    """Return the compiled pattern; it matches what `re.compile` would, and takes less time over many alternatives."""
    tree = parser.parse(text)
    look_ahead(tree, MANY)
    return compiler.compile(tree)  # type: ignore[no-any-return]


def look_ahead(items: Any, many: int) -> None:
    """Put before each list of `many` alternatives and more a look at the character that all of them begin with one of.

    Python tries one alternative after the other, and most places of a text hold the beginning of none.
    """
    done: list[Any] = []
    for sign, value in items.data:
        if sign is signs.SUBPATTERN:
            look_ahead(value[-1], many)
        elif sign in REPEATS:
            look_ahead(value[2], many)
        elif sign is signs.BRANCH:
            for branch in value[1]:
                look_ahead(branch, many)
            if len(value[1]) >= many and (first := begin_item(sign, value)[0]):
                known = parser.SubPattern(items.state, [(signs.IN, [(signs.LITERAL, code) for code in sorted(first)])])
                done.append((signs.ASSERT, (1, known)))
        done.append((sign, value))
    items.data = done


def begin_sequence(items: Any) -> First:
    """Return which characters a match of a sequence may begin with."""
    found: set[int] = set()
    for sign, value in items.data:
        first, may_be_empty = begin_item(sign, value)
        if first is None:
            return None, True
        found |= first
        if not may_be_empty:
            return found, False
    return found, True


def begin_item(sign: Any, value: Any) -> First:
    """Return which characters a match of one item may begin with."""
    if sign is signs.LITERAL:
        return {value}, False
    if sign is signs.IN and all(kind is signs.LITERAL for kind, _ in value):
        return {code for _, code in value}, False
    if sign in {signs.ASSERT, signs.ASSERT_NOT, signs.AT}:
        return set(), True
    if sign is signs.SUBPATTERN and not value[1] and not value[2]:
        return begin_sequence(value[-1])
    if sign in REPEATS:
        first, may_be_empty = begin_sequence(value[2])
        return first, may_be_empty or value[0] == 0
    if sign is signs.BRANCH:
        found = [begin_sequence(branch) for branch in value[1]]
        if all(first is not None and not may_be_empty for first, may_be_empty in found):
            return set().union(*(first or () for first, _ in found)), False
    return None, True
