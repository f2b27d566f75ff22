"""The truth: inbox, journal, cursors and switches in SQL."""

from bot.journal.database import Database, open_database
from bot.journal.desk import Desk
from bot.journal.episodes import Episodes
from bot.journal.memory import Memory
from bot.journal.passes import Passes

__all__ = ["Database", "Desk", "Episodes", "Memory", "Passes", "open_database"]
