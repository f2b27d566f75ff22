"""Commands that hold the switches: the policy mode, and threads the bot muted itself in."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.terminal import MISCONFIGURED, NOT_FOUND, fail, open_journal, out
from bot.commands.times import BadTime, read_moment, read_span, read_window, tell_moment, tell_window
from bot.model import MODES
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from bot.journal import Desk

thread = typer.Typer(help="Threads that the bot muted itself in.", no_args_is_help=True)


def mode(
    name: Annotated[str | None, typer.Argument(help="normal, heightened, emergency or stopped.")] = None,
    why: Annotated[str, typer.Option(help="Why; it is kept.")] = "",
    lasts: Annotated[str, typer.Option("--for", help="How long: 90m, 2h, 1d.")] = "",
    at: Annotated[str, typer.Option(help="From when: 22:00, or 2026-11-22 22:00.")] = "",
    until: Annotated[str, typer.Option(help="Until when, written like --at.")] = "",
    daily: Annotated[str, typer.Option(help="A window of every day: 22:00-07:00. It only tightens.")] = "",
    cancel: Annotated[int | None, typer.Option(help="Take back the plan or window with this number.")] = None,
) -> None:
    """Show or switch the policy mode. Under `stopped` nobody is answered and nothing is posted, on any worker."""
    if name is not None and name not in MODES:
        fail(f"{name!r} is no mode; choose one of {', '.join(MODES)}", MISCONFIGURED)
    here = datetime.now().astimezone()
    try:
        times = _times(here, lasts, at, until, daily)
        if times and name is None:
            fail("say which mode: jiegeng mode heightened --for 2h", MISCONFIGURED)
        told = asyncio.run(_mode(load_settings(), here, name, why, times, cancel))
    except ValueError as error:
        fail(str(error), MISCONFIGURED)
    out.print("\n".join(told), highlight=False, soft_wrap=True)


@thread.command("release", epilog="Example: jiegeng thread release 阿梗@plaza:42")
def release(key: Annotated[str, typer.Argument(help="The key of an episode in that thread.")]) -> None:
    """Let the bot speak again in a thread that it muted after a crisis."""
    if not asyncio.run(_release(load_settings(), key)):
        fail("the bot is not muted there", NOT_FOUND)
    out.print("the bot may speak there again")


def _times(here: datetime, lasts: str, at: str, until: str, daily: str) -> dict[str, Any]:
    if lasts and until:
        message = "--for and --until say the same thing; give one of them"
        raise BadTime(message)
    times: dict[str, Any] = {}
    begins = read_moment(at, here) if at else here
    if at:
        times["since"] = begins.timestamp()
    if until:
        times["until"] = read_moment(until, begins).timestamp()
    if lasts:
        times["lasts"] = read_span(lasts)
    if daily:
        times["daily"] = read_window(daily, here)
    return times


async def _mode(
    settings: Settings, here: datetime, name: str | None, why: str, times: dict[str, Any], cancel: int | None
) -> list[str]:
    from bot.journal import Desk  # noqa: PLC0415

    async with open_journal(settings) as journal:
        desk = Desk(journal)
        if cancel is not None and not await desk.cancel_mode(cancel, by="terminal", why=why):
            fail(f"there is no plan with the number {cancel}; `jiegeng mode` lists them", NOT_FOUND)
        if name is not None:
            await desk.set_mode(name, by="terminal", why=why, **times)
        return await _tell(desk, here)


async def _tell(desk: Desk, here: datetime) -> list[str]:
    found = await desk.in_force()
    until = f" until {tell_moment(found.until, here)}" if found.until is not None else ""
    lines = [found.mode + until]
    if found.why:
        lines.append(f"  {found.by}: {found.why}")
    for plan in await desk.planned():
        if plan.daily:
            when = f"every day {tell_window(plan.daily, here)}"
        else:
            ends = f" until {tell_moment(plan.until, here)}" if plan.until is not None else ""
            when = f"from {tell_moment(plan.begins, here)}{ends}"
        lines.append(f"  plan {plan.id}: {plan.mode} {when}" + (f" ({plan.why})" if plan.why else ""))
    return lines


async def _release(settings: Settings, key: str) -> bool:
    from bot.journal import Desk  # noqa: PLC0415

    async with open_journal(settings) as journal:
        episode = await journal.episode(key)
        if episode is None:
            fail(f"there is no episode {key}", NOT_FOUND)
        host = episode.mention.account.rpartition("@")[2]
        return await Desk(journal).release_thread(host, episode.mention.root, by="terminal")
