"""What the stores stand on: versions and options that the promise needs, each with what to do where one is missing."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from bot.errors import Misconfigured, TryLater
from bot.journal.database import parse
from bot.queue import is_cluster, servers_of

# RETURNING came with SQLite 3.35; PostgreSQL below 13 gets no security updates any more; the hints' stream needs
# XAUTOCLAIM and friends as Redis 7 has them, which every Valkey does.
OLDEST_SQLITE = (3, 35)
OLDEST_POSTGRESQL = 13
OLDEST_REDIS = 7

# Kinds of file systems whose locks or shared memory another machine may not see: SQLite's WAL breaks there in silence.
NETWORK = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs"}
    | {"nfs4", "ocfs2", "orangefs", "pvfs2", "smb2", "smb3", "smbfs"}
    | {f"fuse.{name}" for name in ("ceph", "cifs", "davfs2", "gcsfuse", "glusterfs", "goofys", "juicefs", "moosefs")}
    | {f"fuse.{name}" for name in ("nfs", "rclone", "s3fs", "sshfs", "smbnetfs", "vmhgfs-fuse")}
)

_REMEDY = "ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();"


async def look_at_database(url: str, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """One line that names what the journal stands on.

    Raises `Misconfigured` for what would break the promise, with the remedy, and `TryLater` if it cannot be reached.
    """
    parsed = parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _look_at_file(Path(parsed.database or "journal.sqlite3"), mounts)
    return await _look_at_server(parsed)


async def look_at_redis(url: str) -> str:
    """One line that names the Redis; raises `Misconfigured` with the remedy, or `TryLater` if it cannot be reached.

    Of a cluster every primary is looked at; one of the nodes that the URL names is enough to find them.
    """
    asked = is_cluster(url)
    trouble: TryLater | None = None
    for node in servers_of(url):
        try:
            first = await _ask_redis(node)
            break
        except TryLater as later:
            trouble = later
    else:
        raise trouble or TryLater("Redis cannot be reached")
    problems = redis_problems(first.about, first.cluster)
    if asked != bool(first.cluster):
        remedy = "leave out what says cluster in" if asked else "add ?cluster=1 to"
        problems.append(f"this Redis is {'no' if asked else 'part of a'} cluster; {remedy} JIEGENG_REDIS_URL")
    if asked and not problems:
        for place in first.primaries:
            told = await _ask_redis(_at(node, place))
            problems += [f"{place}: {problem}" for problem in redis_problems(told.about, told.cluster)]
    if problems:
        raise Misconfigured("\n".join(dict.fromkeys(problems)))
    version = first.about.get("valkey_version") or first.about.get("redis_version")
    kind = f", a cluster of {len(first.primaries)}" if asked else ""
    return f"Redis: {first.about.get('server_name', 'redis')} {version}{kind}"


@dataclass(frozen=True, slots=True)
class _Told:
    """What one server says in INFO and CLUSTER INFO, and where the primaries of its cluster are."""

    about: Mapping[str, object]
    cluster: Mapping[str, object]
    primaries: Sequence[str]


async def _ask_redis(url: str) -> _Told:
    try:
        client = Redis.from_url(url, decode_responses=True, socket_connect_timeout=5, socket_timeout=5)
    except ValueError as error:
        message = f"JIEGENG_REDIS_URL does not fit: {error}. Example: redis://localhost:6379/0"
        raise Misconfigured(message) from error
    try:
        about: Mapping[str, object] = await client.info()
        if not about.get("cluster_enabled"):
            return _Told(about, {}, ())
        cluster: Mapping[str, object] = await client.cluster("INFO")
        nodes: Mapping[str, Mapping[str, str]] = await client.cluster("NODES")
        primaries = [
            place for place, node in nodes.items() if "master" in node["flags"] and "fail" not in node["flags"]
        ]
        return _Told(about, cluster, primaries)
    except ResponseError as error:
        message = f"Redis does not say what it is: {error}; allow the bot's user the commands INFO and CLUSTER"
        raise Misconfigured(message) from error
    except (RedisError, OSError) as error:
        message = f"Redis cannot be reached: {error}"
        raise TryLater(message) from error
    finally:
        await client.aclose()


def _at(url: str, place: str) -> str:
    """The same URL for another server; CLUSTER NODES writes `host:port`, or `:port` for the one that was asked."""
    parts = urlsplit(url)
    login, at, own = parts.netloc.rpartition("@")
    host, _, port = place.rpartition(":")
    return parts._replace(netloc=f"{login}{at}{host or own.rpartition(':')[0]}:{port}").geturl()


def redis_problems(about: Mapping[str, object], cluster: Mapping[str, object]) -> list[str]:
    """What is wrong with a server that says this in INFO and in CLUSTER INFO, each with its remedy."""
    problems = []
    version = str(about.get("redis_version", "0"))
    if int(version.partition(".")[0] or 0) < OLDEST_REDIS:
        problems.append(f"Redis {version} is too old; take Redis {OLDEST_REDIS} or newer, or any Valkey")
    policy = about.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        problems.append(
            f"Redis may throw away what it was given: maxmemory-policy is {policy}; "
            "CONFIG SET maxmemory-policy noeviction, and write it into its configuration"
        )
    if about.get("role") in {"slave", "replica"} and not cluster:
        problems.append("this Redis is a replica and takes no writes; point JIEGENG_REDIS_URL at the primary")
    state = cluster.get("cluster_state", "ok")
    if state != "ok":
        problems.append(
            f"the Redis cluster is down (cluster_state:{state}); see that every slot is served: CLUSTER SHARDS"
        )
    return problems


def file_system_of(path: Path, mounts: Path) -> tuple[str, str]:
    """The mount point and the kind of file system that a path, or the folder where it will be, lies on."""
    place = path.absolute().resolve()
    best = ("/", "")
    for line in mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        fields, _, rest = line.partition(" - ")
        # The kernel writes blanks in names as octal numbers; a later line covers an earlier one of the same place.
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields.split(" ")[4])
        if place.is_relative_to(point) and len(point) >= len(best[0]):
            best = (point, rest.split(" ", 1)[0])
    return best


def _look_at_file(path: Path, mounts: Path) -> str:
    if sqlite3.sqlite_version_info[:2] < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        message = f"SQLite {sqlite3.sqlite_version} is too old; take a Python whose sqlite3 is {wanted} or newer"
        raise Misconfigured(message)
    try:
        point, kind = file_system_of(path, mounts)
    except OSError:  # another system than Linux: nobody can tell
        return f"journal: SQLite {sqlite3.sqlite_version}, {path}"
    if kind in NETWORK:
        message = (
            f"{path} lies on a network file system ({kind} at {point}), where SQLite loses what it wrote; "
            "set JIEGENG_DATA to a local disk, or JIEGENG_DATABASE_URL to a PostgreSQL"
        )
        raise Misconfigured(message)
    return f"journal: SQLite {sqlite3.sqlite_version}, {path} on {kind or 'an unknown file system'}"


async def _look_at_server(url: URL) -> str:
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - 9 MB that only PostgreSQL is worth

    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"), connect_args={"timeout": 10})
    try:
        async with engine.connect() as connection:
            told = await connection.run_sync(_ask)
    except TypeError as error:
        message = f"JIEGENG_DATABASE_URL has an option that does not fit: {error}; leave out what follows the ?"
        raise Misconfigured(message) from error
    except (DBAPIError, OSError) as error:
        message = f"the journal's database did not take it: {str(error).splitlines()[0]}"
        raise TryLater(message) from error
    finally:
        await engine.dispose()
    problems = postgresql_problems(told)
    if problems:
        raise Misconfigured("\n".join(problems))
    return f"journal: PostgreSQL {told['server_version']}"


_ASKED = (
    "server_version",
    "server_version_num",
    "synchronous_commit",
    "synchronous_standby_names",
    "fsync",
    "full_page_writes",
)


def _ask(connection: Connection) -> dict[str, str]:
    asked = ", ".join(f"current_setting('{name}') AS {name}" for name in _ASKED)
    row = connection.execute(text(f"SELECT {asked}, pg_is_in_recovery()::text AS standby")).one()
    return {name: str(value) for name, value in row._asdict().items()}


def postgresql_problems(told: Mapping[str, str]) -> list[str]:
    """What is wrong with a PostgreSQL that has these settings, each with its remedy.

    Every value of synchronous_commit but `off` waits for this server's own disk. `local` skips the standbys that
    somebody asked it to wait for: after a failover to one of them, an intent could be missing.
    """
    problems = []
    if int(told["server_version_num"]) < OLDEST_POSTGRESQL * 10_000:
        problems.append(f"PostgreSQL {told['server_version']} is too old; take {OLDEST_POSTGRESQL} or newer")
    commit = told["synchronous_commit"]
    if commit == "off" or (commit == "local" and told["synchronous_standby_names"]):
        problems.append(
            f"PostgreSQL may lose a commit that it has confirmed, and a mention would be answered twice: "
            f"synchronous_commit is {commit}; {_REMEDY.format(name='synchronous_commit')} "
            "(ALTER ROLE or ALTER DATABASE, if it was set there)"
        )
    problems += [
        f"PostgreSQL may be damaged by a power cut: {name} is off; {_REMEDY.format(name=name)}"
        for name in ("fsync", "full_page_writes")
        if told[name] == "off"
    ]
    if told["standby"] == "true":
        problems.append("this PostgreSQL is a standby and takes no writes; point JIEGENG_DATABASE_URL at the primary")
    return problems
