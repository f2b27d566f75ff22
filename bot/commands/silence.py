"""Commands over who asked the bot to be quiet, and where it keeps quiet by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bot.commands.terminal import MISCONFIGURED, NOT_FOUND, fail, open_journal, out
from bot.settings import Settings, load_settings

silence = typer.Typer(help="Who asked the bot to be quiet.", no_args_is_help=True)
SCOPES = ("person", "posts_of", "thread")


@silence.command("list", epilog="Example: jiegeng silence list")
def list_silences() -> None:
    """List wishes and mutes: place, kind, whom or where, since when, and the mention in which it was said."""
    rows = asyncio.run(_list(load_settings()))
    for row in rows:
        since = datetime.fromtimestamp(row["since"], UTC)
        told = f"{row['host']}  {row['scope']}  {row['who']}  {since:%Y-%m-%d %H:%M} UTC  {row['because']}"
        out.print(told, soft_wrap=True, highlight=False, markup=False)
    if not rows:
        out.print("nobody asked the bot to be quiet")


@silence.command("lift", epilog="Example: jiegeng silence lift plaza person 12@plaza")
def lift(
    host: Annotated[str, typer.Argument(help="The place, as `jiegeng silence list` shows it.")],
    scope: Annotated[str, typer.Argument(help="person, posts_of or thread.")],
    who: Annotated[str, typer.Argument(help="Whom or where, as it stands there.")],
) -> None:
    """End a wish or a mute. Somebody's own wish is theirs to take back: lift it only if they asked you to."""
    if scope not in SCOPES:
        fail(f"{scope!r} is no kind of silence; choose one of {', '.join(SCOPES)}", MISCONFIGURED)
    if not asyncio.run(_lift(load_settings(), host, scope, who)):
        fail("there is no such silence; `jiegeng silence list` shows all", NOT_FOUND)
    out.print("the bot may speak there again")


async def _list(settings: Settings) -> Sequence[Mapping[str, Any]]:
    from bot.journal import Desk  # noqa: PLC0415

    async with open_journal(settings) as journal:
        return await Desk(journal).silences()


async def _lift(settings: Settings, host: str, scope: str, who: str) -> bool:
    from bot.journal import Desk  # noqa: PLC0415

    async with open_journal(settings) as journal:
        return await Desk(journal).lift(host, scope, who, by="terminal")
