"""A meme, as a card that tells when to play it and when not to."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["experience", "quotation", "device", "pun", "slang", "abbreviation", "template", "image"]
Lifecycle = Literal["new", "rising", "peak", "settled", "classic", "stale", "cringe"]
Review = Literal["draft", "approved", "blocked"]


class Meme(BaseModel):
    """One card of the library (schema: names, use, situations, limits, life).

    `family` groups variants: "never twice" counts families. `situations` describe posts that call for the meme
    without naming it; `examples` are replies to one of them, `quips` short replies that fit any of them. `valence` is
    -1 to 1 and `arousal` 0 to 1, each as (low, high). `offence` is 0 (none) to 3.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    family: str
    names: tuple[str, ...] = Field(min_length=1)
    language: Literal["zh", "en"] = "zh"
    kind: Kind
    meaning: str
    use: str
    pattern: str = ""
    slots: tuple[str, ...] = ()
    situations: tuple[str, ...] = Field(min_length=8)
    examples: tuple[str, ...] = Field(min_length=1)
    quips: tuple[str, ...] = ()
    tones: tuple[Literal["banter", "warm"], ...] = Field(min_length=1)
    moods: tuple[str, ...] = ()
    valence: tuple[float, float] = (-1.0, 1.0)
    arousal: tuple[float, float] = (0.0, 1.0)
    avoid: tuple[str, ...] = Field(min_length=1)
    offence: int = Field(default=0, ge=0, le=3)
    origin: str = ""
    source: str
    first_seen: date
    last_seen: date
    lifecycle: Lifecycle = "settled"
    review: Review = "draft"

    @property
    def name(self) -> str:
        """What people call it."""
        return self.names[0]


class Recalled(BaseModel):
    """A card that came to mind, with the scores that explain why (each part in its own unit, `score` their sum)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    meme: Meme
    score: float
    parts: dict[str, float] = Field(default_factory=dict)
    named: bool = False
