"""Chooses among a persona's lines by tone, plight, trouble, topic and meme, and fills in their blanks."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import regex

from bot.errors import GiveUp
from bot.label import clean
from bot.model import Brief, Feeling, Tone
from bot.persona import Persona, blanks_in
from bot.writers.told import Told

CANDIDATES = 3

# Losses with words of their own: what is said of people in general would be wrong for them.
_LOSSES = frozenset({"suicide_loss", "pet_death", "pregnancy_loss"})
_SLOT = re.compile(r"\{([^{}]*)\}")
_ENDS = "。！？!?…~～.，, "


def lines_for(brief: Brief, persona: Persona, told: Told) -> list[tuple[str, float]]:
    """Lines with how well they fit; blanks that nothing can fill are left out later."""
    tone, language = brief.reading.tone, told.language
    if tone is Tone.COMFORT:
        return _comforts(brief, persona, told)
    if told.small and (answers := persona.said("lines", told.small, language)):
        return [(line, 0.0) for line in answers]
    if told.news and (talk := persona.said("lines", "news", language)):
        return [(line, 1.0 * ("news" in blanks_in(line))) for line in talk]
    lines = [(line, 2.0) for line in persona.said("lines", tone.value, language, told.matter) if told.matter]
    if tone is Tone.WARM:
        troubles = [name for feeling in _feelings(brief) for name in feeling.troubles if name != told.matter]
        for place, trouble in enumerate(dict.fromkeys(troubles)):
            own = persona.said("lines", "warm", language, trouble)
            lines += [(line, 3.0 - place) for line in own if "topic" not in blanks_in(line)]
    return lines + [(line, 0.0) for line in persona.said("lines", tone.value, language)]


def _feelings(brief: Brief) -> list[Feeling]:
    return [feeling for feeling in (brief.reading.post, brief.reading.comment) if feeling]


def _comforts(brief: Brief, persona: Persona, told: Told) -> list[tuple[str, float]]:
    language = told.language
    if told.small in ("robot", "who") and (honest := persona.said("lines", "comfort", language, "robot")):
        return [(line, 0.0) for line in honest]
    plights = dict.fromkeys(plight for feeling in _feelings(brief) for plight in feeling.plights)
    if not plights.keys().isdisjoint(_LOSSES):
        plights.pop("grief", None)
    lines: list[tuple[str, float]] = []
    for place, plight in enumerate(plights):
        lines += [(line, 5.0 - 2.0 * place) for line in persona.said("lines", "comfort", language, plight)]
    return lines + [(line, 0.0) for line in persona.said("lines", "comfort", language)]


def rank(
    lines: Sequence[tuple[str, float]], told: Told, brief: Brief, memory: Sequence[str], rng: random.Random
) -> list[tuple[str, str]]:
    """Lines with their text filled in, the best first: those that play the meme, those not heard lately, then fit."""
    filled = told.blanks()
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


def _meme_worth(blanks: frozenset[str], told: Told, tone: Tone) -> float:
    if told.meme is None or not blanks & {"meme", "play"}:
        return 0.0
    return (10.0 if tone is Tone.BANTER else 1.0) + 4.0 * ("play" in blanks)


def quips(told: Told, memory: Sequence[str], rng: random.Random) -> list[str]:
    """The card's own short replies that fit the room, those heard longest ago first; none for small talk."""
    if told.meme is None or told.small or told.news:
        return []
    fitting = [text for text in told.meme.quips if len(text) <= told.room]
    heard = {text: place + 1 for place, text in enumerate(memory)}
    return sorted(rng.sample(fitting, len(fitting)), key=lambda text: heard.get(text, 0))[:CANDIDATES]


def phrase(
    ranked: Sequence[tuple[str, str]], told: Told, persona: Persona, tone: Tone, rng: random.Random
) -> tuple[list[str], str]:
    """Up to three candidates, and the card that they play; never one with the card beside one without it."""
    if not ranked:
        raise GiveUp(f"persona {persona.version} has no line for tone {tone.value} in {told.language}")
    plays = [bool(blanks_in(line) & {"meme", "play"}) for line, _ in ranked]
    chosen = [text for (_, text), playing in zip(ranked, plays, strict=True) if playing == plays[0]][:CANDIDATES]
    dressed = [_dress(text, told, persona, tone, rng) for text in chosen]
    return dressed, told.meme.id if told.meme and plays[0] else ""


def _dress(text: str, told: Told, persona: Persona, tone: Tone, rng: random.Random) -> str:
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


def _fill(line: str, filled: dict[str, str]) -> str:
    """The line with its blanks filled; what stands inside a line loses the marks at its own end."""

    def put(found: re.Match[str]) -> str:
        value = filled[found[1]]
        inside = found.end() < len(line) or (found[1] == "play" and line != found[0] and value[-1:] == "。")
        return value.rstrip(_ENDS) if inside else value

    text = _SLOT.sub(put, line)
    return text[:1].upper() + text[1:] if text[:1].isascii() else text


def shorten(text: str, room: int) -> str:
    """A last resort for a tiny room: whole grapheme clusters only."""
    kept = ""
    for cluster in regex.findall(r"\X", clean(text)):
        if len(kept) + len(cluster) > room:
            break
        kept += cluster
    return kept.strip() or "…"[:room]
