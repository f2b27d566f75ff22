"""What people with the switches read in the journal, and what they decide there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, or_, select
from sqlalchemy.sql import Select

from bot.journal.database import Database
from bot.journal.decisions import Decision, carry_out, load_lessons
from bot.journal.episodes import Episodes, newest_switch
from bot.journal.rows import episode_of
from bot.journal.schema import actions, episodes, facts, modes, now, silences
from bot.journal.seal import load_seal
from bot.journal.switch import InForce, Switch, add_switch, cancel_switch, load_schedule
from bot.journal.timeline import read_audits
from bot.model import Episode, Risk, State, Tone, Verdict


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that a human should look at: one word for the kind, an episode's key, and what it is."""

    kind: str
    key: str
    note: str


@dataclass(frozen=True, slots=True)
class Desk:
    """The journal as a reader and a judge sees it.

    `screen` is what the filter says of a text for an episode under a mode, `room` how many characters a reply to it may
    have: with them a person learns at once what would not be posted.
    """

    journal: Episodes
    clock: Callable[[], datetime] = _utc
    look_every: float = 1.0
    screen: Callable[[Episode, str, str], Verdict] | None = None
    room: Callable[[Episode], int | None] = lambda _episode: None

    @property
    def _database(self) -> Database:
        return self.journal.database

    async def page(  # noqa: PLR0913 - one argument a filter of the page
        self,
        *,
        platform: str | None = None,
        state: State | None = None,
        tone: Tone | None = None,
        risk: Risk | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[Episode]:
        """Episodes heard in [since, until), newest first; `before` is the key of the last row of the page above."""
        query = select(*episodes.c).order_by(episodes.c.heard_at.desc(), episodes.c.key.desc()).limit(limit)
        equal = {episodes.c.account: platform, episodes.c.state: state, episodes.c.tone: tone, episodes.c.risk: risk}
        for column, wanted in equal.items():
            if wanted is not None:
                # Written out, not bound: only so does a planner see that the index of these few rows fits.
                query = query.where(column == bindparam(None, str(wanted), literal_execute=True))
        if since is not None:
            query = query.where(episodes.c.heard_at >= since.timestamp())
        if until is not None:
            query = query.where(episodes.c.heard_at < until.timestamp())
        if text:
            query = query.where(_mentions_text(text))
        if before is not None:
            query = query.where(_older_than(before))
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [episode_of(row._asdict()) for row in rows]

    async def episode(self, key: str) -> Episode | None:
        """One episode, or None if there is no such key."""
        return await self.journal.episode(key)

    async def figures(self) -> Mapping[str, float]:
        """How the bot is doing now: `oldest` (seconds), `held`, `unsure`, `doubled`, `lost`, `today.<state>`.

        `backlog` is what is heard and not yet posted or ended, `left_out` what was skipped today because too many
        waited; `audit.…` is what the last audits saw.
        """
        midnight = self.clock().replace(hour=0, minute=0, second=0, microsecond=0).timestamp()

        def work(connection: Connection) -> dict[str, float]:
            oldest = connection.scalar(select(now() - func.min(episodes.c.heard_at)).where(_is_open()))
            waiting = connection.execute(
                select(episodes.c.state, func.count())
                .where(episodes.c.state.in_([State.HELD.value, State.UNSURE.value]))
                .group_by(episodes.c.state)
            ).all()
            # By an expression, or SQLite walks through the index of all states to save itself sorting today's.
            state = func.coalesce(episodes.c.state, "")
            today = connection.execute(
                select(state, func.count()).where(episodes.c.updated_at >= midnight).group_by(state)
            ).all()
            doubled = connection.scalar(select(func.count()).where(actions.c.action == "doubled"))
            gave_way = and_(episodes.c.state == State.SKIPPED.value, episodes.c.reason.startswith("backlog"))
            left_out = connection.scalar(select(func.count()).where(gave_way, episodes.c.updated_at >= midnight))
            backlog = connection.scalar(select(func.count()).where(_is_open(), episodes.c.state != State.HELD.value))
            lost = connection.scalar(select(facts.c.value).where(facts.c.name == "lost"))
            figures = {"oldest": float(oldest or 0), "doubled": float(doubled or 0), "left_out": float(left_out or 0)}
            figures |= {"backlog": float(backlog or 0), "lost": float(lost or 0) + self.journal.lost}
            figures |= read_audits(connection)
            figures |= {state: float(count) for state, count in waiting}
            return figures | {f"today.{state}": float(count) for state, count in today}

        return await self._database.read(work)

    async def troubles(self, longest: float, limit: int = 20) -> Sequence[Trouble]:
        """What is unsure, was answered twice, or has been open for more than `longest` seconds, the newest first."""
        wanted = select(episodes.c.key).limit(limit)
        unsure = wanted.where(episodes.c.state == State.UNSURE.value).order_by(episodes.c.heard_at.desc())
        stuck = wanted.where(
            _is_open(), episodes.c.state != State.HELD.value, episodes.c.heard_at < now() - longest
        ).order_by(episodes.c.heard_at.desc())
        doubled = (
            select(actions.c.key, actions.c.note)
            .where(actions.c.action == "doubled")
            .order_by(actions.c.id.desc())
            .limit(limit)
        )

        def work(connection: Connection) -> list[Trouble]:
            found = [Trouble("doubled", row.key, row.note) for row in connection.execute(doubled)]
            note = "nobody knows whether it was posted: look there and decide"
            found += [Trouble("unsure", key, note) for key in connection.scalars(unsure)]
            note = f"open for more than {longest / 60:g} minutes"
            return found + [Trouble("open", key, note) for key in connection.scalars(stuck)]

        return await self._database.read(work)

    async def changes(self, after: float) -> AsyncIterator[str]:
        """The keys of episodes that change after a moment (Unix seconds), for as long as somebody listens."""
        while True:
            rows = await self._database.read(_changed_since(after))
            for key, at in rows:
                after = max(after, at)
                yield key
            await asyncio.sleep(self.look_every)

    async def waiting(self, limit: int = 200) -> Sequence[Episode]:
        """What waits for a person, held and unsure, oldest first."""
        query = (
            select(*episodes.c)
            .where(episodes.c.state.in_([State.HELD.value, State.UNSURE.value]))
            .order_by(episodes.c.heard_at, episodes.c.key)
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [episode_of(row._asdict()) for row in rows]

    async def decide(
        self,
        key: str,
        action: str,
        by: str,
        text: str | None = None,
        version: int | None = None,
        *,
        because: str = "",
        grace: float = 0.0,
    ) -> str | None:
        """Carry out a person's decision on the version they saw; returns None, or a sentence why it was not done.

        `text` is the edited reply when approving, a remark when rejecting or dropping, and the id or link of the reply
        when "it is there"; `because` is one of REJECTIONS; `grace` is how many seconds an approval may be taken back.
        """
        episode = await self.episode(key)
        if episode is None:
            return f"there is no episode {key}"
        decision = Decision(action, by, self.clock(), text=(text or "").strip(), because=because, grace=grace)
        if action == "approve" and episode.state is State.HELD:
            mode = await self.mode()
            words = decision.text or (episode.draft.text if episode.draft else "")
            verdict = self.screen(episode, words, mode) if self.screen else episode.verdict
            if objection := self._objection(episode, words, verdict, mode):
                return objection
            decision = replace(decision, mode=mode, verdict=verdict)
        return await self._database.write(lambda connection: carry_out(connection, key, version, decision))

    def _objection(self, episode: Episode, words: str, verdict: Verdict | None, mode: str) -> str:
        """Why a text cannot be approved now: it would not be posted."""
        if mode == "stopped":
            return "the policy mode is stopped: nothing is posted"
        if not words.strip():
            return "there is nothing to post"
        if (room := self.room(episode)) is not None and len(words) > room:
            return f"it has {len(words)} characters, and there is room for {room}"
        if verdict is not None and verdict.decision in {"block", "silent"}:
            found = "; ".join(dict.fromkeys(reason.why for reason in verdict.reasons if reason.risk != "low"))
            return f"the filter blocks it: {found or mode}"
        return ""

    async def lessons(self) -> Sequence[Mapping[str, Any]]:
        """What people said of drafts, the newest word on each, oldest first: labelled examples without names."""
        return await self._database.read(load_lessons)

    async def set_mode(self, mode: str, *, by: str, why: str, **times: Any) -> None:
        """Switch the policy mode: an append-only row, read by every worker just before it posts.

        `times` are those of `switch.add_switch`; raises ValueError with the reason if they do not fit.
        """
        await self._database.write(lambda connection: add_switch(connection, mode, by=by, why=why, **times))

    async def cancel_mode(self, id_: int, *, by: str, why: str = "") -> bool:
        """Take back a plan, a time box or a daily window; False if there is no such one."""
        return await self._database.write(lambda connection: cancel_switch(connection, id_, by=by, why=why))

    async def mode(self) -> str:
        """The policy mode in force."""
        return (await self.in_force()).mode

    async def in_force(self) -> InForce:
        """The policy mode in force, who switched it, why and until when."""

        def work(connection: Connection) -> InForce:
            newest, moment = connection.execute(select(newest_switch, now())).one()
            return self.journal.modes.read(connection, newest, moment)

        return await self._database.read(work)

    async def planned(self) -> Sequence[Switch]:
        """The plans, time boxes and daily windows that still count."""
        return await self._database.read(
            lambda connection: load_schedule(connection).planned(connection.scalar(select(now())) or 0.0)
        )

    async def switched(self, limit: int = 20) -> Sequence[Mapping[str, Any]]:
        """The newest rows of the switch as they were written, newest first."""
        query = select(modes).order_by(modes.c.id.desc()).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [dict(row) for row in rows]

    async def release_thread(self, host: str, root: str, *, by: str) -> bool:
        """Let the bot speak in a thread again; False if it was not muted there."""

        def work(connection: Connection) -> bool:
            gone = connection.execute(
                silences.delete().where(silences.c.host == host, silences.c.scope == "thread", silences.c.who == root)
            )
            if gone.rowcount > 0:
                told = {"by": by, "action": "release", "key": f"{host}:{root}", "note": ""}
                connection.execute(insert(actions).values(at=now(), **told))
            return gone.rowcount > 0

        return await self._database.write(work)

    async def silences(self) -> Sequence[Mapping[str, Any]]:
        """Wishes and mutes, newest first: `host`, `scope`, `who`, `since` (Unix seconds), `because`."""
        query = select(silences).order_by(silences.c.since.desc(), silences.c.who)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [dict(row) for row in rows]

    async def lift(self, host: str, scope: str, who: str, *, by: str) -> bool:
        """End a wish or a mute and keep who did it; False if there was none. `who` may be a forgotten person's hash."""

        def work(connection: Connection) -> bool:
            names = [who] if scope == "thread" else [who, load_seal(connection).person(who)]
            gone = connection.execute(
                silences.delete().where(silences.c.host == host, silences.c.scope == scope, silences.c.who.in_(names))
            )
            if gone.rowcount == 0:
                return False
            lifted = {"action": "lift", "key": f"{host}:{scope}:{names[-1]}", "note": ""}
            connection.execute(insert(actions).values(at=now(), by=by, **lifted))
            return True

        return await self._database.write(work)


def _is_open() -> Any:
    return episodes.c.due_at.is_not(None)


def _mentions_text(text: str) -> Any:
    # JSON keeps non-ASCII as it is, so a plain search finds it in the columns; escape what LIKE would read.
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return or_(
        *(column.like(pattern, escape="\\") for column in (episodes.c.mention, episodes.c.reply, episodes.c.draft))
    )


def _older_than(key: str) -> Any:
    last = select(episodes.c.heard_at).where(episodes.c.key == key).scalar_subquery()
    further = or_(episodes.c.heard_at < last, and_(episodes.c.heard_at == last, episodes.c.key < key))
    return and_(episodes.c.heard_at <= last, further)  # the first half is what an index can start at


def _changed_since(after: float) -> Callable[[Connection], Sequence[tuple[str, float]]]:
    query: Select[Any] = (
        select(episodes.c.key, episodes.c.updated_at)
        .where(episodes.c.updated_at > after)
        .order_by(episodes.c.updated_at)
        .limit(200)
    )
    return lambda connection: [(row[0], row[1]) for row in connection.execute(query)]
