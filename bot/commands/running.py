"""Commands that keep something running: the house, or the plaza alone; and the key to its pages."""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.panel import Panel

from bot import __version__, show
from bot.commands.terminal import MISCONFIGURED, err, fail, log_to_terminal, open_journal, out, run_until_told
from bot.settings import Settings, load_settings


def run(
    role: Annotated[str, typer.Option(help="all, or one part of a split house: listen, work or web.")] = "all",
    workers: Annotated[int, typer.Option(min=1, max=64, help="How many worker processes, with role all.")] = 1,
    leash: Annotated[bool, typer.Option("--leash", help="Stop when standard input closes.", hidden=True)] = False,  # noqa: FBT002
) -> None:
    """Start the bot: plaza, listener, worker and pages in one process tree. Ctrl-C stops it."""
    # Until the house stands: what a start loads stays, and to walk through it again and again is a tenth of its CPU.
    gc.disable()
    from bot import house  # noqa: PLC0415 - the other commands need not wait for the whole house

    if role not in house.ROLES:
        fail(f"{role!r} is no role; choose one of {', '.join(house.ROLES)}", MISCONFIGURED)
    settings = load_settings()
    log_to_terminal(settings.log_level)

    def tell(addresses: house.Addresses) -> None:
        err.print(Panel(show.welcome(addresses), title=f"接梗 · Jiegeng {__version__}", border_style="green"))
        err.print(addresses.sign_in, soft_wrap=True, highlight=False)  # whole on one line, so a terminal can open it

    if role == "all":
        run_until_told(house.run(settings, tell, workers=workers))
    else:
        run_until_told(house.run_role(settings, role, err.print, leash=leash))


def plaza(
    data: Annotated[Path, typer.Option(help="Folder for its posts and pictures.")] = Path("data/plaza"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8700,
    admin: Annotated[str, typer.Option(help="Address of the bot's admin pages, to link from its replies.")] = "",
    leash: Annotated[bool, typer.Option("--leash", help="Stop when standard input closes.", hidden=True)] = False,  # noqa: FBT002
) -> None:
    """Run the plaza alone: a small social site on our open protocol."""
    from bot.plaza.run import run_plaza  # noqa: PLC0415

    token = os.environ.get("JIEGENG_PLAZA_TOKEN", "")
    run_until_told(run_plaza(data, host, port, token, leash=leash, tell=err.print, admin=admin))


def sign_in() -> None:
    """Print a new one-time sign-in link for the admin pages."""
    from bot.house import reachable  # noqa: PLC0415

    settings = load_settings()
    pages = settings.admin_url or f"http://{reachable(settings.host)}:{settings.port}"
    link = f"{pages}/sign-in?token={asyncio.run(_link(settings))}"
    out.print(link, soft_wrap=True, highlight=False)


async def _link(settings: Settings) -> str:
    from bot.journal import Passes  # noqa: PLC0415

    async with open_journal(settings) as journal:
        return await Passes(journal.database).link()
