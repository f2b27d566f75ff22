"""Tells topics that may be joked about from those that are context only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from memes.avoid import find_topics
from memes.phrases import Phrases
from memes.plain import fold

TABLE = Path(__file__).with_name("gate.yaml")


class Gate:
    """Needs a sign of play and no sign of harm. Its words stand in gate.yaml, read on first use."""

    def judge(self, title: str, category: str = "") -> str:
        """Return why a topic is no material for a joke; empty when it is."""
        harm, dull = self.weigh(title, category)
        return harm or dull

    def weigh(self, title: str, category: str = "") -> tuple[str, str]:
        """Return the sign of harm in a topic, and why it is no fun; each is empty when there is none."""
        words = _read()
        plain = fold(title)
        kind = fold(category).partition("-")[0].strip()  # 综艺-内地综艺 is 综艺
        if kind in words.grave_kinds:
            return f"the board files it under {category}", ""
        topics = sorted(find_topics(plain) - words.harmless)
        if topics:
            return f"touches {topics[0]}", ""
        grave = words.grave.find(plain)
        if grave:
            return f"says {grave[0].phrase}", ""
        if kind not in words.playful_kinds and not words.playful.find(plain):
            return "", "nothing says that it is fun"
        return "", ""


@dataclass(frozen=True)
class _Words:
    playful_kinds: frozenset[str]
    grave_kinds: frozenset[str]
    harmless: frozenset[str]
    playful: Phrases
    grave: Phrases


@cache
def _read() -> _Words:
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return _Words(
        playful_kinds=frozenset(map(fold, table["categories"]["playful"])),
        grave_kinds=frozenset(map(fold, table["categories"]["sensitive"])),
        harmless=frozenset(table["harmless"]),
        playful=Phrases(fold(word) for words in table["playful"].values() for word in words),
        grave=Phrases(fold(word) for words in table["sensitive"].values() for word in words),
    )
