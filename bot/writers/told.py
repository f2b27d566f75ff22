"""What a brief comes down to for a writer without a mind: language, known words, a meme to play, small talk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bot.model import Brief, Meme, Tone, Topic
from bot.persona import Persona, base
from bot.writers.asked import asked, wordless, words_to
from bot.writers.script import simplified
from memes.trends.board import find_topic

READ_LIMIT = 600
NEWS_LIMIT = 8  # Chinese characters of a title that a reply repeats: longer runs of the post are not said again

# Slots of a meme's pattern that any everyday thing may fill; other slots need a mind, so such a pattern is not played.
_THINGS = frozenset({"东西", "事", "食物", "话题", "物", "thing", "things", "topic", "food", "noun"})
_NOT_THINGS = frozenset({"weekday", "kin", "party"})
_SLOT = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDER = re.compile(r"(?<![A-Za-z])[XYABN]{1,2}(?![A-Za-z])|[{}_…]|\.\.\.")


@dataclass(frozen=True, slots=True)
class Told:
    """Language of the reply, words that may be repeated, meme to play, room, and what is asked of the robot."""

    language: str
    topic: str
    matter: str
    weekday: str
    meme: Meme | None
    room: int
    me: str
    small: str
    news: Topic | None = None

    def blanks(self) -> dict[str, str]:
        """What can fill a line's blanks; a blank that nothing fills is missing."""
        filled = {"me": self.me, "topic": self.topic, "weekday": self.weekday}
        if self.meme:
            filled |= {"meme": _spoken(self.meme), "play": _play(self.meme, self.topic, self.matter)}
        if self.news and len(self.news.title) <= (NEWS_LIMIT if self.language == "zh" else 3 * NEWS_LIMIT):
            filled["news"] = self.news.title
        return {name: value for name, value in filled.items() if value}


def understand(brief: Brief, persona: Persona) -> Told:
    """Read a brief with the words of a persona; the comment counts before the post."""
    language = _language_of(brief, persona)
    said = words_to(brief.mention)
    texts = [said]
    if brief.mention.thread:
        texts.append(brief.mention.post.text)
    found: dict[str, str] = {}
    if brief.reading.tone is not Tone.COMFORT:
        for text in texts:
            short = text[:READ_LIMIT]
            plain = simplified(short) if is_traditional(brief.reading.language) else short
            for matter, word in _topics_in(plain, persona, language):
                found.setdefault(matter, word)
    weekday = found.pop("weekday", "")
    matter, topic = next(iter(found.items()), ("", ""))
    memes = [meme for meme in brief.memes if meme.language == language and brief.reading.tone.value in meme.tones]
    return Told(
        language=language,
        topic=topic,
        matter=matter,
        weekday=weekday,
        meme=memes[0] if memes and brief.reading.tone is not Tone.COMFORT else None,
        room=brief.room,
        me=persona.called(language),
        small=_small_talk(brief, persona, said),
        news=_news(brief, texts) if brief.reading.tone is Tone.BANTER else None,
    )


def _news(brief: Brief, texts: list[str]) -> Topic | None:
    """The topic of today that the post belongs to, if it may be joked about."""
    found = find_topic(brief.topics, "\n".join(texts)) if brief.topics else None
    return found if found is not None and found.usable and found.state != "fading" else None


def _small_talk(brief: Brief, persona: Persona, said: str) -> str:
    """Which set of short answers fits: the mention only asks the robot something, or cannot be read at all."""
    if question := asked(said):
        return question
    if not brief.mention.thread and (empty := wordless(said)):
        return empty
    tag = base(brief.reading.language)
    return "" if persona.speaks(tag) or tag in ("und", "mix", "") else "puzzled"


def is_traditional(language: str) -> bool:
    """Whether a language tag is Chinese in Traditional characters."""
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


def _spoken(meme: Meme) -> str:
    """A name of the card that can be said aloud: one without a placeholder."""
    return next((name for name in meme.names if not _PLACEHOLDER.search(name)), "")


def _play(meme: Meme, topic: str, matter: str) -> str:
    """The meme as a finished sentence: its pattern with the topic in its one slot, or an example on the same topic."""
    slots = set(_SLOT.findall(meme.pattern))
    if meme.pattern and not slots:
        return meme.pattern.strip()
    if topic and matter not in _NOT_THINGS and len(slots) == 1 and slots <= _THINGS:
        return _SLOT.sub(lambda _: topic, meme.pattern).strip()
    if topic:
        return next((example for example in meme.examples if topic in example and "{" not in example), "").strip()
    return ""
