"""Commands over the topics of today."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from bot import show
from bot.commands.terminal import open_journal, out
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from bot.journal.memory import Phrase
    from memes.trends.sheet import Sheet

trends = typer.Typer(help="What people talk about today, and the boards that say so.", no_args_is_help=True)
_NONE = "no boards yet; name a file of them in JIEGENG_SOURCES and start the bot (docs/memes.md)"


@trends.command("list", epilog="Example: jiegeng trends list")
def list_topics() -> None:
    """List the living topics as the running bot last noted them, at most a minute ago, and phrases that burst."""
    sheet, phrases = asyncio.run(_look(load_settings()))
    now = datetime.now(UTC)
    if sheet is None:
        out.print(_NONE)
    else:
        out.print(show.topics_table(sheet, now))
        if sheet.is_blind(now):
            out.print("every board is older than 15 minutes: replies are written without topics", style="yellow")
    for phrase in phrases:
        told = f"  {phrase.state}, used by {phrase.people} people  {phrase.why}"
        out.print(f"burst {phrase.burst_at.astimezone():%m-%d %H:%M}  {phrase.phrase}{told}", markup=False)


@trends.command("sources", epilog="Example: jiegeng trends sources")
def list_sources() -> None:
    """List the boards with the age of their last good answer, and what is wrong with the others."""
    sheet, _ = asyncio.run(_look(load_settings()))
    if sheet is None:
        out.print(_NONE)
    else:
        out.print(show.boards_table(sheet, datetime.now(UTC)))


async def _look(settings: Settings) -> tuple[Sheet | None, list[Phrase]]:
    from bot.journal import Memory  # noqa: PLC0415
    from memes.trends.sheet import Sheet  # noqa: PLC0415

    async with open_journal(settings) as journal:
        memory = Memory(journal.database)
        text = await memory.note("trends")
        return None if text is None else Sheet.model_validate_json(text), list(await memory.watched())
