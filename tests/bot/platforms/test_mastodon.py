"""What only Mastodon's API knows: kinds of servers, notification ids, HTML, visibility, replies that stand alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from bot.errors import TryLater
from bot.model import Mention
from bot.platforms.mastodon import LOOK_EVERY, OVERLAP, Mastodon
from bot.platforms.mastodon_server import is_mastodon_version
from bot.platforms.mastodon_status import count, id_order
from bot.ports import NEVER
from tests.bot.platforms.places import serve
from tests.servers.mastodon import BOT, TOKEN, MastodonServer


class Watch:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def server() -> MastodonServer:
    return MastodonServer()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def url(server: MastodonServer) -> AsyncIterator[str]:
    runner, url = await serve(server.application())
    yield url
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def mastodon(url: str, session: aiohttp.ClientSession, watch: Watch) -> Mastodon:
    return await Mastodon.open(session, url, TOKEN, deadline=2, clock=watch, sleep=watch.sleep)


async def call(server: MastodonServer, mastodon: Mastodon, text: str = "@bot 在吗", **fields: object) -> Mention:
    cursor = await mastodon.start()
    number = server.status(server.who("may@far.example"), text, **fields)  # type: ignore[arg-type]
    server.notify(number)
    found = (await mastodon.mentions(cursor, wait=0)).mentions
    return next(mention for mention in found if mention.id == number)


@pytest.mark.parametrize(
    ("version", "is_proper"),
    [
        ("4.3.1", True),
        ("3.0.0", True),
        ("4.4.0-beta.1", True),
        ("4.5.0-nightly.2025-09-01", True),
        ("4.3.0+glitch", True),
        ("4.2.10+hometown-1.1.1", True),
        ("2.9.3", False),
        ("0.17.3+git-1a2b3c", False),
        ("2.7.2 (compatible; Pleroma 2.5.0)", False),
        ("2.7.2 (compatible; Akkoma 3.13.2)", False),
        ("4.2.1 (compatible; Iceshrimp 2023.12)", False),
        ("3.5.3 (compatible; Pixelfed 0.12.3)", False),
        ("4.0.0 (not true; really snac/2.60)", False),
        ("", False),
        ("latest", False),
    ],
)
def test_only_mastodon_itself_has_a_version_like_that(version: str, *, is_proper: bool) -> None:
    assert is_mastodon_version(version) is is_proper


async def test_mastodon_recognises_a_key_for_forty_five_minutes(mastodon: Mastodon) -> None:
    assert mastodon.once.covers(44 * 60)
    assert not mastodon.once.covers(46 * 60)


@pytest.mark.parametrize(
    ("version", "software"),
    [
        ("4.3.1", "gotosocial"),
        ("0.17.3", "gotosocial"),
        ("2.7.2 (compatible; Pleroma 2.5.0)", "pleroma"),
        ("4.3.1", None),
        ("4.3.1", ""),
    ],
)
async def test_kin_and_unknown_servers_are_never_trusted_with_a_second_try(
    server: MastodonServer, url: str, session: aiohttp.ClientSession, version: str, software: str | None
) -> None:
    server.version, server.software = version, software
    assert (await Mastodon.open(session, url, TOKEN)).once == NEVER


async def test_an_old_server_is_asked_the_old_way(
    server: MastodonServer, url: str, session: aiohttp.ClientSession
) -> None:
    server.has_v2, server.max_characters = False, None
    mastodon = await Mastodon.open(session, url, TOKEN)
    assert mastodon.account == "bot@social.example"
    assert mastodon.limit == 500


async def test_a_server_that_shows_its_front_page_for_what_it_does_not_know_is_understood(
    server: MastodonServer, url: str, session: aiohttp.ClientSession
) -> None:
    server.has_v2, server.software, server.shows_front_page = False, None, True
    mastodon = await Mastodon.open(session, url, TOKEN)
    assert mastodon.account == "bot@social.example"
    assert mastodon.once == NEVER


async def test_the_servers_own_limit_counts(server: MastodonServer, url: str, session: aiohttp.ClientSession) -> None:
    server.max_characters = 5000
    assert (await Mastodon.open(session, url, TOKEN)).limit == 5000


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("四个字吧", 4),
        ("看 https://a.example", 2 + 23),
        ("https://a.example/" + "x" * 50, 68),
        ("@may@far.example 嗨", 18),
    ],
)
def test_an_address_counts_at_least_twenty_three(text: str, length: int) -> None:
    assert count(text, 23) == length


def test_ids_are_compared_as_numbers_when_they_are_numbers() -> None:
    assert sorted(["100", "99", "9"], key=id_order) == ["9", "99", "100"]
    ulids = ["01J8ZP3Q0000000000000000AB", "01J8ZP3Q0000000000000000AA"]
    assert sorted(["0", *ulids], key=id_order) == ["0", ulids[1], ulids[0]]


async def test_a_smaller_id_that_appears_late_is_heard(server: MastodonServer, mastodon: Mastodon) -> None:
    cursor = await mastodon.start()
    may = server.who("may@far.example")
    server.notify(server.status(may, "@bot 二"), number=2002)
    cursor = (await mastodon.mentions(cursor, wait=0)).cursor or ""
    late = server.status(may, "@bot 一")
    server.notify(late, number=2001)
    batch = await mastodon.mentions(cursor, wait=0)
    assert late in [mention.id for mention in batch.mentions]
    assert batch.cursor is None


async def test_a_late_id_is_found_after_a_restart_but_nothing_before_the_first_start(
    server: MastodonServer, mastodon: Mastodon, url: str, session: aiohttp.ClientSession
) -> None:
    may = server.who("may@far.example")
    server.notify(server.status(may, "@bot 太早"))
    cursor = await mastodon.start()
    server.notify(server.status(may, "@bot 二"), number=2002)
    cursor = (await mastodon.mentions(cursor, wait=0)).cursor or ""
    server.notify(server.status(may, "@bot 一"), number=2001)
    again = await Mastodon.open(session, url, TOKEN)
    heard = (await again.mentions(cursor, wait=0)).mentions
    assert [mention.text for mention in heard] == ["@bot 一"]


async def test_a_quiet_account_is_looked_at_with_one_request(
    server: MastodonServer, mastodon: Mastodon, watch: Watch
) -> None:
    cursor = await mastodon.start()
    await mastodon.mentions(cursor, wait=0)
    watch.now += OVERLAP
    server.requests.clear()
    await mastodon.mentions(cursor, wait=LOOK_EVERY * 4)
    assert len(server.requests) == 4 + 1


async def test_a_server_that_ignores_min_id_is_not_asked_for_ever(server: MastodonServer, mastodon: Mastodon) -> None:
    server.ignores_min_id = True
    cursor = await mastodon.start()
    for _ in range(3):
        server.notify(server.status(server.who("may"), "@bot 在吗"))
    server.requests.clear()
    batch = await mastodon.mentions(cursor, wait=0)
    assert len(batch.mentions) == 3
    assert len(server.requests) == 3


async def test_likes_and_follows_are_no_mentions(server: MastodonServer, mastodon: Mastodon) -> None:
    cursor = await mastodon.start()
    server.notify(server.status(server.who("may"), "好"), kind="favourite")
    batch = await mastodon.mentions(cursor, wait=0)
    assert batch.mentions == ()


async def test_a_broken_notification_does_not_hold_up_the_others(server: MastodonServer, mastodon: Mastodon) -> None:
    cursor = await mastodon.start()
    may = server.who("may")
    broken = server.status(may, "@bot 坏的")
    server.notify(broken)
    server.notify(server.status(may, "@bot 好的"))
    server.statuses[broken]["created_at"] = "yesterday"
    batch = await mastodon.mentions(cursor, wait=0)
    assert [mention.text for mention in batch.mentions] == ["@bot 好的"]
    assert batch.cursor


async def test_a_content_warning_and_a_poll_are_part_of_the_words(server: MastodonServer, mastodon: Mastodon) -> None:
    poll = {"options": [{"title": "茶"}, {"title": "咖啡"}]}
    mention = await call(server, mastodon, "@bot 选一个", spoiler_text="喝什么", poll=poll)
    assert mention.text == "喝什么\n\n@bot 选一个\n\n○ 茶\n○ 咖啡"


async def test_pictures_come_with_their_descriptions(server: MastodonServer, mastodon: Mastodon) -> None:
    media = [
        {"type": "image", "url": "https://social.example/a.png", "description": "一只猫"},
        {"type": "gifv", "url": None, "remote_url": "https://far.example/b.mp4", "description": None},
        {"type": "unknown", "url": None},
    ]
    mention = await call(server, mastodon, media_attachments=media)
    assert [(one.kind, one.url, one.alt) for one in mention.media] == [
        ("image", "https://social.example/a.png", "一只猫"),
        ("video", "https://far.example/b.mp4", ""),
        ("other", "", ""),
    ]


async def test_other_people_in_the_words_keep_their_hosts(server: MastodonServer, mastodon: Mastodon) -> None:
    server.who("may@else.example")
    mention = await call(server, mastodon, "@bot @may@else.example 你们认识吗")
    assert mention.text == "@bot @may@else.example 你们认识吗"


@pytest.mark.parametrize(
    ("theirs", "heard", "ours"),
    [
        ("public", "public", "unlisted"),
        ("unlisted", "unlisted", "unlisted"),
        ("private", "followers", "private"),
        ("direct", "direct", "direct"),
        ("local", "followers", "private"),
        ("galactic", "direct", "direct"),
    ],
)
async def test_a_reply_is_never_seen_by_more_people_than_the_mention(
    server: MastodonServer, mastodon: Mastodon, theirs: str, heard: str, ours: str
) -> None:
    mention = await call(server, mastodon, visibility=theirs)
    assert mention.visibility == heard
    reply = await mastodon.post(mention, "@may@far.example 在", key="k")
    assert server.statuses[reply.id]["visibility"] == ours


async def test_a_reply_begins_with_its_authors_handle(server: MastodonServer, mastodon: Mastodon) -> None:
    assert mastodon.address(await call(server, mastodon)) == "@may@far.example "


async def test_ancestors_that_the_server_left_out_are_fetched(server: MastodonServer, mastodon: Mastodon) -> None:
    may = server.who("may")
    root = server.status(may, "根", hidden=True)
    middle = server.status(may, "中", parent=root)
    mention = await mastodon.context(await call(server, mastodon, parent=middle))
    assert [post.text for post in mention.thread] == ["根", "中"]
    assert mention.root == root


async def test_ancestors_that_cannot_be_read_are_left_out(server: MastodonServer, mastodon: Mastodon) -> None:
    middle = server.status(server.who("may"), "中", parent="42")
    mention = await mastodon.context(await call(server, mastodon, parent=middle))
    assert [post.text for post in mention.thread] == ["中"]


async def test_of_a_long_thread_the_root_and_the_nearest_are_kept(server: MastodonServer, mastodon: Mastodon) -> None:
    may, parent = server.who("may"), None
    for number in range(60):
        parent = server.status(may, f"第{number}层", parent=parent)
    mention = await mastodon.context(await call(server, mastodon, parent=parent))
    assert len(mention.thread) == 40
    assert mention.thread[0].text == "第0层"
    assert mention.thread[-1].text == "第59层"
    assert mention.thread[1].text == "第21层"


async def test_a_reply_is_found_among_our_own_posts_when_the_thread_cannot_be_read(
    server: MastodonServer, mastodon: Mastodon
) -> None:
    mention = await call(server, mastodon)
    reply = await mastodon.post(mention, "@may@far.example 在的", key="k")
    for number in range(100):
        server.status(BOT, f"@other@far.example 别的 {number}", parent="77")
    server.faults.add("garbage", path="/context")
    found = await mastodon.find_reply(mention, "@may@far.example 在的", key="k")
    assert found.reply is not None
    assert found.reply.id == reply.id


async def test_a_reply_whose_mention_was_deleted_is_found_by_its_words(
    server: MastodonServer, mastodon: Mastodon
) -> None:
    mention = await call(server, mastodon)
    text = "@may@far.example 在的，\n\n我一直在 & <笑>"
    reply = await mastodon.post(mention, text, key="k")
    server.remove(mention.id)
    found = await mastodon.find_reply(mention, text, key="k")
    assert found.reply is not None
    assert found.reply.id == reply.id
    assert (await mastodon.find_reply(mention, "@may@far.example 别的话", key="k")).answer == "absent"


async def test_the_same_words_to_somebody_else_are_not_this_reply(server: MastodonServer, mastodon: Mastodon) -> None:
    gone = await call(server, mastodon)
    mention = await call(server, mastodon)
    await mastodon.post(gone, "@may@far.example 我在听", key="k1")
    server.remove(gone.id)
    assert (await mastodon.find_reply(mention, "@may@far.example 我在听", key="k2")).answer == "absent"


async def test_more_posts_of_ours_than_can_be_read_leave_it_open(server: MastodonServer, mastodon: Mastodon) -> None:
    mention = await call(server, mastodon)
    for number in range(300):
        server.status(BOT, f"第{number}句", parent="77")
    with pytest.raises(TryLater, match="not all of it"):
        await mastodon.find_reply(mention, "@may@far.example 在的", key="k")


async def test_a_server_without_keys_would_post_twice_and_we_say_so(
    server: MastodonServer, url: str, session: aiohttp.ClientSession
) -> None:
    server.version, server.software, server.keeps_keys = "0.17.3", "gotosocial", False
    mastodon = await Mastodon.open(session, url, TOKEN)
    mention = await call(server, mastodon)
    for _ in range(2):
        await mastodon.post(mention, "@may@far.example 在", key="k")
    assert len(server.replies(mention.id)) == 2
    assert not mastodon.once.covers(0)


async def test_our_own_timeline_is_read_back_to_a_moment_page_by_page(
    server: MastodonServer, mastodon: Mastodon
) -> None:
    call = server.status(server.who("may@far.example"), "@bot hello")
    said = [server.status(BOT, f"reply {number}", parent=call) for number in range(95)]
    server.status(BOT, "a post that answers nobody")

    everything = await mastodon.own_replies(server.at - timedelta(days=1))
    newest = await mastodon.own_replies(server.at - timedelta(seconds=50))

    assert [one.reply.id for one in everything] == said[::-1]
    assert [one.reply.id for one in newest] == said[:-51:-1]
    assert {one.parent for one in everything} == {call}
