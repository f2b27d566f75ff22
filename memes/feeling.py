"""Measures how well a card fits the mood of a post."""

from __future__ import annotations

from collections.abc import Mapping

from memes.card import Meme

# (valence, arousal) of the feelings a reading names: rounded places on Russell's circumplex (1980).
PLACES: dict[str, tuple[float, float]] = {
    "joy": (0.8, 0.6),
    "anger": (-0.6, 0.8),
    "sadness": (-0.7, 0.3),
    "fear": (-0.6, 0.7),
    "surprise": (0.1, 0.8),
    "neutral": (0.0, 0.3),
}

Mood = str | Mapping[str, float] | None


def fit_mood(card: Meme, mood: Mood) -> float:
    """Return in [0, 1] how well the card fits; 0.5 without a known mood.

    `mood` is one of PLACES or a probability for each. The fit is 1 minus the distance of each feeling from the card's
    box of valence and arousal (a unit away is no fit at all), raised half-way to 1 for feelings the card names itself.
    """
    if mood is None:
        return 0.5
    shares = {mood: 1.0} if isinstance(mood, str) else mood
    known = {name: share for name, share in shares.items() if name in PLACES and share > 0}
    total = sum(known.values())
    if not total:
        return 0.5
    return sum(share * _closeness(card, name) for name, share in known.items()) / total


def _closeness(card: Meme, name: str) -> float:
    valence, arousal = PLACES[name]
    away = max(_outside(card.valence, valence), _outside(card.arousal, arousal))
    fit = max(0.0, 1.0 - away)
    return fit + (1.0 - fit) / 2 if name in card.moods else fit


def _outside(span: tuple[float, float], value: float) -> float:
    return max(span[0] - value, value - span[1], 0.0)
