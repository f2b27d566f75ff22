"""The whole journal in one file: written while the bot runs, read back while it stands still.

The file is a SQLite database with the journal's own tables, whatever the journal itself lives in, and beside it lies
`FILE.sha256`, as `sha256sum -c` reads it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from alembic.util.exc import CommandError
from sqlalchemy import Connection, Integer, create_engine, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.errors import Misconfigured, TryLater
from bot.journal.carry import CarriedOver, Legacy, mark_restored, read_legacy, take_over
from bot.journal.database import Database, migrate, open_database, parse
from bot.journal.schema import episodes, metadata

BATCH = 500


@dataclass(frozen=True, slots=True)
class BackedUp:
    """How many episodes lie in the file, and its size in bytes."""

    episodes: int
    size: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, what was taken over from the journal that was replaced, and where that one lies now."""

    episodes: int
    taken: CarriedOver | None
    aside: Path | None


async def back_up(url: str, file: Path) -> BackedUp:
    """Write the journal as it is at one moment into a new file; the bot may run. Raises `Misconfigured`, `TryLater`."""
    part = _make_room(file)
    parsed = parse(url)
    try:
        if parsed.get_backend_name() == "sqlite":
            await asyncio.to_thread(_vacuum_into, Path(parsed.database or "journal.sqlite3"), part)
        else:
            await _copy_out(parsed.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False), part)
        return await asyncio.to_thread(_finish, part, file)
    except (DBAPIError, sqlite3.Error, OSError) as error:
        message = f"the backup was not written: {str(error).splitlines()[0]}"
        raise TryLater(message) from error
    finally:
        part.unlink(missing_ok=True)


async def restore(url: str, file: Path, *, at: datetime) -> Restored:
    """Put a backup in the journal's place, marked so that nothing is answered that may have been answered since.

    Wishes, forgotten people, tombstones and switches of the journal that is replaced are taken over, if it can still
    be read. A SQLite file is put aside, never deleted. The bot has to stand still: raises `Misconfigured` if it runs.
    """
    verify(file)
    parsed = parse(url)
    is_file = parsed.get_backend_name() == "sqlite"
    target = Path(parsed.database or "journal.sqlite3") if is_file else file
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(target.name + ".restoring")
    _remove(fresh)
    try:
        await asyncio.to_thread(shutil.copyfile, file, fresh)
        database = await _open_copy(fresh, file)
        try:
            legacy = await _legacy_of(url) if not is_file or _stands_still(target) else None
            taken = None if legacy is None else await take_over(database, legacy)
            await database.erase(mark_restored)
            await database.compact()
            count = await database.read(_count)
        finally:
            await database.close()
        if is_file:
            return Restored(count, taken, await asyncio.to_thread(_put_in_place, fresh, target, at))
        await _copy_in(url, fresh)
        return Restored(count, taken, None)
    finally:
        _remove(fresh)


def verify(file: Path) -> None:
    """See that a backup is whole; raises `Misconfigured`."""
    sums = sums_of(file)
    if not file.is_file():
        message = f"there is no file {file}"
        raise Misconfigured(message)
    if not sums.is_file():
        message = f"{sums} is missing, so nobody can tell whether {file} is whole; bring it along with the backup"
        raise Misconfigured(message)
    if sums.read_text(encoding="utf-8").split(" ")[0] != _digest(file):
        message = f"{file} is not what was backed up: its SHA-256 differs from {sums}; take another backup"
        raise Misconfigured(message)


def sums_of(file: Path) -> Path:
    """Where a backup's check sum lies."""
    return file.with_name(file.name + ".sha256")


def _make_room(file: Path) -> Path:
    """The name under which the file is written until it is whole."""
    if file.exists() or sums_of(file).exists():
        message = f"{file} is there already; name a new file, so that a good backup is never lost to a broken one"
        raise Misconfigured(message)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    return part


def _vacuum_into(source: Path, part: Path) -> None:
    if not source.exists():
        message = f"there is no journal at {source}; set JIEGENG_DATA or JIEGENG_DATABASE_URL"
        raise Misconfigured(message)
    # Not the backup API: VACUUM INTO reads one moment just as well and leaves out freed pages, in which the words of
    # somebody who was forgotten may still lie.
    connection = sqlite3.connect(source, timeout=20)
    try:
        connection.execute("VACUUM INTO ?", (str(part),))
    finally:
        connection.close()


async def _copy_out(url: str, part: Path) -> None:
    engine = create_async_engine(url)
    copy = create_engine(f"sqlite:///{part}")
    try:
        with copy.begin() as into:
            migrate(into)
            for table in metadata.sorted_tables:
                into.execute(table.delete())
        async with engine.connect() as connection:
            moment = await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            for table in metadata.sorted_tables:
                rows = await moment.stream(select(table))
                async for batch in rows.mappings().partitions(BATCH):
                    await asyncio.to_thread(_put, copy, table, [dict(row) for row in batch])
    finally:
        copy.dispose()
        await engine.dispose()


def _put(copy: Any, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    with copy.begin() as into:
        into.execute(insert(table), rows)


def _finish(part: Path, file: Path) -> BackedUp:
    connection = sqlite3.connect(part)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
        (health,) = connection.execute("PRAGMA integrity_check").fetchone()
        if health != "ok":
            message = f"the copy is damaged: {health}"
            raise sqlite3.DatabaseError(message)
        (count,) = connection.execute("SELECT count(*) FROM episodes").fetchone()
    finally:
        connection.close()
    _sync(part)
    sums_of(file).write_text(f"{_digest(part)}  {file.name}\n", encoding="utf-8")
    _sync(sums_of(file))
    part.rename(file)
    _sync(file.parent)
    return BackedUp(count, file.stat().st_size)


async def _open_copy(fresh: Path, file: Path) -> Database:
    connection = sqlite3.connect(fresh)
    try:
        known = connection.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('episodes', 'alembic_version')")
        if known.fetchone() != (2,):
            message = f"{file} is no backup of a journal"
            raise Misconfigured(message)
    except sqlite3.DatabaseError as error:
        message = f"{file} is no backup of a journal: {error}"
        raise Misconfigured(message) from error
    finally:
        connection.close()
    try:
        return await open_database(f"sqlite:///{fresh}")
    except CommandError as error:
        message = f"{file} was written by a newer program ({error}); restore it with that one"
        raise Misconfigured(message) from error


async def _legacy_of(url: str) -> Legacy | None:
    """What has to outlive the journal that is replaced; None if it is a file that cannot be read."""
    is_file = parse(url).get_backend_name() == "sqlite"
    try:
        database = await open_database(url)
    except TryLater:
        if is_file:
            return None
        raise
    try:
        return await database.read(read_legacy)
    except TryLater:
        if is_file:
            return None
        raise
    finally:
        await database.close()


def _stands_still(target: Path) -> bool:
    """Whether there is a journal to replace; raises `Misconfigured` if somebody works with it."""
    if not target.exists():
        return False
    _fold(target)
    return True


def _fold(target: Path) -> None:
    """Bring the write-ahead log into the file, which works only if nobody else has it open."""
    connection = sqlite3.connect(target, timeout=2, isolation_level=None)
    try:
        (mode,) = connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            return
        mode = "wal"
    except sqlite3.DatabaseError:
        return
    finally:
        connection.close()
    if mode != "delete":
        message = f"somebody still works with {target}; stop the bot first"
        raise Misconfigured(message)


def _put_in_place(fresh: Path, target: Path, at: datetime) -> Path | None:
    _fold(fresh)
    _sync(fresh)
    aside = None
    if target.exists():
        _fold(target)
        aside = target.with_name(f"{target.name}.replaced-{at:%Y%m%d-%H%M%S}")
        target.rename(aside)
        for tail in ("-wal", "-shm"):
            target.with_name(target.name + tail).unlink(missing_ok=True)
    fresh.rename(target)
    _sync(target.parent)
    return aside


async def _copy_in(url: str, fresh: Path) -> None:
    """Everything in one transaction: whoever looks sees the old journal or the new one."""
    source = create_engine(f"sqlite:///{fresh}")

    def work(connection: Connection) -> None:
        tables = metadata.sorted_tables
        connection.execute(text("TRUNCATE " + ", ".join(f'"{table.name}"' for table in tables)))
        with source.connect() as copy:
            for table in tables:
                rows = copy.execution_options(yield_per=BATCH).execute(select(table)).mappings()
                for batch in rows.partitions(BATCH):
                    connection.execute(insert(table), [dict(row) for row in batch])
                _go_on_counting(connection, table)

    database = await open_database(url)
    try:
        await database.write(work)
    finally:
        await database.close()
        source.dispose()


def _go_on_counting(connection: Connection, table: Any) -> None:
    """Set the sequence of a counted key behind the numbers that are taken."""
    (key, *more) = table.primary_key.columns
    if more or not isinstance(key.type, Integer) or key.autoincrement is not True:
        return
    highest = func.coalesce(func.max(key), 0) + 1
    sequence = func.pg_get_serial_sequence(table.name, key.name)
    connection.execute(select(func.setval(sequence, select(highest).scalar_subquery(), False)))  # noqa: FBT003 - SQL's own


def _count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(episodes)) or 0


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(fresh: Path) -> None:
    for tail in ("", "-wal", "-shm"):
        fresh.with_name(fresh.name + tail).unlink(missing_ok=True)
