"""Answers what a meme means and what a topic is about, from stored fields only."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

from memes.card import Meme
from memes.library import Library
from memes.plain import fold, speaks_chinese
from memes.trends.topic import Topic

Wanted = Literal["meaning", "topic"]

_MEANING = re.compile(
    r"(?:什么|啥|甚么)梗|梗(?:是)?(?:什么|啥)意思|(?:什么|啥)意思|(?:求|帮我)?解释一?下|求科普|没看懂|看不懂|"
    r"what(?:'s| is| does).{0,40}(?:mean|meme|joke)|meaning of|explain (?:this|the) (?:meme|joke)|"
    r"i don'?t get (?:it|this|the joke)"
)
_TOPIC = re.compile(
    r"怎么回事|咋回事|怎么了|发生(?:了)?(?:什么|啥)|什么情况|啥情况|什么瓜|求前因后果|课代表|"
    r"what(?:'s| is) (?:going on|happening)|what happened|context\?|out of the loop"
)

_ONLY = re.compile(
    r"(?:请问|求问|这|那|这个|这是|那是|这事|这件事|这到底|到底|所以|今天|刚刚|有人知道|有没有人知道|谁能说说| )*"
    r"(?:怎么回事|咋回事|发生(?:了)?(?:什么|啥)(?:事)?|(?:是)?什么情况|(?:是)?啥情况|(?:是)?什么瓜|求前因后果|求课代表|课代表呢?)"
    r"(?:啊|呀|呢|了|吗|么|这| )*"
    r"|(?:so |wait |um |hey )*(?:what s|whats|what is|what) (?:going on|happening|happened)(?: here| with this)?"
    r"|context|out of the loop"
)


def wants(text: str) -> Wanted | None:
    """Return what a comment asks for: the meaning of a meme, an account of a topic, or neither."""
    plain = fold(text)
    if _MEANING.search(plain):
        return "meaning"
    return "topic" if _TOPIC.search(plain) else None


def explain(library: Library, comment: str, post: str = "") -> str:
    """Return what the memes named in the comment, else in the post, mean; or that we do not know them.

    Only what the cards say is said; an origin only when a card has one, with its source.
    """
    cards = library.find(comment) or library.find(post)
    chinese = speaks_chinese(fold(comment)) or (not comment.strip() and speaks_chinese(fold(post)))
    known = [card for card in cards if card.review == "approved"]
    if not known:
        return (
            "这个梗我的本子里还没有，不敢乱讲。"
            if chinese
            else "That one is not in my notes, so I would rather not guess."
        )
    return "\n".join(describe(card, chinese=chinese) for card in known[:2])


def describe(card: Meme, *, chinese: bool) -> str:
    """Return one card in two or three sentences, with its source and how current it is known to be."""
    state = card.lifecycle
    if chinese:
        origin = f"出处：{card.origin}。" if card.origin else "出处我没有可靠的记录。"
        old = "现在用的人不多了。" if state in ("stale", "cringe") else ""
        meaning = f"「{card.name}」：{_stop(card.meaning, '。')}{_stop(card.use, '。')}"
        return f"{meaning}{origin}{old}（来源：{card.source}，最近一次见到：{card.last_seen:%Y-%m}）"
    origin = f"Origin: {_stop(card.origin, '.')}" if card.origin else "I have no reliable record of its origin."
    old = " Few people use it now." if state in ("stale", "cringe") else ""
    meaning = f'"{card.name}": {_stop(card.meaning, ".")} {_stop(card.use, ".")}'
    return f"{meaning} {origin}{old} (source: {card.source}, last seen {card.last_seen:%Y-%m})"


def asks_only(comment: str) -> bool:
    """Return whether a comment says nothing but "what is going on here": then even "I do not know" is an answer."""
    plain = re.sub(r"[@＠]\S+", " ", fold(comment))
    bare = re.sub(r"[\W_]+", " ", plain).strip()
    return bool(_ONLY.fullmatch(bare))


def recount(topic: Topic | None, *, now: datetime, chinese: bool = True) -> str:
    """Return what is known of a live topic: what, when, where it was seen, and how only where a board tells it.

    Only stored fields are stated. Boards rarely say who or why, so that we do not know is said as well.
    """
    if topic is None:
        return (
            "这事我还没在榜上看到，不知道来龙去脉。"
            if chinese
            else "I have not seen this on any board, so I do not know."
        )
    boards = [f"{name} {at.astimezone(now.tzinfo):%H:%M}" for name, at in topic.sources.items()]
    hours = (now - topic.first_seen).total_seconds() / 3600
    return _recount_zh(topic, boards, hours) if chinese else _recount_en(topic, boards, hours)


def _recount_zh(topic: Topic, boards: list[str], hours: float) -> str:
    since = f"{hours:.0f} 小时前" if hours >= 1 else f"{max(hours * 60, 1):.0f} 分钟前"
    doubt = "只有一处不太可靠的来源，别当真。" if topic.trust == "low" else ""
    if topic.about:
        return (
            f"何事：「{topic.title}」。何时：{since}上榜。何处看到：{'、'.join(boards)}（UTC）。"
            f"经过（{topic.told_by} 写的，我没核实）：{_stop(topic.about, '。')}"
            f"还有谁、为什么，榜上没写，我不知道。{doubt}"
        )
    return (
        f"我只看到标题「{topic.title}」，{since}开始出现（{'、'.join(boards)}，UTC）。"
        f"榜单没有写经过，谁、为什么、怎么发生的，我不知道，以可靠报道为准。{doubt}"
    )


def _recount_en(topic: Topic, boards: list[str], hours: float) -> str:
    since = f"{hours:.0f} hours ago" if hours >= 1 else f"{max(hours * 60, 1):.0f} minutes ago"
    doubt = " Only one source, and not a reliable one." if topic.trust == "low" else ""
    if topic.about:
        return (
            f'What: "{topic.title}". When: first seen {since}. Where I saw it: {", ".join(boards)} (UTC). '
            f"How, as {topic.told_by} writes and I did not check: {_stop(topic.about, '.')} "
            f"Who else and why is not written there, so I do not know.{doubt}"
        )
    return (
        f'All I have is the title "{topic.title}", first seen {since} ({", ".join(boards)}, UTC). '
        f"Boards do not tell the story: who, why and how I do not know.{doubt}"
    )


def _stop(text: str, mark: str) -> str:
    return text if text.endswith(("。", ".", "！", "!", "？", "?")) else text + mark
