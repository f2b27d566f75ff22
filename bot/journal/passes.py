"""One-time sign-in links and the sessions they open, kept as hashes."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from bot.journal.database import Database
from bot.journal.schema import now, passes


@dataclass(frozen=True, slots=True)
class Passes:
    """Whoever can read this machine's terminal may sign in; a link works once, a session for `session_for` seconds."""

    database: Database
    link_for: float = 24 * 3600.0
    session_for: float = 7 * 86400.0

    async def link(self) -> str:
        """A new one-time token."""
        return await self._issue("link", self.link_for)

    async def redeem(self, token: str) -> bool:
        """Whether this one-time token is good; it never is again."""
        statement = delete(passes).where(
            passes.c.digest == _digest(token), passes.c.kind == "link", passes.c.until > now()
        )
        return await self.database.write(lambda connection: connection.execute(statement).rowcount > 0)

    async def open(self) -> str:
        """A new session."""
        return await self._issue("session", self.session_for)

    async def valid(self, session: str) -> bool:
        """Whether the session is open."""
        query = select(passes.c.digest).where(
            passes.c.digest == _digest(session), passes.c.kind == "session", passes.c.until > now()
        )
        return await self.database.read(lambda connection: connection.scalar(query) is not None)

    async def close(self, session: str) -> None:
        """End the session; one that is unknown is no error."""
        statement = delete(passes).where(passes.c.digest == _digest(session))
        await self.database.write(lambda connection: connection.execute(statement).rowcount)

    async def _issue(self, kind: str, lasts: float) -> str:
        token = secrets.token_urlsafe(32)

        def work(connection: Connection) -> None:
            connection.execute(delete(passes).where(passes.c.until <= now()))
            connection.execute(insert(passes).values(digest=_digest(token), kind=kind, until=now() + lasts))

        await self.database.write(work)
        return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
