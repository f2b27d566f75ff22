"""The promise, line by line: at most one reply by itself, and no accepted mention vanishes.

Each test kills or pauses the worker on one numbered line of the promise and looks at what stands on the platform.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import TryLater, Unsure
from bot.model import State
from bot.ports import NEVER, PERMANENT, Once
from tests.fakes import FakePlatform, Killed, World, author, mention, post


class KillAfter:
    """The journal, until a verb has done its work: then the process dies before it learns of it."""

    def __init__(self, journal: Any, verb: str, *, before: bool = False, when: Callable[..., bool] = lambda *_: True):
        self._journal, self._verb, self._before, self._when = journal, verb, before, when

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._journal, name)
        if name != self._verb:
            return verb

        async def deadly(*args: Any, **kwargs: Any) -> Any:
            if self._when(*args):
                if not self._before:
                    await verb(*args, **kwargs)
                raise Killed
            return await verb(*args, **kwargs)

        return deadly


def reaching(state: State) -> Callable[..., bool]:
    return lambda _episode, wanted, *_: wanted is state


async def die(world: World, verb: str, **how: Any) -> None:
    """A worker takes the hint and is killed at a verb of the journal."""
    bot = world.bot("doomed", journal=KillAfter(world.journal, verb, **how))
    (key,) = await world.queue.take(1, 0)
    with pytest.raises(Killed):
        await bot.answer(key)


# 0 ----------------------------------------------------------------------------------------------------------------


async def test_a_mention_is_answered_once_and_its_story_is_kept(world: World) -> None:
    await world.hear(mention())
    await world.settle()

    episode = await world.episode()
    assert episode.state is State.POSTED
    assert [there for there, _text, _key in world.platform.posts] == ["m1"]
    assert [step.state.value for step in episode.steps] == ["heard", "drafted", "posting", "posted"]
    assert world.platform.posts[0][1].endswith("（AI生成）")


async def test_a_busy_platform_sends_the_episode_back_to_where_it_came_from_and_it_is_answered_later(
    world: World,
) -> None:
    world.platform.faults.append("busy")
    await world.hear(mention())
    await world.settle()
    assert (await world.episode()).state is State.DRAFTED
    assert world.platform.posts == []

    await world.later()

    assert (await world.episode()).state is State.POSTED
    assert len(world.platform.posts) == 1
    assert len(world.writer.asked) == 1


async def test_an_approved_episode_stays_approved_when_the_platform_is_busy(world: World) -> None:
    world.writer.default = "存疑的话"
    await world.hear(mention())
    await world.settle()
    assert (await world.episode()).state is State.HELD
    assert await world.desk.decide((await world.episode()).key, "approve", "admin") is None
    world.platform.faults.append("busy")

    await world.later(10)
    assert (await world.episode()).state is State.APPROVED
    await world.later()

    assert (await world.episode()).state is State.POSTED
    assert len(world.platform.posts) == 1


# 1 LISTEN ---------------------------------------------------------------------------------------------------------


async def test_a_mention_that_comes_twice_is_answered_once(world: World) -> None:
    await world.hear(mention(), mention())
    await world.bot("listener-2").listen(world.platform, wait=0)
    await world.settle()
    await world.later()

    assert len(world.platform.posts) == 1


async def test_mentions_and_cursor_are_one_commit_so_a_death_before_it_hears_them_again(world: World) -> None:
    await world.hear()
    world.platform.incoming.append(mention())
    doomed = world.bot("doomed", journal=KillAfter(world.journal, "hear", before=True))
    with pytest.raises(Killed):
        await doomed.listen(world.platform, wait=0)
    assert await world.journal.cursor(world.platform.account) == "0"

    await world.bot("listener-2").listen(world.platform, wait=0)
    await world.settle()

    assert len(world.platform.posts) == 1


async def test_a_death_between_commit_and_hint_loses_nothing(world: World) -> None:
    await world.hear()
    world.platform.incoming.append(mention())
    doomed = world.bot("doomed", journal=KillAfter(world.journal, "hear"))
    with pytest.raises(Killed):
        await doomed.listen(world.platform, wait=0)
    assert world.queue.hints == []

    await world.later()

    assert len(world.platform.posts) == 1


async def test_a_listener_whose_cursor_was_moved_by_another_one_stores_nothing(world: World) -> None:
    await world.hear()

    with pytest.raises(TryLater, match="another listener"):
        await world.journal.hear(world.platform.account, "an old cursor", "9", [mention()])

    assert await world.journal.episode(mention().key) is None


async def test_what_came_before_the_first_start_is_not_answered(world: World) -> None:
    await world.hear()

    assert await world.journal.cursor(world.platform.account) == "0"


# 2 SWEEP ----------------------------------------------------------------------------------------------------------


async def test_an_empty_queue_is_rebuilt_from_the_journal(world: World) -> None:
    await world.hear(mention(id="m1"), mention(id="m2", by=author("阿杰")))
    world.queue.hints.clear()

    await world.later()

    assert sorted(there for there, _text, _key in world.platform.posts) == ["m1", "m2"]


async def test_a_queue_that_is_down_delays_but_loses_nothing(world: World) -> None:
    world.queue.down = True
    await world.hear(mention())
    assert world.queue.hints == []

    world.queue.down = False
    await world.later()

    assert len(world.platform.posts) == 1


# 3 CLAIM ----------------------------------------------------------------------------------------------------------


async def test_a_doubled_hint_gives_one_claim(world: World) -> None:
    await world.hear(mention())

    first = await world.journal.claim(mention().key, "one", 60)
    second = await world.journal.claim(mention().key, "two", 60)

    assert first is not None
    assert second is None


async def test_a_worker_that_dies_after_its_claim_is_followed_by_another(world: World) -> None:
    await world.hear(mention())
    await die(world, "claim")

    await world.later()

    assert len(world.platform.posts) == 1


async def test_a_worker_that_was_overtaken_cannot_write_any_more(world: World) -> None:
    await world.hear(mention())
    slow = await world.journal.claim(mention().key, "slow", 60)
    assert slow is not None
    await world.later()

    written = await world.journal.move(slow.episode, State.DRAFTED, by="slow", due=60)

    assert written is None
    assert world.journal.lost == 1
    assert (await world.episode()).state is State.POSTED


async def test_a_mention_that_kills_every_worker_fails_with_that_reason_and_kills_no_more(world: World) -> None:
    await world.hear(mention())
    for _ in range(world.rules.deaths):
        await die(world, "standing")
        await world.pass_time(400)
        await world.bot("sweeper").sweep()

    await world.settle()

    episode = await world.episode()
    assert episode.state is State.FAILED
    assert "died" in episode.reason


async def test_a_busy_model_is_not_a_death(world: World) -> None:
    world.writer.says.extend(TryLater("the model is busy") for _ in range(12))
    await world.hear(mention())
    await world.settle()
    for _ in range(12):
        await world.later(400)

    assert (await world.episode()).state is State.POSTED


# 4 WORK -----------------------------------------------------------------------------------------------------------


async def test_a_death_after_the_draft_was_stored_costs_no_second_model_call(world: World) -> None:
    await world.hear(mention())
    await die(world, "move", when=reaching(State.DRAFTED))
    assert (await world.episode()).state is State.DRAFTED

    await world.later()

    assert len(world.writer.asked) == 1
    assert len(world.platform.posts) == 1


async def test_a_death_while_writing_is_written_again(world: World) -> None:
    await world.hear(mention())
    await die(world, "move", before=True, when=reaching(State.DRAFTED))

    await world.later()

    assert len(world.writer.asked) == 2
    assert len(world.platform.posts) == 1


# 5 GATE -----------------------------------------------------------------------------------------------------------


async def test_somebody_who_says_stop_while_a_draft_waits_gets_no_reply(world: World) -> None:
    world.platform.faults.append("busy")
    await world.hear(mention(id="m1"))
    await world.settle()
    await world.hear(mention("@阿梗 别再回我", id="m2"))
    await world.settle()

    await world.later()

    assert world.platform.posts == []
    assert "stop" in (await world.episode("m1")).reason
    assert (await world.episode("m2")).state is State.SKIPPED


async def test_the_author_of_a_post_sends_the_bot_away_whoever_calls_it_and_its_reply_is_deleted(world: World) -> None:
    owner = author("楼主")
    there = (post("我家的晚霞", by=owner),)
    await world.hear(mention("@阿梗 来一句", id="m1", thread=there))
    await world.settle()
    await world.hear(mention("@阿梗 别在我这儿回", id="m2", by=owner, thread=there))
    await world.settle()
    await world.hear(mention("@阿梗 再来一句", id="m3", by=author("路人"), thread=there))
    await world.settle()

    assert [id for id, _text, _key in world.platform.posts] == ["m1"]
    assert world.platform.deleted == ["r0"]
    assert (await world.episode("m3")).state is State.SKIPPED


async def test_delete_from_somebody_else_does_not_send_the_bot_away(world: World) -> None:
    there = (post("我家的晚霞"),)
    await world.hear(mention("@阿梗 删掉", id="m1", by=author("路人"), thread=there))
    await world.settle()
    await world.hear(mention("@阿梗 来一句", id="m2", by=author("路人二"), thread=there))
    await world.settle()

    assert "m2" in [id for id, _text, _key in world.platform.posts]
    assert world.platform.deleted == []


async def test_who_said_stop_can_call_the_bot_back(world: World) -> None:
    await world.hear(mention("@阿梗 stop", id="m1"))
    await world.settle()
    await world.hear(mention("@阿梗 回来吧", id="m2"))
    await world.settle()

    assert [id for id, _text, _key in world.platform.posts] == ["m2"]


async def test_in_mode_stopped_nothing_is_posted_even_if_the_draft_was_ready(world: World) -> None:
    world.platform.faults.append("busy")
    await world.hear(mention())
    await world.settle()
    await world.desk.set_mode("stopped", by="admin", why="a test")

    await world.later()

    assert world.platform.posts == []
    assert "stopped" in (await world.episode()).reason


async def test_a_mention_that_was_deleted_meanwhile_is_not_answered(world: World) -> None:
    world.platform.faults.append("busy")
    await world.hear(mention())
    await world.settle()
    world.platform.gone.add("m1")
    world.rules = type(world.rules)(fresh_draft=-1)

    await world.later()

    assert world.platform.posts == []
    assert "gone" in (await world.episode()).reason


async def test_a_thread_gets_a_limited_number_of_replies_but_a_crisis_always_one(world: World) -> None:
    there = (post("今天的晚霞"),)
    for number in range(world.rules.thread_limit + 2):
        await world.hear(mention("@阿梗 哈哈", id=f"m{number}", by=author(f"人{number}"), thread=there))
        await world.settle()
    assert len(world.platform.posts) == world.rules.thread_limit

    await world.hear(mention("@阿梗 我不想活了", id="crisis", by=author("小雨"), thread=there))
    await world.settle()

    assert world.platform.posts[-1][0] == "crisis"
    assert "12356" in world.platform.posts[-1][1]


async def test_one_person_who_floods_meets_a_cool_down_and_hears_nothing_of_it(world: World) -> None:
    for number in range(world.queue.most + 3):
        await world.hear(mention("@阿梗 哈哈", id=f"m{number}"))
        await world.settle()

    assert len(world.platform.posts) == world.queue.most
    assert "cool-down" in (await world.episode(f"m{world.queue.most}")).reason


# 6 INTENT ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("once", [PERMANENT, Once("window", 2700), NEVER])
async def test_a_death_right_after_the_intent_never_posts_twice(world: World, once: Once) -> None:
    world.with_once(once)
    await world.hear(mention())
    await die(world, "intend")
    assert (await world.episode()).state is State.POSTING

    for _ in range(4):
        await world.later()

    expected = State.UNSURE if once is NEVER else State.POSTED
    assert (await world.episode()).state is expected
    assert len(world.platform.posts) == (0 if once is NEVER else 1)


async def test_an_episode_that_is_being_posted_is_nobody_elses_until_its_time_is_over(world: World) -> None:
    await world.hear(mention())
    await die(world, "intend")

    assert await world.journal.claim(mention().key, "eager", 60) is None


# 7 SEND -----------------------------------------------------------------------------------------------------------


async def test_a_worker_that_was_paused_between_intent_and_send_does_not_send(world: World) -> None:
    class Paused(KillAfter):
        def __getattr__(self, name: str) -> Any:
            verb = getattr(world.journal, name)
            if name != "intend":
                return verb

            async def slow(*args: Any, **kwargs: Any) -> Any:
                result = await verb(*args, **kwargs)
                world.boot += 3600
                return result

            return slow

    await world.hear(mention())
    (key,) = await world.queue.take(1, 0)
    await world.bot("paused", journal=Paused(world.journal, "intend")).answer(key)
    assert world.platform.requests == 0
    assert (await world.episode()).state is State.DRAFTED

    await world.later()

    assert len(world.platform.posts) == 1


# 8 RESULT ---------------------------------------------------------------------------------------------------------


async def test_a_definite_refusal_fails_with_the_platforms_words(world: World) -> None:
    world.platform.faults.append("refuse")
    await world.hear(mention())
    await world.settle()

    episode = await world.episode()
    assert episode.state is State.FAILED
    assert "takes no replies" in episode.reason


async def test_a_death_after_the_post_went_through_finds_the_reply_and_posts_no_second(world: World) -> None:
    def die_now() -> None:
        raise Killed

    world.platform.on_post = die_now
    await world.hear(mention())
    (key,) = await world.queue.take(1, 0)
    with pytest.raises(Killed):
        await world.bot("doomed").answer(key)
    world.platform.on_post = lambda: None

    await world.later()

    assert (await world.episode()).state is State.POSTED
    assert len(world.platform.posts) == 1
    assert world.platform.requests == 1


# 9 RESOLVE --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("once", [PERMANENT, Once("window", 2700), NEVER])
async def test_an_answer_that_was_lost_after_the_post_is_found(world: World, once: Once) -> None:
    world.with_once(once)
    world.platform.faults.append("after")
    await world.hear(mention())
    await world.settle()
    assert (await world.episode()).state is State.POSTING

    await world.later()

    assert (await world.episode()).state is State.POSTED
    assert len(world.platform.posts) == 1


async def test_a_request_that_was_lost_is_sent_again_with_the_same_key_and_bytes_where_that_is_safe(
    world: World,
) -> None:
    world.platform.faults.append("before")
    await world.hear(mention())
    await world.settle()
    intended = (await world.episode()).posting
    assert intended is not None

    await world.later()

    assert len(world.platform.posts) == 1
    assert world.platform.posts[0][1:] == (intended.text, intended.key)


async def test_found_nothing_is_never_permission_to_post_again_without_idempotency(world: World) -> None:
    world.with_once(NEVER)
    world.platform.faults.append("before")
    await world.hear(mention())
    await world.settle()

    for _ in range(5):
        await world.later()

    assert (await world.episode()).state is State.UNSURE
    assert world.platform.requests == 1


async def test_a_stop_while_the_intent_is_written_down_leaves_nothing_unsure(world: World) -> None:
    class ToldToStopMeanwhile:
        """The commit goes on although whoever waits for it is told to stop."""

        def __getattr__(self, name: str) -> Any:
            return getattr(world.journal, name)

        async def intend(self, *args: Any, **kwargs: Any) -> Any:
            commit = asyncio.ensure_future(world.journal.intend(*args, **kwargs))
            answering.cancel()
            return await asyncio.shield(commit)

    world.with_once(NEVER)
    await world.hear(mention())

    answering = asyncio.create_task(world.bot(journal=ToldToStopMeanwhile()).answer(mention().key))
    await asyncio.wait({answering})
    for _ in range(3):
        await world.later()

    assert (await world.episode()).state is State.POSTED
    assert world.platform.requests == 1


async def test_outside_its_window_an_idempotency_key_is_worth_nothing(world: World) -> None:
    world.with_once(Once("window", 2700))
    world.platform.faults.append("before")
    await world.hear(mention())
    await world.settle()

    for _ in range(3):
        await world.later(3000)

    assert (await world.episode()).state is State.UNSURE
    assert world.platform.requests == 1


async def test_a_busy_answer_to_a_second_try_does_not_forget_that_the_first_was_ambiguous(world: World) -> None:
    world.with_once(Once("window", 2700))
    world.platform.faults.extend(["late", "busy"])
    await world.hear(mention())
    await world.settle()
    await world.later(400)
    assert world.platform.requests == 2
    assert (await world.episode()).state is State.POSTING

    world.platform.land()
    for _ in range(3):
        await world.later(3000)

    assert (await world.episode()).state is State.POSTED
    assert len(world.platform.posts) == 1


async def test_nobody_knows_is_asked_again_and_nothing_is_posted_meanwhile(world: World) -> None:
    world.platform.faults.append("before")
    world.platform.blind = True
    await world.hear(mention())
    await world.settle()
    for _ in range(3):
        await world.later()
    assert (await world.episode()).state is State.POSTING
    assert world.platform.requests == 1

    world.platform.blind = False
    await world.later()

    assert len(world.platform.posts) == 1


@pytest.mark.parametrize(
    ("action", "state", "posts"), [("there", "posted", 0), ("again", "posted", 1), ("drop", "skipped", 0)]
)
async def test_a_human_decides_what_nobody_knows(world: World, action: str, state: str, posts: int) -> None:
    world.with_once(NEVER)
    world.platform.faults.append("before")
    await world.hear(mention())
    await world.settle()
    for _ in range(3):
        await world.later()
    unsure = await world.episode()
    assert unsure.state is State.UNSURE

    refused = await world.desk.decide(unsure.key, action, "admin", version=unsure.version)
    await world.later(10)

    assert refused is None
    assert (await world.episode()).state.value == state
    assert len(world.platform.posts) == posts


async def test_two_admins_who_decide_at_once_decide_once(world: World) -> None:
    world.writer.default = "存疑的话"
    await world.hear(mention())
    await world.settle()
    held = await world.episode()

    first = await world.desk.decide(held.key, "approve", "one", version=held.version)
    second = await world.desk.decide(held.key, "approve", "two", version=held.version)

    assert first is None
    assert second is not None


# 10 LATE ----------------------------------------------------------------------------------------------------------


async def test_a_reply_that_lands_after_everything_is_found_by_its_late_id(world: World) -> None:
    world.with_once(NEVER)
    world.platform.faults.append("late")
    await world.hear(mention())
    await world.settle()
    for _ in range(3):
        await world.later()
    assert (await world.episode()).state is State.UNSURE
    world.platform.land()
    found = await world.platform.find_reply(mention(), "", key="")
    assert found.reply is not None

    await world.journal.late(mention().key, found.reply, by="audit")

    assert (await world.episode()).state is State.POSTED


async def test_a_second_id_for_one_mention_raises_the_alarm_doubled(world: World) -> None:
    await world.hear(mention())
    await world.settle()
    reply = (await world.episode()).reply
    assert reply is not None

    await world.journal.late(mention().key, reply.model_copy(update={"id": "another"}), by="audit")

    assert (await world.desk.figures())["doubled"] == 1


# 11 END -----------------------------------------------------------------------------------------------------------


async def test_a_meme_reserved_for_a_reply_that_fails_is_given_back(world: World, cards: Any) -> None:
    world.memes = cards
    world.writer.plays = cards[0].meme.id
    world.platform.faults.append("refuse")
    await world.hear(mention())
    await world.settle()

    assert (await world.episode()).state is State.FAILED
    assert world.queue.families == {}


async def test_the_same_meme_family_is_never_played_twice_for_one_person(world: World, cards: Any) -> None:
    world.memes = cards
    world.writer.plays = cards[0].meme.id
    await world.hear(mention(id="m1"))
    await world.settle()
    await world.hear(mention(id="m2"))
    await world.settle()

    assert [brief.memes for brief in world.writer.asked][1] == ()
    assert len(world.platform.posts) == 2


async def test_a_held_reply_that_nobody_decides_expires_and_is_never_posted(world: World) -> None:
    world.writer.default = "存疑的话"
    await world.hear(mention())
    await world.settle()

    await world.later(world.rules.hold_for + 1)

    assert (await world.episode()).state is State.EXPIRED
    assert world.platform.posts == []


async def test_what_the_filter_blocks_is_never_posted_and_says_why(world: World) -> None:
    world.writer.default = "坏话"
    await world.hear(mention())
    await world.settle()

    assert (await world.episode()).state is State.BLOCKED
    assert world.platform.posts == []


async def test_bots_and_ourselves_are_not_answered(world: World) -> None:
    await world.hear(mention(id="m1", by=author("别的机器人", bot=True)), mention(id="m2", by=author("阿梗")))
    await world.settle()

    assert world.platform.posts == []
    assert (await world.episode("m1")).reason == "the author is a bot"


async def test_what_is_a_day_old_is_not_answered_even_if_it_was_heard_just_now(world: World) -> None:
    old = mention().model_copy(update={"at": mention().at - timedelta(hours=25)})
    await world.hear(old)
    await world.settle()

    assert world.platform.posts == []
    assert "too late" in (await world.episode()).reason


async def test_a_wish_to_stop_is_heard_however_old_it_is(world: World) -> None:
    old = mention("@阿梗 别再回我", id="m1")
    await world.hear(old.model_copy(update={"at": old.at - timedelta(days=3)}))
    await world.settle()
    await world.hear(mention("@阿梗 哈哈", id="m2"))
    await world.settle()

    assert world.platform.posts == []
    assert "stop" in (await world.episode("m2")).reason


async def test_what_an_admin_edited_into_an_approval_is_screened_again(world: World) -> None:
    world.writer.default = "存疑的话"
    await world.hear(mention())
    await world.settle()
    await world.desk.decide(mention().key, "approve", "admin", text="一句坏话")

    await world.later(10)

    assert (await world.episode()).state is State.BLOCKED
    assert world.platform.posts == []


async def test_another_person_in_danger_is_answered_in_a_muted_thread_too(world: World) -> None:
    there = (post("今天的晚霞"),)
    await world.hear(mention("@阿梗 我不想活了", id="m1", by=author("小雨"), thread=there))
    await world.settle()
    await world.hear(mention("@阿梗 我也不想活了", id="m2", by=author("阿岩"), thread=there))
    await world.hear(mention("@阿梗 哈哈", id="m3", by=author("路人"), thread=there))
    await world.settle()

    assert [id for id, _text, _key in world.platform.posts] == ["m1", "m2"]
    assert "muted" in (await world.episode("m3")).reason


async def test_a_care_text_is_never_held(world: World) -> None:
    world.care = "存疑的话，请拨打 12356"
    await world.hear(mention("@阿梗 我不想活了"))
    await world.settle()

    assert (await world.episode()).state is State.POSTED


async def test_nobody_knows_whether_a_reply_was_deleted_is_no_death_of_a_worker(world: World) -> None:
    class Cut(FakePlatform):
        async def delete(self, reply_id: str) -> None:
            message = "connection reset"
            raise Unsure(message)

    world.platform = Cut()
    owner = author("楼主")
    there = (post("我家的晚霞", by=owner),)
    await world.hear(mention("@阿梗 来一句", id="m1", thread=there))
    await world.settle()
    await world.hear(mention("@阿梗 删掉", id="m2", by=owner, thread=there))

    await world.settle()

    assert (await world.episode("m2")).tries == 0


async def test_a_reply_whose_sending_kills_every_worker_is_given_to_a_human(world: World) -> None:
    await world.hear(mention())
    for _ in range(3 * world.rules.deaths):
        bot = world.bot("doomed", journal=KillAfter(world.journal, "intend"))
        for key in await world.queue.take(9, 0):
            with suppress(Killed):
                await bot.answer(key)
        await world.pass_time(400)
        await world.bot("sweeper").sweep()

    assert (await world.episode()).state is not State.POSTING


async def test_a_refusal_of_the_second_try_does_not_say_that_the_first_one_failed(world: World) -> None:
    world.platform.faults.extend(["late", "refuse"])
    await world.hear(mention())
    await world.settle()
    await world.later()
    world.platform.land()

    for _ in range(3):
        await world.later()

    assert len(world.platform.posts) == 1
    assert (await world.episode()).state in {State.POSTED, State.UNSURE}
