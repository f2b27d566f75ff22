"""What is old is purged, who asks is forgotten, and neither is ever answered again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from bot.journal import Keeping, Memory, stream, take_chore
from bot.journal.memory import KeptUse
from bot.journal.schema import metadata, tombstones
from bot.model import State
from tests.fakes import ACCOUNT, NOW, World, author, mention, post

YAN = author("阿岩")
DAY = 86400.0


def keeping(world: World) -> Keeping:
    async def at_once(_seconds: float) -> None:
        await asyncio.sleep(0)

    return Keeping(world.journal.database, at_once, step=2)


async def everything(world: World) -> str:
    """All that the tables hold, as one text."""

    def work(connection: Connection) -> str:
        return "\n".join(str(row) for table in metadata.sorted_tables for row in connection.execute(select(table)))

    return await world.journal.database.read(work)


async def stones(world: World) -> list[tuple[str, str | None]]:
    query = select(tombstones.c.state, tombstones.c.tone).order_by(tombstones.c.state)
    rows = await world.journal.database.read(lambda connection: connection.execute(query).all())
    return [(row.state, row.tone) for row in rows]


async def hear_again(world: World) -> None:
    """The platform hands out everything once more, as after a cursor that was set back."""
    await world.journal.hear(ACCOUNT, str(len(world.platform.incoming)), "0", ())
    await world.bot("listener").listen(world.platform, wait=0)
    await world.settle()
    await world.later()


# purging ------------------------------------------------------------------------------------------------------------


async def test_what_ended_long_ago_is_purged_and_its_figures_stay(world: World) -> None:
    await world.hear(*(mention(f"@阿梗 云像棉花糖{number}", id=f"m{number}") for number in range(5)))
    await world.settle()
    await world.pass_time(31 * DAY)
    await world.hear(mention("@阿梗 新的", id="m9"))
    await world.settle()

    assert await keeping(world).purge(30) == 5

    assert [episode.mention.id async for episode in stream(world.journal.database)] == ["m9"]
    assert await stones(world) == [("posted", "banter")] * 5
    assert "棉花糖" not in await everything(world)


async def test_a_purged_mention_that_comes_again_is_not_answered_again(world: World) -> None:
    await world.hear(mention())
    await world.settle()
    await world.pass_time(31 * DAY)
    await keeping(world).purge(30)

    await hear_again(world)

    assert len(world.platform.posts) == 1
    assert await world.journal.episode(mention().key) is None


async def test_what_still_waits_for_somebody_is_never_purged(world: World) -> None:
    world.writer.default = "存疑的话"
    await world.hear(mention())
    await world.settle()
    await world.pass_time(400 * DAY)

    assert await keeping(world).purge(30) == 0
    assert (await world.episode()).state is State.HELD


async def test_zero_days_keep_everything_for_ever(world: World) -> None:
    await world.hear(mention())
    await world.settle()
    await world.pass_time(4000 * DAY)

    assert await keeping(world).purge(0) == 0
    assert (await world.episode()).state is State.POSTED


async def test_what_an_admin_wrote_goes_with_the_episode_and_that_they_decided_stays(world: World) -> None:
    world.writer.default = "存疑的话"
    await world.hear(mention())
    await world.settle()
    await world.desk.decide(mention().key, "approve", "admin", text="改成了秘密的话")
    await world.later()
    await world.pass_time(31 * DAY)

    await keeping(world).purge(30)

    left = await everything(world)
    assert "秘密的话" not in left
    assert mention().key not in left
    assert "approve" in left


async def test_a_chore_is_taken_by_one_and_again_after_its_time(world: World) -> None:
    database = world.journal.database

    assert await take_chore(database, "purge", 3600)
    assert not await take_chore(database, "purge", 3600)
    assert await take_chore(database, "purge", 0)


# forgetting ---------------------------------------------------------------------------------------------------------


async def fill(world: World) -> None:
    """A talk with 阿岩: a mention, one that is held, one of somebody else under a post of theirs, and one apart."""
    await world.hear(mention("@阿梗 我的秘密是柠檬", id="m1", by=YAN))
    await world.hear(mention("@阿梗 你看", id="m2", thread=(post("柠檬树下的秘密", by=YAN),)))
    await world.hear(mention("@阿梗 与他无关", id="m3"))
    await world.settle()
    world.writer.default = "存疑的话"
    await world.hear(mention("@阿梗 又是柠檬", id="m4", by=YAN))
    await world.settle()
    world.writer.default = "下一站，工位"


async def test_after_forgetting_no_row_holds_a_word_or_the_name_of_that_person(world: World) -> None:
    await fill(world)

    done = await keeping(world).forget("id-阿岩@plaza")

    left = await everything(world)
    assert (done.own, done.others) == (2, 1)
    assert [word for word in ("柠檬", "阿岩") if word in left] == []
    assert "与他无关" in left


async def test_a_forgotten_mention_that_comes_again_is_not_answered(world: World) -> None:
    await fill(world)
    before = len(world.platform.posts)
    await keeping(world).forget("id-阿岩@plaza")

    await hear_again(world)

    assert len(world.platform.posts) == before
    assert "柠檬" not in await everything(world)


async def test_an_open_mention_of_somebody_else_loses_the_post_above_it_and_is_answered_all_the_same(
    world: World,
) -> None:
    world.platform.faults.append("busy")
    await world.hear(mention("@阿梗 你看", id="m2", thread=(post("柠檬树下的秘密", by=YAN),)))
    await world.settle()

    await keeping(world).forget("id-阿岩@plaza")
    left = await everything(world)
    await world.later()

    assert [word for word in ("柠檬", "阿岩") if word in left] == []
    assert (await world.episode("m2")).state is State.POSTED
    assert len(world.platform.posts) == 1


async def test_a_wish_to_be_left_alone_outlives_forgetting_without_the_name(world: World) -> None:
    await world.hear(mention("@阿梗 别再回我", id="m1", by=YAN))
    await world.settle()
    await keeping(world).forget("id-阿岩@plaza")
    assert "阿岩" not in await everything(world)

    await world.hear(mention("@阿梗 又来了", id="m2", by=YAN))
    await world.settle()

    assert (await world.episode("m2")).reason == "this person asked us to stop"
    assert world.platform.posts == []


async def test_a_forgotten_person_may_still_call_the_bot_back(world: World) -> None:
    await world.hear(mention("@阿梗 别再回我", id="m1", by=YAN))
    await world.settle()
    await keeping(world).forget("id-阿岩@plaza")

    await world.hear(mention("@阿梗 回来吧", id="m2", by=YAN), mention("@阿梗 又来了", id="m3", by=YAN))
    await world.settle()

    assert (await world.episode("m3")).state is State.POSTED


async def test_who_sent_the_bot_away_from_their_posts_stays_without_it_after_forgetting(world: World) -> None:
    own = post("柠檬树下", by=YAN)
    await world.hear(mention("@阿梗 别在我这儿回", id="m1", by=YAN, thread=(own,)))
    await world.settle()
    await keeping(world).forget("id-阿岩@plaza")

    await world.hear(mention("@阿梗 你看", id="m2", thread=(own,)))
    await world.settle()

    assert "stay away" in (await world.episode("m2")).reason


async def test_a_reply_under_way_while_its_person_is_forgotten_is_known_to_the_tombstone(world: World) -> None:
    await world.hear(mention(by=YAN))
    bot = world.bot("slow")
    world.platform.faults.append("late")
    await bot.answer((await world.episode()).key)
    posting = await world.episode()
    assert posting.state is State.POSTING
    await keeping(world).forget("id-阿岩@plaza")

    world.platform.land()
    reply = (await world.platform.find_reply(posting.mention, "", key="")).reply
    assert reply is not None
    await world.journal.late(posting.key, reply, by="audit")

    assert await stones(world) == [("posted", "banter")]
    assert len(world.platform.posts) == 1


@pytest.mark.parametrize("name", ["id-阿岩@plaza", "阿岩@plaza", "@阿岩@plaza"])
async def test_a_person_is_found_by_id_and_by_handle(world: World, name: str) -> None:
    await fill(world)

    assert await keeping(world).find(name) == ["id-阿岩@plaza"]


async def test_nobody_is_found_by_a_part_of_a_name_or_at_another_place(world: World) -> None:
    await fill(world)

    assert [*await keeping(world).find("岩@plaza"), *await keeping(world).find("阿岩@elsewhere")] == []


async def test_two_people_of_one_name_are_both_told(world: World) -> None:
    await world.hear(mention(by=YAN), mention(id="m2", by=YAN.model_copy(update={"id": "other"})))

    assert await keeping(world).find("阿岩@plaza") == ["id-阿岩@plaza", "other@plaza"]


async def test_what_the_trends_kept_of_a_person_is_forgotten_and_they_stay_left_out(world: World) -> None:
    memory = Memory(world.journal.database)
    await memory.watch("柠檬")
    seal = await memory.seal()
    for name in ("id-阿岩@plaza", "id-小满@plaza"):
        await memory.collect("柠檬", [KeptUse(seal.person(name), f"{name}的柠檬", NOW)])
    await world.hear(mention("@阿梗 别再回我", by=YAN))
    await world.settle()

    await keeping(world).forget("id-阿岩@plaza")

    assert [use.text for use in await memory.uses_of("柠檬")] == ["id-小满@plaza的柠檬"]
    assert seal.person("id-阿岩@plaza") in await memory.opted_out()


# exporting ----------------------------------------------------------------------------------------------------------


async def test_a_stream_tells_every_episode_once_and_in_order_whatever_the_size_of_a_page(world: World) -> None:
    await world.hear(*(mention(f"@阿梗 {number}", id=f"m{number}") for number in range(7)))

    for page in (1, 2, 3, 7, 8):
        told = [episode.mention.id async for episode in stream(world.journal.database, page=page)]
        assert told == [f"m{number}" for number in range(7)]


async def test_a_stream_keeps_to_its_bounds(world: World) -> None:
    await world.hear(mention(id="m1"))
    await world.settle()
    heard, second = (await world.episode()).heard_at, timedelta(seconds=1)

    async def count(**wanted: object) -> int:
        return len([one async for one in stream(world.journal.database, **wanted)])  # type: ignore[arg-type]

    assert await count(since=heard - second, until=heard + second) == 1
    assert await count(since=heard + second) == 0
    assert await count(until=heard - second) == 0
    assert await count(state=State.POSTED) == 1
    assert await count(state=State.HELD) == 0
