"""What the admin pages need: the log of episodes, and the keys that let an admin in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from bot.model import Episode, Risk, State, Tone

Action = Literal["approve", "reject", "there", "again", "drop"]


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
        self, key: str, action: Action, by: str, text: str | None = None, version: int | None = None
    ) -> str | None:
        """Carry out a person's decision on the version they saw; returns None, or a sentence why it was not done.

        `text` is the edited reply when approving, and the id or link of the reply when "it is there".
        """


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
