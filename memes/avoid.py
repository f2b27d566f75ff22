"""Knows the topics at which a meme is out of place, and the words by which a post betrays them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from memes.phrases import Phrases
from memes.plain import fold

TABLE = Path(__file__).with_name("topics.yaml")

KIN = (
    "爷爷|奶奶|姥姥|姥爷|外公|外婆|爸爸|妈妈|我爸|我妈|父亲|母亲|哥哥|姐姐|弟弟|妹妹|老公|老婆|丈夫|妻子|舅舅|叔叔|阿姨|姑姑|"
    "太奶|太爷|老师|同学|朋友|猫|狗|狗狗|猫咪|兔子|仓鼠|鹦鹉|毛孩子|它|他|她"
)
LOSSES = (
    re.compile(
        rf"(?:{KIN})[^，。！？,.!?\n]{{0,8}}(?:走了|没了|不在了|离开了|埋在|去另一个世界|闭上了?眼)(?![吗吧么呢])"
    ),
    re.compile(
        r"\b(?:mom|mum|dad|grandma|grandpa|nana|brother|sister|husband|wife|dog|cat)\b[^.!?\n]{0,24}"
        r"\b(?:is gone|died|passed)\b"
    ),
    re.compile(r"(?:埋在|葬在|安葬)"),
)

# One of these stands wherever one of LOSSES does: most posts need no closer look.
GONE = ("走了", "没了", "在了", "离开了", "葬", "埋在", "去另一个世界", "闭上", "gone", "died", "passed")


@dataclass(frozen=True)
class Topics:
    """The words of each topic, ready to be found; `hard` topics bear no meme at all."""

    names: tuple[str, ...]
    hard: frozenset[str]
    phrases: Phrases
    topics: dict[str, tuple[str, ...]]


def list_topics() -> tuple[str, ...]:
    """Return the closed vocabulary of a card's `avoid`."""
    return _read().names


def list_hard_topics() -> frozenset[str]:
    """Return the topics at which no meme fits, whatever a card says."""
    return _read().hard


def find_topics(text: str) -> frozenset[str]:
    """Return the topics that a folded text touches. Idioms such as 笑死 touch none."""
    table = _read()
    found = {topic for hit in table.phrases.find(text) for topic in table.topics[hit.phrase]}
    if any(map(text.__contains__, GONE)) and any(pattern.search(text) for pattern in LOSSES):
        found.add("grief")
    return frozenset(found)


@cache
def _read() -> Topics:
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    topics: dict[str, tuple[str, ...]] = {}
    for topic, row in table["topics"].items():
        for word in (*row.get("zh", ()), *row.get("en", ())):
            topics[fold(word)] = (*topics.get(fold(word), ()), topic)
    for idiom in (*table["idioms"]["zh"], *table["idioms"]["en"]):
        topics[fold(idiom)] = ()
    hard = frozenset(topic for topic, row in table["topics"].items() if row.get("hard"))
    return Topics(tuple(table["topics"]), hard, Phrases(topics), topics)
