"""Notices when a reply gives away hidden text: the system prompt, or the canary planted in it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from safety.fold import HAN, fold
from safety.sounds import hear

OVERLAP = 12  # characters in a row; R21 of the safety reference
HALF = OVERLAP // 2
LATIN_OVERLAP = 32  # twelve Latin letters are two words, which anybody may share
SHORTEST_CANARY = 5
LONGEST_CANARY = 40
FOLDED = re.compile("[\ua000-\ua48fa-z0-9 ,.!?:;\n]{0,20000}")  # syllables and signs that folding leaves alone
LATIN = re.compile("[A-Za-z]")  # letters that ROT13 moves
TWICE = re.compile(r"(.)\1")
NON_WORD = re.compile(r"[\W_]+")
HAN_CHAR = re.compile(f"[{HAN}\ua000-\ua48f]")


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of OVERLAP characters, and everything half as long that stands in one."""

    whole: frozenset[str]
    halves: frozenset[str]


def gives_away(text: str, hidden: tuple[str, ...], said: Iterable[str] = ()) -> bool:
    """Say whether the text, or something `said` in code inside it, holds a canary or a long run of a hidden text.

    Spacing, case, width, order (read from the end), every letter twice, ROT13 and spelling in pinyin do not help.
    """
    if not hidden:
        return False
    canaries, runs, sounds = prepare(hidden)
    for piece in (text, *said):
        bare = squeeze(piece)
        for way in readings(bare):
            if any(canary in way for canary in canaries) or shares(way, runs):
                return True
        if sounds.whole and shares(squeeze(hear(fold(piece)).text), sounds):
            return True
    return False


def readings(bare: str) -> Iterator[str]:
    """Yield the ways bare letters may be read: as they stand, from the end, each written twice, and in ROT13."""
    for way in (bare, codecs.encode(bare, "rot13")) if LATIN.search(bare) else (bare,):
        yield way
        yield way[::-1]
    if (once := TWICE.sub(r"\1", bare)) != bare:
        yield once
        yield once[::-1]


def squeeze(text: str) -> str:
    """Return the folded letters and digits of a text, nothing between them."""
    return NON_WORD.sub("", text if FOLDED.fullmatch(text) else fold(text[:20_000]).text)


def shares(text: str, runs: Runs) -> bool:
    """Say whether any run of the hidden text stands in the text.

    A run holds one of the text's blocks of half its length whole, wherever it begins, so most texts need not be walked.
    """
    if runs.halves.isdisjoint([text[place : place + HALF] for place in range(0, len(text), HALF)]):
        return False
    return any(
        text[place : place + OVERLAP] in runs.whole and confirm(text, place, runs.whole)
        for place in range(len(text) - OVERLAP + 1)
    )


def confirm(text: str, place: int, runs: frozenset[str]) -> bool:
    """Accept twelve characters when half of them are Han; otherwise the run must go on as far as LATIN_OVERLAP."""
    if len(HAN_CHAR.findall(text[place : place + OVERLAP])) * 2 >= OVERLAP:
        return True
    steps = range(place, place + LATIN_OVERLAP - OVERLAP + 1)
    return all(text[step : step + OVERLAP] in runs and step + OVERLAP <= len(text) for step in steps)


@lru_cache(maxsize=64)
def prepare(hidden: tuple[str, ...]) -> tuple[frozenset[str], Runs, Runs]:
    """Return canaries (short texts without blanks), runs of the longer texts, and runs of their syllables."""
    canaries: set[str] = set()
    runs: set[str] = set()
    sounds: set[str] = set()
    for text in hidden:
        bare = squeeze(text)
        if SHORTEST_CANARY <= len(bare) <= LONGEST_CANARY and not re.search(r"\s", text.strip()):
            canaries.add(bare)
        runs.update(bare[place : place + OVERLAP] for place in range(len(bare) - OVERLAP + 1))
        heard = squeeze(hear(fold(text)).text)
        sounds.update(
            heard[place : place + OVERLAP]
            for place in range(len(heard) - OVERLAP + 1)
            if len(HAN_CHAR.findall(heard[place : place + OVERLAP])) == OVERLAP
        )
    return frozenset(canaries), cut_runs(runs), cut_runs(sounds)


def cut_runs(runs: set[str]) -> Runs:
    """Return runs with their halves."""
    return Runs(frozenset(runs), frozenset(run[at : at + HALF] for run in runs for at in range(OVERLAP - HALF + 1)))
