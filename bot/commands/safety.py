"""The command that explains a verdict of the safety filter."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bot.commands.terminal import out
from bot.settings import load_settings
from safety.verdict import Context, Verdict

_COLOURS = {"high": "bold white on red", "medium": "black on yellow", "low": "black on cyan"}
_MODES: tuple[Literal["normal", "heightened", "emergency", "stopped"], ...] = (
    "normal",
    "heightened",
    "emergency",
    "stopped",
)
_AUDIENCES: tuple[Literal["everyone", "minor"], ...] = ("everyone", "minor")


def safety(
    text: Annotated[str, typer.Argument(help="What somebody writes, or what the bot might say.")],
    incoming: Annotated[bool, typer.Option("--in", help="Judge it as what people write, not as a reply.")] = False,  # noqa: FBT002
    tone: Annotated[str | None, typer.Option(help="The tone of the post it answers, for example comfort.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The verdict as one JSON object.")] = False,  # noqa: FBT002
) -> None:
    """Explain what the safety filter finds in a text, where, and what each mode does with it."""
    from safety import Filter  # noqa: PLC0415 - reading the lists takes a second

    watchdog = Filter.load(load_settings().words)
    direction: Literal["in", "out"] = "in" if incoming else "out"
    context = Context(tone=tone)
    verdict = watchdog.check(text, direction=direction, context=context)
    if json:
        sys.stdout.write(verdict.model_dump_json() + "\n")
        return
    decisions = Table(box=None, pad_edge=False)
    decisions.add_column("mode")
    for audience in _AUDIENCES:
        decisions.add_column(f"→ {audience}")
    for mode in _MODES:
        contexts = [context.model_copy(update={"mode": mode, "audience": audience}) for audience in _AUDIENCES]
        decisions.add_row(mode, *(watchdog.check(text, direction=direction, context=c).decision for c in contexts))
    out.print(Group(paint(text, verdict), *list_reasons(verdict), Text(), decisions, Text(verdict.versions, "dim")))


def paint(text: str, verdict: Verdict) -> Text:
    """The text with the places of the findings in the colour of their grade, the worst on top."""
    painted = Text(text)
    for grade in ("low", "medium", "high"):
        for reason in verdict.reasons:
            if reason.risk == grade and reason.end > reason.start:
                painted.stylize(_COLOURS[grade], reason.start, reason.end)
    return painted


def list_reasons(verdict: Verdict) -> list[Text]:
    """The grade, and one line a finding: grade, code, place, the view it was found in, and why."""
    lines = [Text.assemble("risk ", (verdict.risk, _COLOURS[verdict.risk]), f" → {verdict.decision}")]
    for reason in verdict.reasons:
        place = f"{reason.start}–{reason.end}"
        seen = Text.assemble((f" {reason.risk} ", _COLOURS[reason.risk]), f" {reason.code} · {place} · {reason.rule}")
        lines.append(seen.append(f"\n    {reason.why}", "dim"))
    if not verdict.reasons:
        lines.append(Text("nothing found", "green"))
    return lines
