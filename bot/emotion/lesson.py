"""Lessons: sentences written for this project, each with what it is, for the danger weights to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zlib import crc32

from bot.errors import Misconfigured
from bot.model import CRISIS_KINDS

FOLDER = Path(__file__).parent / "lessons"
SORROWS = ("grief", "illness", "loss", "despair")
"""What deserves comfort and is no danger; `loss` is everything that ended or failed without a death."""
LABELS = (*CRISIS_KINDS, *SORROWS, "gripe", "plain")
"""`gripe` is mildly bad and deserves warmth; `plain` is harmless, and often looks like danger or sorrow."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One sentence, its label, its language (zh or en), and the block it was written in.

    Neighbours in a file are alike, so folds are drawn by block: what is held out is strange to what is learned.
    """

    label: str
    text: str
    language: str
    block: str


def load(language: str, folder: Path = FOLDER) -> list[Lesson]:
    """All lessons of a language, `zh` or `en`. Raises Misconfigured with file and line."""
    return [lesson for path in sorted(folder.glob(f"{language}*.tsv")) for lesson in parse(path)]


def parse(path: Path) -> list[Lesson]:
    """The lessons of one file: a label, a tabulator, a text a line. Raises Misconfigured with file and line."""
    lessons = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        label, tab, text = line.partition("\t")
        if not tab or label not in LABELS or not text.strip() or "\t" in text:
            raise Misconfigured(f"{path.name}, line {number}: a label ({', '.join(LABELS)}), a tabulator and a text")
        lessons.append(Lesson(label, text.strip(), path.stem[:2], f"{path.stem} {number // 15}"))
    return lessons


def use_of(card: str) -> Literal["learned", "marked", "scored"]:
    """What the situations of a card, by its id, are for: half are learned from, a quarter sets the marks of the trained
    weights, and a quarter is only scored."""
    quarter = crc32(card.encode("utf-8")) % 4
    return "scored" if quarter == 3 else "marked" if quarter == 1 else "learned"
