"""Post once: gate, intent, send, result, and what to do when nobody knows whether it was posted."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from bot.errors import GiveUp, TryLater, Unsure
from bot.model import Episode, Mention, Posting, Reply, State, Tone
from bot.ports import Alert, Claimed, Gate, Journal, Platform, Queue, Refused, tell_nobody
from bot.rules import Rules

log = logging.getLogger(__name__)


class Labels(Protocol):
    """Puts the AI label on a text and fits both into a platform's limit."""

    def attach(self, text: str, *, language: str, limit: int, measure: Callable[[str], int], address: str = "") -> str:
        """The text with its label, last and whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Brings a finished draft onto its platform, at most once.

    `boottime` is a clock that goes on while a process or the machine is asleep: a worker that was paused between
    intent and send must notice it.
    """

    name: str
    platforms: Mapping[str, Platform]
    journal: Journal
    queue: Queue
    label: Labels
    rules: Rules
    boottime: Callable[[], float]
    alert: Alert = tell_nobody

    async def deliver(self, episode: Episode, *, drafted_for: float, reserved: bool = False) -> None:
        """Line 5 to 8 of the promise for a drafted or approved episode.

        `reserved` says that its meme was reserved a moment ago, by whoever wrote it.
        """
        try:
            if not await self._look_before(episode, drafted_for, reserved=reserved):
                await self._write_anew(episode)
                return
        except TryLater as later:
            await self._wait(episode, episode.state, str(later), later.after)
            return
        except GiveUp as gone:
            await self._end(episode, State.SKIPPED, str(gone))
            return
        await _to_the_end(self._intend_and_send(episode, self._posting(episode)), episode)

    async def look_back(self, episode: Episode) -> Episode | None:
        """After a restore: look for a reply that the backup does not know of, before anything is written or sent.

        Returns the episode to go on with, or None if it was answered already or nobody can tell yet.
        """
        words = episode.posting.text if episode.posting else episode.draft.text if episode.draft else ""
        try:
            platform = self._platform(episode)
            found = await platform.find_reply(episode.mention, words, key=idempotency_key(episode.key))
        except (TryLater, GiveUp) as error:
            await self._wait(episode, episode.state, f"could not look for an earlier reply: {error}", None)
            return None
        if found.answer == "found" and found.reply is not None:
            await self._posted(episode, found.reply, note="answered before the journal was restored")
            return None
        if found.answer == "unknown":
            why = "the platform cannot tell whether it was answered before the journal was restored"
            await self._wait(episode, episode.state, why, self.rules.unknown_pause)
            return None
        note = "not answered before the journal was restored"
        return await self.journal.move(
            episode, episode.state, by=self.name, note=note, due=self.rules.lease, look_first=False
        )

    async def resolve(self, claimed: Claimed, *, objection: str = "") -> None:
        """Line 9: an episode that was left in the middle of posting. Look first; post again only where that is safe.

        `objection` is why the text may not be sent a second time under the policy of the moment.
        """
        episode, posting = claimed.episode, claimed.episode.posting
        if posting is None:
            await self._end(episode, State.FAILED, "posting without an intent: this is a bug, please report it")
            return
        platform = self._platform(episode)
        try:
            found = await platform.find_reply(episode.mention, posting.text, key=posting.key)
        except (TryLater, GiveUp) as error:
            await self._wait(episode, State.POSTING, f"could not look for the reply: {error}", None)
            return
        if found.answer == "found" and found.reply is not None:
            await self._posted(episode, found.reply, note="found on the platform")
        elif found.answer == "unknown":
            await self._wait(episode, State.POSTING, "the platform cannot tell", self.rules.unknown_pause)
        else:
            safe = platform.once.covers(claimed.now - posting.first_at + self.rules.send_lasts)
            await self._absent(episode, posting, safe=safe, objection=objection)

    async def _absent(self, episode: Episode, posting: Posting, *, safe: bool, objection: str) -> None:
        """Our reply is not there. Only where a second request is surely no second reply may it be sent again."""
        if posting.absent_at is not None:
            # It was refused a second time, or could not be sent again, and has not turned up since.
            state = State.FAILED if safe else State.UNSURE
            note = "refused, and not there" if safe else "nobody knows whether it was posted"
            if await self.journal.move(episode, state, by=self.name, note=note, reason=note) is not None:
                self.tell_of_silence(episode, note)
                if safe:
                    await self.release(episode)
        elif safe and objection:
            await self._end(episode, State.SKIPPED, objection)
        elif safe:
            await _to_the_end(self._intend_and_send(episode, posting), episode)
        else:
            note = "not there yet; looking once more"
            await self.journal.absent(episode, by=self.name, note=note, settle=self.rules.settle)

    def gate(self, mention: Mention, tone: Tone | None) -> Gate:
        """Whom the gate has to ask about; a crisis is answered however many replies stand there."""
        return Gate(
            host=mention.host,
            person=mention.person,
            root_person=mention.root_person,
            root=mention.root,
            thread_limit=None if tone is Tone.CRISIS else self.rules.thread_limit,
        )

    async def _look_before(self, episode: Episode, drafted_for: float, *, reserved: bool) -> bool:
        """Whether the draft may go out; False if its meme was played for this person in the meantime."""
        platform = self._platform(episode)
        if drafted_for > self.rules.fresh_draft:
            await platform.context(episode.mention)
        meme = episode.draft.meme if episode.draft else ""
        family = next((recalled.meme.family for recalled in episode.memes if recalled.meme.id == meme), None)
        # The reservation of the writing may be gone with its Redis. What a person approved goes out all the same.
        is_kept = family is None or reserved or await self.queue.reserve(episode.mention.person, family, episode.key)
        if not is_kept:
            if episode.state is not State.APPROVED:
                return False
            log.info("%s: approved, though %s was played here or enough today", episode.key, family)
        fragile = episode.reading is not None and episode.reading.tone in {Tone.CRISIS, Tone.COMFORT}
        seconds = await self.queue.token(episode.mention.account, first=fragile)
        if seconds > 0:
            message = "the account's own pace"
            raise TryLater(message, seconds)
        return True

    async def _write_anew(self, episode: Episode) -> None:
        note = "its meme was played in the meantime; writing anew"
        log.info("%s: %s", episode.key, note)
        await self.journal.move(
            episode, State.READ, by=self.name, note=note, due=0.0, draft=None, verdict=None, memes=()
        )

    def _posting(self, episode: Episode) -> Posting:
        platform, mention = self._platform(episode), episode.mention
        draft, reading = episode.draft, episode.reading
        text = self.label.attach(
            draft.text if draft else "",
            language=reading.language if reading else "zh-Hans",
            limit=platform.limit,
            measure=platform.measure,
            address=platform.address(mention),
        )
        digest = hashlib.sha256(text.encode()).hexdigest()
        return Posting(key=idempotency_key(episode.key), text=text, digest=digest, first_at=0, until=0)

    async def _intend_and_send(self, episode: Episode, posting: Posting) -> None:
        asked_at = self.boottime()
        tone = episode.reading.tone if episode.reading else None
        gate = replace(self.gate(episode.mention, tone), mode=episode.verdict.mode if episode.verdict else "")
        intended = await self.journal.intend(episode, posting, gate, by=self.name, lasts=self.rules.send_lasts)
        if isinstance(intended, Refused):
            if intended.again:
                await self._wait(episode, episode.state, intended.why, None)
            elif intended.why != "lost":
                await self._end(episode, State.SKIPPED, intended.why)
            return
        again = episode.state is State.POSTING
        if self.boottime() - asked_at > self.rules.stale_intent:
            # No request of this try has left us, so a first try may begin anew at once; an older one may still land.
            back, rest = (State.POSTING, self.rules.send_lasts) if again else (episode.state, None)
            await self._wait(intended, back, "the intent grew old before it was sent", rest)
            return
        await self._send(intended, again=again)

    async def _send(self, episode: Episode, *, again: bool) -> None:
        posting = episode.posting
        assert posting is not None  # noqa: S101 - an intent always carries its posting
        try:
            async with asyncio.timeout(self.rules.send_deadline):
                reply = await self._platform(episode).post(episode.mention, posting.text, key=posting.key)
        except TryLater as later:
            # After an ambiguous first try, "surely not taken" is true of this try alone: it has to stay posting.
            back = State.POSTING if again else episode.came_from or State.DRAFTED
            await self._wait(episode, back, str(later), later.after)
            await self._pause_all(episode.mention.account, later.after)
        except GiveUp as refused:
            if again:
                # The first request may still land: what is refused now says nothing about it.
                note = f"refused at the second try: {refused}"
                await self.journal.absent(episode, by=self.name, note=note, settle=self.rules.settle)
            else:
                await self._end(episode, State.FAILED, str(refused))
        except (Unsure, TimeoutError) as doubt:
            note = f"no clear answer ({doubt or 'time-out'}); looking for the reply later"
            log.warning("%s: %s", episode.key, note)
            await self.journal.wait(episode, State.POSTING, by=self.name, note=note, after=self.rules.send_lasts)
        else:
            await self._posted(episode, reply)

    async def _pause_all(self, account: str, seconds: float | None) -> None:
        """What the platform asks of one it asks of all: nobody else need run into the same wall."""
        if seconds:
            with suppress(TryLater):  # then everybody learns it for themselves
                await self.queue.pause(account, seconds)

    async def _posted(self, episode: Episode, reply: Reply, note: str = "") -> None:
        if await self.journal.move(episode, State.POSTED, by=self.name, note=note, reply=reply) is None:
            await self.journal.late(episode.key, reply, by=self.name)
        log.info("%s: posted %s", episode.key, reply.id)
        if episode.reading is not None and episode.reading.tone is Tone.CRISIS:
            gate = self.gate(episode.mention, Tone.CRISIS)
            await self.journal.silence(gate.host, "thread", gate.root, because=f"crisis in {episode.key}")

    async def _wait(self, episode: Episode, state: State, why: str, asked: float | None) -> None:
        after = self.rules.pause(episode.laters, asked)
        log.info("%s: waits %.0f s: %s", episode.key, after, why)
        await self.journal.wait(episode, state, by=self.name, note=why, after=after)

    async def _end(self, episode: Episode, state: State, why: str) -> None:
        log.info("%s: %s: %s", episode.key, state.value, why)
        if await self.journal.move(episode, state, by=self.name, note=why, reason=why) is not None:
            self.tell_of_silence(episode, why)
            await self.release(episode)

    def tell_of_silence(self, episode: Episode, why: str) -> None:
        """A crisis that ends without our care text is a human's: whoever is in danger must not be left alone."""
        if episode.reading is not None and episode.reading.tone is Tone.CRISIS:
            self.alert("crisis", episode.key, f"nobody answers it: {why}", said=episode.mention.text)

    async def release(self, episode: Episode) -> None:
        """Give back the meme that was reserved for a reply that will not be posted."""
        person = episode.mention.person
        for family in {recalled.meme.family for recalled in episode.memes}:
            try:
                await self.queue.release(person, family, episode.key)
            except TryLater as later:
                log.info("%s: a reservation of %s runs out by itself: %s", episode.key, family, later)

    def _platform(self, episode: Episode) -> Platform:
        return self.platforms[episode.mention.account]


def idempotency_key(key: str) -> str:
    """One key for one mention, for ever, in characters that every header takes."""
    return "jiegeng-" + hashlib.sha256(key.encode()).hexdigest()[:40]


async def _to_the_end(post: Coroutine[Any, Any, None], episode: Episode) -> None:
    """From the intent on, go to the end even if we are told to stop: the result must be written down."""
    sending = asyncio.create_task(post, name=f"send {episode.key}")
    try:
        await asyncio.shield(sending)
    except asyncio.CancelledError:
        await asyncio.wait({sending})
        raise
