"""Listen, read the feeling, recall memes, write, check, post, log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.composer import Composer, words_of
from bot.consent import wish_of
from bot.delivery import Delivery
from bot.errors import GiveUp, TryLater, Unsure
from bot.model import Episode, Feeling, Mention, Reading, State, Tone, Verdict
from bot.ports import Adviser, Alert, Changes, Claimed, Journal, Platform, Queue, Standing, tell_nobody
from bot.rules import Rules
from bot.tone import heed, is_doubtful

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
    """All that one mention needs. `read` and `decide` are pure; the rest are ports, and nothing here opens anything."""

    name: str
    platforms: Mapping[str, Platform]
    journal: Journal
    queue: Queue
    composer: Composer
    delivery: Delivery
    read: Callable[[str], Feeling]
    decide: Decide
    clock: Callable[[], datetime]
    rules: Rules = field(default_factory=Rules)
    alert: Alert = tell_nobody
    adviser: Adviser | None = None
    doubtful: float = 0.0

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
        if drafted is not None and drafted.state is State.APPROVED and await self._unfit_after_all(drafted):
            return
        if drafted is not None and drafted.state in {State.DRAFTED, State.APPROVED}:
            drafted_for = (self.clock() - drafted.draft.at).total_seconds() if drafted.draft else 0.0
            await self.delivery.deliver(drafted, drafted_for=drafted_for)

    async def _unfit_after_all(self, episode: Episode) -> bool:
        """An approval does not outrank the filter: what a person edited is screened under the policy of the moment."""
        if episode.draft is None or episode.reading is None:
            return False
        standing = await self.journal.standing(episode, self.delivery.gate(episode.mention, episode.reading.tone))
        draft, reading = episode.draft, episode.reading
        verdict = self.composer.screen(draft.text, "out", episode.mention, reading, standing.mode)
        if verdict.decision != "block":
            return False
        await self._end(episode, State.BLOCKED, _where_to(verdict)[1] or "the filter blocks it")
        return True

    async def _hopeless(self, episode: Episode, heard_for: float) -> bool:
        """End what has waited too long or has brought down one worker after the other; nothing else can help it."""
        posting = episode.state is State.POSTING
        if episode.tries > self.rules.deaths:
            why = f"{episode.tries - 1} workers died over it"
            await self._end(episode, State.UNSURE if posting else State.FAILED, why)
        elif episode.state is State.HELD:
            await self._end(episode, State.EXPIRED, "nobody decided in time")
        elif heard_for > self.rules.answer_by and self._may_grow_old(episode):
            await self._end(episode, State.SKIPPED, "too late to answer")
        elif episode.mention.account not in self.platforms:
            why = f"nobody here answers as {episode.mention.account}"
            await self._wait(episode, why, self.rules.longest_pause)
        else:
            return False
        return True

    @staticmethod
    def _may_grow_old(episode: Episode) -> bool:
        """Whether age ends an episode: not what a person approved, not a post under way, and never a wish to stop."""
        if episode.state in {State.APPROVED, State.POSTING}:
            return False
        return wish_of(episode.mention.text, (own_name(episode.mention),)) is None

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

        reading = await self._second_opinion(mention, self._read(mention))
        changes = Changes(mention=mention, reading=reading)
        standing = await self.journal.standing(episode, self.delivery.gate(mention, reading.tone))
        refusal = await self._refusal(mention, reading, standing)
        if refusal is not None:
            return Outcome(State.SKIPPED, refusal, changes)

        memes = await self.composer.recall(mention, reading)
        draft, verdict = await self.composer.write_and_check(mention, reading, memes, standing.mode)
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
            try:
                await self.platforms[mention.account].delete(reply)
            except Unsure as doubt:  # deleting twice is deleting once
                raise TryLater(str(doubt)) from doubt
            except GiveUp as refused:
                log.error("%s: our reply %s could not be deleted: %s", mention.key, reply, refused)

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

    async def _second_opinion(self, mention: Mention, reading: Reading) -> Reading:
        """Where our reader is not sure and the operator wants it, a model is asked; it can only make us kinder."""
        if self.adviser is None or not is_doubtful(reading, self.doubtful):
            return reading
        post = words_of(mention.post)
        return heed(reading, await self.adviser.ask(post, words_of(mention) if mention.thread else ""))

    async def _refusal(self, mention: Mention, reading: Reading, standing: Standing) -> str | None:
        """Why there will be no reply, if there is a reason."""
        if reading.tone is Tone.CRISIS:
            self._call_a_human(mention, reading, standing)
        if standing.refused is not None:
            return standing.refused.why
        if reading.tone is Tone.SILENT:
            return reading.why
        person = mention.person
        if reading.tone is Tone.CRISIS:
            if await self.queue.cool(f"{person}:crisis", mention.key):
                return None
            return "cool-down: several care texts to this person just now"
        heard = self.composer.screen(words_of(mention), "in", mention, reading, standing.mode)
        if heard.decision == "silent" and reading.tone is not Tone.COMFORT:
            return "; ".join(dict.fromkeys(reason.why for reason in heard.reasons)) or "the filter advises silence"
        return None if await self.queue.cool(person, mention.key) else "cool-down: many replies to this person just now"

    def _call_a_human(self, mention: Mention, reading: Reading, standing: Standing) -> None:
        """A crisis is told before anything else is done about it: what follows may have to wait for somebody."""
        refused = standing.refused
        note = f"nobody answers it: {refused.why}" if refused is not None else reading.why
        in_post = reading.comment is not None and reading.comment.crisis is None
        self.alert("crisis", mention.key, note, said=words_of(mention.post if in_post else mention))

    async def _reach(self, episode: Episode, outcome: Outcome) -> Episode | None:
        due = {State.HELD: self.rules.hold_for}.get(outcome.state, self.rules.lease)
        changes = Changes(reason=outcome.why, **outcome.changes)
        reached = await self.journal.move(episode, outcome.state, by=self.name, note=outcome.why, due=due, **changes)
        log.info("%s: %s %s", episode.key, outcome.state.value, outcome.why)
        if reached is not None and outcome.state is not State.DRAFTED:
            self.delivery.tell_of_silence(reached, outcome.why)
        return reached

    async def _wait(self, episode: Episode, why: str, asked: float | None) -> None:
        after = self.rules.pause(episode.laters, asked)
        log.info("%s: waits %.0f s: %s", episode.key, after, why)
        await self.journal.wait(episode, episode.state, by=self.name, note=why, after=after)

    async def _end(self, episode: Episode, state: State, why: str) -> None:
        log.info("%s: %s: %s", episode.key, state.value, why)
        if await self.journal.move(episode, state, by=self.name, note=why, reason=why) is not None:
            self.delivery.tell_of_silence(episode, why)
            await self.delivery.release(episode)


def is_machine(mention: Mention) -> bool:
    """Whether a bot wrote this, be it another one or ourselves."""
    return mention.author.bot or mention.author.handle == own_name(mention)


def own_name(mention: Mention) -> str:
    """The handle under which we were called."""
    return mention.account.rpartition("@")[0]


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
