"""Writes without any model: persona lines chosen by tone, plight, topic and meme, so that a first run can answer."""

from __future__ import annotations

import random
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.errors import GiveUp
from bot.model import Brief, Draft, Tone
from bot.persona import Persona
from bot.writers.lines import lines_for, phrase, quips, rank, shorten
from bot.writers.script import traditional
from bot.writers.told import is_traditional, understand

REMEMBERED_PEOPLE = 5_000
REMEMBERED_LINES = 36


@dataclass
class Offline:
    """The writer that needs nothing: no key, no network, no model.

    `persona` gives the persona in force, `choose` the randomness (read once, so that a mention's key alone varies the
    text afterwards), `clock` the aware time. Nothing of what a user wrote is repeated but the words of the persona's
    `topics`. It remembers the last lines each of some thousand people got and takes others first.
    """

    persona: Callable[[], Persona]
    choose: random.Random
    clock: Callable[[], datetime]
    name: str = "offline"
    _salt: int = field(init=False)
    _said: OrderedDict[str, deque[str]] = field(default_factory=OrderedDict, init=False)

    def __post_init__(self) -> None:
        self._salt = self.choose.getrandbits(64)

    async def write(self, brief: Brief) -> Draft:
        """Three different candidates that fit the room; raises GiveUp for crisis, silence and a room of nothing."""
        tone = brief.reading.tone
        if tone not in (Tone.BANTER, Tone.WARM, Tone.COMFORT) or brief.room < 1:
            raise GiveUp(f"the offline writer does not answer in tone {tone.value} with room for {brief.room}")
        began = self.clock()
        persona = self.persona()
        rng = random.Random(f"{self._salt}:{brief.mention.key}")  # noqa: S311 - variety, not a secret
        told = understand(brief, persona)
        memory = self._memory(brief)
        if candidates := quips(told, memory, rng):
            meme = told.meme.id if told.meme else ""
            memory.append(candidates[0])
        else:
            ranked = rank(lines_for(brief, persona, told), told, brief, memory, rng)
            candidates, meme = phrase(ranked, told, persona, tone, rng)
            memory.append(ranked[0][0])
        if told.language == "zh" and is_traditional(brief.reading.language):
            candidates = [traditional(text) for text in candidates]
        candidates = [shorten(text, brief.room) for text in candidates]
        ended = self.clock()
        return Draft(
            candidates=tuple(dict.fromkeys(candidates)),
            text=candidates[0],
            writer=self.name,
            persona=persona.version,
            meme=meme,
            topic=told.news.key if told.news and not told.small else "",
            seconds=max(0.0, (ended - began).total_seconds()),
            at=ended,
        )

    async def close(self) -> None:
        """Nothing is open."""

    def _memory(self, brief: Brief) -> deque[str]:
        """The lines that this person got lately, as they stand in the persona file."""
        person = f"{brief.mention.account.partition('@')[2]}:{brief.mention.author.id}"
        memory = self._said.pop(person, None) or deque(maxlen=REMEMBERED_LINES)
        self._said[person] = memory
        if len(self._said) > REMEMBERED_PEOPLE:
            self._said.popitem(last=False)
        return memory
