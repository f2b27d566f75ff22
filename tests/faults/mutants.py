"""Builds of the bot with one safety removed each: a rig that lets one of them pass proves nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any, Unpack

from sqlalchemy import text

from bot.delivery import Delivery
from bot.errors import GiveUp, TryLater
from bot.journal import Episodes
from bot.model import Episode, Mention, Posting, State
from bot.ports import Changes, Claimed, Gate, Hint, Refused


class WritesAlwaysWin(Episodes):
    """No compare-and-set: whoever writes last is right, however late it comes."""

    async def move(
        self,
        episode: Episode,
        state: State,
        *,
        by: str,
        note: str = "",
        due: float | None = None,
        **changes: Unpack[Changes],
    ) -> Episode | None:
        await self._make_it_fit(episode)
        return await super().move(episode, state, by=by, note=note, due=due, **changes)

    async def intend(
        self, episode: Episode, posting: Posting, gate: Gate, *, by: str, lasts: float
    ) -> Episode | Refused:
        await self._make_it_fit(episode)
        return await super().intend(episode, posting, gate, by=by, lasts=lasts)

    async def _make_it_fit(self, episode: Episode) -> None:
        fit = text("UPDATE episodes SET state = :state, version = :version WHERE key = :key")
        known = {"state": episode.state.value, "version": episode.version, "key": episode.key}
        await self.database.write(lambda connection: connection.execute(fit, known).rowcount)


class CursorFirst(Episodes):
    """Two commits: the cursor moves, and then the mentions are stored. `gap` are the seconds between them."""

    gap = 0.0

    async def hear(
        self, account: str, old: str, new: str, mentions: Sequence[Mention], *, first: Collection[str] = ()
    ) -> Sequence[Hint]:
        await super().hear(account, old, new, ())
        await asyncio.sleep(self.gap)
        return await super().hear(account, new, new, mentions, first=first)


class NeverLooks(Delivery):
    """No find_reply before posting again: whoever does not know posts."""

    async def resolve(self, claimed: Claimed, **known: Any) -> None:
        posting = claimed.episode.posting
        assert posting is not None
        await self._intend_and_send(claimed.episode, posting)


class AbsentIsPermission(Delivery):
    """Found nothing? Then post again, whatever the platform does with a key."""

    async def resolve(self, claimed: Claimed, **known: Any) -> None:
        episode, posting = claimed.episode, claimed.episode.posting
        assert posting is not None
        platform = self.platforms[episode.mention.account]
        try:
            found = await platform.find_reply(episode.mention, posting.text, key=posting.key)
        except (TryLater, GiveUp):
            found = None
        if found is not None and found.answer == "absent":
            await self._intend_and_send(episode, posting)
        else:
            await super().resolve(claimed, **known)


class ForgetsTheFirstTry(Delivery):
    """A second try that surely was not taken wipes out that the first one may have been."""

    async def _send(self, episode: Episode, *, again: bool) -> None:
        await super()._send(episode, again=False)


class TrustsTheBackup(Delivery):
    """No look at the platform after a restore: what the backup does not know did not happen."""

    async def look_back(self, episode: Episode) -> Episode | None:
        return await self.journal.move(
            episode, episode.state, by=self.name, note="", due=self.rules.lease, look_first=False
        )


# What `search` is told about each; a safety that only a window needs is only missed there, and after a long chain.
MUTANTS: dict[str, dict[str, Any]] = {
    "writes always win": {"journal": WritesAlwaysWin},
    "the cursor moves first": {"journal": CursorFirst},
    "never looks before posting again": {"delivery": NeverLooks},
    "absent is permission": {"delivery": AbsentIsPermission},
    "trusts the backup": {"delivery": TrustsTheBackup},
    "forgets the first try": {"delivery": ForgetsTheFirstTry, "kinds": ("window",), "stores": False},
}
