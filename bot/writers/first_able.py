"""Several writers in order: the first that can writes, and one that is down is left alone for a growing while."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.errors import GiveUp, TryLater
from bot.model import Brief, Draft
from bot.ports import Writer
from bot.writers.refusals import Declined, Unusable

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
LONGEST_ASKED = 600.0
_log = logging.getLogger("jiegeng.writers")


@dataclass
class _Standing:
    """How a writer did lately: in its pause until `until`; `since` is when the failure that set it was seen."""

    pause: float = 0.0
    until: float = 0.0
    since: float = 0.0
    probing: bool = False


class FirstAble:
    """Asks each writer in order; put the offline one last, for it always can.

    A writer that raises TryLater or GiveUp is passed over for 1 s, doubling to 60 s with every further failure (longer
    if it asked for more itself), so an outage costs no waiting. After the pause one single call tries it again while
    the others go on without it. One reply that it declines or bungles says nothing about the next, or strangers could
    switch it off with posts that no model answers. The last writer is always asked, and what it raises is raised.
    `clock` counts seconds and never goes back.
    """

    def __init__(self, writers: Sequence[Writer], *, clock: Callable[[], float]) -> None:
        if not writers:
            raise ValueError("FirstAble needs at least one writer")
        self._writers = tuple(writers)
        self._clock = clock
        self._standings = {id(writer): _Standing() for writer in writers}

    @property
    def name(self) -> str:
        """The name of the writer that would be asked now; a draft carries the name of the one who wrote it."""
        now = self._clock()
        able = (writer for writer in self._writers if now >= self._standings[id(writer)].until)
        return next(able, self._writers[-1]).name

    @property
    def down(self) -> tuple[str, ...]:
        """The names of the writers that are being left alone now."""
        now = self._clock()
        return tuple(writer.name for writer in self._writers[:-1] if now < self._standings[id(writer)].until)

    async def write(self, brief: Brief) -> Draft:
        """The draft of the first writer that can; raises what the last one raises."""
        for writer in self._writers[:-1]:
            if not self._takes(writer):
                continue
            draft = await self._try(writer, brief)
            if draft is not None:
                return draft
        return await self._writers[-1].write(brief)

    async def close(self) -> None:
        """Close them all."""
        for writer in self._writers:
            await writer.close()

    def _takes(self, writer: Writer) -> bool:
        """Whether this call may ask the writer; after a pause only one may, to see whether it is back."""
        standing = self._standings[id(writer)]
        if not standing.pause:
            return True
        if self._clock() < standing.until or standing.probing:
            return False
        standing.probing = True
        return True

    async def _try(self, writer: Writer, brief: Brief) -> Draft | None:
        standing = self._standings[id(writer)]
        began = self._clock()
        probes = standing.probing
        try:
            draft = await writer.write(brief)
        except (Declined, Unusable) as error:
            _log.info("%s passes on this one (%s)", writer.name, error)
            draft = None
        except (TryLater, GiveUp) as error:
            self._note(writer, error, began)
            return None
        finally:
            if probes:
                standing.probing = False
        if standing.pause:
            _log.info("%s writes again", writer.name)
        standing.pause = standing.until = 0.0
        return draft

    def _note(self, writer: Writer, error: TryLater | GiveUp, began: float) -> None:
        standing = self._standings[id(writer)]
        now = self._clock()
        if standing.pause and began < standing.since:
            # It began before the last failure was seen: the same outage, which has lengthened the pause already.
            return
        pause = min(LONGEST_PAUSE, standing.pause * 2 or FIRST_PAUSE)
        asked = min(LONGEST_ASKED, getattr(error, "after", None) or 0.0)
        if not standing.pause:
            _log.warning("%s cannot write (%s); %s writes meanwhile", writer.name, error, self._writers[-1].name)
        standing.pause, standing.since, standing.until = pause, now, now + max(pause, asked)
