"""The promise is watched in production: timelines are audited, what waits is told, what is old is purged."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text

from bot.errors import TryLater
from bot.journal import Keeping
from bot.journal.timeline import Audited
from bot.model import State
from bot.ports import NEVER
from bot.vigil import DAY, Vigil
from tests.fakes import ACCOUNT, NOW, FakePlatform, World, author, mention

SOON = NOW + timedelta(hours=1)


class Watched:
    """A world with a vigil over it, and what a human was told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.told: list[tuple[str, str]] = []
        self.at_night = False

    def vigil(self, keep_days: float = 30) -> Vigil:
        async def at_once(_seconds: float) -> None:
            await asyncio.sleep(0)

        world = self.world
        return Vigil(
            journal=world.journal,
            desk=world.desk,
            keeping=Keeping(world.journal.database, at_once),
            platforms={ACCOUNT: world.platform},
            alert=lambda kind, key, _note, *, said="": self.told.append((kind, key)),
            clock=lambda: self.local(SOON),
            keep_days=keep_days,
            open_minutes=30,
        )

    def local(self, soon: datetime) -> datetime:
        """The same moment, in a place where it is night or day."""
        asked = 3 if self.at_night else 12
        return soon.astimezone(timezone(timedelta(hours=(asked - soon.astimezone(UTC).hour + 12) % 24 - 12)))

    async def audit(self) -> Audited | None:
        return await self.vigil().audit(ACCOUNT, self.world.platform)


@pytest.fixture
async def watched(world: World) -> Watched:
    return Watched(world)


async def older(world: World) -> None:
    """The journal was there for a week."""
    past = text("UPDATE facts SET at = at - 604800 WHERE name = 'seal'")
    await world.journal.database.write(lambda connection: connection.execute(past).rowcount)


async def test_a_timeline_on_which_everything_is_as_the_journal_says_is_all_accounted_for(watched: Watched) -> None:
    world = watched.world
    await older(world)
    await world.hear(mention(id="m1"), mention(id="m2", by=author("阿岩")))
    await world.settle()

    assert await watched.audit() == Audited(checked=2)
    assert watched.told == []
    assert (await world.desk.figures())["audit.checked"] == 2


async def test_a_reply_that_the_journal_gave_up_is_found_and_its_episode_posted(watched: Watched) -> None:
    world = watched.world
    await older(world)
    world.with_once(NEVER)
    world.platform.faults.append("late")
    await world.hear(mention())
    await world.settle()
    for _ in range(3):
        await world.later(400)
    assert (await world.episode()).state is State.UNSURE
    world.platform.land()

    result = await watched.audit()

    assert result == Audited(checked=1, found=(mention().key,))
    assert (await world.episode()).state is State.POSTED
    assert watched.told == [("audit", mention().key)]


async def test_a_second_reply_is_counted_once_however_often_the_timeline_is_audited(watched: Watched) -> None:
    world = watched.world
    await older(world)
    await world.hear(mention())
    await world.settle()
    world.platform.posts.append(("m1", "还是我", "other"))

    first, second = await watched.audit(), await watched.audit()

    assert first == second == Audited(checked=2, doubled=(mention().key,))
    assert (await world.desk.figures())["doubled"] == 1


async def test_a_reply_to_something_we_never_heard_is_told_to_a_human(watched: Watched) -> None:
    world = watched.world
    await older(world)
    world.platform.posts.append(("nothing", "谁在说话", "other"))

    assert await watched.audit() == Audited(checked=1, strange=("r0",))
    assert watched.told == [("audit", ACCOUNT)]


async def test_what_was_forgotten_or_purged_is_no_stranger_to_the_audit(watched: Watched) -> None:
    world = watched.world
    await older(world)
    await world.hear(mention())
    await world.settle()
    await watched.vigil().keeping.forget(mention().person)

    assert await watched.audit() == Audited(checked=1)


async def test_a_reply_that_somebody_deleted_there_is_missing_and_no_alarm(watched: Watched) -> None:
    world = watched.world
    await older(world)
    await world.hear(mention())
    await world.settle()
    past = text("UPDATE episodes SET posted_at = posted_at - 3600")
    await world.journal.database.write(lambda connection: connection.execute(past).rowcount)
    world.platform.posts.clear()

    assert await watched.audit() == Audited(missing=1)
    assert watched.told == []


async def test_what_stood_there_before_the_journal_was_born_is_not_its_business(watched: Watched) -> None:
    world = watched.world
    world.platform.posts.append(("long ago", "旧事", "other"))

    assert await watched.audit() == Audited()


async def test_a_platform_that_cannot_tell_or_is_away_is_not_audited_and_stops_nothing(watched: Watched) -> None:
    watched.world.platform.blind = True
    assert await watched.audit() is None

    class Away(FakePlatform):
        async def own_replies(self, since: datetime) -> None:
            message = "away"
            raise TryLater(message)

    assert await watched.vigil().audit(ACCOUNT, Away()) is None
    assert "audit.age" not in await watched.world.desk.figures()


async def test_unsure_doubled_and_long_open_episodes_are_told_with_their_keys(watched: Watched) -> None:
    world = watched.world
    world.with_once(NEVER)
    world.platform.faults.append("late")
    await world.hear(mention())
    await world.settle()
    for _ in range(3):
        await world.later(400)
    await world.hear(mention(id="m2", by=author("阿岩")))
    await world.pass_time(1900)

    await watched.vigil().look()

    assert sorted(watched.told) == [("open", f"{ACCOUNT}:m2"), ("unsure", f"{ACCOUNT}:m1")]


async def test_what_is_held_for_a_person_is_not_told_as_stuck(watched: Watched) -> None:
    world = watched.world
    world.writer.default = "存疑的话"
    await world.hear(mention())
    await world.settle()
    await world.pass_time(1900)

    await watched.vigil().look()

    assert watched.told == []


async def test_purging_begins_at_night_or_when_it_lay_undone_for_too_long(watched: Watched) -> None:
    world = watched.world
    await watched.vigil().watch()  # the first one is done at once
    await world.hear(mention())
    await world.settle()
    await world.pass_time(40 * DAY)
    past = text("UPDATE facts SET at = at - 72000 WHERE name = 'chore:purge'")
    await world.journal.database.write(lambda connection: connection.execute(past).rowcount)

    await watched.vigil().watch()
    assert await world.journal.episode(mention().key) is not None
    watched.at_night = True
    await watched.vigil().watch()

    assert await world.journal.episode(mention().key) is None


async def test_lost_writes_of_every_process_are_summed(watched: Watched) -> None:
    world = watched.world
    world.journal.lost = 3
    await world.journal.tell_lost()
    world.journal.lost = 2
    await world.journal.tell_lost()
    world.journal.lost = 1

    assert (await world.desk.figures())["lost"] == 6
