"""Writes texts the way people do who try to slip past a filter: for training, tests and measurements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import cache
from random import Random

from safety.tables import load_parts, load_simplified, load_syllables

Trick = Callable[[str, Random], str]
SIGNS = "*-_.·|/+~"
MARKS = "\u200b\u200c\u2060\u00ad\ufe0f"
FIGURES = {"a": "а", "e": "е", "o": "о", "i": "і", "c": "с", "p": "р", "x": "х", "y": "у", "s": "ѕ"}
LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}


@cache
def load_homophones() -> dict[str, str]:
    """Return, for each common character, the other common characters of the same syllable."""
    by_sound: dict[str, str] = defaultdict(str)
    for char, syllable in load_syllables().items():
        if is_common(char):
            by_sound[syllable] += char
    return {char: chars.replace(char, "") for chars in by_sound.values() for char in chars}


def is_common(char: str) -> bool:
    """Say whether the character stands in the first level of GB 2312."""
    try:
        return 0xB0 <= char.encode("gb2312")[0] <= 0xD7
    except UnicodeEncodeError:
        return False


@cache
def load_splits() -> dict[str, str]:
    """Return common characters with their parts."""
    return {char: parts for parts, char in load_parts().items()}


@cache
def load_traditional() -> dict[str, str]:
    """Return simplified characters with a traditional form."""
    return {new: old for old, new in load_simplified().items()}


def each(text: str, dice: Random, share: float, change: Callable[[str], str]) -> str:
    """Change this share of the characters."""
    return "".join(change(char) if dice.random() < share else char for char in text)


def between(text: str, dice: Random, signs: str) -> str:
    """Put a sign between all characters."""
    return "".join(char + (dice.choice(signs) if place < len(text) - 1 else "") for place, char in enumerate(text))


def homophones(text: str, dice: Random, share: float = 1.0) -> str:
    """Write characters as others of the same sound."""
    table = load_homophones()
    return each(text, dice, share, lambda char: dice.choice(table[char]) if table.get(char) else char)


def pinyin(text: str, dice: Random, share: float = 1.0) -> str:
    """Write characters as their pinyin."""
    table = load_syllables()
    return each(text, dice, share, lambda char: table.get(char, char))


def initials(text: str, dice: Random, share: float = 1.0) -> str:
    """Write characters as the first letter of their pinyin."""
    table = load_syllables()
    return each(text, dice, share, lambda char: table.get(char, char)[0])


def split(text: str, dice: Random, share: float = 1.0) -> str:
    """Write characters as their parts."""
    table = load_splits()
    return each(text, dice, share, lambda char: table.get(char, char))


def traditional(text: str, dice: Random) -> str:
    """Write in traditional characters."""
    table = load_traditional()
    return each(text, dice, 1.0, lambda char: table.get(char, char))


def widen(text: str, dice: Random) -> str:
    """Write ASCII in full width."""
    return each(text, dice, 1.0, lambda char: chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char)


def repeat(text: str, dice: Random) -> str:
    """Write some characters three times."""
    return each(text, dice, 0.3, lambda char: char * 3 if char.isalpha() else char)


def figures(text: str, dice: Random) -> str:
    """Write Latin letters as Cyrillic ones that look alike."""
    return each(text, dice, 1.0, lambda char: FIGURES.get(char, char))


def leet(text: str, dice: Random) -> str:
    """Write some Latin letters as digits."""
    return each(text, dice, 0.5, lambda char: LEET.get(char, char))


FORMAT_TRICKS: dict[str, Trick] = {
    "zero-width": lambda text, dice: between(text, dice, MARKS),
    "full width": widen,
    "spaces": lambda text, dice: between(text, dice, " "),
    "symbols": lambda text, dice: between(text, dice, SIGNS),
    "traditional": traditional,
    "repeats": repeat,
}
SOUND_TRICKS: dict[str, Trick] = {
    "homophones 30 %": lambda text, dice: homophones(text, dice, 0.3),
    "homophones": homophones,
    "split 30 %": lambda text, dice: split(text, dice, 0.3),
    "pinyin 30 %": lambda text, dice: pinyin(text, dice, 0.3),
    "initials 30 %": lambda text, dice: initials(text, dice, 0.3),
}
