"""What people with the switches read in the journal, and what they decide there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.sql import Select

from bot.journal.audit import read_audits
from bot.journal.database import Database
from bot.journal.episodes import Episodes, mode_in_force
from bot.journal.rows import columns_of, episode_of, steps_json, steps_with
from bot.journal.schema import actions, episodes, facts, modes, now, silences
from bot.model import Episode, Reply, Risk, State, Step, Tone

MODES = ("normal", "heightened", "emergency", "stopped")


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
    """The journal as a reader and a judge sees it."""

    journal: Episodes
    clock: Callable[[], datetime] = _utc
    look_every: float = 1.0

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

        `backlog` is what is heard and not yet posted or ended; `audit.…` is what the last audits saw.
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
            backlog = connection.scalar(select(func.count()).where(_is_open(), episodes.c.state != State.HELD.value))
            lost = connection.scalar(select(facts.c.value).where(facts.c.name == "lost"))
            figures = {"oldest": float(oldest or 0), "doubled": float(doubled or 0)}
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

    async def decide(
        self, key: str, action: str, by: str, text: str | None = None, version: int | None = None
    ) -> str | None:
        """Carry out a person's decision on the version they saw; returns None, or a sentence why it was not done.

        `text` is the edited reply when approving, and the id or link of the reply when "it is there".
        """

        def work(connection: Connection) -> str | None:
            # Locked, or on PostgreSQL somebody could move it between this look and our write.
            row = connection.execute(select(*episodes.c).where(episodes.c.key == key).with_for_update()).first()
            if row is None:
                return f"there is no episode {key}"
            episode = episode_of(row._asdict())
            if version is not None and version != episode.version:
                return f"it has moved on meanwhile and is now {episode.state.value}; look again"
            decided = _DECISIONS.get((episode.state, action))
            if decided is None:
                return f"an episode that is {episode.state.value} cannot be answered with {action!r}"
            columns = decided(episode, text, self.clock())
            state = State(columns["state"])
            step = Step(at=self.clock(), state=state, by=by, note=f"decided: {action}")
            connection.execute(
                update(episodes)
                .where(episodes.c.key == key, episodes.c.version == episode.version)
                .values(
                    version=episode.version + 1,
                    updated_at=now(),
                    owner=None,
                    hinted_at=None,
                    steps=steps_json(steps_with(episode, step)),
                    **columns,
                )
            )
            connection.execute(insert(actions).values(at=now(), by=by, action=action, key=key, note=text or ""))
            return None

        return await self._database.write(work)

    async def set_mode(self, mode: str, *, by: str, why: str, until: float | None = None) -> None:
        """Switch the policy mode: an append-only row, read by every worker just before it posts."""
        row = {"mode": mode, "at": now(), "until": until, "by": by, "why": why}
        await self._database.write(lambda connection: connection.execute(insert(modes).values(row)).rowcount)

    async def mode(self) -> str:
        """The policy mode in force."""
        return await self._database.read(lambda connection: connection.scalar(select(mode_in_force)) or "heightened")

    async def release_thread(self, host: str, root: str, *, by: str) -> bool:
        """Let the bot speak in a thread again; False if it was not muted there."""

        def work(connection: Connection) -> bool:
            gone = connection.execute(
                silences.delete().where(silences.c.host == host, silences.c.scope == "thread", silences.c.who == root)
            )
            connection.execute(insert(actions).values(at=now(), by=by, action="release", key=f"{host}:{root}", note=""))
            return gone.rowcount > 0

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


def _approve(episode: Episode, text: str | None, at: datetime) -> dict[str, Any]:
    draft = episode.draft
    if draft is not None and text and text.strip() != draft.text:
        draft = draft.model_copy(update={"text": text.strip(), "at": at})
    return {"state": State.APPROVED.value, "due_at": now()} | columns_of({"draft": draft})


def _reject(_episode: Episode, text: str | None, _at: datetime) -> dict[str, Any]:
    return {"state": State.REJECTED.value, "due_at": None, "reason": text or "rejected by a person"}


def _there(episode: Episode, text: str | None, at: datetime) -> dict[str, Any]:
    words = episode.posting.text if episode.posting else ""
    link = text or ""
    reply = Reply(id=link.rstrip("/").rpartition("/")[2], url=link if "://" in link else "", text=words, at=at)
    return {"state": State.POSTED.value, "due_at": None, "posted_at": now()} | columns_of({"reply": reply})


def _again(_episode: Episode, _text: str | None, _at: datetime) -> dict[str, Any]:
    return {"state": State.APPROVED.value, "due_at": now()} | columns_of({"posting": None, "came_from": None})


def _drop(_episode: Episode, text: str | None, _at: datetime) -> dict[str, Any]:
    return {"state": State.SKIPPED.value, "due_at": None, "reason": text or "dropped by a person"}


_DECISIONS: Mapping[tuple[State, str], Callable[[Episode, str | None, datetime], dict[str, Any]]] = {
    (State.HELD, "approve"): _approve,
    (State.HELD, "reject"): _reject,
    (State.UNSURE, "there"): _there,
    (State.UNSURE, "again"): _again,
    (State.UNSURE, "drop"): _drop,
}
