"""What the admin pages need: the log of episodes, and the keys that let an admin in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from bot.model import Episode, Risk, State, Tone

Action = Literal["approve", "reject", "there", "again", "drop", "undo"]


class InForce(Protocol):
    """A mode: who switched it and why, since when and until when (Unix seconds, None: until somebody changes it)."""

    @property
    def mode(self) -> str: ...
    @property
    def by(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def at(self) -> float | None: ...
    @property
    def until(self) -> float | None: ...


class Plan(Protocol):
    """A switch that begins or ends by time; `daily` is the second of the UTC day and the length in seconds."""

    @property
    def id(self) -> int: ...
    @property
    def mode(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def begins(self) -> float: ...
    @property
    def until(self) -> float | None: ...
    @property
    def daily(self) -> tuple[float, float] | None: ...


class Log(Protocol):
    """The journal as a reader sees it. Raises `TryLater` when it cannot be reached."""

    async def page(  # noqa: PLR0913  # one argument for each thing a reader may filter by
        self,
        *,
        platform: str | None = None,
        state: State | None = None,
        tone: Tone | None = None,
        risk: Risk | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[Episode]:
        """Episodes heard in [since, until), newest first.

        `platform` is one of our accounts (`name@host`), `text` a part of the mention or of our reply, `before` the
        key of the last row of the page above.
        """

    async def episode(self, key: str) -> Episode | None:
        """One episode, or None if there is no such key."""

    async def figures(self) -> Mapping[str, float]:
        """How the bot is doing now.

        `oldest`: age in seconds of the oldest open episode; `backlog`: open ones that wait for no person; `held`,
        `unsure`: how many wait for a person; `doubled`: mentions answered twice; `left_out`: skipped today because too
        many waited; `lost`: compare-and-sets that came
        too late; `today.<state>`: how many episodes reached that state since midnight UTC. A figure that is missing
        counts as 0. `audit.age` (seconds), `audit.checked`, `audit.found`, `audit.strange` and `audit.missing` are
        there once our timelines were audited.
        """

    def changes(self, after: float) -> AsyncIterator[str]:
        """The keys of episodes that change after a moment (Unix seconds), for as long as somebody listens."""

    async def decide(
        self,
        key: str,
        action: Action,
        by: str,
        text: str | None = None,
        version: int | None = None,
        *,
        because: str = "",
        grace: float = 0.0,
    ) -> str | None:
        """Carry out a person's decision on the version they saw; returns None, or a sentence why it was not done.

        `text` is the edited reply when approving, a remark when rejecting, and the id or link of the reply when "it is
        there"; `because` is one of REJECTIONS; `grace` is how many seconds an approval may be taken back.
        """

    async def waiting(self) -> Sequence[Episode]:
        """What waits for a person, held and unsure, oldest first."""

    @property
    def room(self) -> Callable[[Episode], int | None]:
        """How many characters a reply to an episode may have, if that is known here."""

    async def in_force(self) -> InForce:
        """The policy mode in force."""

    async def planned(self) -> Sequence[Plan]:
        """Plans, time boxes and daily windows that still count."""

    async def switched(self) -> Sequence[Mapping[str, Any]]:
        """The newest switches as they were written, newest first."""

    async def set_mode(self, mode: str, *, by: str, why: str, lasts: float | None = None) -> None:
        """Switch the policy mode, for `lasts` seconds or until somebody changes it."""

    async def cancel_mode(self, id_: int, *, by: str, why: str = "") -> bool:
        """Take back a plan; False if there is no such one."""


class Keys(Protocol):
    """One-time sign-in links and the sessions they open."""

    async def redeem(self, token: str) -> bool:
        """Whether this one-time token is good; it never is again."""

    async def open(self) -> str:
        """A new session: at least 128 random bits, safe in a cookie."""

    async def valid(self, session: str) -> bool:
        """Whether the session is open."""

    async def close(self, session: str) -> None:
        """End the session; one that is unknown is no error."""
