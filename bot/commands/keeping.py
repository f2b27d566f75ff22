"""Commands over what is kept: export it, purge what is old, forget a person, back it up and restore it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.terminal import MISCONFIGURED, NOT_FOUND, fail, open_journal, out
from bot.model import State
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from bot.journal import Forgotten
    from bot.journal.backup import BackedUp, Restored


def export(
    format: Annotated[str, typer.Option("--format", help="jsonl: everything. csv: a table.")] = "jsonl",
    since: Annotated[datetime | None, typer.Option(help="Heard at or after this moment (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Heard before this moment (UTC).")] = None,
    state: Annotated[State | None, typer.Option(help="Only episodes in this state.")] = None,
    file: Annotated[Path | None, typer.Option("--out", help="A file; without it, to the terminal.")] = None,
) -> None:
    """Write out the journal, oldest first, an episode a line, however long it is."""
    from bot.export import FORMATS  # noqa: PLC0415

    if format not in FORMATS:
        fail(f"{format!r} is no format; choose one of {', '.join(FORMATS)}", MISCONFIGURED)
    settings = load_settings()
    wanted = {"since": _utc(since), "until": _utc(until), "state": state}
    if file is None:
        with contextlib.suppress(BrokenPipeError):  # `| head` has seen enough
            asyncio.run(_export(settings, format, sys.stdout.write, wanted))
            sys.stdout.flush()
            return
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    # Spreadsheets take a file without this mark for Latin letters.
    with file.open("w", encoding="utf-8-sig" if format == "csv" else "utf-8", newline="") as opened:
        count = asyncio.run(_export(settings, format, opened.write, wanted))
    out.print(f"{count} episodes are in {file}")


def purge(
    days: Annotated[float | None, typer.Option(help="Keep so many days; without it, JIEGENG_KEEP_DAYS.")] = None,
) -> None:
    """Delete the text of what ended long ago, and give its room back; figures stay. The bot does this every night."""
    settings = load_settings()
    keep = settings.keep_days if days is None else days
    if keep <= 0:
        fail("JIEGENG_KEEP_DAYS is 0: text is kept for ever; name a number with --days", MISCONFIGURED)
    out.print(f"purged {asyncio.run(_purge(settings, keep))} episodes that ended more than {keep:g} days ago")


def forget(
    person: Annotated[str, typer.Argument(help="id@host, or handle@host.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Delete everything about one person for good. Their wish to be left alone stays, as a keyed hash."""
    settings = load_settings()
    if "@" not in person.removeprefix("@"):
        fail(f"{person!r} names no place; write it as id@host or handle@host", MISCONFIGURED)
    found = asyncio.run(_find(settings, person))
    if not found:
        fail(f"nothing is kept about {person}", NOT_FOUND)
    if len(found) > 1:
        fail(f"several people are called {person}; name one of: {', '.join(found)}", MISCONFIGURED)
    if not yes:
        typer.confirm(f"Delete everything about {found[0]}? There is no way back", abort=True)
    done = asyncio.run(_forget(settings, found[0]))
    out.print(f"forgot {found[0]}: {done.own} episodes of theirs, {done.others} of others under their posts")


def backup(file: Annotated[Path, typer.Argument(help="A new file.")]) -> None:
    """Write the whole journal into one file, with its check sum beside it. The bot may run."""
    settings = load_settings()

    async def do() -> BackedUp:
        from bot.journal.backup import back_up  # noqa: PLC0415

        return await back_up(settings.journal_url, file)

    done = asyncio.run(do())
    out.print(
        f"{done.episodes} episodes, {done.size:,} bytes, are in {file}; its check sum is in {file}.sha256",
        soft_wrap=True,
    )


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `jiegeng backup` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Put a backup in the journal's place. The bot has to stand still; nothing is answered a second time."""
    from bot.house import sole_user  # noqa: PLC0415

    settings = load_settings()
    if not yes:
        typer.confirm(f"Replace the journal by {file}?", abort=True)
    with sole_user(settings.data):
        done = asyncio.run(_restore(settings, file))
    out.print(
        f"{done.episodes} episodes are back; what may have been answered since is looked up before it is answered"
    )
    if done.taken is None:
        out.print("nothing was taken over from an older journal: people forgotten since must be forgotten again")
    else:
        taken = done.taken
        out.print(f"taken over: {taken.silences} wishes and mutes; forgotten again: {taken.people} people")
    if done.aside is not None:
        out.print(
            f"the journal that stood here is now {done.aside}; delete it when you do not need it any more",
            soft_wrap=True,
        )


async def _export(settings: Settings, format: str, write: Callable[[str], object], wanted: Mapping[str, object]) -> int:
    from bot.export import FORMATS  # noqa: PLC0415
    from bot.journal import stream  # noqa: PLC0415

    count = 0
    async with open_journal(settings) as journal:

        async def counted() -> AsyncIterator[object]:
            nonlocal count
            async for episode in stream(journal.database, **wanted):  # type: ignore[arg-type]
                count += 1
                yield episode

        async for line in FORMATS[format](counted()):  # type: ignore[arg-type]
            write(line)
    return count


async def _purge(settings: Settings, days: float) -> int:
    from bot.journal import Keeping  # noqa: PLC0415

    async with open_journal(settings) as journal:
        purged = await Keeping(journal.database, asyncio.sleep).purge(days)
        await journal.database.compact()
        return purged


async def _find(settings: Settings, name: str) -> list[str]:
    from bot.journal import Keeping  # noqa: PLC0415

    async with open_journal(settings) as journal:
        return list(await Keeping(journal.database, asyncio.sleep).find(name))


async def _forget(settings: Settings, person: str) -> Forgotten:
    from bot.app import forget as forget_everywhere  # noqa: PLC0415

    return await forget_everywhere(settings, person)


async def _restore(settings: Settings, file: Path) -> Restored:
    from bot.errors import Misconfigured  # noqa: PLC0415
    from bot.journal import move_in  # noqa: PLC0415
    from bot.journal.backup import restore as put_back  # noqa: PLC0415

    tenancy = await move_in(settings.journal_url, whole=True)
    try:
        if tenancy is not None and not tenancy.alone:
            message = "parts of a house still work on this PostgreSQL; stop them first"
            raise Misconfigured(message)
        return await put_back(settings.journal_url, file, at=datetime.now(UTC))
    finally:
        if tenancy is not None:
            await tenancy.leave()


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
