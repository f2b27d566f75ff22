"""The pieces of a text that the trained weights know: characters for Chinese, words for Latin script."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bot.emotion.icons import Icon

DIGITS = re.compile(r"[0-9]+")
BLANKS = re.compile(r"\s+")
CLAUSE = re.compile(r"[,,。.!!??~…;; \n]+")
WORDS = re.compile(r"[a-zß-ž']+|[!?]+|[^\sa-z0-9ß-ž']")
EASTERN = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]")
LATIN = re.compile(r"[a-zß-ž]+")
ICON_MARKS = "\ue000\ue001\ue002\ue003\ue004\ue005\ue006"
"""One private character for the leading emotion of an icon, the last for a wink."""

FIRST, SECOND = np.uint64(42), np.uint64(21)
LAST = np.uint64(ord("\ue010") << 42)


def mark_icons(text: str, found: Sequence[tuple[Icon | None, int, int]]) -> str:
    """The text with every known icon turned into one mark."""
    if not found:
        return text
    parts, at = [], 0
    for icon, start, end in sorted(found, key=lambda item: item[1]):
        if start < at:
            continue
        mark = " "
        if icon is not None:
            mark = ICON_MARKS[6] if icon.irony else ICON_MARKS[max(range(6), key=icon.says.__getitem__)]
        parts += [text[at:start], mark]
        at = end
    return "".join([*parts, text[at:]])


def tidy(text: str) -> str:
    """One blank for many, and 0 for any number."""
    return BLANKS.sub(" ", DIGITS.sub("0", text)).strip()


def eastern_grams(text: str) -> list[str]:
    """Character 1-3-grams, the last clause once more by its 2-grams, and marks for length and punctuation."""
    text = tidy(text)
    size = len(text)
    grams = [text[at : at + width] for width in (1, 2, 3) for at in range(size - width + 1)]
    last = next((clause for clause in reversed(CLAUSE.split(text)) if len(clause) > 1), "")
    grams += ["\ue010" + last[at : at + 2] for at in range(len(last) - 1)]
    grams.append("\ue011" + str(min(9, size // 12)))
    if "!" in text or "!" in text:
        grams.append("\ue012!")
    if "?" in text or "?" in text:
        grams.append("\ue012?")
    return grams


def eastern_keys(text: str) -> NDArray[np.uint64]:
    """The same pieces, each packed into one whole number (see `linear.pack`), sorted; a repeated one stands twice."""
    text = tidy(text)
    last = next((clause for clause in reversed(CLAUSE.split(text)) if len(clause) > 1), "")
    marks = [_mark("\ue011", str(min(9, len(text) // 12)))]
    marks += [_mark("\ue012", "!")] if "!" in text or "!" in text else []
    marks += [_mark("\ue012", "?")] if "?" in text or "?" in text else []
    signs = np.frombuffer((text + last).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    signs, ends = signs[: len(text)], signs[len(text) :]
    ones = signs << FIRST
    twos = ones[:-1] | signs[1:] << SECOND
    closing = ends[:-1] << SECOND | ends[1:] | LAST
    keys = np.concatenate((ones, twos, twos[:-1] | signs[2:], closing, np.array(marks, np.uint64)))
    keys.sort()
    return keys


def _mark(kind: str, sign: str) -> int:
    return ord(kind) << 42 | ord(sign) << 21


def latin_grams(text: str) -> list[str]:
    """Word 1-2-grams and character 2-4-grams inside of words."""
    words = WORDS.findall(tidy(text))
    grams = ["\ue013" + word for word in words]
    grams += [f"\ue013{first} {second}" for first, second in pairwise(words)]
    for word in words:
        if len(word) < 2:
            continue
        padded = f" {word} "
        grams += [padded[at : at + width] for width in (2, 3, 4) for at in range(len(padded) - width + 1)]
    return grams


@lru_cache(maxsize=4)
def latin_share(text: str) -> float:
    """The share of Latin words among words and Eastern characters, 0 to 1; a character weighs two thirds."""
    words, signs = len(LATIN.findall(text)), len(EASTERN.findall(text))
    return words / (words + signs / 1.5) if words + signs else 0.0


def count(grams: Iterable[str]) -> dict[str, int]:
    """How often each piece stands there."""
    return Counter(grams)
