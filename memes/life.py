"""Judges how alive a meme is."""

from __future__ import annotations

from datetime import date

from memes.card import Lifecycle, Meme

HALF_LIFE = 75  # days after the last peak (reference §5.3)
UNSEEN = 183  # days; who was not seen alive for six months is neither new nor at its peak

_BASE: dict[Lifecycle, float] = {
    "new": 1.0,
    "rising": 1.0,
    "peak": 0.9,
    "settled": 0.5,
    "classic": 0.6,
    "stale": 0.1,
    "cringe": 0.0,
}


def judge_state(card: Meme, today: date | None) -> Lifecycle:
    """Return the card's state today: new, rising and peak need a sighting within six months, else settled."""
    if today is None or card.lifecycle not in ("new", "rising", "peak"):
        return card.lifecycle
    return card.lifecycle if (today - card.last_seen).days <= UNSEEN else "settled"


def judge_freshness(card: Meme, today: date | None) -> float:
    """Return in [0, 1] how fresh a card is: half by its state, half by 2^(-days unseen / 75); classics do not age."""
    state = judge_state(card, today)
    base = _BASE[state]
    if today is None or state == "classic":
        return base
    days = max((today - card.last_seen).days, 0)
    return float(0.5 * base + 0.5 * 2 ** (-days / HALF_LIFE))


def judge_staleness(card: Meme, today: date | None) -> float:
    """Return 1 for a stale card, which costs it score, and 0 for any other."""
    return 1.0 if judge_state(card, today) == "stale" else 0.0
