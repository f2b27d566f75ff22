"""Pointed at a Mastodon-API server with a token, the bot answers there, in the thread, once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiohttp import web

from tests.journeys.conftest import House
from tests.servers.mastodon import TOKEN, MastodonServer

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def server() -> AsyncIterator[MastodonServer]:
    server = MastodonServer()
    runner = web.AppRunner(server.application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    yield server
    await runner.cleanup()


def write(server: MastodonServer, who: str, text: str, parent: str | None = None) -> str:
    return server.status(server.who(who), text, parent=parent, created_at=datetime.now(UTC).isoformat())


async def listening(server: MastodonServer) -> None:
    until = time.monotonic() + 90
    while not any("notifications" in request for request in server.requests):
        assert time.monotonic() < until, "the bot never asked for notifications"
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)  # its first look only says where "now" is


async def answered(server: MastodonServer, status: str) -> list[dict[str, object]]:
    until = time.monotonic() + 90
    while not server.replies(status):
        assert time.monotonic() < until, f"no answer to {status}"
        await asyncio.sleep(0.1)
    return server.replies(status)


async def test_a_mention_in_a_thread_is_answered_there_once_also_after_a_kill(
    house: House, server: MastodonServer
) -> None:
    house.env |= {
        "JIEGENG_PLAZA": "false",
        "JIEGENG_MASTODON_URL": f"http://127.0.0.1:{server.port}",
        "JIEGENG_MASTODON_TOKEN": TOKEN,
    }
    before = write(server, "early", "@bot 这条在机器人上线之前")
    server.notify(before)
    house.start()
    await listening(server)

    root = write(server, "alice", "我家猫把耳机线咬断了，还一脸无辜")
    call = write(server, "bob", "@bot 来评评理", parent=root)
    server.notify(call)
    (reply,) = await answered(server, call)
    house.kill()
    server.notify(call)  # the server tells of it once more, under a new notification
    house.start()
    again = write(server, "carol", "@bot 爷爷昨天走了")
    server.notify(again)
    await answered(server, again)
    await asyncio.sleep(1)
    stopped = house.stop()

    assert reply["in_reply_to_id"] == call
    assert "AI" in str(reply["content"])
    assert len(server.replies(call)) == 1
    assert len(server.replies(again)) == 1
    assert server.replies(before) == []
    assert stopped == 0
