"""Commands with which a person decides about what was held: list, approve, edit, reject, export."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from bot.commands.terminal import MISCONFIGURED, NOT_FOUND, TROUBLE, fail, open_journal, out, write_rows
from bot.model import REJECTIONS, Episode, State
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from bot.journal import Desk

review = typer.Typer(help="What waits for a person, and what they say of it.", no_args_is_help=True)
Key = Annotated[str, typer.Argument(help="The key, as `jiegeng review list` shows it.")]


@review.command("list", epilog="Example: jiegeng review list")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """List what waits for a person, oldest first."""
    episodes = asyncio.run(_waiting(load_settings()))
    if as_json:
        for episode in episodes:
            sys.stdout.write(episode.model_dump_json() + "\n")
        return
    if not episodes:
        out.print("nothing waits for you")
        return
    out.print(_table(episodes))


@review.command("approve", epilog="Example: jiegeng review approve 阿梗@plaza:42")
def approve(key: Key) -> None:
    """Post a held draft as it is; the filter is asked once more, now and just before it goes out."""
    _decide(key, "approve")


@review.command("edit", epilog='Example: jiegeng review edit 阿梗@plaza:42 "早点睡，明天再说"')
def edit(key: Key, text: Annotated[str, typer.Argument(help="The reply as it should be, without the label.")]) -> None:
    """Post a held draft with other words."""
    _decide(key, "approve", text)


@review.command("reject", epilog="Example: jiegeng review reject 阿梗@plaza:42 --because hurts")
def reject(
    key: Key,
    because: Annotated[str, typer.Option(help=f"One of: {', '.join(REJECTIONS)}.")] = "",
    note: Annotated[str, typer.Option(help="In your words; it is kept with the example.")] = "",
) -> None:
    """Say no to a held draft; it becomes an example to learn from."""
    if because and because not in REJECTIONS:
        fail(f"{because!r} is no reason; choose one of {', '.join(REJECTIONS)}", MISCONFIGURED)
    _decide(key, "reject", note, because)


@review.command("export", epilog="Example: jiegeng review export --to lessons.jsonl")
def export(to: Annotated[Path | None, typer.Option(help="A file; without it, the terminal.")] = None) -> None:
    """Write what people said of drafts as labelled examples, one JSON object a line, without names."""
    write_rows(asyncio.run(_lessons(load_settings())), to, "examples")


def _decide(key: str, action: str, text: str = "", because: str = "") -> None:
    settings = load_settings()
    known, refusal = asyncio.run(_carry_out(settings, key, action, text, because))
    if refusal is not None:
        fail(refusal, TROUBLE if known else NOT_FOUND)
    out.print("approved; it goes out within seconds if the bot runs" if action == "approve" else "rejected")


async def _carry_out(settings: Settings, key: str, action: str, text: str, because: str) -> tuple[bool, str | None]:
    async with _desk(settings, judge=action == "approve") as desk:
        episode = await desk.episode(key)
        if episode is None:
            return False, f"there is no episode {key}; `jiegeng review list` shows what waits"
        decided = desk.decide(key, action, "terminal", text=text or None, version=episode.version, because=because)
        return True, await decided


@asynccontextmanager
async def _desk(settings: Settings, *, judge: bool) -> AsyncIterator[Desk]:
    """The desk; with the filter if it has to judge a text, which takes a second to load."""
    from bot.journal import Desk  # noqa: PLC0415

    async with open_journal(settings) as journal:
        if not judge:
            yield Desk(journal)
            return
        from bot.app import make_judge, make_mind  # noqa: PLC0415

        yield Desk(journal, screen=make_judge(make_mind(settings)))


async def _waiting(settings: Settings) -> Any:
    async with _desk(settings, judge=False) as desk:
        return await desk.waiting()


async def _lessons(settings: Settings) -> Any:
    async with _desk(settings, judge=False) as desk:
        return await desk.lessons()


def _table(episodes: list[Episode]) -> Table:
    table = Table(box=None, header_style="bold", expand=True)
    for name, ratio in (("key", 3), ("", 1), ("they wrote", 4), ("the reply", 4), ("why", 4)):
        table.add_column(name, ratio=ratio, overflow="fold")
    for episode in episodes:
        words = episode.posting.text if episode.posting else episode.draft.text if episode.draft else ""
        state = Text(episode.state.value, "yellow" if episode.state is State.HELD else "magenta")
        table.add_row(*map(_plain, (episode.key,)), state, *map(_plain, (episode.mention.text, words, episode.reason)))
    return table


def _plain(text: str) -> Text:
    """Text from outside, with nothing in it that a terminal would obey."""
    return Text("".join(sign if sign.isprintable() else " " for sign in text))
