"""From a reading to a checked draft: recall memes, write, check, and choose."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.errors import TryLater
from bot.model import Brief, Draft, Mention, Post, Reading, Recalled, Tone, Verdict
from bot.ports import Platform, Queue, Writer
from bot.prompt import played, strangers
from bot.rules import Rules
from safety.verdict import Context

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """Who writes, what comes to mind, and what may be said. Every callable is pure.

    `remember` recalls memes for a text, a reading and the families a person has seen; `check` is the safety filter;
    `care` takes a crisis kind, a language and the room in characters; `explain` answers a comment that asks what a meme
    means, or with an empty string any other; `hidden` are the texts that must never come out.
    """

    platforms: Mapping[str, Platform]
    queue: Queue
    writer: Writer
    remember: Callable[[str, Reading, frozenset[str]], tuple[Recalled, ...]]
    check: Callable[[str, str, Context], Verdict]
    care: Callable[[str, str, int], str]
    explain: Callable[[str, str], str]
    room: Callable[[Platform, Mention, str], int]
    hidden: Callable[[], tuple[str, ...]]
    clock: Callable[[], datetime]
    rules: Rules

    async def recall(self, mention: Mention, reading: Reading) -> tuple[Recalled, ...]:
        """The memes that fit, that this person has not seen, and that the tone welcomes."""
        if reading.tone not in {Tone.BANTER, Tone.WARM}:
            return ()
        used = await self.queue.used(mention.person)
        return self.remember(words_of(mention.post) + "\n" + words_of(mention), reading, used)

    async def write_and_check(
        self, mention: Mention, reading: Reading, memes: tuple[Recalled, ...], mode: str
    ) -> tuple[Draft, Verdict]:
        """The first candidate that may be posted, or the mildest of those that may not, with its verdict."""
        room = self.room(self.platforms[mention.account], mention, reading.language)
        if reading.tone is Tone.CRISIS:
            return self._care(mention, reading, room, mode)
        if explained := self._explain(mention, reading, room):
            return explained, self.screen(explained.text, "out", mention, reading, mode)
        best: tuple[Draft, Verdict] | None = None
        for attempt in range(self.rules.drafts):
            shown = tuple(recalled.meme for recalled in memes) if attempt == 0 else ()
            draft = await self.writer.write(Brief(mention=mention, reading=reading, memes=shown, room=room))
            for text in dict.fromkeys((draft.text, *draft.candidates)):
                verdict = self.screen(text, "out", mention, reading, mode, memes)
                meme = draft.meme if text == draft.text else played(text, shown)
                judged = (draft.model_copy(update={"text": text, "meme": meme}), verdict)
                if verdict.decision == "post":
                    if await self._reserve(mention, memes, meme):
                        return judged
                    continue
                best = judged if best is None or _milder(verdict, best[1]) else best
        if best is None:
            message = "every draft played a meme that this person has seen"
            raise TryLater(message)
        return best

    def _explain(self, mention: Mention, reading: Reading, room: int) -> Draft | None:
        """Somebody asks what a meme means: the card answers, and nobody makes anything up."""
        text = self.explain(mention.text, mention.post.text) if reading.tone in {Tone.BANTER, Tone.WARM} else ""
        if not text or len(text) > room:
            return None
        return Draft(candidates=(text,), text=text, writer="library", at=self.clock())

    def _care(self, mention: Mention, reading: Reading, room: int, mode: str) -> tuple[Draft, Verdict]:
        """A crisis is answered with a reviewed text, never by a model, never held and never with silence."""
        second = reading.second.crisis if reading.second else None
        kind = next((f.crisis for f in (reading.comment, reading.post) if f and f.crisis), second) or "self_harm"
        text = self.care(kind, reading.language, room)
        verdict = self.screen(text, "out", mention, reading, mode)
        if verdict.decision == "hold":
            verdict = verdict.model_copy(update={"decision": "crisis"})
        return Draft(candidates=(text,), text=text, writer="care", persona=f"care:{kind}", at=self.clock()), verdict

    def screen(
        self,
        text: str,
        direction: str,
        mention: Mention,
        reading: Reading,
        mode: str,
        memes: tuple[Recalled, ...] = (),
    ) -> Verdict:
        """What the filter says of a text, given whom we talk to, how they feel, what was read, and the policy mode."""
        handles = {entry.author.handle for entry in mention.thread} | {mention.author.handle}
        context = Context.model_validate(
            {
                "tone": reading.tone.value,
                "negativity": max(f.negativity for f in (reading.post, reading.comment) if f is not None),
                "thread_handles": tuple(sorted(handles)),
                "hidden_texts": self.hidden(),
                "mode": mode,
                "strangers": strangers(mention, [recalled.meme for recalled in memes]),
                "language": reading.language,
            }
        )
        return self.check(text, direction, context)

    async def _reserve(self, mention: Mention, memes: tuple[Recalled, ...], meme: str) -> bool:
        family = next((recalled.meme.family for recalled in memes if recalled.meme.id == meme), None)
        if family is None:
            return True
        return await self.queue.reserve(mention.person, family, mention.key)


def words_of(post: Post | Mention) -> str:
    """What a post says: its text, and what its pictures are said to show."""
    shown = [media.alt or media.seen for media in post.media if media.alt or media.seen]
    return "\n".join((post.text, *shown))


_GRADES = ("low", "medium", "high")


def _milder(one: Verdict, other: Verdict) -> bool:
    return _GRADES.index(one.risk) < _GRADES.index(other.risk)
