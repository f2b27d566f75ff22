"""Commands over the audit chain: check that nothing was changed behind its back, and hand it out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.terminal import TROUBLE, err, fail, open_journal, out, write_rows
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from bot.journal.audit import Report

audit = typer.Typer(help="The chain of hashes over what became of each mention.", no_args_is_help=True)


@audit.command("verify", epilog="Example: jiegeng audit verify   ·   jiegeng audit verify --head 3f9a…")
def verify(
    head: Annotated[str, typer.Option(help="A head that was written down: it must be in the chain.")] = "",
) -> None:
    """Check every link and every ended episode; the exit code is 0 only if all of it fits."""
    report, holds = asyncio.run(_verify(load_settings(), head))
    for fault in report.faults:
        err.print(f"✗ {fault.place}: {fault.what}", soft_wrap=True, highlight=False, markup=False)
    out.print(
        f"{report.entries} entries, {report.episodes} episodes and switches, {report.erased} erased on purpose, "
        f"{report.unsealed} not sealed yet\nhead {report.head}",
        soft_wrap=True,
        highlight=False,
    )
    if not holds:
        fail(
            "that head is not in the chain: entries were replaced, or cut off because of their age",
            TROUBLE,
        )
    if report.faults:
        raise typer.Exit(TROUBLE)


@audit.command("export", epilog="Example: jiegeng audit export --to audit.jsonl")
def export(to: Annotated[Path | None, typer.Option(help="A file; without it, the terminal.")] = None) -> None:
    """Write all entries, one JSON object a line, with content numbers and AIGC labels; no texts stand in them."""
    write_rows(asyncio.run(_export(load_settings())), to, "entries")


async def _verify(settings: Settings, head: str) -> tuple[Report, bool]:
    from bot.journal import Audit  # noqa: PLC0415

    async with open_journal(settings) as journal:
        chain = Audit(journal.database, settings.audit_code)
        await chain.seal()
        return await chain.verify(), not head or await chain.holds(head)


async def _export(settings: Settings) -> Sequence[Mapping[str, Any]]:
    from bot.journal import Audit  # noqa: PLC0415

    async with open_journal(settings) as journal:
        chain = Audit(journal.database, settings.audit_code)
        await chain.seal()
        return await chain.export()
