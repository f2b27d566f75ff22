"""Listen, read the feeling, recall memes, write, check, post, log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.composer import Composer, words_of
from bot.consent import wish_of
from bot.delivery import Delivery
from bot.errors import GiveUp, TryLater, Unsure
from bot.model import Episode, Feeling, Mention, Reading, State, Tone, Verdict
from bot.ports import Adviser, Alert, Changes, Claimed, Hint, Journal, Platform, Queue, Standing, tell_nobody
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
    """Where thinking about a mention led: the state to reach, why, what was found on the way, and what must wait."""

    state: State
    why: str = ""
    changes: Changes = field(default_factory=Changes)
    later: TryLater | None = None


@dataclass(slots=True)
class Pressure:
    """Which mentions are too many: those heard up to these moments of the journal's clock; 0 while there is room."""

    banter: float = 0.0
    warm: float = 0.0

    def leaves_out(self, tone: Tone, heard_at: float) -> bool:
        """Whether a mention of this tone gives way. What is fragile never does."""
        until = {Tone.BANTER: self.banter, Tone.WARM: self.warm}.get(tone, 0.0)
        # A millisecond more, because a datetime is rounded to microseconds and the journal's time is not.
        return until > 0 and heard_at <= until + 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """All that one mention needs.

    `presses`, `read` and `decide` are pure; the rest are ports, and nothing here opens anything. `presses` is a quick
    look at a text: does it speak of danger or of something hard?
    """

    name: str
    platforms: Mapping[str, Platform]
    journal: Journal
    queue: Queue
    composer: Composer
    delivery: Delivery
    presses: Callable[[str], bool]
    read: Callable[[str], Feeling]
    decide: Decide
    clock: Callable[[], datetime]
    rules: Rules = field(default_factory=Rules)
    alert: Alert = tell_nobody
    pressure: Pressure = field(default_factory=Pressure)
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
        first = [mention.key for mention in batch.mentions if self._goes_first(mention)]
        new = await self.journal.hear(platform.account, cursor, batch.cursor or cursor, batch.mentions, first=first)
        with suppress(TryLater):  # a hint that is lost is found by the sweeper
            await self.queue.wake(new)
        return len(new)

    async def sweep(self) -> int:
        """Hint at everything that is due, so that an empty Redis fills again. Returns how many hints."""
        self.pressure.banter = await self.journal.surplus(self.rules.backlog)
        self.pressure.warm = await self.journal.surplus(2 * self.rules.backlog) if self.pressure.banter else 0.0
        due = await self.journal.sweep(2000)
        await self.queue.wake(due)
        return len(due)

    async def answer(self, key: str) -> None:
        """Take one episode as far as it goes now: to its end, to a human, or to a pause."""
        claimed = await self.journal.claim(key, self.name, self.rules.lease)
        if claimed is None:
            return
        async with self._freed_if_stopped(claimed.episode):
            drafted = await self._go_on(claimed)
        if drafted is not None:
            drafted_for = (self.clock() - drafted.draft.at).total_seconds() if drafted.draft else 0.0
            async with self._freed_if_stopped(drafted):
                fresh = claimed.episode.state in {State.HEARD, State.READ}  # written in this very pass
                await self.delivery.deliver(drafted, drafted_for=drafted_for, reserved=fresh)

    @asynccontextmanager
    async def _freed_if_stopped(self, episode: Episode) -> AsyncIterator[None]:
        try:
            yield
        except asyncio.CancelledError:
            await asyncio.shield(self._let_go(episode))
            raise

    async def _let_go(self, episode: Episode) -> None:
        """We are told to stop. Somebody else may go on at once; if a later write of ours won, this one does nothing."""
        await self.journal.wait(episode, episode.state, by=self.name, note="stopped in the middle", after=0)
        with suppress(TryLater):
            await self.queue.wake([_hint(episode)])

    def _goes_first(self, mention: Mention) -> bool:
        """Whether others have to wait for this one: a wish to be left alone, danger, or something hard."""
        if wish_of(mention.text, (own_name(mention),)) is not None:
            return True
        try:
            return self.presses(words_of(mention))
        except _READER_BUGS:
            log.exception("%s: a bug while looking at it; it goes first, and a worker will say why", mention.key)
            return True

    async def _go_on(self, claimed: Claimed) -> Episode | None:
        """As far as a draft that may be posted; None if there is none or nothing more to do."""
        episode = claimed.episode
        # A bot that slept for three days must not answer what is three days old, whenever it came to hear of it.
        heard_for = claimed.now - min(episode.heard_at, episode.mention.at).timestamp()
        if self._has_to_look(episode, heard_for):
            looked = await self.delivery.look_back(episode)
            if looked is None:
                return None
            episode = looked
        if await self._hopeless(episode, heard_for):
            return None
        if episode.state is State.POSTING:
            await self.delivery.resolve(claimed, objection=await self._objection(episode))
            return None
        fresh = episode.state in {State.HEARD, State.READ}
        drafted = await self._prepare(episode) if fresh else await self._check_again(episode)
        return drafted if drafted is not None and drafted.state in {State.DRAFTED, State.APPROVED} else None

    def _has_to_look(self, episode: Episode, heard_for: float) -> bool:
        """Whether a reply may stand there that a restored journal does not know of; what ends unanswered need not."""
        if not episode.look_first or episode.state is State.POSTING or episode.tries > self.rules.deaths:
            return False
        if episode.mention.account not in self.platforms:
            return False
        if wish_of(episode.mention.text, (own_name(episode.mention),)) == "stop":
            return False  # a wish to stop is obeyed at once, whatever the platform can tell
        is_old = heard_for > self.rules.answer_by and self._may_grow_old(episode)
        return not is_old or episode.state is State.HELD

    async def _check_again(self, episode: Episode) -> Episode | None:
        """What waited is screened under the policy of the moment, and an approval does not outrank the filter.

        A text that the filter blocks now ends; one that it would hold goes to a person, unless a person has said yes to
        this very text, with these findings, in a mode that was no milder.
        """
        if episode.draft is None or episode.reading is None:
            return episode
        verdict = await self._screen_now(episode)
        state, why = _where_to(verdict)
        approval = episode.approval
        if state is State.HELD and approval and approval.covers(episode.draft.text, verdict, verdict.mode):
            state = episode.state
        if state is State.HELD:
            note = why or f"the mode {verdict.mode} asks for a person's look"
            return await self._reach(episode, Outcome(State.HELD, note, Changes(verdict=verdict, approval=None)))
        if state in {State.BLOCKED, State.SKIPPED}:
            await self._end(episode, State.BLOCKED, why or "the filter blocks it")
            return None
        known = episode.verdict
        if known is not None and (known.mode, known.versions) == (verdict.mode, verdict.versions):
            return episode
        note = f"checked again under {verdict.mode}"
        return await self.journal.move(
            episode, episode.state, by=self.name, note=note, due=self.rules.lease, verdict=verdict
        )

    async def _objection(self, episode: Episode) -> str:
        """Why a reply of which nobody knows whether it was posted may not be sent a second time, if so."""
        if episode.draft is None or episode.reading is None:
            return ""
        verdict = await self._screen_now(episode)
        state, why = _where_to(verdict)
        known = episode.verdict
        if state is State.DRAFTED or (known and (known.mode, known.versions) == (verdict.mode, verdict.versions)):
            return ""
        if episode.approval and episode.approval.covers(episode.draft.text, verdict, verdict.mode):
            return ""
        return f"the policy changed before it was sent again: {why or verdict.mode}"

    async def _screen_now(self, episode: Episode) -> Verdict:
        assert episode.draft is not None and episode.reading is not None  # noqa: S101, PT018 - both callers asked
        mention, reading = episode.mention, episode.reading
        standing = await self.journal.standing(episode, self.delivery.gate(mention, reading.tone))
        return await self.composer.screen_again(
            episode.draft, mention, reading, standing.mode, episode.memes, episode.topics
        )

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

        reading = self._hear_danger(mention, await self._second_opinion(mention, self._read(mention)))
        changes = Changes(mention=mention, reading=reading)
        standing = await self.journal.standing(episode, self.delivery.gate(mention, reading.tone))
        if self.pressure.leaves_out(reading.tone, episode.heard_at.timestamp()):
            return Outcome(State.SKIPPED, "backlog: more mentions than we can answer", changes)
        refusal = self._refusal(mention, reading, standing)
        if refusal is not None:
            return Outcome(State.SKIPPED, refusal, changes)
        crisis = reading.tone is Tone.CRISIS
        used = await self.queue.admit(f"{mention.person}:crisis" if crisis else mention.person, mention.key)
        if used is None:
            return Outcome(State.SKIPPED, _COOL_DOWN[crisis], changes)

        calm = standing.mode == "emergency"  # nothing playful then, neither a meme nor the news
        topics = () if calm else self.composer.topics(mention, reading)
        try:
            memes = () if calm else self.composer.recall(mention, reading, used, topics)
            draft, verdict = await self.composer.write_and_check(mention, reading, memes, standing.mode, topics)
        except TryLater as later:
            # What was read stays: who turned out to be fragile comes first when the model is back.
            return Outcome(State.READ, str(later), changes, later)
        changes |= Changes(memes=memes, topics=topics, draft=draft, verdict=verdict)
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

    def _hear_danger(self, mention: Mention, reading: Reading) -> Reading:
        """The filter's word lists are a second pair of eyes: what is said outright, in any language, is a crisis."""
        if reading.tone is Tone.CRISIS:
            return reading
        for words in dict.fromkeys((words_of(mention), words_of(mention.post))):
            heard = self.composer.screen(words, "in", mention, reading, "normal")
            if heard.decision == "crisis":
                why = "; ".join(dict.fromkeys(reason.why for reason in heard.reasons if reason.code == "crisis"))
                return reading.model_copy(update={"tone": Tone.CRISIS, "why": why or "the filter hears a crisis"})
        return reading

    def _refusal(self, mention: Mention, reading: Reading, standing: Standing) -> str | None:
        """Why there will be no reply, if there is a reason."""
        if reading.tone is Tone.CRISIS:
            self._call_a_human(mention, reading, standing)
        if standing.refused is not None:
            return standing.refused.why
        if reading.tone is Tone.SILENT:
            return reading.why
        if reading.tone is Tone.CRISIS:
            return None
        heard = self.composer.screen(words_of(mention), "in", mention, reading, standing.mode)
        if heard.decision == "silent" and reading.tone is not Tone.COMFORT:
            return "; ".join(dict.fromkeys(reason.why for reason in heard.reasons)) or "the filter advises silence"
        return None

    def _call_a_human(self, mention: Mention, reading: Reading, standing: Standing) -> None:
        """A crisis is told before anything else is done about it: what follows may have to wait for somebody."""
        refused = standing.refused
        note = f"nobody answers it: {refused.why}" if refused is not None else reading.why
        in_post = reading.comment is not None and reading.comment.crisis is None
        self.alert("crisis", mention.key, note, said=words_of(mention.post if in_post else mention))

    async def _reach(self, episode: Episode, outcome: Outcome) -> Episode | None:
        if outcome.later is not None:
            await self._wait(episode, outcome.why, outcome.later.after, outcome)
            return None
        due = {State.HELD: self.rules.hold_for}.get(outcome.state, self.rules.lease)
        changes = Changes(reason=outcome.why, **outcome.changes)
        reached = await self.journal.move(episode, outcome.state, by=self.name, note=outcome.why, due=due, **changes)
        log.info("%s: %s %s", episode.key, outcome.state.value, outcome.why)
        if reached is not None and outcome.state is not State.DRAFTED:
            self.delivery.tell_of_silence(reached, outcome.why)
        return reached

    async def _wait(self, episode: Episode, why: str, asked: float | None, so_far: Outcome | None = None) -> None:
        after = self.rules.pause(episode.laters, asked)
        log.info("%s: waits %.0f s: %s", episode.key, after, why)
        state, changes = (so_far.state, so_far.changes) if so_far else (episode.state, Changes())
        await self.journal.wait(episode, state, by=self.name, note=why, after=after, **changes)

    async def _end(self, episode: Episode, state: State, why: str) -> None:
        log.info("%s: %s: %s", episode.key, state.value, why)
        if await self.journal.move(episode, state, by=self.name, note=why, reason=why) is not None:
            self.delivery.tell_of_silence(episode, why)
            await self.delivery.release(episode)


# Why there is no reply while a person is in their cool-down: by whether it would be a care text.
_COOL_DOWN = {
    True: "cool-down: several care texts to this person just now",
    False: "cool-down: many replies to this person just now",
}
# What a bug in reading text may raise. It must not keep a whole account from being heard.
_READER_BUGS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def _hint(episode: Episode) -> Hint:
    mention, reading = episode.mention, episode.reading
    fragile = reading is not None and reading.tone in {Tone.CRISIS, Tone.COMFORT}
    return Hint(episode.key, mention.account, mention.person, fragile)


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
