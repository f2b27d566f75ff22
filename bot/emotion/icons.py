"""What emoticons, emoji and text faces say: an own table, one line an icon."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from bot.emotion.plain import UNSEEN, fold_word
from bot.errors import Misconfigured

BRACKETED = re.compile(r"\[[^\[\]\n]{1,10}\]")
FACE_MARKS = re.compile(r"[:;=^_<(\\*≧╥]")
TONES = re.compile("[\U0001f3fb-\U0001f3ff]")


@dataclass(frozen=True, slots=True)
class Icon:
    """One icon: six weights in the order of EMOTIONS that sum to 1, a strength from 0 to 2, and two bits."""

    name: str
    says: tuple[float, ...]
    strength: int
    irony: bool
    grave: bool


@dataclass(frozen=True, slots=True)
class Icons:
    """The table, and the patterns of the faces that are typed from several marks and of the signs that are one."""

    table: dict[str, Icon]
    faces: re.Pattern[str]
    signs: re.Pattern[str]

    def find(self, text: str) -> list[tuple[Icon | None, int, int]]:
        """The icons of a folded text with their half-open spans; None for a bracketed name nobody knows."""
        found: list[tuple[Icon | None, int, int]] = []
        if "[" in text:
            found += [(self.table.get(m.group()), *m.span()) for m in BRACKETED.finditer(text)]
        if FACE_MARKS.search(text):
            found += [(self.table[m.group()], *m.span()) for m in self.faces.finditer(text)]
        if not text.isascii():
            signs = [(self.table.get(m.group()), m.start()) for m in self.signs.finditer(text)]
            found += [(icon, at, at + 1) for icon, at in signs if icon is not None]
        return found


@cache
def load() -> Icons:
    """Reads the table once. Raises Misconfigured with the line that does not fit."""
    table: dict[str, Icon] = {}
    lines = (files("bot.emotion") / "data" / "icons.tsv").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if line.startswith("#") or not line.strip():
            continue
        name, *rest = line.split("\t")
        try:
            says = tuple(float(value) for value in rest[:6])
            if len(says) != 6 or abs(sum(says) - 1) > 0.02:
                raise ValueError("six weights that sum to 1 are needed")
            icon = Icon(name, says, int(rest[6]), rest[7] == "1", rest[8:] == ["grave"])
        except (ValueError, IndexError) as problem:
            raise Misconfigured(f"icons.tsv, line {number}: {problem}") from problem
        table[UNSEEN.sub("", fold_word(name))] = icon
    faces = sorted((name for name in table if len(name) > 1 and not name.startswith("[")), key=len, reverse=True)
    joined = "|".join(re.escape(face) if not face[0].isalpha() else rf"(?<![a-z]){re.escape(face)}" for face in faces)
    # Beyond the first plane nearly every sign is an icon; to name them one by one would make the pattern slow.
    signs = "".join(re.escape(name) for name in table if len(name) == 1 and "\u2100" < name <= "\uffff")
    return Icons(table, re.compile(f"(?:{joined})(?![a-z])"), re.compile(f"[{signs}\U00010000-\U0010ffff]"))


def blank(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with the spans turned into blanks, so that offsets hold."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text
