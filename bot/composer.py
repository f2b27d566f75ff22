"""From a reading to a checked draft: recall memes, write, check, and choose."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.errors import TryLater
from bot.model import Brief, Draft, Mention, Post, Reading, Recalled, Tone, Topic, Verdict
from bot.ports import Platform, Queue, Writer
from bot.prompt import played, strangers
from bot.rules import Rules
from memes.trends.board import find_topic
from safety.judge import is_grey
from safety.minors import sounds_minor
from safety.verdict import GRADES, Context

log = logging.getLogger(__name__)
Memes = tuple[Recalled, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """Who writes, what comes to mind, and what may be said. Every callable is pure.

    `remember` recalls memes for a text, a reading and the families a person has seen; `check` is the safety filter;
    `care` takes a crisis kind, a language and the room in characters; `explain` answers a comment that asks what a meme
    means or what is going on (the topic of the post comes third), or with an empty string any other; `hidden` are the
    texts that must never come out. `today` gives the topic of a post and, for banter, others that may be joked about.
    `ask` asks a guard model about a doubtful text, if there is one; `check` then knows its opinion.
    """

    platforms: Mapping[str, Platform]
    queue: Queue
    writer: Writer
    remember: Callable[[str, Reading, frozenset[str]], tuple[Recalled, ...]]
    check: Callable[[str, str, Context], Verdict]
    care: Callable[[str, str, int], str]
    explain: Callable[[str, str, Topic | None], str]
    room: Callable[[Platform, Mention, str], int]
    hidden: Callable[[], tuple[str, ...]]
    clock: Callable[[], datetime]
    rules: Rules
    today: Callable[[str, Reading], tuple[Topic, ...]] = lambda _text, _reading: ()
    ask: Callable[[str], Awaitable[object]] | None = None

    def topics(self, mention: Mention, reading: Reading) -> tuple[Topic, ...]:
        """What people talk about today, as far as it helps here: the topic of the post first."""
        if reading.tone not in {Tone.BANTER, Tone.WARM, Tone.COMFORT}:
            return ()
        return self.today(_all_words(mention), reading)

    def recall(
        self, mention: Mention, reading: Reading, used: frozenset[str], topics: tuple[Topic, ...] = ()
    ) -> tuple[Recalled, ...]:
        """The memes that fit, that this person has not seen, and that the tone welcomes; none where harm is news."""
        about = about_post(mention, topics)
        if reading.tone not in {Tone.BANTER, Tone.WARM} or (about is not None and about.sensitive):
            return ()
        return self.remember(_all_words(mention), reading, used)

    async def write_and_check(
        self,
        mention: Mention,
        reading: Reading,
        memes: tuple[Recalled, ...],
        mode: str,
        topics: tuple[Topic, ...] = (),
    ) -> tuple[Draft, Verdict]:
        """The first candidate that may be posted, or the mildest of those that may not, with its verdict."""
        room = self.room(self.platforms[mention.account], mention, reading.language)
        if reading.tone is Tone.CRISIS:
            return self._care(mention, reading, room, mode)
        if explained := self._explain(mention, reading, room, about_post(mention, topics)):
            return explained, self.screen_draft(explained, mention, reading, mode, topics=topics)
        best: tuple[Draft, Verdict] | None = None
        for attempt in range(self.rules.drafts):
            shown = tuple(recalled.meme for recalled in memes) if attempt == 0 else ()
            brief = Brief(mention=mention, reading=reading, memes=shown, topics=topics, room=room)
            draft = await self.writer.write(brief)
            for text in dict.fromkeys((draft.text, *draft.candidates)):
                verdict = self.screen(text, "out", mention, reading, mode, memes)
                if await self._asked(text, verdict, mode):
                    verdict = self.screen(text, "out", mention, reading, mode, memes)
                meme = draft.meme if text == draft.text else played(text, shown)
                topic = (draft.topic if text in draft.candidates else "") or spoken_of(text, topics)
                judged = (draft.model_copy(update={"text": text, "meme": meme, "topic": topic}), verdict)
                if verdict.decision == "post":
                    if await self._reserve(mention, memes, meme):
                        return judged
                    continue
                best = judged if best is None or _milder(verdict, best[1]) else best
        if best is None:
            message = "every draft played a meme that this person has seen"
            raise TryLater(message)
        return best

    def _explain(self, mention: Mention, reading: Reading, room: int, topic: Topic | None) -> Draft | None:
        """Somebody asks what a meme means or what is going on: cards and boards answer, nobody makes anything up."""
        known = reading.tone is Tone.COMFORT and topic is not None  # plain news may be told among the sad; no meme may
        if reading.tone not in {Tone.BANTER, Tone.WARM} and not known:
            return None
        text = self.explain(mention.text, mention.post.text, topic)
        if not text or len(text) > room:
            return None
        told = spoken_of(text, () if topic is None else (topic,))
        if known and not told:
            return None
        return Draft(candidates=(text,), text=text, writer="library", topic=told, at=self.clock())

    def _care(self, mention: Mention, reading: Reading, room: int, mode: str) -> tuple[Draft, Verdict]:
        """A crisis is answered with a reviewed text, never by a model, never held and never with silence."""
        second = reading.second.crisis if reading.second else None
        kind = next((f.crisis for f in (reading.comment, reading.post) if f and f.crisis), second) or "self_harm"
        text = self.care(kind, reading.language, room)
        draft = Draft(candidates=(text,), text=text, writer="care", persona=f"care:{kind}", at=self.clock())
        return draft, self.screen_draft(draft, mention, reading, mode)

    def screen(
        self,
        text: str,
        direction: str,
        mention: Mention,
        reading: Reading,
        mode: str,
        memes: tuple[Recalled, ...] = (),
        quoted: tuple[str, ...] = (),
    ) -> Verdict:
        """What the filter says of a text, given whom we talk to, how they feel, what was read, and the policy mode.

        `quoted` are titles that a reply may repeat though the post holds them too: they were screened when loaded.
        """
        context = context_of(mention, reading, memes, mode, self.hidden(), quoted)
        return self.check(text, direction, context).model_copy(update={"mode": mode})

    def screen_draft(
        self,
        draft: Draft,
        mention: Mention,
        reading: Reading,
        mode: str,
        memes: Memes = (),
        topics: tuple[Topic, ...] = (),
    ) -> Verdict:
        """What the filter says of a draft under a mode; a care text is never held, not even by a filter that fails."""
        shown = () if draft.writer == "library" else memes  # who explains a card says what stands on it
        try:
            verdict = self.screen(draft.text, "out", mention, reading, mode, shown, quoted_by(draft, topics))
        except _FILTER_BUGS:
            if draft.writer != "care":
                raise
            log.exception("%s: the filter failed over a care text, which was reviewed and goes out", mention.key)
            return Verdict(risk="low", decision="block" if mode == "stopped" else "crisis", mode=mode)
        # A policy table without a row for a text in which nothing was found means block; not for this text.
        if draft.writer == "care" and mode != "stopped" and (verdict.decision == "hold" or verdict.risk == "low"):
            return verdict.model_copy(update={"decision": "crisis"})
        return verdict

    async def screen_again(
        self,
        draft: Draft,
        mention: Mention,
        reading: Reading,
        mode: str,
        memes: Memes = (),
        topics: tuple[Topic, ...] = (),
    ) -> Verdict:
        """What the filter, and the guard model where it is doubtful, say of a draft that had to wait."""
        verdict = self.screen_draft(draft, mention, reading, mode, memes, topics)
        if draft.writer != "care" and await self._asked(draft.text, verdict, mode):
            return self.screen_draft(draft, mention, reading, mode, memes, topics)
        return verdict

    async def _asked(self, text: str, verdict: Verdict, mode: str) -> bool:
        """Ask the guard model about a doubtful text; whether it was asked, so that `check` may know more now."""
        if self.ask is None or not is_grey(verdict.risk, mode):
            return False
        await self.ask(text)
        return True

    async def _reserve(self, mention: Mention, memes: tuple[Recalled, ...], meme: str) -> bool:
        family = next((recalled.meme.family for recalled in memes if recalled.meme.id == meme), None)
        if family is None:
            return True
        return await self.queue.reserve(mention.person, family, mention.key)


def quoted_by(draft: Draft | None, topics: tuple[Topic, ...]) -> tuple[str, ...]:
    """The titles that a draft may repeat because it tells what stands on a board."""
    if draft is None or draft.writer != "library":
        return ()
    return tuple(topic.title for topic in topics if topic.key == draft.topic)


def context_of(
    mention: Mention, reading: Reading, memes: Memes, mode: str, hidden: tuple[str, ...], quoted: tuple[str, ...] = ()
) -> Context:
    """What the filter may know besides a text: whom we talk to, how they feel, what the writer saw, and the mode.

    `quoted` titles count as nobody's words.
    """
    told = strangers(mention, [recalled.meme for recalled in memes])
    for title in quoted:
        told = tuple(text.replace(title, " ") for text in told)
    handles = {entry.author.handle for entry in mention.thread} | {mention.author.handle}
    return Context.model_validate(
        {
            "tone": reading.tone.value,
            "negativity": max(f.negativity for f in (reading.post, reading.comment) if f is not None),
            "thread_handles": tuple(sorted(handles)),
            "hidden_texts": hidden,
            "mode": mode,
            "strangers": told,
            "language": reading.language,
            "audience": "minor" if sounds_minor(mention.text, said_by_author(mention)) else "everyone",
        }
    )


def said_by_author(mention: Mention) -> str:
    """What the person who mentions us wrote in the post that is commented on, if it is theirs."""
    return mention.post.text if mention.post.author.handle == mention.author.handle else ""


def words_of(post: Post | Mention) -> str:
    """What a post says: its text, and what its pictures are said to show."""
    shown = [media.alt or media.seen for media in post.media if media.alt or media.seen]
    return "\n".join((post.text, *shown))


def about_post(mention: Mention, topics: tuple[Topic, ...]) -> Topic | None:
    """Which of the topics the post and its comment belong to."""
    return find_topic(topics, _all_words(mention)) if topics else None


def spoken_of(text: str, topics: tuple[Topic, ...]) -> str:
    """The key of the topic that a reply speaks of, or an empty string."""
    found = find_topic(topics, text) if topics else None
    return "" if found is None else found.key


def _all_words(mention: Mention) -> str:
    return words_of(mention.post) + "\n" + words_of(mention)


# What a bug in the filter, or a broken part of it, may raise.
_FILTER_BUGS = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
_ENDS = ("post", "crisis", "hold", "silent", "block")


def _milder(one: Verdict, other: Verdict) -> bool:
    """What a person may still approve comes before what nobody may; then the lower risk."""
    return (_ENDS.index(one.decision), GRADES.index(one.risk)) < (
        _ENDS.index(other.decision),
        GRADES.index(other.risk),
    )
