"""Watches over the promise while the bot runs: looks at the figures, audits our timelines, purges at night."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import GiveUp, TryLater
from bot.journal import Desk, Episodes, Keeping, take_chore
from bot.journal.timeline import Audited, audit, audit_since
from bot.ports import Accountable, Alert, Platform

log = logging.getLogger(__name__)

LOOK_EVERY = 60.0
DAY = 86400.0
NIGHT = range(2, 6)
"""The hours of the local clock in which a night's work begins, if it does not lie undone for a day and a half."""
AUDITED = timedelta(days=2)
UNDER_WAY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vigil:
    """Every process may keep it: each chore is done by whichever comes first.

    `open_minutes` is how long an episode may be open before a human is told; `keep_days` is JIEGENG_KEEP_DAYS.
    `clock` tells the local time, aware.
    """

    journal: Episodes
    desk: Desk
    keeping: Keeping
    platforms: Mapping[str, Platform]
    alert: Alert
    clock: Callable[[], datetime]
    keep_days: float
    open_minutes: float

    async def watch(self) -> None:
        """One round; call it every minute."""
        await self.journal.tell_lost()
        if await take_chore(self.journal.database, "look", LOOK_EVERY * 0.9):
            await self.look()
        night = DAY * 0.75 if self.clock().hour in NIGHT else DAY * 1.5
        if self.keep_days > 0 and await take_chore(self.journal.database, "purge", night):
            purged = await self.keeping.purge(self.keep_days)
            log.info("purged %d episodes that ended more than %g days ago", purged, self.keep_days)
        for account, platform in tuple(self.platforms.items()):
            if isinstance(platform, Accountable) and await take_chore(self.journal.database, f"audit {account}", DAY):
                await self.audit(account, platform)

    async def look(self) -> None:
        """Tell a human of every episode that waits for one, or that has been open for too long."""
        for trouble in await self.desk.troubles(self.open_minutes * 60):
            self.alert(trouble.kind, trouble.key, trouble.note)

    async def audit(self, account: str, timeline: Accountable) -> Audited | None:
        """Hold what stands on a platform under our name against the journal; None where nobody can tell."""
        now = self.clock()
        since = await audit_since(self.journal, now - AUDITED)
        try:
            own = await timeline.own_replies(since)
        except (TryLater, GiveUp) as error:
            log.warning("%s: the timeline could not be audited today: %s", account, error)
            return None
        if own is None:
            log.info("%s cannot list our own replies; there is no audit", account)
            return None
        settled = [one for one in own if since <= one.reply.at <= now - UNDER_WAY]
        result = await audit(self.journal, account, settled, since)
        log.info(
            "%s: audited %d replies: %d found, %d doubled, %d strange, %d missing",
            account,
            result.checked,
            len(result.found),
            len(result.doubled),
            len(result.strange),
            result.missing,
        )
        for key in result.found:
            self.alert("audit", key, "its reply stood on the platform and the journal did not know")
        for reply in result.strange:
            self.alert("audit", account, f"reply {reply} stands there under our name and answers nothing we heard")
        return result
