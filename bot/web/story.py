"""An episode as a story: who spoke, what was felt, how long each step took, and what a person may decide now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bot.model import EMOTIONS, Cue, Draft, Emotion, Episode, Feeling, Mention, Post, State, Step
from bot.web.notes import cue_kind
from bot.web.ports import Action
from bot.web.text import Span, show

DECISIONS: dict[State, tuple[Action, ...]] = {
    State.HELD: ("approve", "reject"),
    State.UNSURE: ("there", "again", "drop"),
}

# What a meme's scores rest on; not part of their sum.
EVIDENCE = frozenset({"bm25", "mean_cosine", "best_cosine"})


@dataclass(frozen=True, slots=True)
class Bubble:
    """One post of the thread; `ours` if our account wrote it, `calls` if it is the mention itself."""

    post: Post
    text: Markup
    ours: bool
    calls: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """A step, and the seconds since the one before."""

    step: Step
    after: float


def bubbles(episode: Episode) -> Sequence[Bubble]:
    """The thread from the root down, the mention last, with the cues of the reading marked."""
    mention, reading = episode.mention, episode.reading
    last = len(mention.thread)
    spoken = [*mention.thread, _as_post(mention)]
    felt: dict[int, Feeling] = {}
    if reading:
        felt[0] = reading.post
        if reading.comment:
            felt[last] = reading.comment
    ours = mention.account.partition("@")[0]
    return [
        Bubble(post, show(post.text, cues(felt.get(at), post.text)), _wrote(ours, post), at == last)
        for at, post in enumerate(spoken)
    ]


def cues(feeling: Feeling | None, text: str) -> Sequence[Span]:
    """The evidence of a feeling as spans, leaving out those that do not fit the text (it was cut or edited)."""
    if feeling is None:
        return ()
    return [Span(cue.start, cue.end, f"cue {cue_kind(cue.says)}", cue.says) for cue in feeling.cues if _fits(cue, text)]


def bars(feeling: Feeling) -> Sequence[tuple[Emotion, float]]:
    """The six probabilities, in percent, the strongest first."""
    shares = [(name, 100 * feeling.emotions.get(name, 0.0)) for name in EMOTIONS]
    return sorted(shares, key=lambda share: -share[1])


def doubts(episode: Episode, text: str) -> Markup:
    """The draft with every reason of the filter marked where it was found."""
    reasons = episode.verdict.reasons if episode.verdict else ()
    found = [r for r in reasons if r.text and text[r.start : r.end] == r.text]
    return show(text, [Span(r.start, r.end, f"doubt {r.risk}", r.why) for r in found])


def sendings(episode: Episode) -> int:
    """How often the reply was sent towards the platform."""
    return sum(step.state is State.POSTING for step in episode.steps)


def unchosen(draft: Draft) -> Sequence[str]:
    """The candidates that were not taken; the chosen one stands in the text, with the label behind it."""
    return [candidate for candidate in draft.candidates if candidate not in draft.text]


def moments(episode: Episode) -> Sequence[Moment]:
    """The steps with the pauses between them."""
    steps = episode.steps
    before = [episode.heard_at, *(step.at for step in steps)]
    return [
        Moment(step, max(0.0, (step.at - earlier).total_seconds()))
        for step, earlier in zip(steps, before, strict=False)
    ]


def decisions(episode: Episode) -> Sequence[Action]:
    """What a person may decide now; empty when nothing waits for a person."""
    return DECISIONS.get(episode.state, ())


def _as_post(mention: Mention) -> Post:
    return Post(id=mention.id, author=mention.author, text=mention.text, media=mention.media, at=mention.at)


def _wrote(ours: str, post: Post) -> bool:
    return post.author.bot and ours in (post.author.handle.lstrip("@").partition("@")[0], post.author.name)


def _fits(cue: Cue, text: str) -> bool:
    return text[cue.start : cue.end] == cue.text
