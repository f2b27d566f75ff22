"""The labels of public sets, and the emotion each counts as."""

from __future__ import annotations

from bot.model import Emotion

NAMES: dict[str, Emotion] = {
    "happy": "joy", "optimism": "joy", "gratitude": "joy", "joy": "joy", "grateful": "joy", "relaxed": "joy",
    "positive-other": "joy", "angry": "anger", "anger": "anger", "disgust": "anger", "sad": "sadness",
    "sadness": "sadness", "depress": "sadness", "fear": "fear", "worried": "fear", "surprise": "surprise",
    "astonished": "surprise", "neutral": "neutral", "neural": "neutral",
}  # fmt: skip
"""Labels of the sets and the emotion each counts as."""
