"""Finds the memes that a post itself plays, by their names."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import accumulate, pairwise
from pathlib import Path

from memes.card import Meme
from memes.phrases import Phrases
from memes.plain import fold

SURE = 4  # Han characters from which a name may stand anywhere; a shorter one must be whole words
FIRST, LAST = 0x4E00, 0x9FFF  # the basic block of Han characters


class Names:
    """All names and aliases, folded, and the ids of the cards that bear them."""

    def __init__(self, cards: Sequence[Meme]) -> None:
        """Remember the names; two cards may share one."""
        self._ids: dict[str, tuple[str, ...]] = {}
        for card in cards:
            for name in dict.fromkeys(fold(name).strip() for name in card.names):
                self._ids[name] = (*self._ids.get(name, ()), card.id)
        self.folded = tuple(self._ids)
        self._phrases = Phrases(self._ids)
        self._sounds: dict[tuple[str, ...], str] = {}
        for name in self._ids:
            if len(name) >= SURE and all("\u4e00" <= mark <= "\u9fff" for mark in name):
                self._sounds.setdefault(_spell(name), name)
        self._openings: dict[tuple[str, ...], tuple[int, ...]] = {}
        for sound in self._sounds:
            sizes = {*self._openings.get(sound[:2], ()), len(sound)}
            self._openings[sound[:2]] = tuple(sorted(sizes, reverse=True))

    def find(self, plain: str, pieces: Sequence[str]) -> tuple[str, ...]:
        """Return the ids of the cards named in a folded text that was cut into `pieces`, in its order.

        Names of four Han characters or more are also found by their sound, if half of the characters agree.
        """
        edges = {0, *accumulate(map(len, pieces))}
        names = [
            hit.phrase
            for hit in self._phrases.find(plain)
            if len(hit.phrase) >= SURE or _stands_alone(plain, hit.start, hit.end, edges)
        ]
        names.extend(self._find_by_sound(plain))
        return tuple(dict.fromkeys(id_ for name in names for id_ in self._ids[name]))

    def _find_by_sound(self, plain: str) -> list[str]:
        if not self._sounds:
            return []
        spelt = _spell(plain)
        return [
            name
            for at, opening in enumerate(pairwise(spelt))
            if opening in self._openings
            for size in self._openings[opening]
            if (name := self._sounds.get(spelt[at : at + size])) and _agrees(name, plain[at : at + size])
        ]


def _stands_alone(plain: str, start: int, end: int, edges: set[int]) -> bool:
    if start not in edges or end not in edges:
        return False
    if end - start > 1:
        return True
    # One character is a name only where nothing is written beside it.
    return not plain[start - 1 : start].isalnum() and not plain[end : end + 1].isalnum()


def _agrees(name: str, text: str) -> bool:
    return 2 * sum(left == right for left, right in zip(name, text, strict=True)) >= len(name)


def _spell(text: str) -> tuple[str, ...]:
    return tuple(map(_sound, text))


@lru_cache(maxsize=20_000)
def _sound(mark: str) -> str:
    return _readings()[ord(mark) - FIRST] if FIRST <= ord(mark) <= LAST else mark


@cache
def _readings() -> tuple[str, ...]:
    """The first reading of every character of the basic block, without its tone, ü written v, or the character."""
    # Only the table of characters: importing pypinyin would load its phrases too, 0.3 s and 50 MB.
    spec = find_spec("pypinyin")
    folder = Path(next(iter((spec and spec.submodule_search_locations) or [""])))
    table = json.loads((folder / "pinyin_dict.json").read_text(encoding="utf-8"))
    readings = (table.get(str(mark), chr(mark)) for mark in range(FIRST, LAST + 1))
    return tuple(sys.intern(_flatten(reading.split(",")[0])) for reading in readings)


def _flatten(reading: str) -> str:
    apart = unicodedata.normalize("NFD", reading).translate(_TONES)
    return unicodedata.normalize("NFC", apart).replace("ü", "v")


_TONES = dict.fromkeys((0x0300, 0x0301, 0x0304, 0x030C))
