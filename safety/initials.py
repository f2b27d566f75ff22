"""Notices words of the lists that are written by the first letters of their pinyin (缩写), whole or in part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from safety.fold import HAN, Folded
from safety.surface import note
from safety.tables import know_words, load_syllables
from safety.verdict import Reason

TOKEN = re.compile(r"(?<![a-z0-9@_])[a-z]{2,10}(?![a-z0-9_])")
BESIDE = 6  # Han characters on either side that may belong to the word
SHORTEST = 4  # letters where nothing else is written, characters otherwise
HAN_CHAR = re.compile(f"[{HAN}]")


@dataclass(frozen=True)
class Initials:
    """Words by their initials, with their codes, and Latin tokens that are something else."""

    words: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    innocent: frozenset[str] = frozenset()


def build_initials(words: Iterable[tuple[str, str]], innocent: Iterable[str]) -> Initials:
    """Index words of four Han characters and more, given with their codes, by the first letters of their syllables."""
    syllables = load_syllables()
    index: dict[str, tuple[tuple[str, str], ...]] = {}
    for word, code in words:
        if len(word) >= SHORTEST and all(char in syllables for char in word):
            key = "".join(syllables[char][0] for char in word)
            index[key] = (*index.get(key, ()), (word, code))
    return Initials(index, know_words(frozenset(innocent)))


def find_initials(plain: Folded, initials: Initials) -> Iterator[Reason]:
    """Yield words of the lists of which two letters and more stand for characters.

    A guess, therefore never more than medium: somebody has to look at it.
    """
    if not initials.words:
        return
    for token in TOKEN.finditer(plain.text):
        letters = token[0]
        if letters in initials.innocent:
            continue
        found = match(plain.text, token.start(), token.end(), initials)
        if found is not None:
            start, end, word, code = found
            why = f"the letters {letters} may stand for a listed word"
            yield note(code, f"initials {word}", "medium", plain.span(start, end), why)


def match(text: str, start: int, end: int, initials: Initials) -> tuple[int, int, str, str] | None:
    """Return where a listed word stands that the letters [start, end) and their Han neighbours spell, if any."""
    first, last = start, end
    while first > 0 and start - first < BESIDE and HAN_CHAR.match(text[first - 1]):
        first -= 1
    while last < len(text) and last - end < BESIDE and HAN_CHAR.match(text[last]):
        last += 1
    syllables = load_syllables()
    key = "".join(syllables.get(char, char)[0] for char in text[first:last])
    for left in range(first, start + 1):
        for right in range(end, last + 1):
            if right - left < SHORTEST:
                continue
            for word, code in initials.words.get(key[left - first : right - first], ()):
                pairs = zip(word, text[left:right], strict=True)
                if all(char == letter or letter.isascii() for char, letter in pairs):
                    return left, right, word, code
    return None
