"""The command `jiegeng`: run the bot, talk to it, look into its log, and hold its switches."""

from __future__ import annotations

import os

import typer

from bot.commands import audit, keeping, look, memes, review, running, safety, silence, switches, talk, trends
from bot.commands.terminal import MISCONFIGURED, TROUBLE, fail
from bot.errors import Misconfigured, Trouble

app = typer.Typer(
    help="接梗 · Jiegeng: a comment robot that reads the room before it jokes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command(epilog="Example: jiegeng run   ·   jiegeng run --workers 2   ·   jiegeng run --role work")(running.run)
app.command(
    epilog='Example: jiegeng say "周一早上地铁挤成照片了[doge]"   ·   jiegeng say "哈哈" --post "爷爷昨天走了"'
)(talk.say)
app.command(epilog='Example: jiegeng read "笑死，又要加班"   ·   jiegeng read "哈哈" --post "爷爷昨天走了"')(talk.read)
app.command(epilog="Example: jiegeng replay 阿梗@plaza:42")(talk.replay)
app.command(epilog="Example: jiegeng check   ·   jiegeng check --settings")(look.check)
app.command(epilog="Example: jiegeng log --state held   ·   jiegeng log 阿梗@plaza:42")(look.log)
app.command(epilog="Example: jiegeng plaza --port 8700   (the robot's token: JIEGENG_PLAZA_TOKEN)")(running.plaza)
app.command("sign-in", epilog="Example: jiegeng sign-in")(running.sign_in)
app.command(epilog='Example: jiegeng mode stopped --why "something is wrong"   ·   jiegeng mode heightened --for 2h')(
    switches.mode
)
app.command(epilog="Example: jiegeng export --format csv --since 2026-11-01 --out november.csv")(keeping.export)
app.command(epilog="Example: jiegeng purge   ·   jiegeng purge --days 30")(keeping.purge)
app.command(epilog="Example: jiegeng forget 12345@mastodon.example")(keeping.forget)
app.command(epilog="Example: jiegeng backup backups/2026-11-22.jiegeng")(keeping.backup)
app.command(epilog="Example: jiegeng restore backups/2026-11-22.jiegeng   (the bot is stopped)")(keeping.restore)
app.add_typer(review.review, name="review")
app.add_typer(audit.audit, name="audit")
app.add_typer(switches.thread, name="thread")
app.add_typer(silence.silence, name="silence")
app.add_typer(memes.memes, name="memes")
app.add_typer(trends.trends, name="trends")
app.command(epilog='Example: jiegeng safety "你就是个废物"   ·   jiegeng safety --in "我不想活了"')(safety.safety)


def main() -> None:
    """Run the command; trouble ends in one line, never in a traceback."""
    os.umask(0o077)  # what people wrote to the bot is for its operator alone
    try:
        app()
    except Misconfigured as trouble:
        fail(str(trouble), MISCONFIGURED)
    except Trouble as trouble:
        fail(str(trouble), TROUBLE)
