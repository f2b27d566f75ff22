"""The policy that decides how the bot may answer: joke, warmth, comfort, crisis care or silence.

Pure: two feelings in, a tone and its reason out. The more fragile of post and comment decides, laughter never
undoes a plight, and whoever is unsure is answered warmly. `TABLE` is the policy in reading order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pydantic import Field, ValidationError

from bot.errors import Misconfigured
from bot.model import Feeling, Opinion, Reading, Tone, Value

__all__ = ["TABLE", "Choice", "Room", "Row", "Thresholds", "heed", "is_doubtful", "thresholds", "tone"]

HEAVY = frozenset(
    {"grief", "suicide_loss", "pet_death", "illness", "accident", "pregnancy_loss", "disaster", "abuse_past", "panic"}
)
"""Plights that outweigh everything but danger."""
LIGHT = frozenset({"breakup", "despair", "loneliness", "sorrow", "bullying", "guilt"})
"""Plights that people also claim in play ("my heart is broken") under somebody's good news."""
WORDS_ENOUGH = 8
"""Letters that a comment needs before sadness alone, without a word of what happened, is believed."""
TENDER = frozenset(
    {
        "regret", "loss_small", "homesick", "nostalgia", "mixed", "lonely", "job_hunt", "sleepless", "anxious",
        "parenting", "friction", "money", "farewell",
    }
)  # fmt: skip
"""Small troubles under which a joke comes too early."""


class Thresholds(Value):
    """What operators may move, and how far; outside of these bounds the settings are refused.

    `joke` is the play a post must show before anybody jokes; `joy` the probability of joy that does as well;
    `low` the sum of sadness and fear from which play must be stronger by 0.4; `gravity` the share of a plight from
    which nobody jokes; `short` the letters under which a text with an unseen picture is unsure. `rows` names rows
    of TABLE and the tone to give instead, among the tones that the row allows.
    """

    joke: float = Field(default=0.3, ge=0.2, le=1.0)
    joy: float = Field(default=0.75, ge=0.4, le=1.0)
    low: float = Field(default=0.45, ge=0.2, le=0.6)
    gravity: float = Field(default=0.35, ge=0.1, le=0.6)
    short: int = Field(default=40, ge=10, le=200)
    rows: dict[str, Tone] = Field(default_factory=dict)


def thresholds(written: str) -> Thresholds:
    """What an operator wrote, `joke=0.5, playful=warm`: numbers by name, tones by row. Raises Misconfigured."""
    values: dict[str, object] = {}
    rows: dict[str, Tone] = {}
    for pair in filter(None, map(str.strip, written.split(","))):
        name, _, value = (part.strip() for part in pair.partition("="))
        if name in Thresholds.model_fields and name != "rows":
            values[name] = value
        elif value in set(Tone):
            rows[name] = Tone(value)
        else:
            numbers = ", ".join(name for name in Thresholds.model_fields if name != "rows")
            raise Misconfigured(f"{pair!r} is no number ({numbers}) and no row with a tone, such as playful=warm")
    _check(rows)
    try:
        return Thresholds.model_validate(values | {"rows": rows})
    except ValidationError as error:
        told = [f"{problem['loc'][0]}={problem['input']}: {problem['msg'].lower()}" for problem in error.errors()]
        raise Misconfigured("; ".join(told)) from error


class Choice(NamedTuple):
    """The tone, and why, in words a person understands."""

    tone: Tone
    why: str


class Room(NamedTuple):
    """What the policy looks at: the post, the comment (or None), what stands above them, and what is unseen."""

    post: Feeling
    comment: Feeling | None
    thread: Sequence[Feeling]
    unseen: bool
    at: Thresholds

    @property
    def both(self) -> tuple[Feeling, ...]:
        """Post and comment, as far as they are there."""
        return (self.post,) if self.comment is None else (self.post, self.comment)


class Row(NamedTuple):
    """One line of the policy: its name, when it holds, its tone, the tones an operator may set, and the reason."""

    name: str
    holds: Callable[[Room], bool]
    tone: Tone
    may: frozenset[Tone]
    why: str


def _is_heavy(feeling: Feeling) -> bool:
    return feeling.distress == "watch" or not HEAVY.isdisjoint(feeling.plights)


def _is_fragile(feeling: Feeling) -> bool:
    return feeling.distress != "none" or bool(feeling.plights)


def _is_in_danger(room: Room) -> bool:
    return any(feeling.distress == "crisis" for feeling in (*room.both, *room.thread))


def _is_loop(room: Room) -> bool:
    return any(feeling.bait == "bot_loop" for feeling in room.both)


def _is_spam(room: Room) -> bool:
    return room.post.bait == "spam" and room.post.distress == "none"


def _is_bait(room: Room) -> bool:
    return room.post.bait != "none" and not _is_heavy(room.post)


def _is_baited(room: Room) -> bool:
    return room.comment is not None and room.comment.bait != "none" and not _is_fragile(room.post)


def _is_leaving(room: Room) -> bool:
    return any(feeling.distress == "watch" for feeling in (*room.both, *room.thread[-1:]))


def _is_struck(room: Room) -> bool:
    return bool(room.post.plights)


def _is_mock(room: Room) -> bool:
    """Whether the comment plays the broken heart under a cheerful post."""
    comment = room.comment
    return comment is not None and comment.play >= 0.3 and LIGHT.issuperset(comment.plights) and _is_cheerful(room.post)


def _is_cheerful(post: Feeling) -> bool:
    return not post.plights and (post.leading == "joy" or post.play >= 0.4)


def _is_answered(room: Room) -> bool:
    comment = room.comment
    if comment is None or not comment.plights or _is_mock(room):
        return False
    return comment.plights != ("sorrow",) or comment.length >= WORDS_ENOUGH


def _is_sad_comment(room: Room) -> bool:
    comment = room.comment
    if comment is None or _is_mock(room):
        return False
    return not TENDER.isdisjoint(comment.troubles)


def _asks_outcome(room: Room) -> bool:
    return any("outcome" in feeling.asks for feeling in room.both)


def _is_unseen(room: Room) -> bool:
    return room.unseen and room.post.length < room.at.short


def _is_grave(room: Room) -> bool:
    if room.post.gravity >= room.at.gravity:
        return True
    return room.comment is not None and room.comment.gravity >= room.at.gravity and not _is_mock(room)


def _is_angry(room: Room) -> bool:
    return room.post.emotions["anger"] >= 0.7 and room.post.play < room.at.joke + 0.3


def _is_tender(room: Room) -> bool:
    return not TENDER.isdisjoint(room.post.troubles) and room.post.play < room.at.joke + 0.4


def _is_troubled(room: Room) -> bool:
    return bool(room.post.troubles) and room.post.play < room.at.joke


def _is_playful(room: Room) -> bool:
    post = room.post
    if post.emotions["sadness"] + post.emotions["fear"] >= room.at.low and post.play < room.at.joke + 0.4:
        return False
    return post.play + (0.2 * room.comment.play if room.comment else 0) >= room.at.joke


def _is_joyful(room: Room) -> bool:
    return room.post.emotions["joy"] >= room.at.joy and room.post.negativity < 0.25


def _always(room: Room) -> bool:
    return True


_CARE = frozenset({Tone.CRISIS})
_QUIET = frozenset({Tone.SILENT})
_SOFT = frozenset({Tone.COMFORT})
_MILD = frozenset({Tone.COMFORT, Tone.WARM})
_OPEN = frozenset({Tone.COMFORT, Tone.WARM, Tone.BANTER})
_CALM = frozenset({Tone.WARM, Tone.BANTER})

TABLE: tuple[Row, ...] = (
    Row("danger", _is_in_danger, Tone.CRISIS, _CARE, "somebody may be in danger"),
    Row("bot loop", _is_loop, Tone.SILENT, _QUIET, "another bot is talking"),
    Row("spam", _is_spam, Tone.SILENT, _QUIET, "this is advertising or a chain letter"),
    Row("leaving", _is_leaving, Tone.COMFORT, _SOFT, "words of leaving or of another's alarm, not sure enough"),
    Row("bait", _is_bait, Tone.SILENT, _QUIET, "the post calls for hate, harassment or taking sides"),
    Row("plight", _is_struck, Tone.COMFORT, _SOFT, "something hard befell the author"),
    Row("baited", _is_baited, Tone.SILENT, _QUIET, "the comment calls for hate, harassment or advertises"),
    Row("plight in the comment", _is_answered, Tone.COMFORT, _SOFT, "something hard befell the one who comments"),
    Row("outcome", _asks_outcome, Tone.WARM, _MILD, "nobody can know how it will end"),
    Row("sad comment", _is_sad_comment, Tone.WARM, _MILD, "the one who comments is low"),
    Row("unseen", _is_unseen, Tone.WARM, _MILD, "little text, and nobody looked at the picture"),
    Row("maybe grave", _is_grave, Tone.COMFORT, _MILD, "something hard may stand behind it"),
    Row("angry", _is_angry, Tone.WARM, _OPEN, "anger leads"),
    Row("tender", _is_tender, Tone.WARM, _OPEN, "a small trouble, too close for a joke"),
    Row("troubled", _is_troubled, Tone.WARM, _OPEN, "a small trouble"),
    Row("playful", _is_playful, Tone.BANTER, _CALM, "the post itself plays"),
    Row("joyful", _is_joyful, Tone.BANTER, _CALM, "the post is glad"),
    Row("unsure", _always, Tone.WARM, _MILD, "nothing says clearly how it feels"),
)
"""The policy: the first row that holds decides."""


def tone(
    post: Feeling,
    comment: Feeling | None = None,
    *,
    thread: Sequence[Feeling] = (),
    thresholds: Thresholds | None = None,
    unseen_media: bool = False,
) -> Choice:
    """The tone for a post and the comment that mentions the bot, and the reason.

    `thread` holds the feelings of what stands between them, nearest last. Raises Misconfigured when a row is
    overridden by a tone outside its bounds.
    """
    at = thresholds or Thresholds()
    _check(at.rows)
    room = Room(post, comment, thread, unseen_media, at)
    for row in TABLE:
        if row.holds(room):
            return Choice(at.rows.get(row.name, row.tone), f"{row.name}: {row.why}{_detail(room, row.name)}")
    raise AssertionError("the last row always holds")


KINDNESS = (Tone.BANTER, Tone.WARM, Tone.COMFORT, Tone.CRISIS)
"""From the least careful answer to the most careful one."""


def is_doubtful(reading: Reading, below: float) -> bool:
    """Whether a second opinion may be worth its price: the reader is not sure, or hears danger without being sure."""
    if reading.tone in {Tone.CRISIS, Tone.SILENT}:
        return False
    both = [feeling for feeling in (reading.post, reading.comment) if feeling is not None]
    return any(feeling.confidence < below or feeling.distress == "watch" for feeling in both)


def heed(reading: Reading, second: Opinion | None) -> Reading:
    """The reading after a second opinion, which may move the tone towards kindness and never away from it.

    Text of strangers may talk a model into anything; all it can gain this way is more care. Without an opinion a joke
    becomes warmth: who was not sure enough to joke alone does not joke.
    """
    if second is None:
        if reading.tone is not Tone.BANTER:
            return reading.model_copy(update={"asked": True})
        why = "unsure: nobody could say how it feels"
        return reading.model_copy(update={"asked": True, "tone": Tone.WARM, "why": why})
    agrees = second.tone is reading.tone
    if KINDNESS.index(second.tone) <= KINDNESS.index(reading.tone):
        return reading.model_copy(update={"asked": True, "second": second.model_copy(update={"agrees": agrees})})
    told = second.model_copy(update={"agrees": False, "heeded": True})
    why = f"second opinion: {second.model} reads it as {second.tone.value}"
    why += f" ({second.crisis})" if second.crisis else ""
    return reading.model_copy(update={"asked": True, "second": told, "tone": second.tone, "why": why})


def _check(rows: Mapping[str, Tone]) -> None:
    known = {row.name: row for row in TABLE}
    for name, wanted in rows.items():
        if name not in known:
            raise Misconfigured(f"the tone table has no row {name!r}; it has {', '.join(known)}")
        if wanted not in known[name].may:
            allowed = ", ".join(sorted(known[name].may))
            raise Misconfigured(f"row {name!r} of the tone table may be {allowed}, not {wanted}")


def _detail(room: Room, name: str) -> str:
    source = room.comment if room.comment is not None and "comment" in name else room.post
    if "plight" in name:
        return f" ({', '.join(source.plights)})"
    if name == "danger":
        kinds = sorted({feeling.crisis for feeling in (*room.both, *room.thread) if feeling.crisis})
        return f" ({', '.join(kinds)})"
    return ""
