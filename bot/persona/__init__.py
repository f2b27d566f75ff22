"""Who the bot is: one strict Markdown file for each persona, read again when it changes."""

from bot.persona.file import BLANKS, CHATS, LISTS, PLIGHTS, PROSE, TONES, TROUBLES, Sampling, blanks_in
from bot.persona.persona import Persona, base, load_persona, parse_persona
from bot.persona.shelf import PersonaShelf

__all__ = [
    "BLANKS",
    "CHATS",
    "LISTS",
    "PLIGHTS",
    "PROSE",
    "TONES",
    "TROUBLES",
    "Persona",
    "PersonaShelf",
    "Sampling",
    "base",
    "blanks_in",
    "load_persona",
    "parse_persona",
]
