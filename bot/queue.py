"""The wake-up stream on Redis, and what all workers share there: cool-downs, meme reservations, rate buckets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from bot.errors import Misconfigured, TryLater
from bot.ports import Wake

STREAM = "jiegeng:wake"
GROUP = "workers"
# One name for all: a hint belongs to nobody, so a dead worker leaves no consumer behind that somebody must clear away.
CONSUMER = "worker"
# Families that were played as often today as they may be; forgotten now and then, for the day moves on.
SPENT = "jiegeng:spent"
SPENT_FOR = 600
SHARED_FOR = 86_400

# KEYS: who leads. ARGV: owner, seconds. Takes a free lead, and renews one's own.
_LEAD = """
local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
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
_SPEND = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 86400)
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 1 end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('EXPIRE', KEYS[1], 86400)
return 1
"""

# KEYS: a person's sorted set of mention key → second. ARGV: mention key, most replies, window in seconds.
_COOL = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[3]))
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 1 end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""

# A token bucket. KEYS: the account's hash. ARGV: tokens a second, size. Returns seconds to wait, as text.
_PACE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local rate, size = tonumber(ARGV[1]), tonumber(ARGV[2])
local bucket = redis.call('HMGET', KEYS[1], 'level', 'at')
local level = math.min(size, (tonumber(bucket[1]) or size) + (now - (tonumber(bucket[2]) or now)) * rate)
local wait = 0
if level >= 1 then level = level - 1 else wait = (1 - level) / rate end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil(size / rate) + 60)
return tostring(wait)
"""


@asynccontextmanager
async def _reachable() -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        message = f"Redis cannot be reached or refuses: {error}"
        raise TryLater(message) from error


class RedisQueue:
    """The queue on any Redis-protocol server ≥ 7; whatever is lost here is rebuilt from the journal.

    `replies` in `window` seconds is a person's cool-down; `per_minute` is the account's own pace.
    """

    def __init__(
        self,
        client: Redis,
        *,
        replies: int = 5,
        window: float = 120,
        per_minute: float = 300,
        keep_memes: float = 180 * 86400,
        family_uses: int = 100,
    ) -> None:
        self._redis = client
        self._cool = (replies, int(window))
        self._rate = (per_minute / 60, max(1.0, per_minute / 6))
        self._keep_memes = int(keep_memes)
        self._family_uses = int(family_uses)
        self._spend = client.register_script(_SPEND)
        self._reserve = client.register_script(_RESERVE)
        self._release = client.register_script(_RELEASE)
        self._cooling = client.register_script(_COOL)
        self._lead = client.register_script(_LEAD)
        self._pace = client.register_script(_PACE)

    async def wake(self, keys: Sequence[str]) -> None:
        if not keys:
            return
        async with _reachable(), self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.xadd(STREAM, {"key": key})
            await pipe.execute()

    async def take(self, count: int, wait: float) -> Sequence[Wake]:
        async with _reachable():
            try:
                answer = await self._redis.xreadgroup(
                    GROUP, CONSUMER, {STREAM: ">"}, count=count, block=max(1, int(wait * 1000))
                )
            except ResponseError as error:
                if "NOGROUP" not in str(error):
                    raise
                await self._create_group()
                return ()
        return wakes_of(answer)

    async def done(self, wakes: Sequence[Wake]) -> None:
        if not wakes:
            return
        tokens = [wake.token for wake in wakes]
        async with _reachable(), self._redis.pipeline(transaction=False) as pipe:
            pipe.xack(STREAM, GROUP, *tokens)
            pipe.xdel(STREAM, *tokens)
            await pipe.execute()

    async def tidy(self) -> None:
        async with _reachable():
            try:
                pending = await self._redis.xpending_range(STREAM, GROUP, "-", "+", 500, idle=120_000)
            except ResponseError as error:
                if "NOGROUP" not in str(error):
                    raise
                return  # nobody has taken anything yet
            await self.done([Wake("", _text(entry["message_id"])) for entry in pending])

    async def reserve(self, person: str, family: str, key: str) -> bool:
        # Two keys, so two scripts: a cluster keeps them on different servers. The person's is the one that must hold.
        async with _reachable():
            if not await self._reserve(keys=[_memes_of(person)], args=[family, key, self._keep_memes]):
                return False
            if await self._spend(keys=[_uses_of(family)], args=[key, self._family_uses]):
                return True
            await self._redis.sadd(SPENT, family)
            await self._redis.expire(SPENT, SPENT_FOR, nx=True)
            await self._release(keys=[_memes_of(person)], args=[family, key])
            return False

    async def release(self, person: str, family: str, key: str) -> None:
        async with _reachable():
            await self._release(keys=[_memes_of(person)], args=[family, key])
            await self._redis.zrem(_uses_of(family), key)

    async def used(self, person: str) -> frozenset[str]:
        async with _reachable(), self._redis.pipeline(transaction=False) as pipe:
            pipe.hkeys(_memes_of(person))
            pipe.smembers(SPENT)
            own, spent = await pipe.execute()
            return frozenset(_text(family) for family in (*own, *spent))

    async def share(self, name: str, text: str, version: str) -> None:
        """Let all workers know a text; `version` tells them whether they know it already."""
        async with _reachable(), self._redis.pipeline(transaction=False) as pipe:
            pipe.set(f"jiegeng:shared:{name}", text, ex=SHARED_FOR)
            pipe.set(f"jiegeng:version:{name}", version, ex=SHARED_FOR)
            await pipe.execute()

    async def shared(self, name: str, known: str = "") -> tuple[str, str] | None:
        """The text that was shared and its version; None if there is none, or none but the one that is known."""
        async with _reachable():
            version = await self._redis.get(f"jiegeng:version:{name}")
            if version is None or _text(version) == known:
                return None
            text = await self._redis.get(f"jiegeng:shared:{name}")
            return None if text is None else (_text(text), _text(version))

    async def cool(self, person: str, key: str) -> bool:
        async with _reachable():
            return bool(await self._cooling(keys=[f"jiegeng:cool:{person}"], args=[key, *self._cool]))

    async def token(self, account: str) -> float:
        async with _reachable():
            return float(await self._pace(keys=[f"jiegeng:rate:{account}"], args=list(self._rate)))

    async def lead(self, account: str, owner: str, seconds: float) -> bool:
        """Whether `owner` listens for the account for so many seconds; only economy, safety is the cursor's."""
        async with _reachable():
            return bool(await self._lead(keys=[f"jiegeng:lead:{account}"], args=[owner, int(seconds)]))

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _create_group(self) -> None:
        try:
            # From the very first entry: a group created at "$" would lose what came before it.
            await self._redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise


def open_queue(url: str, **limits: float) -> RedisQueue:
    """A queue on the server behind a `redis://`, `rediss://`, `valkey://` or `unix://` URL; connects on first use."""
    try:
        spoken = "redis" + url.removeprefix("valkey") if url.startswith("valkey") else url
        client = Redis.from_url(spoken, socket_connect_timeout=5, health_check_interval=30)
    except ValueError as error:
        message = f"JIEGENG_REDIS_URL does not fit: {error}. Example: redis://localhost:6379/0"
        raise Misconfigured(message) from error
    return RedisQueue(client, **limits)  # type: ignore[arg-type]  # plain numbers from the settings


def wakes_of(answer: Any) -> Sequence[Wake]:
    """Hints out of an XREADGROUP answer: a list or, under RESP3, a dict; bytes or text by an option of the URL."""
    if not answer:
        return ()
    streams = answer.items() if isinstance(answer, dict) else answer
    wakes: list[Wake] = []
    for _stream, entries in streams:
        # RESP3 wraps the entries of each stream once more.
        flat = entries[0] if entries and isinstance(entries[0], list) else entries
        for token, fields in flat:
            key = {_text(name): value for name, value in (fields or {}).items()}.get("key")
            if key is not None:
                wakes.append(Wake(_text(key), _text(token)))
    return wakes


def _uses_of(family: str) -> str:
    return f"jiegeng:uses:{family}"


def _memes_of(person: str) -> str:
    return f"jiegeng:memes:{person}"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
