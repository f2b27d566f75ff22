"""The rule books that ship with the reader, loaded on first use."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from bot.emotion.rules import RuleBook, Sequence, parse

IDIOMS = ("idioms",)
REST = ("feelings", "plights", "troubles", "crisis", "veiled", "kinds", "bait", "play")


@cache
def load() -> tuple[RuleBook, RuleBook]:
    """The book of idioms and the book of all the rest. Raises Misconfigured with file and line."""
    classes: dict[str, tuple[str, ...]] = {}
    list(parse("classes.rules", _lines("classes"), classes))
    books = []
    for names in (IDIOMS, REST):
        book = RuleBook(stories=Sequence((classes["FICTION"],), ()))
        for name in names:
            for rule in parse(f"{name}.rules", _lines(name), classes):
                book.add(rule)
        books.append(book)
    return books[0], books[1]


def _lines(name: str) -> list[str]:
    return (files("bot.emotion") / "data" / f"{name}.rules").read_text(encoding="utf-8").splitlines()
