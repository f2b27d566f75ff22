"""Finds known phrases in a text, the longest first, without cutting words in two."""

from __future__ import annotations

from collections.abc import Iterable
from operator import add
from typing import NamedTuple


class Hit(NamedTuple):
    """A phrase that stands at [start, end) of a folded text."""

    start: int
    end: int
    phrase: str


class Phrases:
    """A set of folded phrases, found from left to right: the longest at a place wins and is not read again."""

    def __init__(self, phrases: Iterable[str]) -> None:
        """Remember the phrases; empty ones are ignored."""
        self._known = {phrase for phrase in phrases if phrase}
        self._single = {phrase for phrase in self._known if len(phrase) == 1}
        lengths: dict[str, set[int]] = {}
        for phrase in self._known - self._single:
            lengths.setdefault(phrase[:2], set()).add(len(phrase))
        self._lengths = {opening: sorted(sizes, reverse=True) for opening, sizes in lengths.items()}

    def find(self, text: str) -> list[Hit]:
        """Return the hits in a folded text, in its order; they do not overlap."""
        hits, end, lengths = [], 0, self._lengths
        places = [at for at, opening in enumerate(map(add, text, text[1:])) if opening in lengths]
        if not self._single.isdisjoint(text):
            places = sorted({*places, *(at for at, mark in enumerate(text) if mark in self._single)})
        for at in places:
            if at >= end and (hit := self._match(text, at)):
                hits.append(hit)
                end = hit.end
        return hits

    def _match(self, text: str, start: int) -> Hit | None:
        for length in (*self._lengths.get(text[start : start + 2], ()), 1):
            end = start + length
            phrase = text[start:end]
            # A slice behind the end is shorter than asked for, and would pass for a shorter phrase.
            if phrase in self._known and end <= len(text) and not _cuts_a_word(text, start, end):
                return Hit(start, end, phrase)
        return None


def _cuts_a_word(text: str, start: int, end: int) -> bool:
    before = start > 0 and _joins(text[start - 1], text[start])
    return before or (end < len(text) and _joins(text[end - 1], text[end]))


def _joins(left: str, right: str) -> bool:
    # Only alphabetic scripts put spaces between words; Han and kana stand side by side.
    return left.isalnum() and right.isalnum() and left < "\u2e80" and right < "\u2e80"
