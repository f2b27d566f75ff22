"""The character tables of folding: traditional to simplified, sounds, parts, look-alikes and emoji by name."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

HERE = Path(__file__).parent


def read_rows(name: str) -> list[list[str]]:
    """Return the rows of a table of ours: tab-separated fields, `#` opens a comment line."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


@cache
def load_simplified() -> dict[str, str]:
    """Return traditional and variant characters with their simplified forms."""
    return {old: new for new, olds in read_rows("simplified.tsv") for old in olds}


@cache
def load_syllables() -> dict[str, str]:
    """Return Han characters with their commonest syllable, without tone (`ü` is written `v`)."""
    return {char: sound for sound, chars in read_rows("syllables.tsv") for char in chars}


@cache
def load_parts() -> dict[str, str]:
    """Return sequences of two or three parts with the character they are parts of (拆字)."""
    return {pair[:-1]: pair[-1] for row in read_rows("parts.tsv") for pair in row}


@cache
def load_lookalikes() -> dict[str, str]:
    """Return letters of other scripts, and shapes, with the Latin letter they look like."""
    return {char: latin for latin, chars in read_rows("lookalikes.tsv") for char in chars if char != " "}


@cache
def load_emoji_names() -> dict[str, str]:
    """Return emoji that stand for a word in Chinese comments, with that word."""
    return {char: name for name, chars in read_rows("emoji.tsv") for char in chars.split()}


@cache
def load_english() -> frozenset[str]:
    """Return the few hundred commonest English words: what leet, stars and spelling out may stand for."""
    return frozenset((HERE / "english.txt").read_text(encoding="utf-8").split())


@lru_cache(maxsize=4)
def know_words(english: frozenset[str]) -> frozenset[str]:
    """Return a lexicon's English words together with the commonest ones; made once, for it is thousands of words."""
    return english | load_english()
