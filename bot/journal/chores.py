"""What has to be done once in a while by whichever worker comes first."""

from __future__ import annotations

from sqlalchemy import Connection, update

from bot.journal.database import Database
from bot.journal.schema import facts, insert_new, now


async def take_chore(database: Database, name: str, every: float) -> bool:
    """Whether this chore is ours to do now: nobody took it in the last `every` seconds of the journal's clock."""

    def work(connection: Connection) -> bool:
        fact = {"name": f"chore:{name}", "value": "", "at": now()}
        if connection.execute(insert_new(connection, facts, fact)).rowcount > 0:
            return True
        due = update(facts).where(facts.c.name == fact["name"], facts.c.at <= now() - every).values(at=now())
        return connection.execute(due).rowcount > 0

    return await database.write(work)
