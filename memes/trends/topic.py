"""The values of trends: an item on a board, and the topic that items of several boards make."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Trust = Literal["low", "fair", "good"]
State = Literal["rising", "peak", "fading", "dead"]


class Item(BaseModel):
    """One row of one board. `rank` starts at 1; `heat` is in the board's own unit, None where it tells none.

    `at` is the time the board itself gives the row, if any; `fetched` when we read it. `about` is what the board
    itself writes below the title, cut to a few sentences.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    title: str
    rank: int = Field(ge=1)
    heat: float | None = None
    category: str = ""
    url: str = ""
    about: str = ""
    at: AwareDatetime | None = None
    fetched: AwareDatetime


class Topic(BaseModel):
    """Something many people talk about now.

    `heat` is in [0, 1]: a percentile on its board, decayed once it left; `sources` maps each board to the time it
    last showed the topic; `usable` says whether it may be material for a joke, `why` the reason it may not, and
    `sensitive` that the reason is harm. `about` is what the board `told_by` writes below its title.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    title: str
    heat: float = Field(ge=0, le=1)
    state: State
    trust: Trust
    sources: dict[str, AwareDatetime]
    category: str = ""
    url: str = ""
    first_seen: AwareDatetime
    last_seen: AwareDatetime
    peak_at: AwareDatetime
    usable: bool
    why: str = ""
    sensitive: bool = False
    about: str = ""
    told_by: str = ""
