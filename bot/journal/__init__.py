"""The truth: inbox, journal, cursors and switches in SQL."""

from bot.journal.database import Database, open_database
from bot.journal.episodes import Episodes

__all__ = ["Database", "Episodes", "open_database"]
