"""The truth: inbox, journal, cursors and switches in SQL."""

from bot.journal.database import Database, open_database
from bot.journal.desk import Desk
from bot.journal.episodes import Episodes
from bot.journal.passes import Passes
from bot.journal.tenancy import Tenancy, move_in

__all__ = ["Database", "Desk", "Episodes", "Passes", "Tenancy", "move_in", "open_database"]
