"""Brings the titles that different boards give one topic to one key."""

from __future__ import annotations

import html
import re
from functools import lru_cache

from memes.plain import fold

TOLD = 240  # characters of what a board writes below a title
LONGEST = 200  # characters of a title; longer ones are no titles
ALIKE = 0.6  # share of common character pairs from which two titles are one topic

_TAIL = re.compile(r"(?:\[[^\[\]]{1,8}\]|（[^（）]{1,8}）|\([^()]{1,8}\)|…|\.\.\.)$")


def clean_title(text: str) -> str:
    """Return a title in one line without hash marks, control characters and labels such as [热] at its end."""
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
    return _TAIL.sub("", line.strip("#＃ ")).strip("#＃ ")[:LONGEST]


def clean_about(text: str) -> str:
    """Return what a board writes below a title as one line of plain text, cut at the end of a sentence."""
    line = html.unescape(re.sub(r"<[^<>]{0,500}>", " ", text[: 20 * TOLD]))
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in line).split())
    if len(line) <= TOLD:
        return line
    cut = line[:TOLD]
    end = max(cut.rfind(mark) for mark in "。！？!?")
    return cut[: end + 1] if end > TOLD // 3 else cut.rstrip() + "…"


def make_key(title: str) -> str:
    """Return the folded letters and digits of a title: width, case, script, hash marks and punctuation are gone."""
    return "".join(filter(str.isalnum, fold(title)))


def resembles(left: str, right: str) -> bool:
    """Return whether two keys name one topic: equal, or ALIKE of their character pairs in common."""
    if left == right:
        return True
    ours, theirs = _pairs(left), _pairs(right)
    if min(len(ours), len(theirs)) < 4:
        return False  # short titles differ by one character in what matters: 法国队 and 德国队
    return len(ours & theirs) / len(ours | theirs) >= ALIKE and _numbers(left) == _numbers(right)


@lru_cache(maxsize=8192)
def _pairs(key: str) -> frozenset[str]:
    return frozenset(key[at : at + 2] for at in range(len(key) - 1))


def _numbers(key: str) -> list[str]:
    return re.findall(r"\d+", key)
