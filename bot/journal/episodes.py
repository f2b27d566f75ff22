"""The inbox and the journal: every mention from the moment it is heard to its named end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, Unpack

from sqlalchemy import Connection, Float, Integer, Text, and_, bindparam, cast, func, insert, or_, select, update
from sqlalchemy.dialects import sqlite

from bot.errors import TryLater
from bot.journal.burial import is_buried
from bot.journal.database import Database, Grouped
from bot.journal.prepared import first_row, named
from bot.journal.rows import FIRST, columns_of, episode_of, heard_row, steps_json, steps_with
from bot.journal.schema import actions, cursors, episodes, facts, modes, now, personas, silences, tombstones
from bot.journal.schema import insert_new as _insert_new
from bot.journal.seal import Nature, Seal, load_nature
from bot.journal.switch import ModeReader
from bot.model import FINAL, Episode, Mention, Posting, Reply, State, Step
from bot.ports import Changes, Claimed, Gate, Hint, Refused, Standing

FEW = 32  # rows that are written on the spot together; more would keep the event loop from its other work
_AT_WORK = (State.HEARD.value, State.READ.value, State.DRAFTED.value, State.APPROVED.value)
OPEN_REPLIES = (State.POSTING.value, State.POSTED.value, State.UNSURE.value)


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Episodes:
    """The journal in SQL. Every write is a compare-and-set; `lost` counts those that came too late.

    `hint_again` is how many seconds after a hint the sweeper hints at a due row once more.
    """

    database: Database
    hint_again: float = 5.0
    clock: Callable[[], datetime] = _utc
    lost: int = 0
    modes: ModeReader = field(default_factory=ModeReader)
    _group: Grouped = field(init=False)
    _known_personas: set[str] = field(default_factory=set)
    _nature: Nature | None = None
    _cursors: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._group = Grouped(self.database.write_few, FEW)

    async def open(self) -> None:
        """Make sure that a mode is in force from the first start on; a missing one would mean heightened."""

        def work(connection: Connection) -> None:
            if connection.scalar(select(func.count()).select_from(modes)) == 0:
                connection.execute(insert(modes).values(mode="normal", at=now(), by="first start", why=""))

        await self.database.write(work)

    def _nature_of(self, connection: Connection) -> Nature:
        """Asked once: a seal never changes, and nobody restores a journal while a bot works on it."""
        if self._nature is None:
            self._nature = load_nature(connection)
        return self._nature

    async def revive(self) -> int:
        """Free every episode that a worker held: for a start that knows that no other worker is alive.

        A post that was under way keeps its own time, because the request may still arrive.
        """
        statement = (
            update(episodes)
            .where(episodes.c.owner.is_not(None), episodes.c.due_at.is_not(None), episodes.c.state.in_(_AT_WORK))
            .values(due_at=now(), hinted_at=None)
        )
        return await self.database.write(lambda connection: connection.execute(statement).rowcount)

    async def episode(self, key: str) -> Episode | None:
        """One episode, or None if there is no such key."""
        query = select(*episodes.c).where(episodes.c.key == key)
        row = await self.database.read(lambda connection: connection.execute(query).first())
        return None if row is None else episode_of(row._asdict())

    # 1 LISTEN ---------------------------------------------------------------------------------------------------

    async def cursor(self, account: str) -> str | None:
        """As this process left it; somebody else's move is noticed by `hear`, after which it is read anew."""
        if account in self._cursors:
            return self._cursors[account]
        query = select(cursors.c.value).where(cursors.c.account == account)
        value: str | None = await self.database.read(lambda connection: connection.scalar(query))
        return value

    async def begin(self, account: str, cursor: str) -> None:
        """Persist the cursor of a first start; somebody else's stays."""

        def work(connection: Connection) -> None:
            row = {"account": account, "value": cursor, "updated_at": now()}
            connection.execute(_insert_new(connection, cursors, row))

        await self.database.write(work)

    async def accounts(self) -> frozenset[str]:
        """Every account that was ever listened to."""
        query = select(cursors.c.account)
        return frozenset(await self.database.read(lambda connection: connection.scalars(query).all()))

    async def hear(
        self, account: str, old: str, new: str, mentions: Sequence[Mention], *, first: Collection[str] = ()
    ) -> Sequence[Hint]:
        def work(connection: Connection) -> Sequence[Hint]:
            moved = first_row(connection, MOVE_CURSOR, {"its_account": account, "old": old, "new": new})
            if moved is None:
                message = f"another listener moved the cursor of {account}"
                raise TryLater(message)
            return _insert_heard(connection, mentions, moved[0], first, self._nature_of(connection))

        self._cursors.pop(account, None)
        write = self.database.write_few if len(mentions) <= FEW else self.database.write
        hints = await write(work)
        self._cursors[account] = new
        return hints

    # 2 SWEEP, 3 CLAIM -------------------------------------------------------------------------------------------

    async def sweep(self, limit: int) -> Sequence[Hint]:
        forgotten = or_(episodes.c.hinted_at.is_(None), episodes.c.hinted_at <= now() - self.hint_again)
        # Whoever waited longest for a hint is next, so that rows that nobody takes cannot keep the others out.
        due = (
            select(episodes.c.key)
            .where(episodes.c.due_at <= now(), forgotten)
            .order_by(episodes.c.lane, func.coalesce(episodes.c.hinted_at, 0.0), episodes.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        told = (episodes.c.key, episodes.c.account, episodes.c.person, episodes.c.lane, episodes.c.due_at)
        hint = update(episodes).where(episodes.c.key.in_(due)).values(hinted_at=now()).returning(*told)
        rows = await self.database.write(lambda connection: connection.execute(hint).all())
        rows = sorted(rows, key=lambda row: (row.lane, row.due_at))
        return [Hint(row.key, row.account, row.person, row.lane == FIRST) for row in rows]

    async def surplus(self, room: int) -> float:
        waiting = episodes.c.state.in_((State.HEARD.value, State.READ.value))
        count = select(func.count()).select_from(episodes).where(waiting)
        oldest = select(episodes.c.heard_at).where(waiting).order_by(episodes.c.heard_at)

        def work(connection: Connection) -> float:
            over = (connection.scalar(count) or 0) - room
            return 0.0 if over <= 0 else connection.scalar(oldest.offset(over - 1).limit(1)) or 0.0

        return await self.database.read(work)

    async def claim(self, key: str, owner: str, lease: float) -> Claimed | None:
        known = {"its_key": key, "owner": owner, "lease": lease}

        def work(connection: Connection) -> Mapping[str, Any] | None:
            return named(connection, CLAIM, known, _CLAIMED)

        # A claim that a power cut takes back leaves the row due, as every death of its owner does.
        row = await self._group.do(key, work, durable=False)
        return None if row is None else Claimed(episode_of(row), row["now"])

    # 4 WORK -----------------------------------------------------------------------------------------------------

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
        step = Step(at=self.clock(), state=state, by=by, note=note)
        steps = steps_with(episode, step)
        columns = columns_of(changes) | {
            "state": state.value,
            "tries": 0,
            "laters": 0,
            "steps": steps_json(steps),
        }
        timed = {"due_at": None if state in FINAL else due, "posted_at": 0.0 if state is State.POSTED else None}
        # Nobody has seen a draft yet, and its intent makes it durable: a power cut before costs a call of the model.
        if not await self._write(episode, columns, timed, durable=state is not State.DRAFTED):
            return None
        return episode.model_copy(
            update={**changes, "state": state, "version": episode.version + 1, "steps": steps, "tries": 0, "laters": 0},
        )

    async def wait(
        self,
        episode: Episode,
        state: State,
        *,
        by: str,
        note: str,
        after: float,
        **changes: Unpack[Changes],
    ) -> None:
        step = Step(at=self.clock(), state=state, by=by, note=note)
        columns = columns_of(changes) | {
            "state": state.value,
            "owner": None,
            "tries": 0,
            "laters": episode.laters + 1,
            "steps": steps_json(steps_with(episode, step)),
        }
        await self._write(episode, columns, {"due_at": after})

    # 5 GATE, 6 INTENT -------------------------------------------------------------------------------------------

    async def intend(
        self, episode: Episode, posting: Posting, gate: Gate, *, by: str, lasts: float
    ) -> Episode | Refused:
        step = Step(at=self.clock(), state=State.POSTING, by=by)
        steps = steps_with(episode, step)
        again = episode.state is State.POSTING
        columns: dict[str, Any] = {
            "state": State.POSTING.value,
            "absent_at": None,
            "steps": steps_json(steps),
        }
        timed: dict[str, float | None] = {"due_at": lasts, "posting_until": lasts}
        if not again:
            columns |= {
                "came_from": episode.state.value,
                "posting_key": posting.key,
                "posting_text": posting.text,
                "posting_hash": posting.digest,
            }
            timed["posting_first_at"] = 0.0
        statement, known = _change(episode, columns, timed)

        def work(connection: Connection) -> Refused | tuple[float, float]:
            refused = _standing(connection, gate, episode, self._nature_of(connection).seal, self.modes).refused
            if refused is not None:
                return refused
            row = first_row(connection, statement, known)
            return Refused("lost") if row is None else (row[0], row[1])

        answer = await self._group.do(episode.key, work)
        if isinstance(answer, Refused):
            self.lost += answer.why == "lost"
            return answer
        first_at, at = answer
        fixed = posting.model_copy(update={"first_at": first_at, "until": at + lasts, "absent_at": None})
        came_from = episode.came_from if again else episode.state
        return episode.model_copy(
            update={
                "state": State.POSTING,
                "version": episode.version + 1,
                "posting": fixed,
                "came_from": came_from,
                "steps": steps,
            },
        )

    async def absent(self, episode: Episode, *, by: str, note: str, settle: float) -> None:
        """Note that the platform shows no reply of ours, and look once more after `settle` seconds."""
        step = Step(at=self.clock(), state=State.POSTING, by=by, note=note)
        columns = {"owner": None, "tries": 0, "steps": steps_json(steps_with(episode, step))}
        await self._write(episode, columns, {"due_at": settle, "absent_at": 0.0})

    async def _write(
        self,
        episode: Episode,
        columns: Mapping[str, Any],
        timed: Mapping[str, float | None],
        *,
        durable: bool = True,
    ) -> bool:
        """Compare and set; False, and one more lost, if the episode is not what it was."""
        statement, known = _change(episode, columns, timed)
        work = partial(first_row, statement=statement, known=known)
        if await self._group.do(episode.key, work, durable=durable) is None:
            self.lost += 1
            return False
        return True

    # 10 LATE ----------------------------------------------------------------------------------------------------

    async def late(self, key: str, reply: Reply, *, by: str) -> None:
        """A platform's id is evidence: whatever we believed, the reply stands there. A second id is an alarm."""

        def work(connection: Connection) -> None:
            found = connection.execute(select(*episodes.c).where(episodes.c.key == key).with_for_update()).first()
            if found is None:
                _tell_tombstone(connection, self._nature_of(connection), key, reply)
                return
            row = found._asdict()
            if row["reply_id"] == reply.id:
                return
            if row["state"] == State.POSTED.value:
                note = f"a second reply stands there: {reply.id}"
                told = select(actions.c.id).where(actions.c.key == key, actions.c.note == note).limit(1)
                if connection.scalar(told) is None:
                    alarm = insert(actions).values(at=now(), by=by, action="doubled", key=key, note=note)
                    connection.execute(alarm)
                return
            episode = episode_of(row)
            step = Step(at=self.clock(), state=State.POSTED, by=by, note="the reply was found after all")
            columns = {"state": State.POSTED.value, "steps": steps_json(steps_with(episode, step))}
            statement, known = _change(
                episode, columns | columns_of({"reply": reply}), {"due_at": None, "posted_at": 0.0}
            )
            connection.execute(statement, known)

        await self._group.do(key, work)

    async def tell_lost(self) -> None:
        """Add the writes that came too late in this process to the sum of all processes."""
        lost, self.lost = self.lost, 0
        if not lost:
            return

        def work(connection: Connection) -> None:
            connection.execute(_insert_new(connection, facts, {"name": "lost", "value": "0", "at": now()}))
            total = cast(cast(facts.c.value, Integer) + lost, Text)
            connection.execute(update(facts).where(facts.c.name == "lost").values(value=total, at=now()))

        try:
            await self.database.write(work)
        except TryLater:
            self.lost += lost
            raise

    # consent, policy, persona -----------------------------------------------------------------------------------

    async def silence(self, host: str, scope: str, who: str, *, because: str) -> None:
        """Be quiet from now on: towards a `person`, under the `posts_of` somebody, or in a `thread`."""

        def work(connection: Connection) -> None:
            row = {"host": host, "scope": scope, "who": who, "since": now(), "because": because}
            connection.execute(_insert_new(connection, silences, row))

        await self.database.write(work)

    async def lift(self, host: str, scope: str, who: str) -> None:
        """End a silence."""

        def work(connection: Connection) -> int:
            names = [who] if scope == "thread" else [who, self._nature_of(connection).seal.person(who)]
            statement = silences.delete().where(
                silences.c.host == host, silences.c.scope == scope, silences.c.who.in_(names)
            )
            return connection.execute(statement).rowcount

        await self.database.write(work)

    async def standing(self, episode: Episode, gate: Gate) -> Standing:
        """The policy mode, and what the gate would say now; asked early so that no model is paid for nothing."""

        def work(connection: Connection) -> Standing:
            return _standing(connection, gate, episode, self._nature_of(connection).seal, self.modes)

        return await self.database.read_few(work)

    async def replies_in(self, account: str, root: str) -> Sequence[str]:
        query = select(episodes.c.reply_id).where(
            episodes.c.account == account,
            episodes.c.root_id == root,
            episodes.c.reply_id.is_not(None),
        )
        return [str(reply) for reply in await self.database.read(lambda connection: connection.scalars(query).all())]

    async def keep_persona(self, version: str, content: str) -> None:
        """Keep the text of a persona under its version, once."""
        if version in self._known_personas:
            return

        def work(connection: Connection) -> None:
            row = {"version": version, "content": content, "first_used_at": now()}
            connection.execute(_insert_new(connection, personas, row))

        await self.database.write(work)
        self._known_personas.add(version)


# Building a statement costs more than running it: each is built once, and only its values change.

MOVE_CURSOR = (
    update(cursors)
    .where(cursors.c.account == bindparam("its_account"), cursors.c.value == bindparam("old"))
    .values(value=bindparam("new"), updated_at=now())
    .returning(cursors.c.updated_at)
)

CLAIM = (
    update(episodes)
    .where(episodes.c.key == bindparam("its_key"), episodes.c.due_at <= now())
    .values(
        owner=bindparam("owner"),
        version=episodes.c.version + 1,
        tries=episodes.c.tries + 1,
        due_at=now() + bindparam("lease", type_=Float),
    )
    .returning(*episodes.c, now().label("now"))
)
_CLAIMED = (*(column.name for column in episodes.c), "now")


@cache
def _statement(columns: tuple[str, ...], timed: tuple[str, ...]) -> Any:
    """Compare key, state and version; set `columns` to values and `timed` to the journal's clock plus seconds."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    values |= {name: now() + bindparam(f"in_{name}", type_=Float) for name in timed}
    return (
        update(episodes)
        .where(
            episodes.c.key == bindparam("its_key"),
            episodes.c.state == bindparam("its_state"),
            episodes.c.version == bindparam("its_version"),
        )
        .values(version=episodes.c.version + 1, updated_at=now(), hinted_at=None, **values)
        .returning(episodes.c.posting_first_at, now())
    )


def _change(
    episode: Episode, columns: Mapping[str, Any], timed: Mapping[str, float | None]
) -> tuple[Any, dict[str, Any]]:
    """A compare-and-set and its values; adding None to the clock gives NULL, which empties a time."""
    known: dict[str, Any] = {f"new_{name}": value for name, value in columns.items()}
    known |= {f"in_{name}": seconds for name, seconds in timed.items()}
    known |= {"its_key": episode.key, "its_state": episode.state.value, "its_version": episode.version}
    return _statement(tuple(sorted(columns)), tuple(sorted(timed))), known


def _insert_heard(
    connection: Connection, mentions: Sequence[Mention], at: float, first: Collection[str], nature: Nature
) -> Sequence[Hint]:
    unique = {mention.key: mention for mention in mentions}
    new = sorted(set(unique) - is_buried(connection, nature.seal, list(unique)))
    if not new:
        return ()
    rows = [heard_row(unique[key], at, first=key in first, restored_at=nature.restored_at) for key in new]
    if connection.dialect.name == "sqlite":
        there = {row["key"] for row in rows if first_row(connection, _heard(tuple(row)), row) is not None}
    else:
        there = set(connection.scalars(_insert_new(connection, episodes, rows).returning(episodes.c.key)).all())
    return [Hint(key, said.account, said.person, key in first) for key, said in unique.items() if key in there]


@cache
def _heard(columns: tuple[str, ...]) -> Any:
    # One row at a time: SQLAlchemy compiles an INSERT of many rows anew each time.
    row = sqlite.insert(episodes).values({name: bindparam(name) for name in columns})
    return row.on_conflict_do_nothing().returning(episodes.c.key)


def _tell_tombstone(connection: Connection, nature: Nature, key: str, reply: Reply) -> None:
    """A reply that turned up after its episode was forgotten: its figures are mended, its words stay gone."""
    account = key[: key.rindex(":")] if ":" in key else key
    connection.execute(
        update(tombstones)
        .where(tombstones.c.digest == nature.seal.of(key), tombstones.c.reply.is_(None))
        .values(state=State.POSTED.value, reply=nature.seal.reply(account, reply.id))
    )


newest_switch = select(func.max(modes.c.id)).scalar_subquery()
_silence = (
    select(silences.c.scope)
    .where(
        silences.c.host == bindparam("host"),
        or_(
            and_(silences.c.scope == "person", silences.c.who.in_([bindparam("person"), bindparam("sealed")])),
            and_(
                silences.c.scope == "posts_of",
                silences.c.who.in_([bindparam("root_person"), bindparam("sealed_root")]),
            ),
            and_(silences.c.scope == "thread", silences.c.who == bindparam("root")),
        ),
    )
    .order_by(silences.c.scope)  # a person's own "stop" comes first, then a post's author's, then a thread's
    .limit(1)
    .scalar_subquery()
)
_replies = (
    select(func.count())
    .select_from(episodes)
    .where(
        episodes.c.account == bindparam("account"),
        episodes.c.root_id == bindparam("root"),
        episodes.c.key != bindparam("its_key"),
        or_(*(episodes.c.state == state for state in OPEN_REPLIES)),
    )
    .scalar_subquery()
)
STANDING = select(newest_switch, now(), _silence, _replies)


def _standing(connection: Connection, gate: Gate, episode: Episode, seal: Seal, reader: ModeReader) -> Standing:
    """Mode, silences and replies so far in one question. A forgotten person's wish is known by its keyed hash."""
    known = {
        "host": gate.host,
        "person": gate.person,
        "root_person": gate.root_person,
        "sealed": seal.person(gate.person),
        "sealed_root": seal.person(gate.root_person),
        "root": gate.root,
        "account": episode.mention.account,
        "its_key": episode.key,
    }
    row = first_row(connection, STANDING, known)
    assert row is not None  # noqa: S101 - questions without a condition are always one row
    newest, moment, scope, count = row
    mode = reader.read(connection, newest, moment).mode
    return Standing(mode, _refused(mode, scope, count, gate))


def _refused(mode: str, scope: str | None, count: int, gate: Gate) -> Refused | None:
    if mode == "stopped":
        return Refused("the policy mode is stopped")
    if gate.mode and gate.mode != mode:
        return Refused(f"the policy mode became {mode} after it was checked", again=True)
    if scope is not None and not (scope == "thread" and gate.thread_limit is None):
        return Refused(_SILENCES[scope])
    if gate.thread_limit is not None and count >= gate.thread_limit:
        return Refused(f"already {count} replies of ours in this thread")
    return None


_SILENCES = {
    "person": "this person asked us to stop",
    "posts_of": "the author of the post asked us to stay away from it",
    "thread": "this thread is muted until a human releases it",
}
