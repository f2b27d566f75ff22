"""What the pipeline needs from the outside: Platform, Writer, Queue, Journal, and somebody to alert."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypedDict, Unpack, runtime_checkable

from bot.model import (
    Approval,
    Brief,
    Draft,
    Episode,
    Mention,
    Opinion,
    Post,
    Posting,
    Reading,
    Recalled,
    Reply,
    State,
    Topic,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Once:
    """How long a platform recognises an idempotency key: for ever, for some seconds, or not at all."""

    kind: Literal["permanent", "window", "none"]
    seconds: float = 0.0

    def covers(self, age: float) -> bool:
        """Whether the same request sent `age` seconds after the first one cannot post a second reply."""
        return self.kind == "permanent" or (self.kind == "window" and age < self.seconds)


PERMANENT = Once("permanent")
NEVER = Once("none")


@dataclass(frozen=True, slots=True)
class Batch:
    """Mentions that were heard, and the cursor behind the last of them (None: nothing moved)."""

    mentions: tuple[Mention, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Own:
    """One of our own replies as the platform shows it, and the id of the post it answers."""

    reply: Reply
    parent: str


@dataclass(frozen=True, slots=True)
class Found:
    """The answer of `find_reply`: our reply, its surely being absent, or nobody knows."""

    answer: Literal["found", "absent", "unknown"]
    reply: Reply | None = None


ABSENT = Found("absent")
UNKNOWN = Found("unknown")


class Platform(Protocol):
    """One account of ours in one place.

    Every verb raises `TryLater` when surely nothing happened, `GiveUp` when no later try can help and, where it
    changes something there, `Unsure` when it may have happened. A platform keeps no state that a restart would miss.
    """

    @property
    def account(self) -> str:
        """`name@host`: the account we answer as."""

    @property
    def once(self) -> Once:
        """How idempotent `post` is."""

    @property
    def limit(self) -> int:
        """How long a reply may be, in the platform's own counting (see `measure`)."""

    def measure(self, text: str) -> int:
        """The length of a text as the platform counts it."""

    def address(self, mention: Mention) -> str:
        """What the platform wants in front of a reply so that it reaches its author, or an empty string."""

    async def start(self) -> str:
        """The cursor for "now": what came before a first start is not ours to answer."""

    async def mentions(self, cursor: str, *, wait: float) -> Batch:
        """What mentions us after the cursor less an overlap; waits up to `wait` seconds where it can."""

    async def context(self, mention: Mention) -> Mention:
        """The mention with its thread filled in; raises `GiveUp` if it is gone."""

    async def post(self, mention: Mention, text: str, *, key: str) -> Reply:
        """One request, no retry: reply to the mention under an idempotency key."""

    async def find_reply(self, mention: Mention, text: str, *, key: str) -> Found:
        """Look for our reply to a mention; "absent" only if the platform would surely show it."""

    async def delete(self, reply_id: str) -> None:
        """Take one of our replies back; one that is gone already is a success."""

    async def close(self) -> None:
        """Close what was opened."""


@runtime_checkable
class Accountable(Protocol):
    """A platform that can also list what stands there under our name; the daily audit asks it where it can."""

    async def own_replies(self, since: datetime) -> Sequence[Own] | None:
        """Our replies since a moment, or as far back as the platform shows them; None if it cannot tell.

        Deleted ones are left out. Raises `TryLater` or `GiveUp`.
        """


@runtime_checkable
class Readable(Protocol):
    """A platform whose public timeline may be read: what our own sense of today's talk is made of."""

    async def timeline(self, after: str) -> tuple[Sequence[Post], str]:
        """Public posts after a page mark ("" for the newest) by people who let themselves be found; the next mark."""


class Writer(Protocol):
    """Somebody who can write a reply; raises `TryLater` or `GiveUp`."""

    @property
    def name(self) -> str:
        """Who writes: `offline`, or the model's name."""

    async def write(self, brief: Brief) -> Draft:
        """Candidates for a reply that fit into `brief.room` characters, without the AI label."""

    async def close(self) -> None:
        """Close what was opened."""


class Adviser(Protocol):
    """Somebody who may be asked how a post feels; raises nothing."""

    async def ask(self, post: str, comment: str) -> Opinion | None:
        """What they think, or None if they did not say it in time and in form."""


class Alert(Protocol):
    """Tells a human that an episode cannot wait. Returns at once, raises nothing, and may be told the same twice."""

    def __call__(self, kind: str, key: str, note: str, *, said: str = "") -> None:
        """`kind` is one word (crisis, unsure, doubled …), `note` our own words; `said` is what the person wrote."""


def tell_nobody(kind: str, key: str, note: str, *, said: str = "") -> None:
    """Where there is no human to tell: rehearsals in a terminal."""


@dataclass(frozen=True, slots=True)
class Hint:
    """This episode may be due: its key, whose account and which person it concerns, and whether it goes first."""

    key: str
    account: str
    person: str
    first: bool = False


class Queue(Protocol):
    """Wakes workers and keeps what is shared, fast and may be lost. Raises `TryLater` when it cannot be reached."""

    async def wake(self, hints: Sequence[Hint]) -> None:
        """Hint that these episodes are due; a hint may come twice, late or never."""

    async def take(self, count: int, wait: float, accounts: Collection[str]) -> Sequence[str]:
        """Up to `count` keys of these accounts, waiting up to `wait` seconds for the first.

        What goes first comes first, and among the rest the persons take turns. A hint is spent when it is taken.
        """

    async def reserve(self, person: str, family: str, key: str) -> bool:
        """Reserve a meme family for a person on behalf of a mention; asking twice is one reservation.

        False if this person has had it, or if everybody together has had it often enough today.
        """

    async def release(self, person: str, family: str, key: str) -> None:
        """Give a reservation back."""

    async def admit(self, person: str, key: str) -> frozenset[str] | None:
        """Count a reply for this person, or return None while they are in their cool-down. Idempotent by mention.

        Returns the meme families that they have seen from us, and those that were played enough today.
        """

    async def token(self, account: str, *, first: bool = False) -> float:
        """Take a token from the account's rate bucket; returns 0, or how many seconds to wait for one.

        The last fifth of the bucket is kept for what goes `first`.
        """

    async def pause(self, account: str, seconds: float) -> None:
        """No token for anybody for so many seconds: the platform asked for it."""


class Changes(TypedDict, total=False):
    """The fields of an episode that a write may change besides its state."""

    mention: Mention
    reading: Reading | None
    memes: tuple[Recalled, ...]
    topics: tuple[Topic, ...]
    draft: Draft | None
    verdict: Verdict | None
    reply: Reply
    posting: Posting | None
    approval: Approval | None
    came_from: State | None
    reason: str
    look_first: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """An episode that is ours for a while, and the journal's clock at the moment of the claim."""

    episode: Episode
    now: float


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate looks at: who asked, under whose post, in which thread, and how many replies may stand there.

    `thread_limit` is None for a crisis, which neither a full thread nor a muted one leaves without an answer. `mode` is
    the policy mode under which the text was checked; under any other it has to be checked again first.
    """

    host: str
    person: str
    root_person: str
    root: str
    thread_limit: int | None
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The gate's no, in words; `lost` means that the episode is not ours any more; `again`: check it once more."""

    why: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """The policy mode in force, and what the gate would say now."""

    mode: str
    refused: Refused | None


class Journal(Protocol):
    """The truth: the inbox, every episode's state and story, cursors, silences and the policy mode.

    Every write of an episode is a compare-and-set on (key, state, version). A write that was lost to somebody else
    returns None (or does nothing): not mine, stop. Raises `TryLater` when the database cannot be reached.
    """

    async def cursor(self, account: str) -> str | None:
        """Where the listener of this account stands; None before its first start."""

    async def begin(self, account: str, cursor: str) -> None:
        """Persist the cursor of a first start."""

    async def hear(
        self, account: str, old: str, new: str, mentions: Sequence[Mention], *, first: Collection[str] = ()
    ) -> Sequence[Hint]:
        """One commit: new mentions as heard rows and the cursor moved from `old` to `new`; returns what is new.

        `first` are the keys of those that go before the others.
        """

    async def sweep(self, limit: int) -> Sequence[Hint]:
        """The episodes that are due and that nobody was told of lately, what goes first at the front."""

    async def surplus(self, room: int) -> float:
        """The moment (seconds of the journal's clock) up to which mentions wait that are more than `room`, or 0."""

    async def claim(self, key: str, owner: str, lease: float) -> Claimed | None:
        """Take a due episode for `lease` seconds of the journal's clock."""

    async def move(
        self,
        episode: Episode,
        state: State,
        *,
        by: str,
        note: str = "",
        due: float | None = None,
        **changes: Unpack[Changes],
    ) -> Episode | None:
        """Reach a state. `due` is how many seconds it stays ours before anybody may claim it."""

    async def wait(
        self, episode: Episode, state: State, *, by: str, note: str, after: float, **changes: Unpack[Changes]
    ) -> None:
        """Let go of an episode until `after` seconds have passed."""

    async def intend(
        self, episode: Episode, posting: Posting, gate: Gate, *, by: str, lasts: float
    ) -> Episode | Refused:
        """Gate and intent in one commit: posting, with the text fixed, for `lasts` seconds."""

    async def absent(self, episode: Episode, *, by: str, note: str, settle: float) -> None:
        """Note that our reply was not found or was refused a second time, and look once more after `settle` seconds."""

    async def late(self, key: str, reply: Reply, *, by: str) -> None:
        """A reply that turned up: the episode is posted, or an alarm is raised if it has another reply already."""

    async def standing(self, episode: Episode, gate: Gate) -> Standing:
        """The policy mode, and what the gate would say now."""

    async def silence(self, host: str, scope: str, who: str, *, because: str) -> None:
        """Be quiet from now on: towards a `person`, under the `posts_of` somebody, or in a `thread`."""

    async def lift(self, host: str, scope: str, who: str) -> None:
        """End a silence."""

    async def replies_in(self, account: str, root: str) -> Sequence[str]:
        """The ids of our replies in a thread."""

    async def keep_persona(self, version: str, content: str) -> None:
        """Keep the text of a persona under its version."""
