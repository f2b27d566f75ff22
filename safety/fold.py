"""Folding takes disguises off a text: width, case, look-alikes, traditional characters, invisible marks.

Nothing folded is ever posted: a folded text is only for judging. Every folded character knows which characters of the
original it came from, so a finding can point into what was really written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from safety.tables import load_lookalikes, load_simplified

# Characters that are not seen: soft hyphen, joiners, bidi marks, fillers, variation selectors, tags, controls.
HIDDEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
MARKS = "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff"
MARKS += "\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
JAMO = "\u1161-\u11ff"
HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
DOUBLE_HAN = re.compile(rf"([{HAN}])\1")
FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u052f\u0531-\u0589\u13a0-\u13ff]")
# Foreign letters that pass for Latin ones at once; others (в, н, т, и) only look alike in capitals.
DECEIVING = frozenset("аеорсухіѕјԁһԛԝѵӏοανιυϲϳ")
TAG = re.compile("[\U000e0020-\U000e007e]")
KEPT = "…‥⋯～￣´¨¯＂"  # their compatibility forms are several characters or spaces: no gain, and offsets would move
NEGATIVE_LETTERS = (0x1F150, 0x1F170)  # 🅐-🅩 and 🅰-🆉 have no compatibility form


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text; character i came from the original characters [starts[i], ends[i])."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original that became the folded characters [start, end); empty spans stay empty."""
        if not self.text:
            return 0, 0
        if start >= end:
            place = self.starts[min(start, len(self.text) - 1)]
            return place, place
        return min(self.starts[start:end]), max(self.ends[start:end])


@dataclass(frozen=True, slots=True)
class Tables:
    """What folding looks up: one-to-one replacements, characters that become several, and those needing care."""

    single: dict[int, str]
    several: dict[str, str]
    careful: re.Pattern[str]
    hidden: re.Pattern[str]
    lookalikes: dict[str, str]


@lru_cache(maxsize=64)  # one reply is folded a dozen times while it is looked at from all sides
def fold(text: str) -> Folded:
    """Return the text without disguises of form, each character with its place in the original.

    Invisible characters go, width and compatibility forms, case, look-alike letters and traditional characters become
    plain; combining marks melt into their letter or go; lone surrogates become U+FFFD. Words, spaces and punctuation
    stay. Never raises; time is linear in the length.
    """
    tables = load_tables()
    if tables.careful.search(text):
        folded = fold_carefully(text, tables)
    else:
        size = len(text)
        folded = Folded(text.translate(tables.single), range(size), range(1, size + 1))
    if FOREIGN.search(folded.text):
        return Folded(unmask_letters(folded.text, tables.lookalikes), folded.starts, folded.ends)
    return folded


def fold_carefully(text: str, tables: Tables) -> Folded:
    """Fold character by character, where some vanish, melt together or become several."""
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    single, several, hidden = tables.single, tables.several, tables.hidden
    for place, char in enumerate(text):
        if hidden.match(char):
            continue
        if out and is_mark(char):
            melted = unicodedata.normalize("NFC", out[-1] + char)
            if len(melted) == 1:
                out[-1] = single.get(ord(melted), melted)
            ends[-1] = place + 1
            continue
        plain = several.get(char) or single.get(ord(char), char)
        for piece in plain:
            out.append(piece)
            starts.append(place)
            ends.append(place + 1)
    return Folded("".join(out), starts, ends)


def is_mark(char: str) -> bool:
    """Say whether the character hangs on the one before it (a combining mark or a later Hangul letter)."""
    return unicodedata.combining(char) > 0 or unicodedata.category(char) in {"Mn", "Me"} or "\u1161" <= char <= "\u11ff"


def unmask_letters(text: str, lookalikes: dict[str, str]) -> str:
    """Replace look-alike letters unless the text is really Russian, Greek or Armenian.

    Really foreign text holds many letters that look like no Latin one; below a quarter of such letters, or inside a
    word that mixes scripts, the letters are a disguise.
    """
    foreign = FOREIGN.findall(text)
    honest = sum(char not in DECEIVING for char in foreign)
    if honest * 4 < len(foreign):
        return "".join(lookalikes.get(char, char) for char in text)
    return re.sub(r"[^\W\d_]+", lambda word: unmask_word(word.group(), lookalikes), text)


def unmask_word(word: str, lookalikes: dict[str, str]) -> str:
    """Replace the look-alikes of a word that also holds ASCII letters."""
    if not any("a" <= char <= "z" for char in word):
        return word
    return "".join(lookalikes.get(char, char) for char in word)


@cache
def load_tables() -> Tables:
    """Build the folding tables once (about 50 ms)."""
    simplified, lookalikes = load_simplified(), load_lookalikes()
    single: dict[int, str] = {}
    several: dict[str, str] = {}
    for char in candidates():
        plain = unicodedata.normalize("NFKC", char).lower()
        plain = "".join(simplified.get(piece, piece) for piece in plain)
        if not FOREIGN.match(char):
            plain = "".join(lookalikes.get(piece, piece) for piece in plain)
        if len(plain) > 1 or not plain.strip():
            plain = " " if not plain.strip() else plain
        if len(plain) == 1 and plain != char:
            single[ord(char)] = plain
        elif len(plain) > 1:
            several[char] = plain
    single.update({ord(old): new for old, new in simplified.items() if ord(old) not in single})
    single.update(dict.fromkeys(range(0xD800, 0xE000), "\ufffd"))
    for first in NEGATIVE_LETTERS:
        single.update({first + step: chr(ord("a") + step) for step in range(26)})
    for kept in "\t\n\r\x85\u2028\u2029":
        single[ord(kept)] = "\n" if kept != "\t" else " "
        several.pop(kept, None)
    expanding = "".join(map(re.escape, several))
    careful = re.compile(f"[{HIDDEN}{MARKS}{JAMO}{expanding}]")
    return Tables(single, several, careful, re.compile(f"[{HIDDEN}]"), lookalikes)


def candidates() -> Iterable[str]:
    """Yield the characters that may have a plainer form."""
    blocks = [(0x20, 0x3400), (0xA000, 0xAC00), (0xF900, 0x10000), (0x1D400, 0x1D800), (0x1F100, 0x1F150)]
    blocks += [(0x2F800, 0x2FA20)]
    for first, last in blocks:
        for code in range(first, last):
            if chr(code) not in KEPT:
                yield chr(code)


def rewrite(folded: Folded, pieces: Sequence[tuple[int, int, str]]) -> Folded:
    """Replace pieces `(start, end, new text)` of a folded text, in order and not overlapping; offsets stay true.

    Every character of a new text points at the whole piece it stands for.
    """
    text, starts, ends = folded.text, folded.starts, folded.ends
    out: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    last = 0
    for start, end, new in pieces:
        out += (text[last:start], new)
        new_starts += starts[last:start]
        new_ends += ends[last:start]
        if new:
            first, final = folded.span(start, end)
            new_starts += [first] * len(new)
            new_ends += [final] * len(new)
        last = end
    out.append(text[last:])
    new_starts += starts[last:]
    new_ends += ends[last:]
    return Folded("".join(out), new_starts, new_ends)


def substitute(folded: Folded, pattern: re.Pattern[str], new: str | Callable[[re.Match[str]], str]) -> Folded:
    """Replace every match of the pattern, keeping offsets true; the same object comes back when nothing matches."""
    found = list(pattern.finditer(folded.text))
    if not found:
        return folded
    return rewrite(folded, [(m.start(), m.end(), new if isinstance(new, str) else new(m)) for m in found])


def thin_out(folded: Folded, pattern: re.Pattern[str], gaps: Callable[[re.Match[str]], Iterable[int]]) -> Folded:
    """Drop single characters of every match, those at the places that `gaps` names; what stays keeps its own place."""
    places = [place for found in pattern.finditer(folded.text) for place in gaps(found)]
    return rewrite(folded, [(place, place + 1, "") for place in places]) if places else folded


def turn_round(folded: Folded) -> Folded:
    """Return the text read from its end."""
    return Folded(folded.text[::-1], folded.starts[::-1], folded.ends[::-1])


def reveal_tags(text: str) -> str:
    """Return what is written in invisible tag characters (U+E0020 to U+E007E), as plain ASCII."""
    return "".join(chr(ord(char) - 0xE0000) for char in TAG.findall(text))
