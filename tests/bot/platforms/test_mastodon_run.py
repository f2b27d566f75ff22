"""`jiegeng run`, pointed at a Mastodon-API server with a token: real mentions are answered in the thread, once."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from tests.bot.platforms.places import serve
from tests.servers.mastodon import TOKEN, MastodonServer

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def server() -> MastodonServer:
    return MastodonServer(at=datetime.now(UTC))  # the bot does not answer what is a day old


@pytest.fixture
async def running(server: MastodonServer, tmp_path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    runner, url = await serve(server.application())
    env = {name: value for name, value in os.environ.items() if not name.startswith(("JIEGENG_", "OPENAI_"))}
    env |= {
        "JIEGENG_DATA": str(tmp_path / "data"),
        "JIEGENG_PLAZA": "false",
        "JIEGENG_PORT": str(free_port()),
        "JIEGENG_MASTODON_URL": url,
        "JIEGENG_MASTODON_TOKEN": TOKEN,
    }
    with (tmp_path / "run.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", env=env, cwd=ROOT, stdout=log, stderr=log
        )
    yield process
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
        await process.wait()
    for other in psutil.process_iter(["cmdline"]):  # an embedded server outlives a kill by design
        if str(tmp_path) in " ".join(other.info["cmdline"] or ()):
            other.kill()
    await runner.cleanup()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(happened: Callable[[], object], seconds: float = 120) -> None:
    async with asyncio.timeout(seconds):
        while not happened():
            await asyncio.sleep(0.05)


async def test_a_mention_is_answered_in_its_thread_and_nothing_older(
    server: MastodonServer, running: asyncio.subprocess.Process
) -> None:
    may = server.who("may@far.example")
    early = server.status(may, "@bot 来得太早")
    server.notify(early)
    await until(lambda: any("min_id" in line for line in server.requests))
    root = server.status(may, "周一早上地铁挤成照片了")
    mention = server.status(may, "@bot 你怎么看", parent=root, visibility="private")
    server.notify(mention)
    await until(lambda: server.replies(mention))
    running.send_signal(signal.SIGINT)
    assert await running.wait() == 0
    [reply] = server.replies(mention)
    assert reply["mentions"] == [server.accounts[may]]
    assert "AI生成" in reply["content"]
    assert reply["visibility"] == "private"
    assert server.replies(early) == []


@pytest.mark.real  # the bot waits half a minute before it looks for a reply of which it heard nothing
async def test_a_reply_whose_answer_was_lost_is_found_and_not_posted_again(
    server: MastodonServer, running: asyncio.subprocess.Process
) -> None:
    await until(lambda: any("min_id" in line for line in server.requests))
    server.faults.add("drop", method="POST", path="/api/v1/statuses")
    mention = server.status(server.who("may@far.example"), "@bot 你怎么看")
    server.notify(mention)
    await until(lambda: server.replies(mention))
    asked = len(server.requests)
    await until(lambda: any(f"/statuses/{mention}/context" in line for line in server.requests[asked:]))
    running.send_signal(signal.SIGINT)
    assert await running.wait() == 0
    assert len(server.replies(mention)) == 1
