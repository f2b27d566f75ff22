"""The truth: inbox, journal, cursors and switches in SQL."""

from bot.journal.audit import Audit
from bot.journal.chores import take_chore
from bot.journal.database import Database, open_database
from bot.journal.desk import Desk
from bot.journal.episodes import Episodes
from bot.journal.keeping import Forgotten, Keeping
from bot.journal.memory import Memory
from bot.journal.passes import Passes
from bot.journal.stream import stream
from bot.journal.tenancy import Tenancy, move_in

__all__ = [
    "Audit",
    "Database",
    "Desk",
    "Episodes",
    "Forgotten",
    "Keeping",
    "Memory",
    "Passes",
    "Tenancy",
    "move_in",
    "open_database",
    "stream",
    "take_chore",
]
