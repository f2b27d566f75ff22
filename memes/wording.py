"""The texts of a card: what a reader may see, and what a post is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from memes.card import Meme
from memes.plain import speaks_chinese


def show(card: Meme) -> str:
    """Return all of a card's text that could reach a prompt or a reader, one piece a line, for the safety screen."""
    return _join(card, card.situations)


def say(card: Meme) -> str:
    """Return what of a card the bot may say or show a model, one piece a line; situations are other people's posts."""
    return _join(card, ())


def _join(card: Meme, situations: Sequence[str]) -> str:
    pieces = (
        *card.names,
        card.meaning,
        card.use,
        card.pattern,
        *card.slots,
        *situations,
        *card.examples,
        *card.quips,
    )
    return "\n".join(piece for piece in (*pieces, card.origin, card.source) if piece)


def list_texts(card: Meme) -> list[str]:
    """Return the different texts by which a card is searched."""
    # Situations are what a post resembles; with meaning, use and examples beside them, a situation that was held out
    # found its own card nearly twice as often (first 85 cards: 13 % against 7 % first, 32 % against 20 % in five).
    texts = (" ".join(card.names), card.meaning, card.use, *card.situations, *card.examples)
    return list(dict.fromkeys(text for text in texts if text.strip()))


def judge_quality(card: Meme) -> float:
    """Return in [0, 1] how much was written for a card."""
    # More situations and examples were written for cards that somebody thought about longer.
    return min(1.0, len(card.situations) / 12) * 0.6 + min(1.0, len(card.examples) / 3) * 0.4


def make_example(name: str, situations: Sequence[str]) -> Meme:
    """Return an approved card of a name and situations, for tests and measurements."""
    # The schema wants eight situations; repeats add nothing to the index, which reads each once.
    eight = [situations[at % len(situations)] for at in range(max(8, len(situations)))]
    day = date(2024, 1, 1)
    return Meme(
        id=name,
        family=name,
        names=(name,),
        language="zh" if speaks_chinese(" ".join(situations)) else "en",
        kind="slang",
        meaning=name,
        use=name,
        situations=tuple(eight),
        examples=(name,),
        tones=("banter", "warm"),
        avoid=("grief",),
        source="examples",
        first_seen=day,
        last_seen=day,
        review="approved",
    )
