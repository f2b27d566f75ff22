"""One SQL database, SQLite in a file or PostgreSQL by URL, behind two verbs: read and write."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import Misconfigured, TryLater

T = TypeVar("T")
Work = Callable[[Connection], T]

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 7_203_451_911  # any number, the same in every process


class Database(Protocol):
    """Runs plain functions of a connection, each in one transaction. Raises `TryLater` if it cannot be reached."""

    async def read(self, work: Work[T]) -> T:
        """Run `work` in a transaction that only reads."""

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction that is durable when this returns."""

    async def erase(self, work: Work[T]) -> T:
        """Run `work` as `write` does; what it deletes is overwritten where the database can do that."""

    async def compact(self) -> None:
        """Give deleted rows' room back, and with it what is left of their text in the file."""

    async def close(self) -> None:
        """Close every connection."""


def migrate(connection: Connection) -> None:
    """Bring the tables to this version of the program."""
    if connection.dialect.name == "postgresql":
        # Several processes may start at once on an empty database; the others wait here until the first one is done.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
    if _is_newest(connection):
        return
    from alembic import command  # noqa: PLC0415 - half a second that only a change of the tables is worth
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def newest_version() -> str:
    """The revision of the newest migration, which its file's name begins with."""
    return max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")).partition("_")[0]


def _is_newest(connection: Connection) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return False
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all() == [newest_version()]


class SQLite:
    """A file: one thread that writes, two that read.

    WAL with synchronous=FULL, so that a commit survives a power cut; BEGIN IMMEDIATE, because a transaction that
    reads and then writes would otherwise fail at once with "database is locked" in spite of any time-out.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = _sqlite_engine(path, begin="BEGIN IMMEDIATE")
        self._reader = _sqlite_engine(path, begin="BEGIN")
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="journal-write")
        self._reading = ThreadPoolExecutor(2, thread_name_prefix="journal-read")

    async def read(self, work: Work[T]) -> T:
        return await _in_thread(self._reading, self._reader, work)

    async def write(self, work: Work[T]) -> T:
        return await _in_thread(self._writing, self._writer, work)

    async def erase(self, work: Work[T]) -> T:
        def erase(connection: Connection) -> T:
            # Only here: zeroing freed pages at every write would double what a mention costs.
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
            try:
                return work(connection)
            finally:
                connection.exec_driver_sql("PRAGMA secure_delete=OFF")

        return await _in_thread(self._writing, self._writer, erase)

    async def compact(self) -> None:
        def run() -> None:
            connection = self._writer.raw_connection()
            try:
                # An update leaves older copies of a row in free pages; only a new file is surely without them.
                connection.cursor().execute("VACUUM")
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                connection.close()

        try:
            await asyncio.get_running_loop().run_in_executor(self._writing, run)
        except (DBAPIError, sqlite3.Error) as error:
            raise _later(error) from error

    async def close(self) -> None:
        for pool, engine in ((self._reading, self._reader), (self._writing, self._writer)):
            await asyncio.to_thread(pool.shutdown, wait=True)
            engine.dispose()


class PostgreSQL:
    """A server by URL, through asyncpg."""

    def __init__(self, url: str) -> None:
        self._engine: AsyncEngine = create_async_engine(url, pool_size=4, max_overflow=4, pool_pre_ping=False)

    async def read(self, work: Work[T]) -> T:
        return await self.write(work)

    async def write(self, work: Work[T]) -> T:
        try:
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)
        except (DBAPIError, OSError) as error:
            raise _later(error) from error

    async def erase(self, work: Work[T]) -> T:
        return await self.write(work)

    async def compact(self) -> None:
        """A plain VACUUM: it stops nobody. Bytes of deleted rows lie in the file until their room is used again."""
        try:
            async with self._engine.connect() as connection:
                plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await plain.exec_driver_sql("VACUUM episodes, actions, silences")
        except (DBAPIError, OSError) as error:
            raise _later(error) from error

    async def close(self) -> None:
        await self._engine.dispose()


def parse(url: str) -> URL:
    """The parts of the journal's URL; raises `Misconfigured` for what is none, and for other databases."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        message = f"JIEGENG_DATABASE_URL is not a database URL: {error}. Example: sqlite:///data/journal.sqlite3"
        raise Misconfigured(message) from error
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        message = f"JIEGENG_DATABASE_URL names {parsed.get_backend_name()!r}; use sqlite:///… or postgresql://…"
        raise Misconfigured(message)
    return parsed


async def open_database(url: str) -> Database:
    """Open and migrate the database behind a URL: `sqlite:///path` or `postgresql://…`."""
    parsed = parse(url)
    database: Database
    if parsed.get_backend_name() == "sqlite":
        database = SQLite(Path(parsed.database or "journal.sqlite3"))
    else:
        database = PostgreSQL(parsed.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False))
    try:
        await database.write(migrate)
    except (TypeError, ValueError) as error:
        # asyncpg refuses an option of the URL that it does not know, such as sslmode=, with a TypeError.
        message = f"JIEGENG_DATABASE_URL has an option that does not fit: {error}; leave out what follows the ?"
        raise Misconfigured(message) from error
    return database


def _sqlite_engine(path: Path, *, begin: str) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": 20})

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


async def _in_thread(pool: ThreadPoolExecutor, engine: Engine, work: Work[T]) -> T:
    def run() -> T:
        with engine.begin() as connection:
            return work(connection)

    try:
        return await asyncio.get_running_loop().run_in_executor(pool, run)
    except (DBAPIError, sqlite3.Error) as error:
        raise _later(error) from error


def _later(error: Exception) -> TryLater:
    # Constraint and type errors are bugs of ours, not the database's mood: they rise as they are inside TryLater's
    # cause, so that the log shows them, and the grouped writer retries each member alone.
    return TryLater(f"the journal's database did not take it: {str(error).splitlines()[0]}")


@dataclass(slots=True)
class _Waiting:
    key: str
    work: Callable[[Connection], Any]
    future: asyncio.Future[Any]


@dataclass(slots=True)
class GroupedWrites:
    """Writes that come while a commit is under way share the next one.

    Every member gets its own result, only after the commit is durable. If a group fails, its members are tried one
    by one, so that one bad row fails alone. Members are sorted by key: two groups in PostgreSQL cannot deadlock.
    """

    database: Database
    most: int = 256
    _waiting: list[_Waiting] = field(default_factory=list)
    _running: asyncio.Task[None] | None = None

    async def do(self, key: str, work: Work[T]) -> T:
        """Run `work` in a shared transaction; returns its result once that is durable."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(key, work, future))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run(), name="grouped-writes")
        return await future

    async def _run(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[: self.most], self._waiting[self.most :]
            group.sort(key=lambda member: member.key)
            await self._commit(group)

    async def _commit(self, group: Sequence[_Waiting]) -> None:
        try:
            results = await self.database.write(lambda connection: [member.work(connection) for member in group])
        except (TryLater, SQLAlchemyError, ValueError) as error:
            if len(group) == 1:
                _fail(group[0].future, error)
                return
            for member in group:
                await self._commit([member])
            return
        except BaseException as error:
            for member in group:
                _fail(member.future, error)
            raise
        for member, result in zip(group, results, strict=True):
            if not member.future.done():
                member.future.set_result(result)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
