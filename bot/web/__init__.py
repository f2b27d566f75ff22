"""The admin pages: what the bot heard, felt, wrote and posted, and the forms with which a person decides."""

from bot.web.ports import Keys, Log
from bot.web.routes import make_web

__all__ = ["Keys", "Log", "make_web"]
