"""The plaza's SQLite file: one writer that commits in groups, one reader, and a bell after each commit."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from bot.plaza.fault import Fault

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS people (
    id INTEGER PRIMARY KEY, handle TEXT NOT NULL UNIQUE, name TEXT NOT NULL, about TEXT NOT NULL DEFAULT '',
    bot INTEGER NOT NULL DEFAULT 0, robot INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS posts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, author INTEGER NOT NULL REFERENCES people, text TEXT NOT NULL,
    parent INTEGER REFERENCES posts, root INTEGER NOT NULL, at TEXT NOT NULL, gone INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS posts_by_root ON posts (root, id);
CREATE INDEX IF NOT EXISTS posts_by_parent ON posts (parent, author);
CREATE TABLE IF NOT EXISTS pictures (
    id INTEGER PRIMARY KEY, file TEXT NOT NULL UNIQUE, owner INTEGER NOT NULL REFERENCES people,
    post INTEGER REFERENCES posts, alt TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS pictures_by_post ON pictures (post);
CREATE TABLE IF NOT EXISTS mentions (
    n INTEGER PRIMARY KEY AUTOINCREMENT, post INTEGER NOT NULL UNIQUE REFERENCES posts
) STRICT;
CREATE TABLE IF NOT EXISTS keys (
    key TEXT PRIMARY KEY, parent INTEGER NOT NULL, digest TEXT NOT NULL, post INTEGER NOT NULL REFERENCES posts
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS likes (
    post INTEGER NOT NULL REFERENCES posts, person INTEGER NOT NULL REFERENCES people, PRIMARY KEY (post, person)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changes (n INTEGER PRIMARY KEY AUTOINCREMENT, post INTEGER NOT NULL) STRICT;
"""


class Bell:
    """Wakes everybody who waits for the next commit."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def listen(self) -> asyncio.Event:
        """Take this before reading, wait for it after: what is committed in between is not missed."""
        return self._next

    def ring(self) -> None:
        """Wake all who listen."""
        self._next.set()
        self._next = asyncio.Event()


class Ledger:
    """Reads are plain SQL on `reader`; writes go through `write` and are durable when it returns."""

    def __init__(self, file: Path) -> None:
        self._writer = _connect(file)
        self._writer.executescript(f"BEGIN; {SCHEMA} COMMIT;")
        self.reader = _connect(file)
        self.bell = Bell()
        self._thread = ThreadPoolExecutor(1, "plaza-writer")
        self._waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self._run: asyncio.Task[None] | None = None

    def write_at_once(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """One write before the site is open; blocks."""
        [outcome] = self._commit([work])
        if isinstance(outcome, Fault):
            raise outcome
        return outcome  # type: ignore[no-any-return] # one list holds the outcomes of different works

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a piece of work in the next commit and return what it returned.

        A `Fault` undoes this piece only and is raised here; `sqlite3.Error` undoes the whole group.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, future))
        if self._run is None or self._run.done():
            self._run = asyncio.create_task(self._commit_all())
        return await future

    async def close(self) -> None:
        """Finish what waits, then close the file."""
        if self._run is not None:
            await self._run
        self._thread.shutdown()
        self.reader.close()
        self._writer.close()

    async def _commit_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group, self._waiting = self._waiting, []
            done = loop.run_in_executor(self._thread, self._commit, [work for work, _ in group])
            await asyncio.wait([done])
            failed = done.exception()  # whatever it was, everybody in the group hears of it
            outcomes = [failed] * len(group) if failed else done.result()
            for (_, future), outcome in zip(group, outcomes, strict=True):
                _tell(future, outcome)
            self.bell.ring()

    def _commit(self, group: list[Work]) -> list[Any]:
        db, outcomes = self._writer, []
        db.execute("BEGIN IMMEDIATE")
        try:
            for work in group:
                outcomes.append(_attempt(db, work))
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return outcomes


def _attempt(db: sqlite3.Connection, work: Work) -> Any:
    db.execute("SAVEPOINT one")
    try:
        outcome = work(db)
    except Fault as fault:
        db.execute("ROLLBACK TO one")
        outcome = fault
    db.execute("RELEASE one")
    return outcome


def _tell(future: asyncio.Future[Any], outcome: object) -> None:
    if future.done():  # whoever asked has gone; the write stands
        return
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _connect(file: Path) -> sqlite3.Connection:
    db = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=30)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    return db
