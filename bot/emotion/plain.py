"""Plain text: one way of writing for many, with the way back to the original."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LONGEST = 2_000
"""Characters that are read at most; of a longer text the head and the tail count."""
HEAD = 1_500

UNSEEN = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
RUN = re.compile(r"(\S)\1{3,}")
LINK = re.compile(r"https?://[^\s\u4e00-\u9fff]+|www\.[^\s\u4e00-\u9fff]+")
HANDLE = re.compile(r"(?<![\w.])@[\w.-]{1,40}(?:@[\w.-]+)?|//@[\w-]{1,30}[::]", re.ASCII)
HAN_HANDLE = re.compile(r"@[\w\u4e00-\u9fff-]{1,30}")


@dataclass(frozen=True, slots=True)
class Plain:
    """A folded text: lower case, compatible forms, simplified characters, runs cut to three.

    `origin` maps an index of `text` to one of the source, or is None where both are the same; `swapped` counts
    the characters that were traditional.
    """

    source: str
    text: str
    origin: tuple[int, ...] | None
    swapped: int = 0

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span of the source that the half-open span [start, end) of the text came from."""
        if self.origin is None:
            return start, end
        if start >= end or not self.origin:
            return 0, 0
        return self.origin[start], self.origin[end - 1] + 1


class _Folds(dict[int, int]):
    """Folds one character to one character; characters that would grow stay, so that offsets hold."""

    def __init__(self, simple: dict[str, str]) -> None:
        super().__init__()
        self.simple = simple

    def __missing__(self, code: int) -> int:
        letter = chr(code)
        folded = unicodedata.normalize("NFKC", letter).lower()
        if len(folded) != 1:
            folded = letter
        folded = self.simple.get(folded, folded)
        if 0xD800 <= code <= 0xDFFF or unicodedata.category(letter) == "Cc":
            folded = "\n" if letter in "\r\n" else " "
        if letter in "\u2018\u2019":
            folded = "'"
        self[code] = ord(folded)
        return self[code]


@cache
def _simple() -> dict[str, str]:
    lines = (files("opencc") / "dictionary" / "TSCharacters.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if "\t" in line)
    table = {old: new.split(" ")[0] for old, new in pairs if len(old) == 1}
    return {old: new for old, new in table.items() if old != new and len(new) == 1} | {"妳": "你", "祂": "他"}


@cache
def folds() -> _Folds:
    """The table of folds, built once and filled as characters come."""
    return _Folds(_simple())


def fold_word(word: str) -> str:
    """A word of ours in the same way of writing as a folded text."""
    return word.translate(folds())


def flatten(source: str) -> Plain:
    """Folds a text of any length in bounded time; links and handles become blanks of the same length."""
    origin: list[int] | None = None
    text = source
    if len(source) > LONGEST:
        tail = len(source) - (LONGEST - HEAD)
        text = source[:HEAD] + source[tail:]
        origin = [*range(HEAD), *range(tail, len(source))]
    text = text.translate(folds())
    swapped = 0
    if origin is None and text != source:
        simple = _simple()
        swapped = sum(map(simple.__contains__, source))
    if UNSEEN.search(text):
        keep = [at for at, letter in enumerate(text) if not UNSEEN.match(letter)]
        text, origin = _pick(text, origin, keep)
    if "@" in text:
        text = HANDLE.sub(_blank, text)
        text = HAN_HANDLE.sub(_blank, text)
    if "://" in text or "www." in text:
        text = LINK.sub(_blank, text)
    if RUN.search(text):
        text, origin = _pick(text, origin, _squeezed(text))
    return Plain(source, text, None if origin is None else tuple(origin), swapped)


def _pick(text: str, origin: list[int] | None, keep: list[int]) -> tuple[str, list[int]]:
    return "".join(text[at] for at in keep), [origin[at] for at in keep] if origin else keep


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _squeezed(text: str) -> list[int]:
    keep: list[int] = []
    for at, letter in enumerate(text):
        if at >= 3 and letter != " " and letter == text[at - 1] == text[at - 2] == text[at - 3]:
            continue
        keep.append(at)
    return keep
