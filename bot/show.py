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

from bot.model import EMOTIONS, Cue, Episode, Feeling, Reading, Tone
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
_LONGEST = 600
_CUES = {"crisis": "bold red", "plight": "bold cyan", "trouble": "yellow", "play": "green", "bait": "magenta"}


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
    assert episode.reading is not None  # noqa: S101 - asked by the caller
    yield reading(episode.reading, episode.mention.post.text, episode.mention.text)


def reading(reading: Reading, post: str, comment: str) -> RenderableType:
    """A reading as a small chart: the feeling of the post and of the comment, the tone, and why."""
    parts: list[RenderableType] = []
    if reading.comment is not None:
        parts += [Text("the post", "italic"), *feeling(reading.post, post)]
        parts += [Text("\nthe comment", "italic"), *feeling(reading.comment, comment)]
    else:
        parts += feeling(reading.post, comment)
    if (second := reading.second) is not None:
        heeded = "heeded" if second.heeded else "agrees" if second.agrees else "not heeded"
        kind = f" ({second.crisis})" if second.crisis else ""
        line = f"   {second.model} reads {second.tone.value}{kind}, {heeded}, {second.seconds:.1f} s"
        parts.append(Text.assemble(("\nsecond opinion", "bold"), line))
    elif reading.asked:
        parts.append(Text("\nsecond opinion   asked, none came", "bright_black"))
    tone = Text.assemble(("\ntone ", "bold"), (reading.tone.value, _COLOURS[reading.tone]), f"   {reading.why}")
    return Panel(Group(*parts, tone), title="felt", title_align="left", border_style="bright_black")


def feeling(feeling: Feeling, text: str) -> list[RenderableType]:
    """A feeling as a small chart with its evidence, marked in the text and named below."""
    chart = Table(box=None, show_header=False, padding=(0, 1))
    for name in EMOTIONS:
        share = feeling.emotions.get(name, 0.0)
        chart.add_row(name, _bar(share, _WIDTH, "cyan" if name == feeling.leading else "bright_black"), f"{share:.2f}")
    side = Table(box=None, show_header=False, padding=(0, 1))
    for fact, value in _facts(feeling):
        side.add_row(Text(fact, "bright_black"), value)
    both = Table.grid(padding=(0, 2))
    both.add_row(chart, side)
    return [_marked(feeling.cues, text), both, _evidence(feeling)]


def _facts(feeling: Feeling) -> Iterator[tuple[str, Text]]:
    style = {"none": "", "watch": "yellow", "crisis": "bold red"}[feeling.distress]
    yield "distress", Text(feeling.distress + (f" · {feeling.crisis}" if feeling.crisis else ""), style)
    if feeling.plights:
        yield "plights", Text(", ".join(feeling.plights), "cyan")
    if feeling.troubles:
        yield "troubles", Text(", ".join(feeling.troubles))
    if feeling.bait != "none":
        yield "bait", Text(feeling.bait, "red")
    yield "intensity", Text("●" * feeling.intensity + "○" * (3 - feeling.intensity))
    for name, share in (
        ("negativity", feeling.negativity),
        ("gravity", feeling.gravity),
        ("play", feeling.play),
        ("sarcasm", feeling.sarcasm),
        ("confidence", feeling.confidence),
    ):
        yield name, _bar(share, 10, "white").append(f" {share:.2f}", "default")
    yield "language", Text(feeling.language)


def _bar(share: float, width: int, style: str) -> Text:
    whole = round(share * width)
    return Text.assemble(("█" * whole, style), ("·" * (width - whole), "bright_black"))


def _marked(cues: tuple[Cue, ...], text: str) -> Text:
    """The text with its evidence coloured; of a long one the beginning."""
    line = Text(text[:_LONGEST] + ("…" if len(text) > _LONGEST else ""))
    for cue in cues:
        if text[cue.start : cue.end] == cue.text and cue.end <= _LONGEST:
            line.stylize(_CUES.get(cue.says.partition(":")[0], "underline"), cue.start, cue.end)
    return line


def _evidence(feeling: Feeling) -> Text:
    line = Text("evidence  ", "bold")
    for cue in feeling.telling:
        line.append(f"「{cue.text}」", _CUES.get(cue.says.partition(":")[0], "green"))
        line.append(f" {cue.says} {cue.weight:+.2f}  ")
    return line if feeling.cues else Text("evidence  none", "bold")


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
