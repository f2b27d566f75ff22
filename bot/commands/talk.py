"""Commands that take words through the whole pipeline here in the terminal and post nothing."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.commands.terminal import NOT_FOUND, fail, find_episode, out, show_episode
from bot.model import Author, Mention, Post, Reading
from bot.platforms.wire import mend
from bot.settings import load_settings


def say(
    text: Annotated[str, typer.Argument(help="What somebody writes to the bot.")],
    post: Annotated[str | None, typer.Option(help="The post under which they write it.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the episode as JSON.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Take a mention through the whole pipeline, here in the terminal, and show every step. Posts nothing."""

    def make(account: str) -> Mention:
        at, you, owner = datetime.now(UTC), Author(id="you", handle="你"), Author(id="op", handle="楼主")
        above = () if post is None else (Post(id="post", author=owner, text=mend(post), at=at),)
        return Mention(account=account, id="say", author=you, text=mend(text), thread=above, at=at)

    from bot import app as root  # noqa: PLC0415

    show_episode(asyncio.run(root.rehearse(load_settings(), make)), json=json)


def read(
    text: Annotated[str, typer.Argument(help="A post, or with --post the comment under it.")],
    post: Annotated[str | None, typer.Option(help="The post under which it stands.")] = None,
    picture: Annotated[bool, typer.Option("--picture", help="A picture that nobody described stands there.")] = False,  # noqa: FBT002
    json: Annotated[bool, typer.Option("--json", help="Print the reading as JSON.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Show how a text is read: emotions, distress, what speaks for them, the tone, and why. Asks no model."""
    from bot import emotion, show  # noqa: PLC0415
    from bot.tone import thresholds, tone  # noqa: PLC0415

    at = thresholds(load_settings().tone)
    words, above = mend(text), None if post is None else mend(post)
    below = None if above is None else emotion.read(words)
    felt = emotion.read(words if above is None else above)
    choice = tone(felt, below, thresholds=at, unseen_media=picture)
    reading = Reading(post=felt, comment=below, tone=choice.tone, why=choice.why, language=(below or felt).language)
    if json:
        sys.stdout.write(reading.model_dump_json() + "\n")
    else:
        out.print(show.reading(reading, above or "", words))


def replay(
    key: Annotated[str, typer.Argument(help="The key of an episode, as `jiegeng log` shows it.")],
    json: Annotated[bool, typer.Option("--json", help="Print the episode as JSON.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Answer an old mention once more with today's prompts, memes and rules. Posts nothing."""
    from bot import app as root  # noqa: PLC0415

    settings = load_settings()
    old = asyncio.run(find_episode(settings, key))
    if old is None:
        fail(f"there is no episode {key}; `jiegeng log` lists the newest", NOT_FOUND)
    show_episode(
        asyncio.run(root.rehearse(settings, lambda account: old.mention.model_copy(update={"account": account}))),
        json=json,
    )
