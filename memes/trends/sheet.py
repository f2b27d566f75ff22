"""What all workers know of today: the living topics, and when each board was last read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from memes.card import Lifecycle
from memes.trends.board import BLIND, Board, find_topic
from memes.trends.poll import Health
from memes.trends.source import Source
from memes.trends.topic import Topic, Trust

MOST = 200  # topics that are shared, the hottest first: a tenth of a megabyte
SHOWN = 2  # topics beside that of the post which a writer is told of

Screen = Callable[[str], bool]


class BoardState(BaseModel):
    """How one board is doing: `fetched` is its last good answer, `problem` what is wrong now, if anything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: str
    url: str
    trust: Trust
    interval: float
    unofficial: bool = False
    fetched: AwareDatetime | None = None
    failures: int = 0
    problem: str = ""


class Sheet(BaseModel):
    """One leader's view of the boards at one moment; frozen, and small enough to be passed around as text.

    `states` are the lifecycles of cards, by id, that the nightly look at the stream found to differ from their files.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    made: AwareDatetime | None = None
    topics: tuple[Topic, ...] = ()
    boards: tuple[BoardState, ...] = ()
    states: dict[str, Lifecycle] = {}

    def is_blind(self, now: datetime) -> bool:
        """Return whether no board answered within 15 minutes: no trend context is better than an old one."""
        return not any(board.fetched and (now - board.fetched).total_seconds() <= BLIND for board in self.boards)

    def find(self, text: str, now: datetime) -> Topic | None:
        """Return the living topic that a post belongs to; none while every board is old."""
        return None if self.is_blind(now) else find_topic(self.topics, text)

    def list_usable(self, now: datetime, limit: int = SHOWN) -> tuple[Topic, ...]:
        """Return the hottest topics that a joke may use: trusted, harmless, playful, not fading."""
        if self.is_blind(now):
            return ()
        return tuple(topic for topic in self.topics if topic.usable and topic.state != "fading")[:limit]


def make_sheet(
    board: Board,
    sources: Sequence[Source],
    health: dict[str, Health],
    now: datetime,
    states: dict[str, Lifecycle] | None = None,
) -> Sheet:
    """Return what a leader shares."""
    boards = tuple(
        BoardState(
            name=source.name,
            kind=source.kind,
            url=source.url,
            trust=source.trust,
            interval=source.interval,
            unofficial=source.unofficial,
            fetched=health[source.name].fetched,
            failures=health[source.name].failures,
            problem=health[source.name].problem,
        )
        for source in sources
    )
    return Sheet(made=now, topics=board.list_topics(now)[:MOST], boards=boards, states=states or {})


class Today:
    """The newest sheet as one worker holds it; every text in it has passed this worker's own screen.

    `screen` says whether a text may be shown at all; each text is asked about once until `screen_again`.
    """

    def __init__(self, screen: Screen | None = None) -> None:
        """Begin with nothing known: no topics, and no board ever read."""
        self._screen = screen
        self._asked: dict[str, bool] = {}
        self.sheet = Sheet()

    def take(self, text: str) -> bool:
        """Take a sheet that somebody shared; return whether it could be read. Nonsense changes nothing."""
        try:
            sheet = Sheet.model_validate_json(text)
        except ValidationError:
            return False
        self._asked = {asked: answer for asked, answer in self._asked.items() if asked in _texts(sheet)}
        self.sheet = sheet.model_copy(update={"topics": tuple(self._let_in(sheet.topics))})
        return True

    def screen_again(self, screen: Screen | None) -> None:
        """Ask a changed safety policy about every text."""
        self._screen = screen
        self._asked.clear()
        self.sheet = self.sheet.model_copy(update={"topics": tuple(self._let_in(self.sheet.topics))})

    def _let_in(self, topics: Sequence[Topic]) -> list[Topic]:
        shown = []
        for topic in topics:
            if not self._may(topic.title):
                continue
            told = not topic.about or self._may(topic.about)
            shown.append(topic if told else topic.model_copy(update={"about": "", "told_by": ""}))
        return shown

    def _may(self, text: str) -> bool:
        if self._screen is None:
            return True
        if text not in self._asked:
            self._asked[text] = self._screen(text)
        return self._asked[text]


def _texts(sheet: Sheet) -> set[str]:
    return {text for topic in sheet.topics for text in (topic.title, topic.about)}
