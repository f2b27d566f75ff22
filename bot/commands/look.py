"""Commands that look: what can be set and whether it fits, and what the bot did."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Any

import typer
from rich.text import Text

from bot import show
from bot.commands.terminal import MISCONFIGURED, NOT_FOUND, OK, fail, find_episode, open_journal, out, show_episode
from bot.model import State, Tone
from bot.settings import Settings, load_settings


def check(
    settings: Annotated[bool, typer.Option("--settings", help="List every setting with its meaning.")] = False,  # noqa: FBT002
) -> None:
    """Check settings, personas, memes and rules; the exit code is 0 only if all of it fits."""
    if settings:
        out.print(show.settings_table(Settings))
        return
    from bot.check import check_all  # noqa: PLC0415

    problems = 0
    for line in check_all(load_settings()):
        out.print(Text.assemble(("✓ ", "green") if line.good else ("✗ ", "red"), line.what), soft_wrap=True)
        problems += not line.good
    raise typer.Exit(MISCONFIGURED if problems else OK)


def log(
    key: Annotated[str | None, typer.Argument(help="Show this one episode, whole.")] = None,
    state: Annotated[State | None, typer.Option(help="Only episodes in this state.")] = None,
    tone: Annotated[Tone | None, typer.Option(help="Only episodes of this tone.")] = None,
    text: Annotated[str | None, typer.Option(help="Only episodes that contain this text.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, newest first.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Show what the bot heard, felt, wrote and posted."""
    settings = load_settings()
    if key is not None:
        episode = asyncio.run(find_episode(settings, key))
        if episode is None:
            fail(f"there is no episode {key}; `jiegeng log` lists the newest", NOT_FOUND)
        show_episode(episode, json=json)
        return
    episodes = asyncio.run(_page(settings, state=state, tone=tone, text=text, limit=limit))
    if json:
        for episode in episodes:
            sys.stdout.write(episode.model_dump_json() + "\n")
    else:
        out.print(show.log_table(episodes))


async def _page(settings: Settings, **wanted: Any) -> Any:
    from bot.journal import Desk  # noqa: PLC0415

    async with open_journal(settings) as journal:
        return await Desk(journal).page(**wanted)
