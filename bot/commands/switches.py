"""Commands that hold the switches: the policy mode, and threads the bot muted itself in."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bot.commands.terminal import MISCONFIGURED, NOT_FOUND, fail, open_journal, out
from bot.settings import Settings, load_settings

thread = typer.Typer(help="Threads that the bot muted itself in.", no_args_is_help=True)


def mode(
    name: Annotated[str | None, typer.Argument(help="normal, heightened, emergency or stopped.")] = None,
    why: Annotated[str, typer.Option(help="Why; it is kept.")] = "",
) -> None:
    """Show or switch the policy mode. Under `stopped` nobody is answered and nothing is posted, on any worker."""
    from bot.journal.desk import MODES  # noqa: PLC0415

    if name is not None and name not in MODES:
        fail(f"{name!r} is no mode; choose one of {', '.join(MODES)}", MISCONFIGURED)
    out.print(asyncio.run(_mode(load_settings(), name, why)))


@thread.command("release", epilog="Example: jiegeng thread release 阿梗@plaza:42")
def release(key: Annotated[str, typer.Argument(help="The key of an episode in that thread.")]) -> None:
    """Let the bot speak again in a thread that it muted after a crisis."""
    if not asyncio.run(_release(load_settings(), key)):
        fail("the bot is not muted there", NOT_FOUND)
    out.print("the bot may speak there again")


async def _mode(settings: Settings, name: str | None, why: str) -> str:
    from bot.journal import Desk  # noqa: PLC0415

    async with open_journal(settings) as journal:
        desk = Desk(journal)
        if name is not None:
            await desk.set_mode(name, by="terminal", why=why)
        return await desk.mode()


async def _release(settings: Settings, key: str) -> bool:
    from bot.journal import Desk  # noqa: PLC0415

    async with open_journal(settings) as journal:
        episode = await journal.episode(key)
        if episode is None:
            fail(f"there is no episode {key}", NOT_FOUND)
        host = episode.mention.account.rpartition("@")[2]
        return await Desk(journal).release_thread(host, episode.mention.root, by="terminal")
