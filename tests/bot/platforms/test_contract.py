"""What every platform promises, run against each of them over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.errors import GiveUp, Trouble, TryLater, Unsure
from bot.model import Mention
from bot.ports import Accountable, Platform
from tests.bot.platforms.places import Plaza, Toots

AFTER_THE_FACT = ("drop", "broken", "garbage", "half", "short", "huge", "empty", "shapeless")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture(params=["plaza", "mastodon"])
async def place(
    request: pytest.FixtureRequest, tmp_path: Path, session: aiohttp.ClientSession
) -> AsyncIterator[Plaza | Toots]:
    place = Plaza(tmp_path, session) if request.param == "plaza" else Toots(session)
    yield place
    await place.stop()


@pytest.fixture
async def platform(place: Plaza | Toots) -> AsyncIterator[Platform]:
    platform = await place.open()
    yield platform
    await platform.close()


async def hear(
    place: Plaza | Toots, platform: Platform, text: str = "你怎么看", *, under: str | None = None
) -> Mention:
    """One mention, heard."""
    cursor = await platform.start()
    number = await place.call(text, under=under)
    batch = await platform.mentions(cursor, wait=0)
    return next(mention for mention in batch.mentions if mention.id == number)


async def test_the_account_is_a_name_at_a_host(platform: Platform) -> None:
    name, _, host = platform.account.partition("@")
    assert name
    assert host


async def test_what_came_before_the_first_start_is_not_ours(place: Plaza | Toots, platform: Platform) -> None:
    await place.call("早就说过的话")
    cursor = await platform.start()
    assert (await platform.mentions(cursor, wait=0)).mentions == ()


async def test_a_mention_is_heard_with_its_words_and_its_author(place: Plaza | Toots, platform: Platform) -> None:
    mention = await hear(place, platform, "今天天气真好 & <b>晴</b>")
    assert mention.account == platform.account
    assert "今天天气真好 & <b>晴</b>" in mention.text
    assert mention.author.id
    assert mention.author.handle
    assert not mention.author.bot
    assert mention.at.utcoffset() is not None


async def test_mentions_come_oldest_first_through_all_pages(place: Plaza | Toots, platform: Platform) -> None:
    cursor = await platform.start()
    said = [await place.call(f"第{number}句") for number in range(130)]
    heard: dict[str, None] = {}
    for _ in range(6):
        batch = await platform.mentions(cursor, wait=0)
        heard.update({mention.id: None for mention in batch.mentions})
        cursor = batch.cursor or cursor
    assert list(heard) == said


async def test_a_batch_that_was_not_stored_comes_again(place: Plaza | Toots, platform: Platform) -> None:
    cursor = await platform.start()
    number = await place.call("别忘了我")
    for _ in range(2):
        batch = await platform.mentions(cursor, wait=0)
        assert [mention.id for mention in batch.mentions] == [number]
        assert batch.cursor not in (None, cursor)


async def test_a_cursor_outlives_the_process(place: Plaza | Toots, platform: Platform) -> None:
    cursor = await platform.start()
    first = await hear(place, platform, "第一句")
    cursor = (await platform.mentions(cursor, wait=0)).cursor or ""
    number = await place.call("第二句")
    again = await place.connect()
    batch = await again.mentions(cursor, wait=0)
    assert {mention.id for mention in batch.mentions} - {first.id} == {number}


async def test_waiting_ends_when_somebody_calls(place: Plaza | Toots, platform: Platform) -> None:
    cursor = await platform.start()
    await platform.mentions(cursor, wait=0)
    listening = asyncio.create_task(platform.mentions(cursor, wait=50))
    number = await place.call("在吗")
    batch = await asyncio.wait_for(listening, 5)
    assert [mention.id for mention in batch.mentions] == [number]


async def test_a_program_is_known_by_its_mark(place: Plaza | Toots, platform: Platform) -> None:
    cursor = await platform.start()
    await place.call("beep", by_bot=True)
    [mention] = (await platform.mentions(cursor, wait=0)).mentions
    assert mention.author.bot


async def test_our_own_words_call_nobody(place: Plaza | Toots, platform: Platform) -> None:
    mention = await hear(place, platform)
    cursor = await platform.start()
    await platform.post(mention, f"{platform.address(mention)}@阿梗 @bot 自言自语", key="k")
    assert (await platform.mentions(cursor, wait=0)).mentions == ()


async def test_the_thread_stands_above_the_mention_root_first(place: Plaza | Toots, platform: Platform) -> None:
    root = await place.say("周一")
    nearest = await place.say("周二", under=root)
    mention = await platform.context(await hear(place, platform, under=nearest))
    assert [post.text for post in mention.thread] == ["周一", "周二"]
    assert mention.root == root
    assert mention.post.id == root


async def test_a_mention_alone_is_its_own_root(place: Plaza | Toots, platform: Platform) -> None:
    mention = await platform.context(await hear(place, platform))
    assert mention.thread == ()
    assert mention.root == mention.id


async def test_a_mention_that_was_deleted_is_given_up(place: Plaza | Toots, platform: Platform) -> None:
    mention = await hear(place, platform)
    await place.remove(mention.id)
    with pytest.raises(GiveUp):
        await platform.context(mention)
    with pytest.raises(GiveUp):
        await platform.post(mention, f"{platform.address(mention)}太晚了", key="k")


async def test_a_reply_stands_under_its_mention(place: Plaza | Toots, platform: Platform) -> None:
    mention = await hear(place, platform)
    reply = await platform.post(mention, f"{platform.address(mention)}看好", key="k")
    [text] = place.replies(mention.id)
    assert "看好" in text
    assert reply.id
    assert "看好" in reply.text


async def test_the_same_key_posts_once(place: Plaza | Toots, platform: Platform) -> None:
    assert platform.once.covers(60)
    mention = await hear(place, platform)
    text = f"{platform.address(mention)}说一遍"
    first = await platform.post(mention, text, key="k")
    again = await platform.post(mention, text, key="k")
    assert again.id == first.id
    assert len(place.replies(mention.id)) == 1


async def test_our_reply_is_looked_for_and_found(place: Plaza | Toots, platform: Platform) -> None:
    mention = await hear(place, platform)
    text = f"{platform.address(mention)}我在这儿"
    assert (await platform.find_reply(mention, text, key="k")).answer == "absent"
    reply = await platform.post(mention, text, key="k")
    found = await platform.find_reply(mention, text, key="k")
    assert found.answer == "found"
    assert found.reply is not None
    assert found.reply.id == reply.id


async def test_a_comment_of_somebody_else_is_not_our_reply(place: Plaza | Toots, platform: Platform) -> None:
    mention = await hear(place, platform)
    await place.say("我先说", under=mention.id)
    assert (await platform.find_reply(mention, "我先说", key="k")).answer == "absent"


async def test_a_reply_to_another_mention_is_not_this_one(place: Plaza | Toots, platform: Platform) -> None:
    one, other = await hear(place, platform, "一"), await hear(place, platform, "二")
    text = f"{platform.address(one)}同一句话"
    await platform.post(one, text, key="k1")
    assert (await platform.find_reply(other, text, key="k2")).answer == "absent"


@pytest.mark.parametrize("kind", AFTER_THE_FACT)
async def test_an_answer_nobody_can_read_after_a_post_is_unsure_and_the_reply_is_found(
    place: Plaza | Toots, platform: Platform, kind: str
) -> None:
    mention = await hear(place, platform)
    text = f"{platform.address(mention)}发出去了吗"
    place.faults.add(kind, method="POST", path=place.post_path)
    with pytest.raises(Unsure):
        await platform.post(mention, text, key="k")
    assert place.faults.happened == [kind]
    assert len(place.replies(mention.id)) == 1
    assert (await platform.find_reply(mention, text, key="k")).answer == "found"


async def test_no_answer_within_the_deadline_is_unsure(place: Plaza | Toots, platform: Platform) -> None:
    mention = await hear(place, platform)
    place.faults.add("slow", method="POST", path=place.post_path)
    with pytest.raises(Unsure, match="no answer within"):
        await platform.post(mention, f"{platform.address(mention)}慢慢来", key="k")


async def test_a_connection_cut_before_the_post_is_unsure_and_the_reply_is_absent(
    place: Plaza | Toots, platform: Platform
) -> None:
    mention = await hear(place, platform)
    place.faults.add("cut", method="POST", path=place.post_path)
    with pytest.raises(Unsure):
        await platform.post(mention, "没说出口", key="k")
    assert (await platform.find_reply(mention, "没说出口", key="k")).answer == "absent"


@pytest.mark.parametrize("kind", ["busy", "closed"])
async def test_a_busy_platform_surely_posted_nothing(place: Plaza | Toots, platform: Platform, kind: str) -> None:
    mention = await hear(place, platform)
    place.faults.add(kind, method="POST", path=place.post_path)
    with pytest.raises(TryLater) as caught:
        await platform.post(mention, "等一下", key="k")
    assert caught.value.after == 7
    assert place.replies(mention.id) == []


async def test_a_page_of_something_in_between_is_no_refusal(place: Plaza | Toots, platform: Platform) -> None:
    mention = await hear(place, platform)
    for verb in (platform.context(mention), platform.post(mention, "再试试", key="k")):
        place.faults.add("strange")
        with pytest.raises(TryLater):
            await verb


async def test_a_refused_connection_surely_posted_nothing(place: Plaza | Toots, platform: Platform) -> None:
    mention = await hear(place, platform)
    await place.stop()
    with pytest.raises(TryLater, match="not reached"):  # this also drops the connection that was kept open
        await platform.context(mention)
    with pytest.raises(TryLater, match="not reached"):
        await platform.post(mention, "有人吗", key="k")


async def test_a_refused_token_names_its_setting(place: Plaza | Toots, platform: Platform) -> None:
    cursor = await platform.start()
    place.faults.add("unauthorized")
    with pytest.raises(GiveUp, match=r"JIEGENG_[A-Z]+_TOKEN"):
        await platform.mentions(cursor, wait=0)


@pytest.mark.parametrize(
    "kind", ["drop", "broken", "garbage", "half", "short", "huge", "empty", "slow", "cut", "busy", "closed", "strange"]
)
async def test_trouble_while_reading_loses_nothing(place: Plaza | Toots, platform: Platform, kind: str) -> None:
    mention = await hear(place, platform)
    cursor = await platform.start()
    number = await place.call("再说一遍")
    for verb in (platform.mentions(cursor, wait=0), platform.context(mention)):
        # a read whose connection broke may be asked once more by the client itself
        for _ in range(2):
            place.faults.add(kind, method="GET")
        with pytest.raises(TryLater):
            await verb
        place.faults.script.clear()
    batch = await platform.mentions(cursor, wait=0)
    assert number in [one.id for one in batch.mentions]


@pytest.mark.parametrize("kind", ["drop", "broken", "garbage", "half", "huge", "busy", "strange", "unauthorized"])
async def test_a_look_up_that_failed_never_says_absent(place: Plaza | Toots, platform: Platform, kind: str) -> None:
    mention = await hear(place, platform)
    for _ in range(2):
        place.faults.add(kind, method="GET", path=place.read_path)
    try:
        answer = (await platform.find_reply(mention, "在哪儿", key="k")).answer
    except (TryLater, GiveUp) as trouble:
        answer = type(trouble).__name__
    assert answer != "absent"


async def test_a_reply_that_is_too_long_is_refused(place: Plaza | Toots, platform: Platform) -> None:
    mention = await hear(place, platform)
    fits = platform.address(mention) + "长" * (platform.limit - platform.measure(platform.address(mention)))
    assert platform.measure(fits) == platform.limit
    with pytest.raises(GiveUp):
        await platform.post(mention, fits + "了", key="k1")
    assert place.replies(mention.id) == []
    await platform.post(mention, fits, key="k2")
    assert len(place.replies(mention.id)) == 1


async def test_a_reply_can_be_taken_back_twice(place: Plaza | Toots, platform: Platform) -> None:
    mention = await hear(place, platform)
    reply = await platform.post(mention, f"{platform.address(mention)}收回", key="k")
    await platform.delete(reply.id)
    await platform.delete(reply.id)
    assert place.replies(mention.id) == []


async def test_words_of_any_kind_come_through_as_whole_unicode(place: Plaza | Toots, platform: Platform) -> None:
    texts = ["", "\ud83d", "a\u200bb\u202ec", "👨‍👩‍👧‍👦", "א" * 100, "长" * 50_000, "&amp;&#0;", "\0\x01"]
    cursor = await platform.start()
    said = [await place.call(text) for text in texts]
    heard: dict[str, Mention] = {}
    for _ in range(6):
        batch = await platform.mentions(cursor, wait=0)
        heard.update({mention.id: mention for mention in batch.mentions})
        cursor = batch.cursor or cursor
    assert list(heard) == said
    for mention in heard.values():
        assert "\0" not in mention.text.encode("utf-8").decode()
        assert Mention.model_validate_json(mention.model_dump_json()) == mention
    assert heard[said[5]].text.endswith("长" * 50_000)


@pytest.mark.parametrize("kind", ["broken", "busy", "garbage", "half"])
async def test_opening_in_front_of_a_troubled_site_can_be_tried_again(place: Plaza | Toots, kind: str) -> None:
    await place.open()
    place.faults.add(kind, method="GET")
    with pytest.raises(TryLater):
        await place.connect()
    assert (await place.connect()).account


async def test_every_trouble_is_one_of_the_four() -> None:
    assert {TryLater, GiveUp, Unsure} <= set(Trouble.__subclasses__())


async def test_our_own_replies_are_listed_with_what_they_answer_and_deleted_ones_are_not(
    place: Plaza | Toots, platform: Platform
) -> None:
    assert isinstance(platform, Accountable)
    mentions = [await hear(place, platform, f"第{number}句") for number in range(3)]
    replies = [await platform.post(one, f"@x 我在{one.id}（AI生成）", key=f"own-{one.id}") for one in mentions]
    await platform.delete(replies[1].id)

    own = await platform.own_replies(replies[0].at - timedelta(seconds=1))
    none = await platform.own_replies(replies[2].at + timedelta(days=1))

    assert own is not None
    assert sorted((one.reply.id, one.parent) for one in own) == sorted(
        (replies[number].id, mentions[number].id) for number in (0, 2)
    )
    assert none == []
