"""Commands over the meme library."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from bot import show
from bot.commands.terminal import MISCONFIGURED, NOT_FOUND, OK, fail, out
from bot.platforms.wire import mend
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from memes.library import Library

memes = typer.Typer(help="The meme library.", no_args_is_help=True)


@memes.command("check", epilog="Example: jiegeng memes check")
def check_memes() -> None:
    """Check every card: schema, near-duplicates, and what the library covers."""
    from memes.check import check as check_cards  # noqa: PLC0415

    report = check_cards(_card_folders(load_settings()))
    for problem in report.problems:
        out.print(Text.assemble((problem.place, "red" if problem.fatal else "yellow"), " ", problem.text))
    for twins in report.twins:
        out.print(Text.assemble((f"{twins.left} ~ {twins.right}", "yellow"), " ", " / ".join(twins.texts)))
    out.print(show.coverage_table(report.cards, report.situations, report.coverage))
    raise typer.Exit(OK if report.ok else MISCONFIGURED)


@memes.command("list", epilog="Example: jiegeng memes list --tone warm")
def list_memes(
    tone: Annotated[str | None, typer.Option(help="Only cards for this tone: banter or warm.")] = None,
    language: Annotated[str | None, typer.Option(help="Only cards in this language: zh or en.")] = None,
) -> None:
    """List the cards."""
    for card in _library(load_settings()).cards:
        if tone in {None, *card.tones} and language in {None, card.language}:
            out.print(Text.assemble((card.id, "bold"), "  ", " / ".join(card.names), "  ", card.meaning))


@memes.command("recall", epilog='Example: jiegeng memes recall "周一早上地铁挤成照片了"')
def recall_memes(
    text: Annotated[str, typer.Argument(help="A post.")],
    tone: Annotated[str, typer.Option(help="banter or warm.")] = "banter",
) -> None:
    """Show which cards a post brings to mind, with the parts of their scores."""
    found = _library(load_settings()).recall(mend(text), tone=tone, now=datetime.now(UTC))
    for recalled in found:
        parts = "  ".join(f"{name} {value:+.2f}" for name, value in recalled.parts.items())
        out.print(Text.assemble((recalled.meme.name, "bold"), f" {recalled.score:+.2f}  {parts}"))
    if not found:
        out.print("no card fits well enough; no meme is a normal answer")


@memes.command("explain", epilog="Example: jiegeng memes explain 班味")
def explain_meme(name: Annotated[str, typer.Argument(help="A name or an alias.")]) -> None:
    """Say what a meme means, from its card alone."""
    from memes.explain import describe  # noqa: PLC0415

    cards = [
        card
        for card in _library(load_settings()).cards
        if name.casefold() in (known.casefold() for known in card.names)
    ]
    for card in cards:
        out.print(Text(describe(card, chinese=card.language == "zh")))
    if not cards:
        fail(f"no card is called {name!r}; `jiegeng memes list` shows all", NOT_FOUND)


@memes.command("drafts", epilog="Example: jiegeng memes drafts")
def list_drafts() -> None:
    """List the cards that wait for a human: what was learned, and where the file lies."""
    from memes.files import list_files, read_file  # noqa: PLC0415

    drafts = [
        (path, card)
        for path in list_files(_card_folders(load_settings()))
        for card, _ in read_file(path)
        if card.review == "draft"
    ]
    for path, card in drafts:
        out.print(Text.assemble((card.id, "bold"), "  ", " / ".join(card.names), "  ", card.meaning, f"  {path}"))
    if not drafts:
        out.print("no drafts")


@memes.command("approve", epilog="Example: jiegeng memes approve learned-某个词")
def approve_meme(
    card: Annotated[str, typer.Argument(help="Its id, as `jiegeng memes drafts` shows it.")],
) -> None:
    """Approve a draft; a running bot plays it within two seconds."""
    from memes.files import list_files, read_file  # noqa: PLC0415
    from memes.learn import NotLearned, approve  # noqa: PLC0415

    for path in list_files(_card_folders(load_settings())):
        if any(found.id == card and found.review == "draft" for found, _ in read_file(path)):
            try:
                approve(path, card)
            except NotLearned as trouble:
                fail(str(trouble), NOT_FOUND)
            out.print(f"{card} is approved ({path})")
            return
    fail(f"no draft has the id {card!r}; `jiegeng memes drafts` lists them", NOT_FOUND)


@memes.command("picture", epilog='Example: jiegeng memes picture certificate "周一不迟到" "特发此状" --out prize.png')
def draw_picture(
    name: Annotated[str, typer.Argument(help="The template; without one, all are listed.")] = "",
    texts: Annotated[list[str] | None, typer.Argument(help="Its texts.")] = None,
    file: Annotated[Path, typer.Option("--out", help="The PNG file.")] = Path("meme.png"),
) -> None:
    """Draw a meme picture from our own templates; the description for the alt text is printed."""
    from memes.pictures import PictureError, list_templates, render  # noqa: PLC0415

    if not name:
        for template in list_templates():
            out.print(Text.assemble((template.name, "bold"), f"  {template.shows}, {len(template.boxes)} texts"))
        return
    try:
        picture = render(name, texts or ())
    except PictureError as trouble:
        fail(str(trouble), MISCONFIGURED)
    file.write_bytes(picture.png)
    out.print(Text(f"{file}: {picture.alt}"))


def _card_folders(settings: Settings) -> tuple[Path, ...]:
    from memes.files import LIBRARY  # noqa: PLC0415

    learned = settings.learned if settings.learned.is_dir() else None
    return tuple(folder for folder in (LIBRARY, settings.memes, learned) if folder is not None)


def _library(settings: Settings) -> Library:
    from memes.library import Library as Loaded  # noqa: PLC0415

    loaded = Loaded.load(_card_folders(settings))
    loaded.warm(settings.data / "cache")
    return loaded
