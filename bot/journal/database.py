"""One SQL database, SQLite in a file or PostgreSQL by URL, behind two verbs: read and write."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from bot.errors import Misconfigured, TryLater

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

T = TypeVar("T")
Work = Callable[[Connection], T]

MIGRATIONS = Path(__file__).parent / "migrations"
# Below so many seconds a commit is over before another thread would have woken and had the interpreter.
QUICK = 0.002
# So many more slow commits than quick ones, and the thread waits for the disk; after so many seconds one is tried.
DOUBTS = 16
TRIED_AGAIN = 5.0
# So many commits on the spot are brought home together.
HOME_EVERY = 250
MIGRATION_LOCK = 7_203_451_911  # any number, the same in every process


class Database(Protocol):
    """Runs plain functions of a connection, each in one transaction. Raises `TryLater` if it cannot be reached."""

    async def read(self, work: Work[T]) -> T:
        """Run `work` in a transaction that only reads."""

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction that is durable when this returns."""

    async def read_few(self, work: Work[T]) -> T:
        """As `read`, for a question about a few rows, which may be answered in the event loop's own thread."""

    async def write_few(self, work: Work[T], *, durable: bool = True) -> T:
        """As `write`, for a change of a few rows, which may be made in the event loop's own thread.

        What is not `durable` outlives every crash of ours but not surely a power cut; the next durable commit keeps it.
        """

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
    """A file: one thread that writes, two that read, and the event loop's own for what is done before they would wake.

    WAL with synchronous=FULL, so that a commit survives a power cut; BEGIN IMMEDIATE, because a transaction that
    reads and then writes would otherwise fail at once with "database is locked" in spite of any time-out.

    A change of threads costs more than a commit on a quick disk, and each statement in another thread has to ask for
    the interpreter again, up to 5 ms each time. So `write_few` commits on the spot while nobody else writes, if it
    need not wait for the disk, or the disk has lately taken less than `quick` seconds (0: never). Bringing the WAL
    home, which takes longer, is left to the thread.
    """

    def __init__(self, path: Path, *, quick: float = QUICK, clock: Callable[[], float] = time.perf_counter) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._disk = _Disk(quick, clock)
        self._writing = _Threads(_sqlite_engine(path, begin="BEGIN IMMEDIATE"), 1, "journal-write")
        self._reading = _Threads(_sqlite_engine(path, begin="BEGIN"), 2, "journal-read")
        self._here = _Here(_sqlite_engine(path, patience=0, checkpoint=0), "BEGIN IMMEDIATE", self._disk)
        self._looking = _Here(_sqlite_engine(path), "BEGIN")
        self._to_bring_home = 0

    async def read(self, work: Work[T]) -> T:
        return await self._reading.run(work)

    async def write(self, work: Work[T]) -> T:
        return await self._writing.run(work)

    async def read_few(self, work: Work[T]) -> T:
        return self._looking.run(work)

    async def write_few(self, work: Work[T], *, durable: bool = True) -> T:
        if durable and not self._disk.is_quick():
            return await self.write(work)
        try:
            result = self._here.run(work, durable=durable)
        except _Locked:
            return await self.write(work)
        self._to_bring_home += 1
        if self._to_bring_home >= HOME_EVERY:
            self._to_bring_home = 0
            self._writing.pool.submit(self._bring_home)
        return result

    async def erase(self, work: Work[T]) -> T:
        def erase(connection: Connection) -> T:
            # Only here: zeroing freed pages at every write would double what a mention costs.
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
            try:
                return work(connection)
            finally:
                connection.exec_driver_sql("PRAGMA secure_delete=OFF")

        return await self._writing.run(erase)

    def _bring_home(self) -> None:
        """Copy what stands in the WAL into the file as far as that disturbs nobody; the next one takes the rest."""
        connection = self._writing.engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        finally:
            connection.close()

    async def compact(self) -> None:
        def run() -> None:
            connection = self._writing.engine.raw_connection()
            try:
                # An update leaves older copies of a row in free pages; only a new file is surely without them.
                connection.cursor().execute("VACUUM")
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                connection.close()

        try:
            await asyncio.get_running_loop().run_in_executor(self._writing.pool, run)
        except (DBAPIError, sqlite3.Error) as error:
            raise _later(error) from error

    async def close(self) -> None:
        for here in (self._looking, self._here):
            here.close()
        for threads in (self._reading, self._writing):
            await threads.close()


class PostgreSQL:
    """A server by URL, through asyncpg."""

    def __init__(self, url: str) -> None:
        from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - 9 MB that only PostgreSQL is worth

        self._engine: AsyncEngine = create_async_engine(url, pool_size=4, max_overflow=4, pool_pre_ping=False)
        # Without BEGIN and COMMIT a question is one round trip and not three.
        self._looking = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    async def read(self, work: Work[T]) -> T:
        return await self.write(work)

    async def read_few(self, work: Work[T]) -> T:
        return await self._run(self._looking.connect(), work)

    async def write_few(self, work: Work[T], *, durable: bool = True) -> T:
        return await self.write(work)

    async def write(self, work: Work[T]) -> T:
        return await self._run(self._engine.begin(), work)

    @staticmethod
    async def _run(opened: AbstractAsyncContextManager[AsyncConnection], work: Work[T]) -> T:
        try:
            async with opened as connection:
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


async def open_database(url: str, *, aside: Callable[[str], Awaitable[None]] | None = None) -> Database:
    """Open and migrate the database behind a URL: `sqlite:///path` or `postgresql://…`.

    `aside` is asked first to migrate it; what it leaves is done here.
    """
    parsed = parse(url)
    database: Database
    if parsed.get_backend_name() == "sqlite":
        database = SQLite(Path(parsed.database or "journal.sqlite3"))
    else:
        database = PostgreSQL(parsed.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False))
    try:
        if aside is not None and not await database.read(_is_newest):
            await aside(url)
        await database.write(migrate)
    except (TypeError, ValueError) as error:
        # asyncpg refuses an option of the URL that it does not know, such as sslmode=, with a TypeError.
        message = f"JIEGENG_DATABASE_URL has an option that does not fit: {error}; leave out what follows the ?"
        raise Misconfigured(message) from error
    return database


def _sqlite_engine(path: Path, *, begin: str = "", patience: int = 20_000, checkpoint: int = 1000) -> Engine:
    """`begin` is said for each transaction, if anything; `patience` is in milliseconds.

    A commit brings the WAL home when it is `checkpoint` pages long; 0: never.
    """
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": 20})
    # Pages are kept by the system anyway: five connections with SQLite's own 2 MB each would hold them five times more.
    fixed = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-256")
    settings = (*fixed, f"wal_autocheckpoint={checkpoint}", f"busy_timeout={patience}")

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in settings:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if begin:
            driver: Any = connection.connection.dbapi_connection
            driver.execute(begin)

    return engine


@dataclass(slots=True)
class _Disk:
    """Whether commits on the spot are quick: how many more of them were slow than quick, at most DOUBTS.

    Those of a thread say nothing: each waits for the interpreter as well, so that a bot that had once turned to the
    thread because of a single slow moment stayed with it for as long as it was busy.
    """

    quick: float
    clock: Callable[[], float]
    doubts: int = 0
    tried_at: float = 0.0

    def is_quick(self) -> bool:
        """Whether the next commit may be made on the spot, if only to see."""
        if self.quick <= 0:
            return False
        return self.doubts < DOUBTS or self.clock() >= self.tried_at + TRIED_AGAIN

    def time(self, commit: Callable[[], None]) -> None:
        """Commit, and remember whether that was quick."""
        began = self.clock()
        commit()
        self.tried_at = self.clock()
        is_slow = self.tried_at - began > self.quick
        self.doubts = min(DOUBTS, self.doubts + 1) if is_slow else max(0, self.doubts - 1)


class _Locked(Exception):
    """Somebody else is writing."""


class _Here:
    """A connection that is used by whatever thread asks, which must not wait for anybody."""

    def __init__(self, engine: Engine, begin: str, disk: _Disk | None = None) -> None:
        self.engine = engine
        self._begin = begin
        self._disk = disk
        self._connection: Connection | None = None
        self._durable = True

    def run(self, work: Work[T], *, durable: bool = True) -> T:
        """Run `work` in a transaction, whose commit waits for the disk if it is to be durable.

        Raises `_Locked` before it begins if somebody else is writing, and `TryLater` for whatever else the database
        says.
        """
        try:
            connection = self._connection = self._connection or self.engine.connect()
            driver: Any = connection.connection.dbapi_connection
            if durable is not self._durable:
                driver.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            try:
                # Said to the driver, because SQLAlchemy would take a connection that has to wait for a broken one.
                driver.execute(self._begin)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                    raise _Locked from error
                raise
            try:
                result = work(connection)
                commit = connection.commit if connection.in_transaction() else driver.commit
                if durable and self._disk is not None:
                    self._disk.time(commit)
                else:
                    commit()
            except BaseException:
                self._forget()
                raise
            return result
        except (DBAPIError, sqlite3.Error) as error:
            self._forget()
            raise _later(error) from error

    def close(self) -> None:
        """Close the connection."""
        self._forget()
        self.engine.dispose()

    def _forget(self) -> None:
        """Whatever state it was left in, the next one begins with a connection that was settled anew."""
        connection, self._connection = self._connection, None
        self._durable = True
        if connection is not None:
            connection.invalidate()
            connection.close()


class _Threads:
    """Threads with a connection of their own each, which stays open: fetching one from a pool costs 40 µs a commit."""

    def __init__(self, engine: Engine, count: int, name: str) -> None:
        self.engine = engine
        self.pool = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._own = threading.local()
        self._open: set[Connection] = set()

    async def run(self, work: Work[T]) -> T:
        """Run `work` in a transaction on one of the threads; raises `TryLater` for whatever the database says."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self.pool, self._run, work)
        except (DBAPIError, sqlite3.Error) as error:
            raise _later(error) from error

    def _run(self, work: Work[T]) -> T:
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self.engine.connect()
            self._open.add(connection)
        try:
            with connection.begin():
                return work(connection)
        except (DBAPIError, sqlite3.Error):
            # Whatever state it was left in, the next one begins with a connection that was settled anew.
            self._own.connection = None
            self._open.discard(connection)
            connection.close()
            raise

    async def close(self) -> None:
        """Wait for what is under way, then close every connection."""
        await asyncio.to_thread(self.pool.shutdown, wait=True)
        while self._open:
            self._open.pop().close()
        self.engine.dispose()


def _later(error: Exception) -> TryLater:
    # Constraint and type errors are bugs of ours, not the database's mood: they rise as they are inside TryLater's
    # cause, so that the log shows them, and the grouped writer retries each member alone.
    return TryLater(f"the journal's database did not take it: {str(error).splitlines()[0]}")


class Write(Protocol):
    """A database's way to write a few rows."""

    async def __call__(self, work: Work[Any], *, durable: bool = True) -> Any:
        """Run `work` in a transaction."""


@dataclass(slots=True)
class _Waiting:
    key: str
    work: Callable[[Connection], Any]
    durable: bool
    future: asyncio.Future[Any]


@dataclass(slots=True)
class Grouped:
    """Transactions that are asked for together, or while one is under way, share one; `run` is a database's verb.

    Every member gets its own result, only after the commit, which is durable if one of them wants it. If a group fails,
    its members are tried one by one, so that one bad row fails alone. Members are sorted by key: two groups in
    PostgreSQL cannot deadlock.
    """

    run: Write
    most: int = 256
    _waiting: list[_Waiting] = field(default_factory=list)
    _running: asyncio.Task[None] | None = None

    async def do(self, key: str, work: Work[T], *, durable: bool = True) -> T:
        """Run `work` in a shared transaction; returns its result once that is committed, and durable if asked for."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(key, work, durable, future))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run(), name="grouped")
        return await future

    async def _run(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[: self.most], self._waiting[self.most :]
            group.sort(key=lambda member: member.key)
            await self._commit(group)

    async def _commit(self, group: Sequence[_Waiting]) -> None:
        try:
            durable = any(member.durable for member in group)
            results = await self.run(lambda connection: [member.work(connection) for member in group], durable=durable)
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
