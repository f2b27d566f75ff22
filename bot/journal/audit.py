"""The audit chain: what became of each mention, as digests that hold one another, without a word of anybody's text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select

from bot.journal.database import Database
from bot.journal.schema import audit, episodes, filled, modes, now
from bot.model import FINAL, State

# What an entry vouches for. Left out is what changes without meaning: leases, hints, counters.
SEALED = (
    "key", "account", "state", "version", "reason", "heard_at", "person", "root_id", "tone", "risk", "reply_id",
    "posting_text", "posting_hash", "posted_at", "mention", "reading", "memes", "draft", "verdict", "reply", "steps",
    "approval",
)  # fmt: skip
SWITCHED = ("id", "mode", "at", "until", "by", "why", "since", "daily_from", "daily_for", "cancels")
ENDED = tuple(state.value for state in FINAL)
START = "0" * 64
LOCK = 7_203_451_912  # any number, the same in every process
# A write has its time from before its commit, so it may be seen later than a younger one: every look goes back a bit,
# every tenth look further, and only what is older than LATEST may be called unseen.
OVERLAP, FURTHER, LATEST = 2.0, 60.0, 120.0
MOST = 500
PART = 50
DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Fault:
    """A place where journal and chain disagree, and what is wrong there."""

    place: str
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a check of the whole chain found; `head` is the last hash, worth writing down elsewhere."""

    entries: int
    episodes: int
    erased: int
    unsealed: int
    head: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """Seals what has ended, checks the chain, and exports it.

    `producer` is the code under which the operator is named in the AIGC label of GB 45438 (ASCII), `keep_for` how many
    seconds entries are kept.
    """

    database: Database
    producer: str = "jiegeng"
    keep_for: float = 190 * DAY

    async def seal(self, overlap: float = OVERLAP) -> int:
        """Append an entry for everything that ended or was switched since; returns how many. Any worker may.

        What is to be sealed is looked up beside the writers, and appended in small parts: whoever posts meanwhile waits
        for a part, and not for a look at thousands of rows.
        """
        found = await self.database.read(lambda connection: find_unsealed(connection, self.producer, overlap))
        count = 0
        for part in _in_parts(found):
            appended = await self.database.write(partial(append, entries=part))
            if appended is None:
                break  # somebody else is at it; a later part must not stand in the chain before this one
            count += appended
        return count

    async def look_back(self) -> None:
        """Seal what a slow commit hid from the last looks, and let go of what is old; call it every half minute."""
        await self.seal(FURTHER)
        await self.cut()

    async def cut(self) -> int:
        """Let go of entries older than they have to be kept; the chain goes on from there. Returns how many."""
        return await self.database.write(lambda connection: cut(connection, self.keep_for))

    async def verify(self) -> Report:
        """Walk the whole chain and compare it with the journal."""
        return await self.database.read(verify)

    async def holds(self, head: str) -> bool:
        """Whether a head that was written down earlier is still in the chain."""
        query = select(audit.c.seq).where(audit.c.hash == head)
        return await self.database.read(lambda connection: connection.scalar(query) is not None or head == START)

    async def export(self) -> Sequence[Mapping[str, Any]]:
        """All entries, oldest first, each with its content number and AIGC label."""
        return await self.database.read(lambda connection: [_told(row) for row in _rows(connection)])


def find_unsealed(connection: Connection, producer: str, overlap: float = OVERLAP) -> Sequence[dict[str, Any]]:
    """Entries for ended episodes and for switches that have none, in the order of their times."""
    entries = [*_ended(connection, producer, overlap), *_switched(connection)]
    return sorted(entries, key=lambda entry: (entry["at"], entry["ref"]))


def _in_parts(entries: Sequence[dict[str, Any]]) -> Sequence[Sequence[dict[str, Any]]]:
    """A look begins behind the newest switch, so that switches are appended with all that was found, or not at all."""
    size = len(entries) if any(entry["kind"] == "mode" for entry in entries) else PART
    return [entries[start : start + size] for start in range(0, len(entries), size)]


def append(connection: Connection, entries: Sequence[dict[str, Any]]) -> int | None:
    """Append to the chain what nobody else has appended since it was found; returns how many, None if it is taken."""
    if not _take_turn(connection):
        return None
    head, known = _head(connection), _sealed(connection, [entry["ref"] for entry in entries])
    return _append(connection, head, [entry for entry in entries if (entry["ref"], entry["version"]) not in known])


def note_erased(connection: Connection, keys: Sequence[str]) -> None:
    """Note in the chain that the texts of these episodes were erased on purpose, just before that is done."""
    query = select(episodes.c.key, episodes.c.salt).where(episodes.c.key.in_(keys), episodes.c.state.in_(ENDED))
    rows = connection.execute(query.order_by(episodes.c.key)).all()
    if not rows:
        return
    _take_turn(connection, wait=True)
    at = connection.scalar(select(now())) or 0.0
    entries = [_entry("erased", ref_of(row.key, row.salt), 0, at, "") for row in rows]
    _append(connection, _head(connection), entries)


def cut(connection: Connection, keep_for: float) -> int:
    """Delete the oldest entries; one entry at the new end says up to where, or a gap would look like a crime."""
    _take_turn(connection, wait=True)
    last = connection.execute(
        select(audit.c.seq, audit.c.hash).where(audit.c.at < now() - keep_for).order_by(audit.c.seq.desc()).limit(1)
    ).first()
    if last is None:
        return 0
    at = connection.scalar(select(now())) or 0.0
    _append(connection, _head(connection), [_entry("cut", last.hash, last.seq, at, "")])
    return connection.execute(delete(audit).where(audit.c.seq <= last.seq)).rowcount


def verify(connection: Connection) -> Report:
    """Check each link, then each ended episode and each switch against its newest entry."""
    faults: list[Fault] = []
    newest: dict[str, Any] = {}
    erased: set[str] = set()
    count, previous = 0, None
    cuts = {row.version: row.ref for row in connection.execute(select(audit).where(audit.c.kind == "cut"))}
    for row in _rows(connection):
        faults += _broken_links(row, previous, cuts)
        count, previous = count + 1, row
        if row.kind == "erased":
            erased.add(row.ref)
        elif row.kind != "cut":
            newest[row.ref] = row
    times = [row.at for row in newest.values() if row.kind == "episode"]
    sealed = (min(times), max(times) - LATEST) if times else (0.0, 0.0)
    found, unsealed = 0, 0
    for ref, version, at, digest, name in _journal(connection):
        entry = newest.pop(ref, None)
        found += 1
        if entry is not None and entry.digest == digest:
            continue
        place = _place(entry) if entry is not None else "behind the last entry"
        if entry is not None and entry.version == version:
            faults.append(Fault(place, f"{name} was changed after it was sealed"))
        elif (entry is not None or at >= sealed[0]) and at < sealed[1]:
            faults.append(Fault(place, f"{name} is not what the sealer saw, or was never seen by it"))
        else:
            unsealed += entry is None or at >= sealed[1]
    for entry in newest.values():
        if entry.ref not in erased:
            faults.append(Fault(_place(entry), "what it vouches for is gone, and nobody noted an erasure"))
    return Report(count, found, len(erased), unsealed, previous.hash if previous else START, tuple(faults))


def ref_of(key: str, salt: str | None) -> str:
    """What an entry calls an episode: without the salt, which goes with the texts, it leads back to nobody."""
    return hashlib.sha256(f"ref\0{salt}\0{key}".encode()).hexdigest()[:40]


def content_number(ref: str, at: float) -> str:
    """The number of one reply, for the AIGC label and for complaints: the day, and a part of its reference."""
    return f"JG{datetime.fromtimestamp(at, UTC):%Y%m%d}{ref[:20].upper()}"


def aigc_label(number: str, producer: str) -> str:
    """The implicit label of GB 45438-2025, appendix E, for one reply; we produce it and we spread it."""
    label = {
        "Label": "1",
        "ContentProducer": producer,
        "ProduceID": number,
        "ReservedCode1": "",
        "ContentPropagator": producer,
        "PropagateID": number,
        "ReservedCode2": "",
    }
    return json.dumps({"AIGC": label}, separators=(",", ":"))


def _take_turn(connection: Connection, *, wait: bool = False) -> bool:
    """One writer of the chain at a time; SQLite has one writer anyway. False: somebody else is at it."""
    if connection.dialect.name == "sqlite":
        return True
    if wait:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        return True
    return bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({LOCK})").scalar())


def _head(connection: Connection) -> tuple[int, str]:
    """Number and hash of the last entry."""
    row = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
    return (0, START) if row is None else (row.seq, row.hash)


def _ended(connection: Connection, producer: str, overlap: float) -> Iterator[dict[str, Any]]:
    """Entries for what ended since the last look; looks back by `overlap` seconds, and no further."""
    sealed_to = connection.scalar(select(func.max(audit.c.at)).where(audit.c.kind == "episode"))
    after, key = -1.0 if sealed_to is None else sealed_to - overlap, ""
    light = [episodes.c[name] for name in ("key", "version", "salt", "updated_at")]
    query = (
        select(*light).where(episodes.c.state.in_(ENDED)).order_by(episodes.c.updated_at, episodes.c.key).limit(MOST)
    )
    fresh: dict[str, str] = {}
    while len(fresh) < MOST:
        later = or_(episodes.c.updated_at > after, and_(episodes.c.updated_at == after, episodes.c.key > key))
        rows = connection.execute(query.where(episodes.c.updated_at >= after, later)).all()
        refs = {row.key: ref_of(row.key, row.salt) for row in rows}
        known = _sealed(connection, list(refs.values()))
        fresh |= {row.key: refs[row.key] for row in rows if (refs[row.key], row.version) not in known}
        if len(rows) < MOST:
            break
        after, key = rows[-1].updated_at, rows[-1].key
    whole = select(*(episodes.c[name] for name in SEALED), episodes.c.salt, episodes.c.updated_at)
    for row in connection.execute(whole.where(episodes.c.key.in_(filled([*fresh])), episodes.c.state.in_(ENDED))):
        posted = row.state == State.POSTED.value
        number = content_number(fresh[row.key], row.posted_at or row.updated_at)
        label = aigc_label(number, producer) if posted else ""
        yield _entry("episode", fresh[row.key], row.version, row.updated_at, _digest(row, SEALED, row.salt), label)


def _sealed(connection: Connection, refs: Sequence[str]) -> set[tuple[str, int]]:
    """Which of these have an entry, and for which version."""
    query = select(audit.c.ref, audit.c.version).where(audit.c.ref.in_(filled(refs)))
    return {(row.ref, row.version) for row in connection.execute(query)}


def _switched(connection: Connection) -> Iterator[dict[str, Any]]:
    last = connection.scalar(select(func.max(audit.c.version)).where(audit.c.kind == "mode")) or 0
    for row in connection.execute(_SWITCHES.where(modes.c.id > last).order_by(modes.c.id)):
        yield _entry("mode", f"mode:{row.id}", row.id, row.at, _digest(row, SWITCHED, ""))


def _journal(connection: Connection) -> Iterator[tuple[str, int, float, str, str]]:
    """Reference, version, time, digest and name of everything that should be in the chain."""
    columns = [*(episodes.c[name] for name in SEALED), episodes.c.salt, episodes.c.updated_at]
    query = select(*columns).where(episodes.c.state.in_(ENDED))
    for row in connection.execute(query.execution_options(yield_per=500)):
        digest = _digest(row, SEALED, row.salt)
        yield ref_of(row.key, row.salt), row.version, row.updated_at, digest, f"episode {row.key}"
    for row in connection.execute(_SWITCHES):
        yield f"mode:{row.id}", row.id, row.at, _digest(row, SWITCHED, ""), f"the switch {row.id} to {row.mode}"


_SWITCHES = select(*(modes.c[name] for name in SWITCHED))


def _digest(row: Any, names: Sequence[str], salt: str | None) -> str:
    # Each value with its length, so that no two rows read the same; half the cost of JSON.
    values = ["-" if value is None else f"{len(text := str(value))}:{text}" for value in tuple(row)[: len(names)]]
    return hashlib.sha256(f"{salt}\0{''.join(values)}".encode("utf-8", "surrogatepass")).hexdigest()


def _entry(kind: str, ref: str, version: int, at: float, digest: str, aigc: str = "") -> dict[str, Any]:
    return {"kind": kind, "ref": ref, "version": version, "at": at, "digest": digest, "aigc": aigc}


def _append(connection: Connection, head: tuple[int, str], entries: Sequence[dict[str, Any]]) -> int:
    seq, previous = head
    rows = []
    for entry in entries:
        seq += 1
        row = {"seq": seq, "previous": previous, **entry}
        previous = _hash(row)
        rows.append(row | {"hash": previous})
    if rows:
        connection.execute(insert(audit), rows)
    return len(rows)


def _hash(row: Mapping[str, Any]) -> str:
    names = ("previous", "seq", "kind", "ref", "version", "at", "digest", "aigc")
    return hashlib.sha256("\n".join([str(row[name]) for name in names]).encode()).hexdigest()


def _broken_links(row: Any, previous: Any, cuts: Mapping[int, str]) -> Iterator[Fault]:
    if _hash(row._asdict()) != row.hash:
        yield Fault(_place(row), "this entry was changed")
    if previous is None:
        if row.seq != 1 and cuts.get(row.seq - 1) != row.previous:
            yield Fault(_place(row), "the entries before it are missing, and nobody noted a cut")
        return
    if row.seq != previous.seq + 1:
        yield Fault(_place(row), f"the entries {previous.seq + 1} to {row.seq - 1} are missing")
    elif row.previous != previous.hash:
        yield Fault(_place(row), "it does not follow the entry before it: changed, or out of order")


def _rows(connection: Connection) -> Iterator[Any]:
    yield from connection.execute(select(audit).order_by(audit.c.seq).execution_options(yield_per=500))


def _place(row: Any) -> str:
    number = json.loads(row.aigc)["AIGC"]["ProduceID"] if row.aigc else row.kind
    return f"entry {row.seq} ({number}, {datetime.fromtimestamp(row.at, UTC):%Y-%m-%d %H:%M:%S} UTC)"


def _told(row: Any) -> dict[str, Any]:
    label = json.loads(row.aigc) if row.aigc else {}
    number = label["AIGC"]["ProduceID"] if label else ""
    return {**row._asdict(), "number": number, "aigc": label}
