"""Listen, read the feeling, recall memes, write, check, post, log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.consent import wish_of
from bot.delivery import Delivery
from bot.errors import GiveUp, TryLater
from bot.model import Brief, Draft, Episode, Feeling, Mention, Post, Reading, Recalled, State, Tone, Verdict
from bot.ports import Changes, Claimed, Journal, Platform, Queue, Standing, Writer
from bot.prompt import played
from bot.rules import Rules
from safety.verdict import Context

log = logging.getLogger(__name__)


class Decide(Protocol):
    """The tone policy."""

    def __call__(
        self,
        post: Feeling,
        comment: Feeling | None = None,
        *,
        thread: Sequence[Feeling] = (),
        unseen_media: bool = False,
    ) -> tuple[Tone, str]:
        """The tone, and why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where thinking about a mention led: the state to reach, why, and what was found on the way."""

    state: State
    why: str = ""
    changes: Changes = field(default_factory=Changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """All that one reply needs. Every callable is pure or a port; nothing here opens anything.

    `care` takes a crisis kind, a language and the room in characters; `check` is the safety filter; `explain` answers a
    comment that asks what a meme means, or with an empty string any other; `hidden` are the
    texts that must never come out.
    """

    name: str
    platforms: Mapping[str, Platform]
    journal: Journal
    queue: Queue
    writer: Writer
    delivery: Delivery
    read: Callable[[str], Feeling]
    decide: Decide
    recall: Callable[[str, Reading, frozenset[str]], tuple[Recalled, ...]]
    check: Callable[[str, str, Context], Verdict]
    care: Callable[[str, str, int], str]
    explain: Callable[[str, str], str]
    room: Callable[[Platform, Mention, str], int]
    hidden: Callable[[], tuple[str, ...]]
    clock: Callable[[], datetime]
    rules: Rules = field(default_factory=Rules)

    async def listen(self, platform: Platform, *, wait: float) -> int:
        """Hear what is new for one account: mentions and cursor in one commit, then a hint. Returns how many."""
        cursor = await self.journal.cursor(platform.account)
        if cursor is None:
            cursor = await platform.start()
            await self.journal.begin(platform.account, cursor)
        batch = await platform.mentions(cursor, wait=wait)
        if not batch.mentions and batch.cursor in {None, cursor}:
            return 0
        new = await self.journal.hear(platform.account, cursor, batch.cursor or cursor, batch.mentions)
        with suppress(TryLater):  # a hint that is lost is found by the sweeper
            await self.queue.wake(new)
        return len(new)

    async def sweep(self) -> int:
        """Hint at everything that is due, so that an empty Redis fills again. Returns how many hints."""
        due = await self.journal.sweep(2000)
        await self.queue.wake(due)
        await self.queue.tidy()
        return len(due)

    async def answer(self, key: str) -> None:
        """Take one episode as far as it goes now: to its end, to a human, or to a pause."""
        claimed = await self.journal.claim(key, self.name, self.rules.lease)
        if claimed is None:
            return
        episode = claimed.episode
        try:
            await self._go_on(claimed)
        except asyncio.CancelledError:
            # We are told to stop. Somebody else may go on at once; if a later write of ours won, this one does nothing.
            await asyncio.shield(
                self.journal.wait(episode, episode.state, by=self.name, note="stopped in the middle", after=0)
            )
            raise

    async def _go_on(self, claimed: Claimed) -> None:
        episode = claimed.episode
        # A bot that slept for three days must not answer what is three days old, whenever it came to hear of it.
        heard_for = claimed.now - min(episode.heard_at, episode.mention.at).timestamp()
        if await self._hopeless(episode, heard_for):
            return
        if episode.state is State.POSTING:
            await self.delivery.resolve(claimed)
            return
        drafted = await self._prepare(episode) if episode.state in {State.HEARD, State.READ} else episode
        if drafted is not None and drafted.state in {State.DRAFTED, State.APPROVED}:
            drafted_for = (self.clock() - drafted.draft.at).total_seconds() if drafted.draft else 0.0
            await self.delivery.deliver(drafted, drafted_for=drafted_for)

    async def _hopeless(self, episode: Episode, heard_for: float) -> bool:
        """End what has waited too long or has brought down one worker after the other; nothing else can help it."""
        posting = episode.state is State.POSTING
        if episode.tries > self.rules.deaths:
            why = f"{episode.tries - 1} workers died over it"
            await self._end(episode, State.UNSURE if posting else State.FAILED, why)
        elif episode.state is State.HELD:
            await self._end(episode, State.EXPIRED, "nobody decided in time")
        elif heard_for > self.rules.answer_by and episode.state is not State.APPROVED and not posting:
            await self._end(episode, State.SKIPPED, "too late to answer")
        elif episode.mention.account not in self.platforms:
            why = f"nobody here answers as {episode.mention.account}"
            await self._wait(episode, why, self.rules.longest_pause)
        else:
            return False
        return True

    async def _prepare(self, episode: Episode) -> Episode | None:
        try:
            outcome = await self._think(episode)
        except TryLater as later:
            await self._wait(episode, str(later), later.after)
            return None
        except GiveUp as reason:
            outcome = Outcome(State.FAILED, str(reason))
        return await self._reach(episode, outcome)

    async def _think(self, episode: Episode) -> Outcome:
        """The sentence: look, read, recall, write, check."""
        quiet = await self._asked_to_stop(episode.mention)
        if quiet is not None:
            return quiet
        try:
            mention = await self.platforms[episode.mention.account].context(episode.mention)
        except GiveUp as gone:
            return Outcome(State.SKIPPED, str(gone))
        quiet = await self._asked_to_stay_away(mention)
        if quiet is not None:
            return quiet

        reading = self._read(mention)
        changes = Changes(mention=mention, reading=reading)
        standing = await self.journal.standing(episode, self.delivery.gate(mention, reading.tone))
        refusal = await self._refusal(mention, reading, standing)
        if refusal is not None:
            return Outcome(State.SKIPPED, refusal, changes)

        memes = await self._recall(mention, reading)
        draft, verdict = await self._write_and_check(mention, reading, memes, standing.mode)
        changes |= Changes(memes=memes, draft=draft, verdict=verdict)
        return Outcome(*_where_to(verdict), changes)

    async def _asked_to_stop(self, mention: Mention) -> Outcome | None:
        """Stop means stop: at once and without a word, before anything else is asked of anybody."""
        if is_machine(mention):
            return Outcome(State.SKIPPED, "the author is a bot")
        gate = self.delivery.gate(mention, None)
        match wish_of(mention.text, (own_name(mention),)):
            case "stop":
                await self.journal.silence(gate.host, "person", gate.person, because=mention.key)
                return Outcome(State.SKIPPED, "this person asked us to stop")
            case "back":
                await self.journal.lift(gate.host, "person", gate.person)
                await self.journal.lift(gate.host, "posts_of", gate.person)
            case _:
                pass
        return None

    async def _asked_to_stay_away(self, mention: Mention) -> Outcome | None:
        """The author of a post may send us away from it, whoever called us there; our replies there go too."""
        gate = self.delivery.gate(mention, None)
        if gate.person != gate.root_person or wish_of(mention.text, (own_name(mention),)) != "away":
            return None
        await self.journal.silence(gate.host, "posts_of", gate.root_person, because=mention.key)
        await self._take_back(mention)
        return Outcome(State.SKIPPED, "the author of the post asked us to stay away", Changes(mention=mention))

    async def _take_back(self, mention: Mention) -> None:
        for reply in await self.journal.replies_in(mention.account, mention.root):
            await self.platforms[mention.account].delete(reply)

    def _read(self, mention: Mention) -> Reading:
        post = self.read(words_of(mention.post))
        comment = None if not mention.thread else self.read(words_of(mention))
        between = tuple(self.read(words_of(entry)) for entry in mention.thread[1:][-3:])
        unseen = any(not (media.alt or media.seen) for media in (*mention.post.media, *mention.media))
        tone, why = self.decide(post, comment, thread=between, unseen_media=unseen)
        language = (comment or post).language
        if language == "und":
            language = post.language
        pictures = "；".join(media.seen or media.alt for media in mention.post.media if media.seen or media.alt)
        return Reading(post=post, comment=comment, tone=tone, why=why, language=language, pictures=pictures)

    async def _refusal(self, mention: Mention, reading: Reading, standing: Standing) -> str | None:
        """Why there will be no reply, if there is a reason."""
        if standing.refused is not None:
            if reading.tone is Tone.CRISIS:
                log.error("%s: a crisis that is not answered because %s: see to it", mention.key, standing.refused.why)
            return standing.refused.why
        if reading.tone is Tone.SILENT:
            return reading.why
        if reading.tone is Tone.CRISIS:
            return None
        heard = self.check(words_of(mention), "in", self._context(mention, reading, standing.mode))
        if heard.decision == "silent" and reading.tone is not Tone.COMFORT:
            return "; ".join(dict.fromkeys(reason.why for reason in heard.reasons)) or "the filter advises silence"
        person = self.delivery.gate(mention, reading.tone).person
        return None if await self.queue.cool(person, mention.key) else "cool-down: many replies to this person just now"

    async def _recall(self, mention: Mention, reading: Reading) -> tuple[Recalled, ...]:
        if reading.tone not in {Tone.BANTER, Tone.WARM}:
            return ()
        used = await self.queue.used(self.delivery.gate(mention, reading.tone).person)
        return self.recall(words_of(mention.post) + "\n" + words_of(mention), reading, used)

    async def _write_and_check(
        self, mention: Mention, reading: Reading, memes: tuple[Recalled, ...], mode: str
    ) -> tuple[Draft, Verdict]:
        room = self.room(self.platforms[mention.account], mention, reading.language)
        if reading.tone is Tone.CRISIS:
            return self._care(mention, reading, room, mode)
        context = self._context(mention, reading, mode)
        if explained := self._explain(mention, reading, room):
            return explained, self.check(explained.text, "out", context)
        best: tuple[Draft, Verdict] | None = None
        for attempt in range(self.rules.drafts):
            shown = tuple(recalled.meme for recalled in memes) if attempt == 0 else ()
            draft = await self.writer.write(Brief(mention=mention, reading=reading, memes=shown, room=room))
            for text in dict.fromkeys((draft.text, *draft.candidates)):
                verdict = self.check(text, "out", context)
                meme = draft.meme if text == draft.text else played(text, shown)
                judged = (draft.model_copy(update={"text": text, "meme": meme}), verdict)
                if verdict.decision == "post":
                    if await self._reserve(mention, reading, memes, meme):
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
        kind = next((f.crisis for f in (reading.comment, reading.post) if f and f.crisis), None) or "self_harm"
        text = self.care(kind, reading.language, room)
        log.error("%s: crisis (%s): a care text goes out, a human should look", mention.key, kind)
        verdict = self.check(text, "out", self._context(mention, reading, mode))
        return Draft(candidates=(text,), text=text, writer="care", persona=f"care:{kind}", at=self.clock()), verdict

    def _context(self, mention: Mention, reading: Reading, mode: str) -> Context:
        handles = {entry.author.handle for entry in mention.thread} | {mention.author.handle}
        return Context.model_validate(
            {
                "tone": reading.tone.value,
                "negativity": max(f.negativity for f in (reading.post, reading.comment) if f is not None),
                "thread_handles": tuple(sorted(handles)),
                "hidden_texts": self.hidden(),
                "mode": mode,
            }
        )

    async def _reserve(self, mention: Mention, reading: Reading, memes: tuple[Recalled, ...], meme: str) -> bool:
        family = next((recalled.meme.family for recalled in memes if recalled.meme.id == meme), None)
        if family is None:
            return True
        return await self.queue.reserve(self.delivery.gate(mention, reading.tone).person, family, mention.key)

    async def _reach(self, episode: Episode, outcome: Outcome) -> Episode | None:
        due = {State.HELD: self.rules.hold_for}.get(outcome.state, self.rules.lease)
        changes = Changes(reason=outcome.why, **outcome.changes)
        reached = await self.journal.move(episode, outcome.state, by=self.name, note=outcome.why, due=due, **changes)
        log.info("%s: %s %s", episode.key, outcome.state.value, outcome.why)
        return reached

    async def _wait(self, episode: Episode, why: str, asked: float | None) -> None:
        after = self.rules.pause(episode.laters, asked)
        log.info("%s: waits %.0f s: %s", episode.key, after, why)
        await self.journal.wait(episode, episode.state, by=self.name, note=why, after=after)

    async def _end(self, episode: Episode, state: State, why: str) -> None:
        log.info("%s: %s: %s", episode.key, state.value, why)
        if await self.journal.move(episode, state, by=self.name, note=why, reason=why) is not None:
            await self.delivery.release(episode)


def words_of(post: Post | Mention) -> str:
    """What a post says: its text, and what its pictures are said to show."""
    shown = [media.alt or media.seen for media in post.media if media.alt or media.seen]
    return "\n".join((post.text, *shown))


def is_machine(mention: Mention) -> bool:
    """Whether a bot wrote this, be it another one or ourselves."""
    return mention.author.bot or mention.author.handle == own_name(mention)


def own_name(mention: Mention) -> str:
    """The handle under which we were called."""
    return mention.account.rpartition("@")[0]


_GRADES = ("low", "medium", "high")


def _milder(one: Verdict, other: Verdict) -> bool:
    return _GRADES.index(one.risk) < _GRADES.index(other.risk)


def _where_to(verdict: Verdict) -> tuple[State, str]:
    why = "; ".join(dict.fromkeys(reason.why for reason in verdict.reasons[:3]))
    match verdict.decision:
        case "post" | "crisis":
            return State.DRAFTED, ""
        case "hold":
            return State.HELD, why
        case "block":
            return State.BLOCKED, why
        case "silent":
            return State.SKIPPED, why
