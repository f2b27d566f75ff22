"""Episodes, lists and settings as a person reads them in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Protocol

from pydantic_settings import BaseSettings
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.model import EMOTIONS, Cue, Episode, Feeling, Tone
from memes.trends.board import BLIND
from memes.trends.sheet import Sheet

_COLOURS = {
    Tone.BANTER: "yellow",
    Tone.WARM: "dark_orange",
    Tone.COMFORT: "cyan",
    Tone.CRISIS: "bold red",
    Tone.SILENT: "bright_black",
}
_WIDTH = 24


class Started(Protocol):
    """Where everything is after a start."""

    @property
    def plaza(self) -> str: ...
    @property
    def pages(self) -> str: ...
    @property
    def sign_in(self) -> str: ...
    @property
    def writer(self) -> str: ...


def welcome(addresses: Started) -> RenderableType:
    """What to open after the start, and how to give the bot a model."""
    lines = Text()
    if addresses.plaza:
        lines.append("plaza    ", "bold").append(addresses.plaza).append("   post something there and mention @阿梗\n")
    lines.append("admin    ", "bold").append(addresses.pages).append("   sign in with the link below; it works once\n")
    lines.append("writer   ", "bold").append(addresses.writer)
    if addresses.writer == "offline":
        lines.append("  no model is configured. To use one, put these into .env or before the command:\n", "yellow")
        lines.append(
            "         JIEGENG_LLM_BASE_URL=https://…/v1\n         JIEGENG_LLM_API_KEY=…\n         JIEGENG_LLM_MODEL=…"
        )
    return lines


def story(episode: Episode) -> RenderableType:
    """One episode, step by step."""
    return Group(*_chapters(episode))


def log_table(episodes: Iterable[Episode]) -> Table:
    """Episodes as a list, one a line."""
    table = Table(box=None, header_style="bold", expand=True)
    for name, ratio in (
        ("heard", 2),
        ("key", 3),
        ("tone", 1),
        ("state", 1),
        ("said to us", 5),
        ("our reply or the reason", 5),
    ):
        whole = name == "key"  # somebody copies it into the next command
        table.add_column(name, ratio=None if whole else ratio, no_wrap=True, overflow="fold" if whole else "ellipsis")
    for episode in episodes:
        tone = episode.reading.tone if episode.reading else None
        ours = episode.reply.text if episode.reply else episode.reason
        table.add_row(
            episode.heard_at.astimezone().strftime("%m-%d %H:%M:%S"),
            episode.key,
            Text(tone.value, _COLOURS[tone]) if tone else "",
            episode.state.value,
            Text(episode.mention.text.replace("\n", " ")),
            Text((ours or "").replace("\n", " ")),
        )
    return table


def coverage_table(cards: int, situations: int, coverage: Mapping[str, Mapping[str, int]]) -> Table:
    """How many cards there are of what."""
    table = Table(title=f"{cards} cards, {situations} situations", box=None, show_header=False)
    for name, counts in coverage.items():
        table.add_row(f"[bold]{name}[/]", "  ".join(f"{what} {count}" for what, count in sorted(counts.items())))
    return table


def settings_table(settings: type[BaseSettings]) -> Table:
    """Every setting with its default and meaning."""
    table = Table(box=None, header_style="bold")
    for name in ("setting", "default", "meaning"):
        table.add_column(name, overflow="fold")
    for name, field in settings.model_fields.items():
        default = "" if field.default is None else str(field.default)
        table.add_row(f"JIEGENG_{name.upper()}", default, field.description or "")
    return table


def _chapters(episode: Episode) -> Iterator[RenderableType]:
    mention = episode.mention
    for post in mention.thread:
        yield Text.assemble((f"{post.author.handle}  ", "bold"), post.text)
    yield Text.assemble((f"{mention.author.handle} → {mention.account}  ", "bold"), mention.text)
    if episode.reading is not None:
        yield from _reading(episode)
    if episode.memes:
        yield Panel(_memes(episode), title="memes that came to mind", title_align="left", border_style="bright_black")
    if episode.topics:
        yield Panel(_topics(episode), title="topics of today", title_align="left", border_style="bright_black")
    if episode.draft is not None:
        yield Panel(_draft(episode), title="written", title_align="left", border_style="bright_black")
    if episode.verdict is not None:
        yield Panel(_verdict(episode), title="checked", title_align="left", border_style="bright_black")
    for step in episode.steps:
        if step.note:
            yield Text(f"{step.state.value}: {step.note}", "bright_black")
    end = f"{episode.state.value}" + (f": {episode.reason}" if episode.reason else "")
    body = Text(episode.reply.text if episode.reply else "no reply")
    yield Panel(body, title=end, title_align="left", border_style="green" if episode.reply else "yellow")


def _reading(episode: Episode) -> Iterator[RenderableType]:
    reading = episode.reading
    assert reading is not None  # noqa: S101 - asked by the caller
    parts: list[RenderableType] = []
    if reading.comment is not None:
        parts += [Text("the post", "italic"), *feeling(reading.post, episode.mention.post.text)]
        parts += [Text("the comment", "italic"), *feeling(reading.comment, episode.mention.text)]
    else:
        parts += feeling(reading.post, episode.mention.text)
    tone = Text.assemble(("tone ", "bold"), (reading.tone.value, _COLOURS[reading.tone]), f"   {reading.why}")
    yield Panel(Group(*parts, tone), title="felt", title_align="left", border_style="bright_black")


def feeling(feeling: Feeling, text: str) -> list[RenderableType]:
    """A feeling as a small chart with its evidence."""
    chart = Table(box=None, show_header=False, padding=(0, 1))
    for name in EMOTIONS:
        share = feeling.emotions.get(name, 0.0)
        bar = "█" * round(share * _WIDTH)
        chart.add_row(name, Text(bar, "cyan" if name == feeling.leading else "bright_black"), f"{share:.2f}")
    facts = [f"negativity {feeling.negativity:.2f}", f"intensity {feeling.intensity}", f"language {feeling.language}"]
    facts += [f"distress {feeling.distress}"] if feeling.distress != "none" else []
    facts += [f"crisis {feeling.crisis}"] if feeling.crisis else []
    facts += [f"plights {', '.join(feeling.plights)}"] if feeling.plights else []
    facts += [f"bait {feeling.bait}"] if feeling.bait != "none" else []
    return [chart, Text(" · ".join(facts)), _evidence(feeling.cues, text)]


def _evidence(cues: tuple[Cue, ...], text: str) -> Text:
    line = Text("evidence  ", "bold")
    for cue in cues[:12]:
        line.append(f"「{cue.text or text[cue.start : cue.end]}」", "green").append(f" {cue.says}  ")
    return line if cues else Text("evidence  none", "bold")


def _memes(episode: Episode) -> RenderableType:
    table = Table(box=None, show_header=False)
    for recalled in episode.memes:
        parts = "  ".join(f"{name} {value:+.2f}" for name, value in recalled.parts.items())
        played = "← played" if episode.draft and episode.draft.meme == recalled.meme.id else ""
        table.add_row(recalled.meme.name, f"{recalled.score:+.2f}", parts, played)
    return table


def _topics(episode: Episode) -> RenderableType:
    table = Table(box=None, show_header=False)
    for topic in episode.topics:
        played = "← spoken of" if episode.draft and episode.draft.topic == topic.key else ""
        boards = "  ".join(f"{name} {at:%H:%M}" for name, at in topic.sources.items())
        use = "may be joked about" if topic.usable else f"context only: {topic.why}"
        table.add_row(Text(topic.title), f"{topic.heat:.2f}", topic.state, topic.trust, use, boards, played)
    return table


def topics_table(sheet: Sheet, now: datetime) -> Table:
    """The living topics with their state, trust and where they were seen."""
    table = Table(box=None, header_style="bold")
    for name in ("topic", "heat", "state", "trust", "since", "seen on", "use"):
        table.add_column(name, overflow="fold")
    for topic in sheet.topics:
        boards = "  ".join(f"{name} {_age((now - at).total_seconds())}" for name, at in topic.sources.items())
        use = Text("may be joked about", "green") if topic.usable else Text(f"context only: {topic.why}", "yellow")
        since = _age((now - topic.first_seen).total_seconds())
        table.add_row(Text(topic.title), f"{topic.heat:.2f}", topic.state, topic.trust, since, boards, use)
    return table


def boards_table(sheet: Sheet, now: datetime) -> Table:
    """The boards with the age of their last good answer, and what is wrong with those that have none."""
    table = Table(box=None, header_style="bold")
    for name in ("board", "kind", "trust", "every", "last good", "state", "address"):
        table.add_column(name, overflow="fold")
    for board in sheet.boards:
        age = None if board.fetched is None else (now - board.fetched).total_seconds()
        fresh = age is not None and age <= BLIND
        good = Text("fresh", "green") if fresh else Text("too old to be told", "yellow")
        state = Text(f"{board.problem} ({board.failures}×)", "red") if board.problem else good
        name = f"{board.name} (unofficial)" if board.unofficial else board.name
        last = "never" if age is None else _age(age)
        table.add_row(name, board.kind, board.trust, f"{board.interval:.0f} s", last, state, board.url)
    return table


def _age(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _draft(episode: Episode) -> RenderableType:
    draft = episode.draft
    assert draft is not None  # noqa: S101 - asked by the caller
    table = Table(box=None, show_header=False)
    for candidate in draft.candidates or (draft.text,):
        table.add_row("→" if candidate == draft.text else " ", Text(candidate))
    facts = f"{draft.writer} · persona {draft.persona} · meme {draft.meme or 'none'} · {draft.seconds:.3f} s"
    facts += f" · {draft.tokens_in}+{draft.tokens_out} tokens" if draft.tokens_in or draft.tokens_out else ""
    return Group(table, Text(facts, "bright_black"))


def _verdict(episode: Episode) -> RenderableType:
    verdict = episode.verdict
    assert verdict is not None  # noqa: S101 - asked by the caller
    lines = [Text(f"risk {verdict.risk} → {verdict.decision}")]
    lines += [Text(f"{reason.code}「{reason.text}」 {reason.why}") for reason in verdict.reasons]
    return Group(*lines)
