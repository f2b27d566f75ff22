"""The tables of the journal and the way they are written in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, Float, Index, Integer, MetaData, Table, Text
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

metadata = MetaData()

# One row is one mention's whole life. Times are seconds of the database's own clock; the JSON columns hold the values
# of bot/model.py as they were, so that a page can show every step without asking anybody else.
episodes = Table(
    "episodes",
    metadata,
    Column("key", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("owner", Text),
    Column("due_at", Float),
    Column("hinted_at", Float),
    Column("tries", Integer, nullable=False),
    Column("laters", Integer, nullable=False),
    Column("came_from", Text),
    Column("reason", Text, nullable=False),
    Column("heard_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("person", Text, nullable=False),
    Column("root_id", Text, nullable=False),
    Column("root_person", Text, nullable=False),
    Column("tone", Text),
    Column("risk", Text),
    Column("reply_id", Text),
    Column("posting_key", Text),
    Column("posting_text", Text),
    Column("posting_hash", Text),
    Column("posting_first_at", Float),
    Column("posting_until", Float),
    Column("absent_at", Float),
    Column("posted_at", Float),
    Column("mention", Text, nullable=False),
    Column("reading", Text),
    Column("memes", Text),
    Column("topics", Text),
    Column("draft", Text),
    Column("verdict", Text),
    Column("reply", Text),
    Column("steps", Text, nullable=False),
    # 0 goes first: danger, something hard, a wish to be left alone. 1 is everything else.
    Column("lane", Integer, nullable=False, server_default="1"),
    Column("look_first", Integer),
    Column("approval", Text),
    # Random, and gone together with the texts: without it nobody can guess a text from its digest in the audit chain.
    Column("salt", Text),
)
Index("episodes_due", episodes.c.due_at, sqlite_where=episodes.c.due_at.is_not(None))
Index("episodes_heard", episodes.c.heard_at, episodes.c.key)
Index("episodes_updated", episodes.c.updated_at, episodes.c.state)
Index("episodes_state", episodes.c.state, episodes.c.heard_at)
Index("episodes_person", episodes.c.person, episodes.c.heard_at)
Index("episodes_root", episodes.c.account, episodes.c.root_id)
Index("episodes_reply", episodes.c.account, episodes.c.reply_id)
Index("episodes_account", episodes.c.account, episodes.c.heard_at, episodes.c.key)


cursors = Table(
    "cursors",
    metadata,
    Column("account", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", Float, nullable=False),
)

# Who asked us to be quiet: a person (anywhere on a host), under a person's posts, or in one thread.
silences = Table(
    "silences",
    metadata,
    Column("host", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("who", Text, primary_key=True),
    Column("since", Float, nullable=False),
    Column("because", Text, nullable=False),
)

# Append-only: which policy mode is in force follows from all of its rows; see bot/journal/switch.py.
modes = Table(
    "modes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("mode", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("until", Float),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("since", Float),
    Column("daily_from", Float),
    Column("daily_for", Float),
    Column("cancels", Integer),
)

# Append-only: what people with the switches did.
actions = Table(
    "actions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("by", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("note", Text, nullable=False),
)

# Append-only: what people said of drafts, as labelled examples to learn from. The texts go when their episode goes.
lessons = Table(
    "lessons",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("by", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("edited", Text),
    Column("post", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("tone", Text, nullable=False),
    Column("found", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("versions", Text, nullable=False),
)
Index("lessons_key", lessons.c.key)

# Append-only: a chain of hashes over what became of the episodes; see bot/journal/audit.py. No text stands here.
audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("digest", Text, nullable=False),
    Column("aigc", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
Index("audit_ref", audit.c.ref, audit.c.version)
Index("audit_at", audit.c.at)

personas = Table(
    "personas",
    metadata,
    Column("version", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("first_used_at", Float, nullable=False),
)

# One-time sign-in links and sessions of the admin pages, kept as hashes.
passes = Table(
    "passes",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("until", Float, nullable=False),
)


# What stays of an episode whose text is gone: keyed hashes of its key and of our reply's id, and its figures. `day`
# counts days since 1970.
tombstones = Table(
    "tombstones",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("tone", Text),
    Column("risk", Text),
    Column("day", Integer, nullable=False),
    Column("reply", Text),
    Column("tokens_in", Integer, nullable=False),
    Column("tokens_out", Integer, nullable=False),
    Column("cost", Float, nullable=False),
)
Index("tombstones_reply", tombstones.c.reply)

# What the journal knows about itself: the key of its keyed hashes, when it was restored, when a chore was done last,
# and who has to stay forgotten.
facts = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", Float, nullable=False),
)

# What a leader knows and its follower must not forget: a few named texts.
notes = Table(
    "notes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", Float, nullable=False),
)

# A phrase that suddenly many people used, and what became of it: collecting, drafted, or why not.
phrases = Table(
    "phrases",
    metadata,
    Column("phrase", Text, primary_key=True),
    Column("burst_at", Float, nullable=False),
    Column("tried_at", Float),
    Column("state", Text, nullable=False),
    Column("why", Text, nullable=False),
)

# Public uses of such phrases, one a person; `who` is a keyed hash. Deleted after 30 days.
uses = Table(
    "uses",
    metadata,
    Column("phrase", Text, primary_key=True),
    Column("who", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("at", Float, nullable=False),
)
Index("uses_at", uses.c.at)


class now(FunctionElement[float]):  # noqa: N801 - it reads as the SQL function that it is
    """The database's clock, in seconds since 1970 with fractions."""

    type = Float()
    inherit_cache = True


@compiles(now, "sqlite")
def _now_in_sqlite(_element: now, _compiler: Any, **_kw: Any) -> str:
    # Debian's SQLite 3.40 has no unixepoch('subsec'); a Julian day keeps milliseconds.
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _now_in_postgresql(_element: now, _compiler: Any, **_kw: Any) -> str:
    # clock_timestamp, not now(): a grouped transaction must not freeze the clock of its later members.
    return "extract(epoch from clock_timestamp())::double precision"


def filled(values: Sequence[str]) -> list[str]:
    """The values for an IN list, the last one again and again up to a power of two.

    Each length is another statement to the database, and every connection keeps a hundred statements with their
    values: lists of up to 500 took it 50 kB each.
    """
    whole = list(values)
    return whole + whole[-1:] * ((1 << max(len(whole) - 1, 0).bit_length()) - len(whole))


def insert_into(connection: Connection, table: Any) -> Any:
    """The INSERT of this connection's database, which can be told what to do about rows that are there already."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - 2 MB that only PostgreSQL is worth

    return postgresql.insert(table)


def insert_new(connection: Connection, table: Any, rows: Any) -> Any:
    """An INSERT that leaves rows alone which are there already."""
    return insert_into(connection, table).values(rows).on_conflict_do_nothing()
