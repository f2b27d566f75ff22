"""Hears what a text says: Chinese characters, pinyin and mixtures of both become a string of syllables."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from safety.fold import Folded, rewrite
from safety.tables import load_syllables

FIRST = 0xA000  # syllables are written as Yi letters, so that a text and its sound are strings of the same kind
LATIN_RUN = re.compile(r"(?<![a-z0-9_])[a-z]{2,80}(?![a-z0-9_])")
LONGEST = 6


@cache
def load_sound_codes() -> dict[str, str]:
    """Return each syllable of Mandarin with the Yi letter that stands for it."""
    return {sound: chr(FIRST + place) for place, sound in enumerate(sorted(set(load_syllables().values())))}


@cache
def load_sound_table() -> dict[int, str]:
    """Return a translation table from Han characters to syllable characters."""
    codes = load_sound_codes()
    return {ord(char): codes[sound] for char, sound in load_syllables().items()}


def sound(text: str) -> str:
    """Return the text with every Han character replaced by its syllable; the length does not change."""
    return text.translate(load_sound_table())


@lru_cache(maxsize=4096)
def split_pinyin(run: str) -> str:
    """Return the syllables of a Latin run such as `shabi`, or nothing when it is not whole pinyin."""
    codes = load_sound_codes()
    best: list[str | None] = [""] + [None] * len(run)
    for end in range(1, len(run) + 1):
        for size in range(min(LONGEST, end), 0, -1):
            before, piece = best[end - size], codes.get(run[end - size : end])
            if before is None or piece is None or (size == 1 and run[end - 1] not in "ae"):
                continue
            known = best[end]
            if known is None or len(before) + 1 < len(known):
                best[end] = before + piece
    return best[-1] or ""


def hear(folded: Folded) -> Folded:
    """Return the syllables of a folded text: Han characters by their reading, Latin runs when they are pinyin."""
    pieces: list[tuple[int, int, str]] = []
    for run in LATIN_RUN.finditer(folded.text):
        syllables = split_pinyin(run.group())
        if not syllables:
            continue
        if pieces and folded.text[pieces[-1][1] : run.start()] in {" ", "  "}:
            pieces.append((pieces[-1][1], run.start(), ""))
        pieces.append((run.start(), run.end(), syllables))
    heard = rewrite(folded, pieces) if pieces else folded
    return Folded(sound(heard.text), heard.starts, heard.ends)
