"""The command `jiegeng`: run the bot, talk to it, look into its log, and hold its switches."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.panel import Panel
from rich.text import Text

from bot import __version__, show
from bot.errors import Misconfigured, Trouble
from bot.model import Author, Episode, Mention, Post, State, Tone
from bot.platforms.wire import mend
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from memes.library import Library

app = typer.Typer(
    help="接梗 · Jiegeng: a comment robot that reads the room before it jokes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
thread_app = typer.Typer(help="Threads that the bot muted itself in.", no_args_is_help=True)
app.add_typer(thread_app, name="thread")
memes_app = typer.Typer(help="The meme library.", no_args_is_help=True)
app.add_typer(memes_app, name="memes")

out = Console()
err = Console(stderr=True)

OK, MISCONFIGURED, TROUBLE, NOT_FOUND = 0, 2, 1, 3


@app.command(epilog="Example: jiegeng run   ·   jiegeng run --workers 2   ·   jiegeng run --role work")
def run(
    role: Annotated[str, typer.Option(help="all, or one part of a split house: listen, work or web.")] = "all",
    workers: Annotated[int, typer.Option(min=1, max=64, help="How many worker processes, with role all.")] = 1,
    leash: Annotated[bool, typer.Option("--leash", help="Stop when standard input closes.", hidden=True)] = False,  # noqa: FBT002
) -> None:
    """Start the bot: plaza, listener, worker and pages in one process tree. Ctrl-C stops it."""
    from bot import house  # noqa: PLC0415 - the other commands need not wait for the whole house

    if role not in house.ROLES:
        _fail(f"{role!r} is no role; choose one of {', '.join(house.ROLES)}", MISCONFIGURED)
    settings = _settings()
    _log_to_terminal(settings.log_level)

    def tell(addresses: house.Addresses) -> None:
        err.print(Panel(show.welcome(addresses), title=f"接梗 · Jiegeng {__version__}", border_style="green"))
        err.print(addresses.sign_in, soft_wrap=True, highlight=False)  # whole on one line, so a terminal can open it

    if role == "all":
        _run(_until_told_to_stop(house.run(settings, tell, workers=workers)))
    else:
        _run(_until_told_to_stop(house.run_role(settings, role, err.print, leash=leash)))


@app.command(
    epilog='Example: jiegeng say "周一早上地铁挤成照片了[doge]"   ·   jiegeng say "哈哈" --post "爷爷昨天走了"'
)
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

    _print(_run(root.rehearse(_settings(), make)), json=json)


@app.command(epilog="Example: jiegeng replay 阿梗@plaza:42")
def replay(
    key: Annotated[str, typer.Argument(help="The key of an episode, as `jiegeng log` shows it.")],
    json: Annotated[bool, typer.Option("--json", help="Print the episode as JSON.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Answer an old mention once more with today's prompts, memes and rules. Posts nothing."""
    from bot import app as root  # noqa: PLC0415

    settings = _settings()
    old = _run(_episode(settings, key))
    if old is None:
        _fail(f"there is no episode {key}; `jiegeng log` lists the newest", NOT_FOUND)
    _print(
        _run(root.rehearse(settings, lambda account: old.mention.model_copy(update={"account": account}))), json=json
    )


@app.command(epilog="Example: jiegeng check   ·   jiegeng check --settings")
def check(
    settings: Annotated[bool, typer.Option("--settings", help="List every setting with its meaning.")] = False,  # noqa: FBT002
) -> None:
    """Check settings, personas, memes and rules; the exit code is 0 only if all of it fits."""
    if settings:
        out.print(show.settings_table(Settings))
        return
    from bot.check import check_all  # noqa: PLC0415

    problems = 0
    for line in check_all(_settings()):
        out.print(Text.assemble(("✓ ", "green") if line.good else ("✗ ", "red"), line.what), soft_wrap=True)
        problems += not line.good
    raise typer.Exit(MISCONFIGURED if problems else OK)


@app.command(epilog="Example: jiegeng log --state held   ·   jiegeng log 阿梗@plaza:42")
def log(
    key: Annotated[str | None, typer.Argument(help="Show this one episode, whole.")] = None,
    state: Annotated[State | None, typer.Option(help="Only episodes in this state.")] = None,
    tone: Annotated[Tone | None, typer.Option(help="Only episodes of this tone.")] = None,
    text: Annotated[str | None, typer.Option(help="Only episodes that contain this text.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, newest first.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Show what the bot heard, felt, wrote and posted."""
    settings = _settings()
    if key is not None:
        episode = _run(_episode(settings, key))
        if episode is None:
            _fail(f"there is no episode {key}; `jiegeng log` lists the newest", NOT_FOUND)
        _print(episode, json=json)
        return
    episodes = _run(_page(settings, state=state, tone=tone, text=text, limit=limit))
    if json:
        for episode in episodes:
            sys.stdout.write(episode.model_dump_json() + "\n")
    else:
        out.print(show.log_table(episodes))


@app.command(epilog="Example: jiegeng plaza --port 8700   (the robot's token: JIEGENG_PLAZA_TOKEN)")
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
    _run(_until_told_to_stop(run_plaza(data, host, port, token, leash=leash, tell=err.print, admin=admin)))


@app.command("sign-in", epilog="Example: jiegeng sign-in")
def sign_in() -> None:
    """Print a new one-time sign-in link for the admin pages."""
    from bot.house import reachable  # noqa: PLC0415

    settings = _settings()
    link = f"http://{reachable(settings.host)}:{settings.port}/sign-in?token={_run(_link(settings))}"
    out.print(link, soft_wrap=True, highlight=False)


@app.command(epilog='Example: jiegeng mode stopped --why "something is wrong"')
def mode(
    name: Annotated[str | None, typer.Argument(help="normal, heightened, emergency or stopped.")] = None,
    why: Annotated[str, typer.Option(help="Why; it is kept.")] = "",
) -> None:
    """Show or switch the policy mode. Under `stopped` nobody is answered and nothing is posted, on any worker."""
    from bot.journal.desk import MODES  # noqa: PLC0415

    if name is not None and name not in MODES:
        _fail(f"{name!r} is no mode; choose one of {', '.join(MODES)}", MISCONFIGURED)
    out.print(_run(_mode(_settings(), name, why)))


@thread_app.command("release", epilog="Example: jiegeng thread release 阿梗@plaza:42")
def release(key: Annotated[str, typer.Argument(help="The key of an episode in that thread.")]) -> None:
    """Let the bot speak again in a thread that it muted after a crisis."""
    if not _run(_release(_settings(), key)):
        _fail("the bot is not muted there", NOT_FOUND)
    out.print("the bot may speak there again")


@memes_app.command("check", epilog="Example: jiegeng memes check")
def check_memes() -> None:
    """Check every card: schema, near-duplicates, and what the library covers."""
    from memes.check import check as check_cards  # noqa: PLC0415

    report = check_cards(_card_folders(_settings()))
    for problem in report.problems:
        out.print(Text.assemble((problem.place, "red" if problem.fatal else "yellow"), " ", problem.text))
    for twins in report.twins:
        out.print(Text.assemble((f"{twins.left} ~ {twins.right}", "yellow"), " ", " / ".join(twins.texts)))
    out.print(show.coverage_table(report.cards, report.situations, report.coverage))
    raise typer.Exit(OK if report.ok else MISCONFIGURED)


@memes_app.command("list", epilog="Example: jiegeng memes list --tone warm")
def list_memes(
    tone: Annotated[str | None, typer.Option(help="Only cards for this tone: banter or warm.")] = None,
    language: Annotated[str | None, typer.Option(help="Only cards in this language: zh or en.")] = None,
) -> None:
    """List the cards."""
    for card in _library(_settings()).cards:
        if tone in {None, *card.tones} and language in {None, card.language}:
            out.print(Text.assemble((card.id, "bold"), "  ", " / ".join(card.names), "  ", card.meaning))


@memes_app.command("recall", epilog='Example: jiegeng memes recall "周一早上地铁挤成照片了"')
def recall_memes(
    text: Annotated[str, typer.Argument(help="A post.")],
    tone: Annotated[str, typer.Option(help="banter or warm.")] = "banter",
) -> None:
    """Show which cards a post brings to mind, with the parts of their scores."""
    found = _library(_settings()).recall(mend(text), tone=tone, now=datetime.now(UTC))
    for recalled in found:
        parts = "  ".join(f"{name} {value:+.2f}" for name, value in recalled.parts.items())
        out.print(Text.assemble((recalled.meme.name, "bold"), f" {recalled.score:+.2f}  {parts}"))
    if not found:
        out.print("no card fits well enough; no meme is a normal answer")


@memes_app.command("explain", epilog="Example: jiegeng memes explain 班味")
def explain_meme(name: Annotated[str, typer.Argument(help="A name or an alias.")]) -> None:
    """Say what a meme means, from its card alone."""
    from memes.explain import describe  # noqa: PLC0415

    cards = [
        card for card in _library(_settings()).cards if name.casefold() in (known.casefold() for known in card.names)
    ]
    for card in cards:
        out.print(Text(describe(card, chinese=card.language == "zh")))
    if not cards:
        _fail(f"no card is called {name!r}; `jiegeng memes list` shows all", NOT_FOUND)


def main() -> None:
    """Run the command; trouble ends in one line, never in a traceback."""
    os.umask(0o077)  # what people wrote to the bot is for its operator alone
    try:
        app()
    except Misconfigured as trouble:
        _fail(str(trouble), MISCONFIGURED)
    except Trouble as trouble:
        _fail(str(trouble), TROUBLE)


def _fail(why: str, code: int) -> NoReturn:
    err.print(Text.assemble(("✗ ", "red"), why), soft_wrap=True)
    sys.exit(code)


def _settings() -> Settings:
    return load_settings()


def _print(episode: Episode, *, json: bool) -> None:
    if json:
        sys.stdout.write(episode.model_dump_json() + "\n")
    else:
        out.print(show.story(episode))


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


async def _until_told_to_stop(work: Coroutine[Any, Any, None]) -> None:
    """Run until SIGINT or SIGTERM; then cancel, and wait until everything is closed."""
    task = asyncio.create_task(work)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        err.print("stopped; the next start goes on where this one stood")
    except BaseExceptionGroup as group:
        wrong = group.split(Misconfigured)[0]
        if wrong is None:
            raise
        raise wrong.exceptions[0] from group


def _card_folders(settings: Settings) -> tuple[Path, ...]:
    from memes.files import LIBRARY  # noqa: PLC0415

    return tuple(folder for folder in (LIBRARY, settings.memes) if folder is not None)


def _library(settings: Settings) -> Library:
    from memes.library import Library as Loaded  # noqa: PLC0415

    loaded = Loaded.load(_card_folders(settings))
    loaded.warm(settings.data / "cache")
    return loaded


async def _journal(settings: Settings) -> Any:
    from bot.journal import Episodes, open_database  # noqa: PLC0415

    journal = Episodes(await open_database(settings.journal_url))
    await journal.open()
    return journal


async def _episode(settings: Settings, key: str) -> Episode | None:
    journal = await _journal(settings)
    try:
        found: Episode | None = await journal.episode(key)
    finally:
        await journal.database.close()
    return found


async def _page(settings: Settings, **wanted: Any) -> Any:
    from bot.journal import Desk  # noqa: PLC0415

    journal = await _journal(settings)
    try:
        return await Desk(journal).page(**wanted)
    finally:
        await journal.database.close()


async def _link(settings: Settings) -> str:
    from bot.journal import Passes  # noqa: PLC0415

    journal = await _journal(settings)
    try:
        return await Passes(journal.database).link()
    finally:
        await journal.database.close()


async def _mode(settings: Settings, name: str | None, why: str) -> str:
    from bot.journal import Desk  # noqa: PLC0415

    journal = await _journal(settings)
    try:
        desk = Desk(journal)
        if name is not None:
            await desk.set_mode(name, by="terminal", why=why)
        return await desk.mode()
    finally:
        await journal.database.close()


async def _release(settings: Settings, key: str) -> bool:
    from bot.journal import Desk  # noqa: PLC0415

    journal = await _journal(settings)
    try:
        episode = await journal.episode(key)
        if episode is None:
            _fail(f"there is no episode {key}", NOT_FOUND)
        host = episode.mention.account.rpartition("@")[2]
        return await Desk(journal).release_thread(host, episode.mention.root, by="terminal")
    finally:
        await journal.database.close()


def _log_to_terminal(level: str) -> None:
    handler = RichHandler(console=err, show_path=False, markup=False, rich_tracebacks=False)
    logging.basicConfig(level=level, format="%(message)s", datefmt="%H:%M:%S", handlers=[handler])
    for chatty in ("httpx", "httpcore", "openai", "alembic", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
