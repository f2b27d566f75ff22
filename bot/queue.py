"""The wake-ups on Redis, and what all workers share there: cool-downs, meme reservations, rate buckets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from zlib import crc32

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import SSLConnection, parse_url
from redis.exceptions import RedisError, ResponseError

from bot.errors import Misconfigured, TryLater
from bot.ports import Hint
from bot.walls import Wall

log = logging.getLogger(__name__)

# In a cluster a key lives on one node. So many shards spread one account's hints over the nodes.
SHARDS = 8
# Each further mention of a person stands so many seconds behind the one before it, as if it had come that much later.
TURN = 20.0
# Our own deadline around every call, and on top of the time that a blocking read may wait.
DEADLINE = 10.0
# Hints in one script call: no script may keep a server busy for long.
AT_ONCE = 256
# The share of an account's pace that is kept for what goes first.
KEPT_FOR_FIRST = 0.2
# A worker that needs many tokens takes so many at once, at most this share of what may be spent at once; what it has
# not used after so many seconds is lost, so that a pause or a lull is not answered with tokens of before.
HANDFUL = 16
HANDFUL_SHARE = 0.05
HANDFUL_LASTS = 0.5

# The two lanes of a shard, as scripts count them.
FIRST, REST = 1, 2
# KEYS: the sorted sets of one shard, first lane and rest; then for each hint its person's last turn in that lane.
# ARGV: seconds between two turns of a person; then for each hint its lane (1 or 2) and its key.
# A hint that waits already keeps its place, so a hint that is given twice is one.
_WAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
for i = 3, #KEYS do
  local lane, key = KEYS[tonumber(ARGV[2 * i - 4])], ARGV[2 * i - 3]
  if not redis.call('ZSCORE', lane, key) then
    local last = tonumber(redis.call('GET', KEYS[i]))
    local turn = now + i / 1000000
    if last then turn = math.max(turn, last + tonumber(ARGV[1])) end
    redis.call('SET', KEYS[i], string.format('%.6f', turn), 'EX', math.ceil(turn - now + ARGV[1]))
    redis.call('ZADD', lane, string.format('%.6f', turn), key)
  end
end
"""
# KEYS: the two lanes of one shard. ARGV: how many. Takes what is there, as lane, key, turn, one after the other.
_LOOK = """
local taken, left = {}, tonumber(ARGV[1])
for lane = 1, 2 do
  local some = left > 0 and redis.call('ZPOPMIN', KEYS[lane], left) or {}
  for i = 1, #some, 2 do
    taken[#taken + 1], taken[#taken + 2], taken[#taken + 3] = lane, some[i], some[i + 1]
  end
  left = left - #some / 2
end
return taken
"""
# Families that were played as often today as they may be; forgotten now and then, for the day moves on.
SPENT = "jiegeng:spent"
SPENT_FOR = 600
# How long a worker goes by what it read there: a family that was spent meanwhile is refused by its reservation.
SPENT_KNOWN_FOR = 2.0
SHARED_FOR = 86_400

# KEYS: who leads. ARGV: owner, milliseconds, 1 to take it from another. Takes a free lead, and renews one's own.
_LEAD = """
local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] and ARGV[3] ~= '1' then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

# KEYS: a person's hash of family → mention key. ARGV: family, mention key, seconds to keep. Idempotent by mention key.
_RESERVE = """
local holder = redis.call('HGET', KEYS[1], ARGV[1])
if holder and holder ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""

_RELEASE = """
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then return redis.call('HDEL', KEYS[1], ARGV[1]) end
return 0
"""

# KEYS: a family's sorted set of mention key → second. ARGV: mention key, most uses in 24 hours. Idempotent by key.
_PLAY = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 86400)
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 1 end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('EXPIRE', KEYS[1], 86400)
return 1
"""

# KEYS: a person's sorted set of mention key → second; their hash of _RESERVE. ARGV: mention key, most replies, window
# in seconds. Idempotent by key. Returns the families they have seen, or nothing while they are in their cool-down.
_ADMIT = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[3]))
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return false end
  redis.call('ZADD', KEYS[1], now, ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return redis.call('HKEYS', KEYS[2])
"""

# Token buckets that are spent from together, and what the platform said is left until when.
# KEYS: the hash. ARGV: cost, share to keep, then tokens a second and size of each bucket. Returns seconds, as text.
_SPEND = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local cost, keep = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'at', 'left', 'until', 1, 2, 3)
local since = math.max(0, now - (tonumber(kept[1]) or now))
local left, ends = tonumber(kept[2]), tonumber(kept[3]) or 0
local wait, lasts, levels = 0, 0, {}
if left and ends > now then
  if left < cost + keep * (tonumber(ARGV[4]) or 0) then wait = ends - now end
  lasts = ends - now
end
for i = 3, #ARGV, 2 do
  local rate, size, n = tonumber(ARGV[i]), tonumber(ARGV[i + 1]), (i - 1) / 2
  local level = math.min(size, (tonumber(kept[n + 3]) or size) + since * rate)
  wait = math.max(wait, (math.min(size, cost + keep * size) - level) / rate)
  lasts = math.max(lasts, size / rate)
  levels[n] = level
end
for n, level in ipairs(levels) do
  if wait <= 0 then level = level - cost end
  redis.call('HSET', KEYS[1], n, tostring(level))
end
if wait <= 0 and left and ends > now then redis.call('HINCRBYFLOAT', KEYS[1], 'left', -cost) end
redis.call('HSET', KEYS[1], 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil(lasts) + 60)
return tostring(math.max(0, wait))
"""

# KEYS: the hash of _SPEND. ARGV: points left, seconds. Answers may come in any order: within a window the least counts.
_LEFT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local left, ends = tonumber(ARGV[1]), now + tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'left', 'until')
if kept[1] and kept[2] and tonumber(kept[2]) > now then
  left = math.min(left, tonumber(kept[1]))
  ends = math.max(ends, tonumber(kept[2]))
end
redis.call('HSET', KEYS[1], 'left', tostring(left), 'until', string.format('%.6f', ends))
redis.call('EXPIRE', KEYS[1], math.max(redis.call('TTL', KEYS[1]), math.ceil(ends - now) + 60))
"""


# A hint that was taken: whether it is of the rest, the second from which it was its turn, its key. They sort by order.
_Turn = tuple[bool, float, str]


@dataclass(slots=True)
class _Handful:
    """Tokens of an account that a worker took at once: how many it took, has left, and until when they are good."""

    size: int = 0
    left: int = 0
    until: float = 0.0


class RedisQueue:
    """The queue on any Redis-protocol server ≥ 7, or a cluster of them; what is lost here is rebuilt from the journal.

    A hint is a member of a sorted set; its score is the second from which it is its turn. Each account has `shards`
    shards of two sets, what goes first and the rest, with a hash tag of their own: no command touches two slots.
    `replies` in `window` seconds is a person's cool-down; `per_minute` is the account's own pace.
    """

    def __init__(
        self,
        client: Redis | RedisCluster,
        *,
        replies: int = 5,
        window: float = 120,
        per_minute: float = 300,
        keep_memes: float = 180 * 86400,
        family_uses: int = 100,
    ) -> None:
        self._redis = client
        self._cluster = client if isinstance(client, RedisCluster) else None
        self._shards = SHARDS if self._cluster is not None else 1
        self._cool = (replies, int(window))
        self._pace = Wall(per_minute * 1.25, 60)
        self._keep_memes = int(keep_memes)
        self._family_uses = int(family_uses)
        self._spent: tuple[frozenset[str], float] = (frozenset(), 0.0)
        self._handfuls: dict[str, _Handful] = {}
        self._looks = 0
        # One blocking read for each empty shard of a cluster goes on while others have brought something already.
        self._reading: dict[str, asyncio.Task[Sequence[_Turn]]] = {}
        self._surplus: list[_Turn] = []  # in order
        # Shards that have not answered since they last failed.
        self._deaf: dict[str, TryLater] = {}

    async def wake(self, hints: Sequence[Hint]) -> None:
        shards: dict[str, list[Hint]] = {}
        for hint in hints:
            shards.setdefault(self._shard_of(hint), []).append(hint)
        calls = [self._wake_all(shard, its) for shard, its in shards.items()]
        if len(calls) == 1:
            await calls[0]
            return
        for trouble in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(trouble, BaseException):
                raise trouble

    async def take(self, count: int, wait: float, accounts: Collection[str]) -> Sequence[str]:
        self._looks += 1
        if self._surplus:
            return self._some(count)
        shards = [f"jiegeng:wake:{{{account}:{n}}}" for account in sorted(accounts) for n in range(self._shards)]
        if not shards:
            await asyncio.sleep(min(wait, 0.1))
            return ()
        if self._cluster is None:
            at = self._looks % len(shards)
            return [key for _rest, _turn, key in await self._pop([*shards[at:], *shards[:at]], count, wait)]
        await self._read_all(shards, -(-count // len(shards)), wait)
        return self._some(count)

    async def reserve(self, person: str, family: str, key: str) -> bool:
        # Two keys, so two scripts: a cluster keeps them on different servers. The person's is the one that must hold.
        async with self._reachable():
            pipe = self._redis.pipeline(transaction=False)
            pipe.execute_command("EVAL", _RESERVE, 1, _memes_of(person), family, key, self._keep_memes)
            pipe.execute_command("EVAL", _PLAY, 1, _uses_of(family), key, self._family_uses)
            is_theirs, is_playable = await pipe.execute()
            if is_theirs and not is_playable:
                await self._redis.sadd(SPENT, family)
                await self._redis.expire(SPENT, SPENT_FOR, nx=True)
                self._spent = (self._spent[0] | {family}, self._spent[1])
                await self._run(_RELEASE, [_memes_of(person)], [family, key])
            elif is_playable and not is_theirs:
                await self._redis.zrem(_uses_of(family), key)
            return bool(is_theirs and is_playable)

    async def release(self, person: str, family: str, key: str) -> None:
        async with self._reachable():
            await self._run(_RELEASE, [_memes_of(person)], [family, key])
            await self._redis.zrem(_uses_of(family), key)

    async def admit(self, person: str, key: str) -> frozenset[str] | None:
        async with self._reachable():
            seen = await self._run(_ADMIT, [_cool_of(person), _memes_of(person)], [key, *self._cool])
            return None if seen is None else await self._with_spent(seen)

    async def used(self, person: str) -> frozenset[str]:
        """The families that `admit` tells, without counting anything."""
        async with self._reachable():
            return await self._with_spent(await self._redis.hkeys(_memes_of(person)))

    async def _with_spent(self, seen: Iterable[Any]) -> frozenset[str]:
        """The families that somebody has seen, and those that nobody may play any more today."""
        spent, until = self._spent
        now = asyncio.get_running_loop().time()
        if now >= until:
            spent = frozenset(map(_text, await self._redis.smembers(SPENT)))
            self._spent = (spent, now + SPENT_KNOWN_FOR)
        return spent.union(map(_text, seen))

    async def share(self, name: str, text: str, version: str) -> None:
        """Let all workers know a text; `version` tells them whether they know it already."""
        async with self._reachable(), self._redis.pipeline(transaction=False) as pipe:
            pipe.set(f"jiegeng:shared:{name}", text, ex=SHARED_FOR)
            pipe.set(f"jiegeng:version:{name}", version, ex=SHARED_FOR)
            await pipe.execute()

    async def shared(self, name: str, known: str = "") -> tuple[str, str] | None:
        """The text that was shared and its version; None if there is none, or none but the one that is known."""
        async with self._reachable():
            version = await self._redis.get(f"jiegeng:version:{name}")
            if version is None or _text(version) == known:
                return None
            text = await self._redis.get(f"jiegeng:shared:{name}")
            return None if text is None else (_text(text), _text(version))

    async def token(self, account: str, *, first: bool = False) -> float:
        clock = asyncio.get_running_loop().time
        held = self._handfuls.setdefault(account, _Handful())
        if held.left > 0 and clock() < held.until:
            held.left -= 1
            return 0.0
        keep = 0.0 if first else KEPT_FOR_FIRST
        many = 1 if first else self._next_handful(held, clock())
        seconds = await self.spend(_pace_of(account), many, [self._pace], keep=keep)
        if seconds > 0 and many > 1:
            many, seconds = 1, await self.spend(_pace_of(account), 1, [self._pace], keep=keep)
        if seconds <= 0 and not first:
            held.size, held.left, held.until = many, many - 1, clock() + HANDFUL_LASTS
        return seconds

    def _next_handful(self, held: _Handful, now: float) -> int:
        """Twice as many as the one before, if that was used up in its time; else one."""
        most = max(1, min(HANDFUL, int(self._pace.size * HANDFUL_SHARE)))
        return min(most, 2 * held.size) if held.size and now < held.until else 1

    async def pause(self, account: str, seconds: float) -> None:
        self._handfuls.pop(account, None)
        await self.left(_pace_of(account), 0, seconds)

    async def spend(self, bucket: str, cost: float, walls: Sequence[Wall], *, keep: float = 0.0) -> float:
        """Spend from at most three walls of a bucket at once, or from none; see `bot.walls.Purse`."""
        buckets = chain.from_iterable((wall.rate, wall.size) for wall in walls)
        async with self._reachable():
            return float(await self._run(_SPEND, [f"jiegeng:rate:{bucket}"], [cost, keep, *buckets]))

    async def left(self, bucket: str, points: float, seconds: float) -> None:
        """Take in what the platform said is left for so many seconds."""
        async with self._reachable():
            await self._run(_LEFT, [f"jiegeng:rate:{bucket}"], [points, seconds])

    async def lead(self, account: str, owner: str, seconds: float, *, take_over: bool = False) -> bool:
        """Whether `owner` listens for the account for so many seconds; only economy, safety is the cursor's.

        `take_over` is for who knows that the one who led is dead: there is nothing to wait for.
        """
        args: list[str | int] = [owner, int(seconds * 1000), int(take_over)]
        async with self._reachable():
            return bool(await self._run(_LEAD, [f"jiegeng:lead:{account}"], args))

    async def forget(self, person: str) -> None:
        """Drop what is kept about a person; the append-only file is written anew, without them."""
        names = [_memes_of(person), _cool_of(person), _cool_of(f"{person}:crisis")]
        async with self._reachable():
            for name in names:  # one by one: in a cluster they may live on different nodes
                await self._redis.delete(name)
            try:
                if self._cluster is None:
                    await self._redis.bgrewriteaof()
                else:
                    await self._cluster.bgrewriteaof(target_nodes=self._cluster.get_primaries())
            except ResponseError as error:
                log.info("Redis does not write its file anew now: %s", error)

    async def close(self) -> None:
        """Close the connections, once the last reads have come to their end by themselves.

        A read that is cancelled while it connects leaves its connection open, or takes longer. What a last read brings
        is hinted at again by the sweeper.
        """
        await asyncio.gather(*self._reading.values(), return_exceptions=True)
        await self._redis.aclose()

    @asynccontextmanager
    async def _reachable(self, longer: float = 0.0) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(DEADLINE + longer):
                if self._cluster is not None:
                    # Commands that find out about the cluster side by side close each other's connections (redis-py 8).
                    await self._cluster.initialize()
                yield
        except (RedisError, OSError) as error:  # a TimeoutError is an OSError
            message = f"Redis cannot be reached or refuses: {error or type(error).__name__}"
            raise TryLater(message) from error
        except AttributeError as error:
            if error.name != "writelines":
                raise
            message = "Redis cannot be reached: a connection was closed while it was being opened"
            raise TryLater(message) from error
        except RuntimeError as error:
            if "closed" not in str(error):  # what uvloop says of a connection that is gone
                raise
            message = f"Redis cannot be reached: {error}"
            raise TryLater(message) from error

    def _shard_of(self, hint: Hint) -> str:
        # By person, not by mention: all that a person says waits in one line, or taking turns would not work.
        return f"jiegeng:wake:{{{hint.account}:{crc32(hint.person.encode()) % self._shards}}}"

    async def _wake_all(self, shard: str, hints: Sequence[Hint]) -> None:
        for start in range(0, len(hints), AT_ONCE):  # one after the other: who came first gets the earlier turn
            await self._wake(shard, hints[start : start + AT_ONCE])

    async def _wake(self, shard: str, hints: Sequence[Hint]) -> None:
        keys = [f"{shard}:first", f"{shard}:rest"]
        keys += [f"{shard}:{'first' if hint.first else 'rest'}:{hint.person}" for hint in hints]
        lanes = chain.from_iterable((FIRST if hint.first else REST, hint.key) for hint in hints)
        async with self._reachable():
            await self._run(_WAKE, keys, [TURN, *lanes])

    async def _run(self, script: str, keys: Sequence[str], args: Iterable[Any]) -> Any:
        """A script as a whole: the server knows it by heart, and need not be told what it forgot."""
        return await self._redis.execute_command("EVAL", script, len(keys), *keys, *args)

    async def _pop(self, shards: Sequence[str], count: int, wait: float) -> Sequence[_Turn]:
        """One blocking read: up to `count` hints of the first set that has any, what goes first before the rest."""
        lanes = [f"{shard}:{lane}" for lane in ("first", "rest") for shard in shards]
        words = ("BZMPOP", max(0.001, wait), len(lanes), *lanes, "MIN", "COUNT", count)
        async with self._reachable(wait):
            answer = await self._send(lanes[0], words)
        if not answer:
            return ()
        is_rest = _text(answer[0]).endswith(":rest")
        return [(is_rest, float(turn), _text(key)) for key, turn in answer[1]]

    async def _look(self, shard: str, count: int) -> Sequence[_Turn]:
        """Up to `count` hints of a shard, without waiting for any."""
        async with self._reachable():
            taken = await self._run(_LOOK, [f"{shard}:first", f"{shard}:rest"], [count])
        triples = zip(taken[::3], taken[1::3], taken[2::3], strict=True)
        return [(lane == REST, float(turn), _text(key)) for lane, key, turn in triples]

    async def _send(self, key: str, words: Sequence[Any]) -> Any:
        if self._cluster is None:
            return await self._redis.execute_command(*words)
        # Told which node to ask, the client need not ask the server first which of the words are keys.
        node = self._cluster.get_node_from_key(key)
        return await self._cluster.execute_command(*words, target_nodes=node)

    async def _read_all(self, shards: Sequence[str], share: int, wait: float) -> None:
        """Gather what the shards have, in the order of its turns; if they have nothing, what the first of them gets.

        Raises `TryLater` if no shard answers; a part that cannot be reached keeps nobody from what the others have.
        """
        clock = asyncio.get_running_loop().time
        ends = clock() + wait
        # All are asked before anything is handed out: a person's flood would overtake who waits on a slower node.
        failed = await self._read(shards, share, wait, waits=False)
        while not self._surplus and len(failed) < len(shards) and (patience := ends - clock()) > 0:
            failed |= await self._read([shard for shard in shards if shard not in failed], share, patience, waits=True)
        # Shards may fail more slowly than one look lasts, so what earlier looks found out counts as well.
        if not self._surplus and self._deaf.keys() >= set(shards):
            raise self._deaf[shards[0]]

    async def _read(self, shards: Sequence[str], share: int, patience: float, *, waits: bool) -> set[str]:
        """Ask all shards that are not being read: for what is there, or for the first that comes. Those that failed."""
        asked = set()
        for shard in shards:
            if shard not in self._reading:
                read = self._pop([shard], share, patience) if waits else self._look(shard, share)
                self._reading[shard] = asyncio.create_task(read, name=f"read {shard}")
                if shard not in self._deaf:  # nobody waits for the answer of who gave none before
                    asked.add(self._reading[shard])
        if waits:
            await asyncio.wait(self._reading.values(), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        elif asked:
            await asyncio.wait(asked, timeout=patience)
        return self._gather()

    def _gather(self) -> set[str]:
        failed = set()
        for shard, task in [item for item in self._reading.items() if item[1].done()]:
            del self._reading[shard]
            try:
                self._surplus.extend(task.result())
                self._deaf.pop(shard, None)
            except TryLater as trouble:
                if shard not in self._deaf:
                    log.warning("%s: %s", shard, trouble)
                self._deaf[shard] = trouble
                failed.add(shard)
        self._surplus.sort()
        return failed

    def _some(self, count: int) -> Sequence[str]:
        taken, self._surplus = self._surplus[:count], self._surplus[count:]
        return [key for _rest, _turn, key in taken]


def open_queue(url: str, **limits: float) -> RedisQueue:
    """A queue on the server behind a URL; connects on first use. Raises `Misconfigured` for a URL that is none.

    `redis://`, `rediss://`, `valkey://`, `valkeys://` or `unix://` for one server; for a cluster `?cluster=1`, or
    `redis+cluster://`, where several nodes may be named with commas between them.
    """
    try:
        client = _open_cluster(url) if is_cluster(url) else _open_server(url)
    except (ValueError, RedisError) as error:
        message = f"JIEGENG_REDIS_URL does not fit: {error}. Example: redis://localhost:6379/0"
        raise Misconfigured(message) from error
    return RedisQueue(client, **limits)  # type: ignore[arg-type]  # plain numbers from the settings


def _open_server(url: str) -> Redis:
    # No time-out for each read and write: our own deadline stands around every call.
    return Redis.from_url(_spoken(url), socket_timeout=None, socket_connect_timeout=5, health_check_interval=30)


def _open_cluster(url: str) -> RedisCluster:
    """A client of a cluster: one node of it is enough to find the others."""
    nodes = servers_of(url)
    options = dict[str, Any](parse_url(nodes[0]))
    if options.pop("connection_class", None) is SSLConnection:
        options["ssl"] = True
    if options.pop("db", 0):
        message = "a cluster has no databases; leave out what follows the address"
        raise ValueError(message)
    places = [parse_url(node) for node in nodes]
    known = [ClusterNode(place.get("host", "localhost"), place.get("port", 6379)) for place in places]
    for name in ("host", "port"):
        options.pop(name, None)
    return RedisCluster(startup_nodes=known, socket_connect_timeout=5, health_check_interval=30, **options)


def is_cluster(url: str) -> bool:
    """Whether an operator says that a cluster is behind a URL."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query)).get("cluster", "")
    return parts.scheme.endswith("+cluster") or asked.lower() in {"1", "true", "yes"}


def servers_of(url: str) -> list[str]:
    """A URL as a plain client speaks it, for each server that is named; nothing in it says that it is a cluster."""
    spoken = _spoken(url)
    if not is_cluster(url):
        return [spoken]
    parts = urlsplit(spoken)
    rest = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name != "cluster"])
    login, at, places = parts.netloc.rpartition("@")
    plain = parts._replace(scheme=parts.scheme.removesuffix("+cluster"), query=rest)
    return [plain._replace(netloc=login + at + place).geturl() for place in places.split(",")]


def _spoken(url: str) -> str:
    return "redis" + url.removeprefix("valkey") if url.startswith("valkey") else url


def _pace_of(account: str) -> str:
    return f"account:{account}"


def _uses_of(family: str) -> str:
    return f"jiegeng:uses:{family}"


def _memes_of(person: str) -> str:
    # Braces would choose the slot, and a name is somebody else's text.
    return "jiegeng:memes:" + person.replace("{", "(").replace("}", ")")


def _cool_of(person: str) -> str:
    """In the slot of the person's memes, so that one script may see both."""
    return f"jiegeng:cool:{{{_memes_of(person)}}}"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
