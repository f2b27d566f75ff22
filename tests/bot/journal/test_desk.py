"""What admins read: filters, pages, figures, changes, decisions, passes."""

from __future__ import annotations

import pytest

from bot.journal import Passes
from bot.journal.schema import actions
from bot.model import State, Tone
from tests.fakes import World, author, mention


async def fill(world: World) -> None:
    await world.hear(mention("@阿梗 今天的云像棉花糖", id="m1"), mention("@阿梗 爷爷走了", id="m2", by=author("阿岩")))
    await world.hear(mention("@阿梗 100%_开心", id="m3", by=author("糯米")))
    await world.settle()


async def test_the_newest_comes_first_and_pages_follow_each_other_without_gap_or_overlap(world: World) -> None:
    await fill(world)

    first = await world.desk.page(limit=2)
    rest = await world.desk.page(limit=2, before=first[-1].key)

    assert [episode.mention.id for episode in (*first, *rest)] == ["m3", "m2", "m1"]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"tone": Tone.COMFORT}, ["m2"]),
        ({"state": State.POSTED}, ["m3", "m2", "m1"]),
        ({"state": State.HELD}, []),
        ({"text": "棉花糖"}, ["m1"]),
        ({"text": "100%_"}, ["m3"]),
        ({"text": "1__"}, []),
        ({"platform": "阿梗@plaza"}, ["m3", "m2", "m1"]),
        ({"platform": "阿梗@elsewhere"}, []),
        ({"risk": "low"}, ["m3", "m2", "m1"]),
    ],
)
async def test_filters_find_what_they_name_and_nothing_else(world: World, wanted: dict, ids: list[str]) -> None:  # type: ignore[type-arg]
    await fill(world)

    assert [episode.mention.id for episode in await world.desk.page(**wanted)] == ids


async def test_figures_count_what_waits_for_a_human(world: World) -> None:
    world.writer.default = "存疑的话"
    await world.hear(mention())
    await world.settle()

    figures = await world.desk.figures()

    assert figures["held"] == 1
    assert figures["oldest"] >= 0
    assert figures["doubled"] == 0


async def test_a_change_is_told_to_whoever_listens(world: World) -> None:
    changes = world.desk.changes(0)
    await world.hear(mention())

    assert await anext(changes) == mention().key
    await changes.aclose()


async def test_an_edited_approval_is_what_is_posted(world: World) -> None:
    world.writer.default = "存疑的话"
    await world.hear(mention())
    await world.settle()

    await world.desk.decide(mention().key, "approve", "admin", text="改好的话")
    await world.later(10)

    assert world.platform.posts[0][1].startswith("改好的话")


async def test_a_decision_that_does_not_fit_the_state_is_refused_in_words(world: World) -> None:
    await fill(world)

    assert "posted" in str(await world.desk.decide(mention().key, "approve", "admin"))
    assert "no episode" in str(await world.desk.decide("nobody@plaza:1", "approve", "admin"))


async def test_a_muted_thread_is_released_by_a_human(world: World) -> None:
    await world.hear(mention("@阿梗 我不想活了", id="m1"))
    await world.settle()
    await world.hear(mention("@阿梗 还在吗", id="m2").model_copy(update={"root_id": "m1"}))
    await world.settle()
    assert "muted" in (await world.episode("m2")).reason

    assert await world.desk.release_thread("plaza", "m1", by="admin")
    assert not await world.desk.release_thread("plaza", "m1", by="admin")
    told = await world.journal.database.read(lambda connection: connection.execute(actions.select()).all())
    assert [row.action for row in told] == ["release"]
    await world.hear(mention("@阿梗 回来了", id="m3").model_copy(update={"root_id": "m1"}))
    await world.settle()

    assert (await world.episode("m3")).state is State.POSTED


async def test_a_link_works_once_and_its_session_until_it_is_closed(world: World) -> None:
    passes = Passes(world.journal.database)
    token = await passes.link()

    assert await passes.redeem(token)
    assert not await passes.redeem(token)
    session = await passes.open()
    assert await passes.valid(session)
    assert not await passes.redeem(session)
    await passes.close(session)
    assert not await passes.valid(session)


async def test_a_link_that_is_too_old_opens_nothing(world: World) -> None:
    passes = Passes(world.journal.database, link_for=-1)

    assert not await passes.redeem(await passes.link())


async def test_a_wish_is_listed_and_lifted_once_and_who_did_it_is_kept(world: World) -> None:
    await world.hear(mention("@阿梗 别再回我", by=author("阿岩")))
    await world.settle()
    (wish,) = await world.desk.silences()
    assert (wish["host"], wish["scope"], wish["who"], wish["because"]) == (
        "plaza", "person", "id-阿岩@plaza", mention().key,
    )  # fmt: skip

    assert await world.desk.lift("plaza", "person", "id-阿岩@plaza", by="terminal")
    assert not await world.desk.lift("plaza", "person", "id-阿岩@plaza", by="terminal")
    await world.hear(mention("@阿梗 又来了", id="m2", by=author("阿岩")))
    await world.settle()

    assert (await world.episode("m2")).state is State.POSTED
    assert await world.desk.silences() == []
