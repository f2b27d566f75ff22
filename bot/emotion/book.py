"""The rule books that ship with the reader, loaded on first use."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import NamedTuple

from bot.emotion.rules import RuleBook, Sequence, Vocabulary, forget_keys, parse

IDIOM = "idiom"
"""The kind of what is found first and taken out of the text."""
GRAVE = frozenset({"crisis", "plight"})
"""Kinds of evidence that are looked for in the sober text, where no laughter can forbid or part them."""
NAMES = ("idioms", "feelings", "plights", "troubles", "crisis", "veiled", "kinds", "bait", "play")
TONGUES = ("cantonese", "taiwan", "japanese", "korean", "spanish")
"""Files of one way of speaking each, with idioms, dangers and plights together."""


class Books(NamedTuple):
    """What sounds like death and is not; what is grave; and all the rest."""

    idioms: RuleBook
    grave: RuleBook
    light: RuleBook


@cache
def load() -> Books:
    """All rules, in three books. Raises Misconfigured with file and line."""
    classes: dict[str, tuple[str, ...]] = {}
    list(parse("classes.rules", _lines("classes"), classes))
    words, stories = Vocabulary(), Sequence((classes["FICTION"],), ())
    idioms, grave, light = (RuleBook(stories=stories, vocabulary=words) for _ in Books._fields)
    for name in (*NAMES, *TONGUES):
        for rule in parse(f"{name}.rules", _lines(name), classes):
            (idioms if rule.kind == IDIOM else grave if rule.kind in GRAVE else light).add(rule)
    forget_keys()
    return Books(idioms, grave, light)


def _lines(name: str) -> list[str]:
    return (files("bot.emotion") / "data" / f"{name}.rules").read_text(encoding="utf-8").splitlines()
