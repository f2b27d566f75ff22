"""Who lives on a PostgreSQL: one whole house or many workers, told apart by locks that end with their owner."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.errors import Misconfigured, TryLater
from bot.journal.database import parse

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

log = logging.getLogger(__name__)

# Any numbers, the same in every process.
HOUSE = 7_203_451_921
WORKERS = 7_203_451_922

# A machine that vanishes without a word gives its lock back within half a minute, not after two hours.
_KEEP_ALIVE = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}


@dataclass(slots=True)
class Tenancy:
    """A connection of its own that holds a lock for as long as this process lives; made by `move_in`.

    A whole house holds HOUSE alone; a worker of a split house holds WORKERS together with the others.
    """

    _engine: AsyncEngine
    _whole: bool
    _connection: AsyncConnection | None = None
    alone: bool = field(default=True)

    async def enter(self) -> None:
        """Take the lock; raises `Misconfigured` if another whole house has it."""
        try:
            connection = await self._engine.connect()
            self._connection = connection
            if self._whole:
                got = await connection.scalar(text(f"SELECT pg_try_advisory_lock({HOUSE})"))
                others = not await connection.scalar(text(f"SELECT pg_try_advisory_lock({WORKERS})"))
                if not others:
                    await connection.execute(text(f"SELECT pg_advisory_unlock({WORKERS})"))
                self.alone = not others
            else:
                # Waits only while a whole house asks whether there are workers.
                await connection.execute(text(f"SELECT pg_advisory_lock_shared({WORKERS})"))
                got = True
        except (DBAPIError, OSError) as error:
            await self._let_go()
            message = f"the journal's database did not take it: {str(error).splitlines()[0]}"
            raise TryLater(message) from error
        if not got:
            await self._let_go()
            message = (
                "another whole house (jiegeng run without --role) lives on this PostgreSQL; stop it, or split the "
                "house: jiegeng run --role listen, --role work, --role web"
            )
            raise Misconfigured(message)

    async def keep(self) -> None:
        """See that the lock is still ours; call this every few seconds. Raises as `enter` does."""
        if self._connection is not None:
            try:
                await self._connection.execute(text("SELECT 1"))
            except (DBAPIError, OSError) as error:
                log.warning("the connection that holds this house's place was lost: %s", str(error).splitlines()[0])
                await self._let_go()
            else:
                return
        await self.enter()

    async def leave(self) -> None:
        """Give the lock back."""
        await self._let_go()
        await self._engine.dispose()

    async def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                # Closed for good: a pooled connection would keep its lock.
                await connection.invalidate()
                await connection.close()
            except (DBAPIError, OSError) as error:
                log.debug("a lost connection ended with: %s", error)


async def move_in(url: str, *, whole: bool) -> Tenancy | None:
    """Take a place on the journal's database; None for SQLite, where the lock on the data folder says the same."""
    parsed = parse(url)
    if parsed.get_backend_name() != "postgresql":
        return None
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - 9 MB that only PostgreSQL is worth

    engine = create_async_engine(
        parsed.set(drivername="postgresql+asyncpg"),
        pool_size=1,
        max_overflow=0,
        isolation_level="AUTOCOMMIT",
        connect_args={"server_settings": _KEEP_ALIVE},
    )
    tenancy = Tenancy(engine, whole)
    try:
        await tenancy.enter()
    except (Misconfigured, TryLater):
        await engine.dispose()
        raise
    return tenancy
