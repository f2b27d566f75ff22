"""Writes without any model: persona lines chosen by tone, plight, topic and meme, so that a first run can answer."""

from __future__ import annotations

import random
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import regex

from bot.errors import GiveUp
from bot.label import clean
from bot.model import Brief, Draft, Feeling, Meme, Tone
from bot.persona import Persona, base, blanks_in
from bot.writers.asked import asked, wordless, words_to
from bot.writers.script import simplified, traditional

CANDIDATES = 3
READ_LIMIT = 600
REMEMBERED_PEOPLE = 5_000
REMEMBERED_LINES = 36

# Slots of a meme's pattern that any everyday thing may fill; other slots need a mind, so such a pattern is not played.
_THINGS = frozenset({"东西", "事", "食物", "话题", "物", "thing", "things", "topic", "food", "noun"})
_NOT_THINGS = frozenset({"weekday", "kin", "party"})
# Losses with words of their own: what is said of people in general would be wrong for them.
_LOSSES = frozenset({"suicide_loss", "pet_death", "pregnancy_loss"})
_SLOT = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDER = re.compile(r"(?<![A-Za-z])[XYABN]{1,2}(?![A-Za-z])|[{}_…]|\.\.\.")
_ENDS = "。！？!?…~～.，, "


@dataclass(frozen=True, slots=True)
class _Told:
    """What a brief comes down to: language, words found, meme to play, room."""

    language: str
    topic: str
    matter: str
    weekday: str
    meme: Meme | None
    room: int
    me: str
    small: str

    def blanks(self, play: str) -> dict[str, str]:
        filled = {"me": self.me, "topic": self.topic, "weekday": self.weekday, "play": play}
        filled["meme"] = _spoken(self.meme) if self.meme else ""
        return {name: value for name, value in filled.items() if value}


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
        told = _understand(brief, persona)
        memory = self._memory(brief)
        lines = _lines_for(brief, persona, told)
        ranked = _rank(lines, told, brief, memory, rng)
        candidates, meme = _compose(ranked, told, persona, tone, rng)
        memory.append(ranked[0][0])
        if told.language == "zh" and _is_traditional(brief.reading.language):
            candidates = [traditional(text) for text in candidates]
        candidates = [_shorten(text, brief.room) for text in candidates]
        ended = self.clock()
        return Draft(
            candidates=tuple(dict.fromkeys(candidates)),
            text=candidates[0],
            writer=self.name,
            persona=persona.version,
            meme=meme,
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


def _understand(brief: Brief, persona: Persona) -> _Told:
    language = _language_of(brief, persona)
    said = words_to(brief.mention)
    texts = [said]
    if brief.mention.thread:
        texts.append(brief.mention.post.text)
    found: dict[str, str] = {}
    if brief.reading.tone is not Tone.COMFORT:
        for text in texts:
            short = text[:READ_LIMIT]
            plain = simplified(short) if _is_traditional(brief.reading.language) else short
            for matter, word in _topics_in(plain, persona, language):
                found.setdefault(matter, word)
    weekday = found.pop("weekday", "")
    matter, topic = next(iter(found.items()), ("", ""))
    memes = [meme for meme in brief.memes if meme.language == language and brief.reading.tone.value in meme.tones]
    return _Told(
        language=language,
        topic=topic,
        matter=matter,
        weekday=weekday,
        meme=memes[0] if memes and brief.reading.tone is not Tone.COMFORT else None,
        room=brief.room,
        me=persona.called(language),
        small=_small_talk(brief, persona, said),
    )


def _small_talk(brief: Brief, persona: Persona, said: str) -> str:
    """Which set of short answers fits: the mention only asks the robot something, or cannot be read at all."""
    if question := asked(said):
        return question
    if not brief.mention.thread and (empty := wordless(said)):
        return empty
    tag = base(brief.reading.language)
    return "" if persona.speaks(tag) or tag in ("und", "mix", "") else "puzzled"


def _is_traditional(language: str) -> bool:
    return language.startswith(("zh-Hant", "zh-TW", "zh-HK", "zh-MO"))


def _language_of(brief: Brief, persona: Persona) -> str:
    """The language of the reply; English where the persona has no words, its first where there is nothing to go by."""
    tag = base(brief.reading.language)
    if persona.speaks(tag):
        return tag
    if tag in ("und", "", "mix"):
        text = brief.mention.text + brief.mention.post.text[:READ_LIMIT]
        if re.search(r"[\u4e00-\u9fff]", text) or not re.search(r"[A-Za-z]{2}", words_to(brief.mention)):
            return persona.languages[0]
    return "en" if persona.speaks("en") else persona.languages[0]


@lru_cache(maxsize=16)
def _pattern(version: str, words: tuple[str, ...]) -> re.Pattern[str]:
    """One pattern for all topic words of a persona version, long words first; Latin ones only as whole words."""
    parts = [rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word) for word in words]
    return re.compile("|".join(parts), re.IGNORECASE)


def _topics_in(text: str, persona: Persona, language: str) -> list[tuple[str, str]]:
    """The topic words of a text with their matters, in the order in which they stand there."""
    matters = {word.casefold(): matter for matter, words in persona.topics.get(language, {}).items() for word in words}
    if not matters:
        return []
    pattern = _pattern(persona.version, tuple(sorted(matters, key=len, reverse=True)))
    return [(matters[found[0].casefold()], found[0]) for found in pattern.finditer(text)]


def _lines_for(brief: Brief, persona: Persona, told: _Told) -> list[tuple[str, float]]:
    """Lines with how well they fit; blanks that nothing can fill are left out later."""
    tone, language = brief.reading.tone, told.language
    if tone is Tone.COMFORT:
        return _comforts(brief, persona, told)
    if told.small and (answers := persona.said("lines", told.small, language)):
        return [(line, 0.0) for line in answers]
    lines = [(line, 2.0) for line in persona.said("lines", tone.value, language, told.matter) if told.matter]
    if tone is Tone.WARM:
        troubles = [name for feeling in _feelings(brief) for name in feeling.troubles if name != told.matter]
        for rank, trouble in enumerate(dict.fromkeys(troubles)):
            own = persona.said("lines", "warm", language, trouble)
            lines += [(line, 3.0 - rank) for line in own if "topic" not in blanks_in(line)]
    return lines + [(line, 0.0) for line in persona.said("lines", tone.value, language)]


def _feelings(brief: Brief) -> list[Feeling]:
    return [feeling for feeling in (brief.reading.post, brief.reading.comment) if feeling]


def _comforts(brief: Brief, persona: Persona, told: _Told) -> list[tuple[str, float]]:
    language = told.language
    if told.small in ("robot", "who") and (honest := persona.said("lines", "comfort", language, "robot")):
        return [(line, 0.0) for line in honest]
    plights = dict.fromkeys(plight for feeling in _feelings(brief) for plight in feeling.plights)
    if not plights.keys().isdisjoint(_LOSSES):
        plights.pop("grief", None)
    lines: list[tuple[str, float]] = []
    for rank, plight in enumerate(plights):
        lines += [(line, 5.0 - 2.0 * rank) for line in persona.said("lines", "comfort", language, plight)]
    return lines + [(line, 0.0) for line in persona.said("lines", "comfort", language)]


def _rank(
    lines: Sequence[tuple[str, float]], told: _Told, brief: Brief, memory: Sequence[str], rng: random.Random
) -> list[tuple[str, str]]:
    """Lines with their text filled in, the best first: those that play the meme, those not heard lately, then fit."""
    play = _play(told)
    filled = told.blanks(play)
    heard = {line: (place + 1) / len(memory) for place, line in enumerate(memory)}
    worth: list[tuple[float, str, str]] = []
    for line, fit in lines:
        blanks = blanks_in(line)
        if not blanks <= filled.keys():
            continue
        text = _fill(line, filled)
        score = fit + 0.8 * len(blanks & {"topic", "weekday"}) + rng.random() * 1.6
        score += _meme_worth(blanks, told, brief.reading.tone)
        score -= 20.0 * heard.get(line, 0) + 40.0 * (len(text) > told.room)
        worth.append((score, line, text))
    worth.sort(reverse=True)
    return [(line, text) for _, line, text in worth]


def _meme_worth(blanks: frozenset[str], told: _Told, tone: Tone) -> float:
    if told.meme is None or not blanks & {"meme", "play"}:
        return 0.0
    return (10.0 if tone is Tone.BANTER else 1.0) + 4.0 * ("play" in blanks)


def _compose(
    ranked: Sequence[tuple[str, str]], told: _Told, persona: Persona, tone: Tone, rng: random.Random
) -> tuple[list[str], str]:
    """Up to three candidates, and the card that they play; never one with the card beside one without it."""
    if not ranked:
        raise GiveUp(f"persona {persona.version} has no line for tone {tone.value} in {told.language}")
    plays = [bool(blanks_in(line) & {"meme", "play"}) for line, _ in ranked]
    chosen = [text for (_, text), playing in zip(ranked, plays, strict=True) if playing == plays[0]][:CANDIDATES]
    dressed = [_dress(text, told, persona, tone, rng) for text in chosen]
    return dressed, told.meme.id if told.meme and plays[0] else ""


def _dress(text: str, told: _Told, persona: Persona, tone: Tone, rng: random.Random) -> str:
    """Now and then an opener or a closer; in comfort a second short sentence."""
    dice = rng.random()
    if tone is Tone.COMFORT:
        presence = [line for line in persona.said("lines", "comfort", told.language, "presence") if line not in text]
        if not presence or dice > 0.65:
            return text
        gap = "" if told.language in ("zh", "ja") else " "
        longer = f"{text}{gap}{rng.choice(presence)}"
        return longer if len(longer) <= told.room else text
    if told.small or regex.search(r"[：:。？?…]|\. |[！!.]$", text):
        return text
    openers = persona.said("openers", tone.value, told.language)
    closers = persona.said("closers", tone.value, told.language)
    if openers and dice < 0.2:
        part = rng.choice(openers)
        longer = part + (text[:1].lower() + text[1:] if part.endswith(", ") and text[1:2].islower() else text)
    elif closers and dice > 0.82:
        part = rng.choice(closers)
        longer = text + part
    else:
        return text
    return longer if len(longer) <= told.room and not _echoes(part, text) else text


def _echoes(part: str, text: str) -> bool:
    """Whether two pieces share a pair of Chinese characters or a long word, which would sound like a stutter."""
    pairs = {part[i : i + 2] for i in range(len(part) - 1) if re.fullmatch(r"[\u4e00-\u9fff]{2}", part[i : i + 2])}
    words = set(re.findall(r"[a-z]{3,}", part.lower()))
    return any(pair in text for pair in pairs) or bool(words & set(re.findall(r"[a-z]{3,}", text.lower())))


def _spoken(meme: Meme) -> str:
    """A name of the card that can be said aloud: one without a placeholder."""
    return next((name for name in meme.names if not _PLACEHOLDER.search(name)), "")


def _play(told: _Told) -> str:
    """The meme as a finished sentence: its pattern with the topic in its one slot, or an example on the same topic."""
    meme, topic = told.meme, told.topic
    if meme is None:
        return ""
    slots = set(_SLOT.findall(meme.pattern))
    if meme.pattern and not slots:
        return meme.pattern.strip()
    if topic and told.matter not in _NOT_THINGS and len(slots) == 1 and slots <= _THINGS:
        return _SLOT.sub(lambda _: topic, meme.pattern).strip()
    if topic:
        return next((example for example in meme.examples if topic in example and "{" not in example), "").strip()
    return ""


def _fill(line: str, filled: dict[str, str]) -> str:
    """The line with its blanks filled; what stands inside a line loses the marks at its own end."""

    def put(found: re.Match[str]) -> str:
        value = filled[found[1]]
        inside = found.end() < len(line) or (found[1] == "play" and line != found[0] and value[-1:] == "。")
        return value.rstrip(_ENDS) if inside else value

    text = _SLOT.sub(put, line)
    return text[:1].upper() + text[1:] if text[:1].isascii() else text


def _shorten(text: str, room: int) -> str:
    """A last resort for a tiny room: whole grapheme clusters only."""
    kept = ""
    for cluster in regex.findall(r"\X", clean(text)):
        if len(kept) + len(cluster) > room:
            break
        kept += cluster
    return kept.strip() or "…"[:room]
