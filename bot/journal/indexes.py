"""The indexes of the few rows that a page or an alarm asks for; all other rows cost them nothing.

Only a migration needs to know them, and to declare them loads the dialect of PostgreSQL, 2 MB.
"""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.sql import ColumnElement

from bot.journal.schema import episodes, metadata

__all__ = ["metadata"]


def _few(name: str, which: ColumnElement[bool]) -> None:
    Index(name, episodes.c.heard_at, episodes.c.key, sqlite_where=which, postgresql_where=which)


_few("episodes_open", episodes.c.due_at.is_not(None))
_few("episodes_crisis", episodes.c.tone == "crisis")
_few("episodes_high", episodes.c.risk == "high")
_few("episodes_medium", episodes.c.risk == "medium")
