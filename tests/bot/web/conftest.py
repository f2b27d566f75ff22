"""The admin pages on a real server, with a log in memory, and two browsers: one signed in, one not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from bot.web import make_web
from tests.bot.web import episodes
from tests.bot.web.fakes import FakeKeys, FakeLog


@pytest.fixture
def log() -> FakeLog:
    return FakeLog(episodes.everybody())


@pytest.fixture
def keys() -> FakeKeys:
    return FakeKeys("once", "other")


@pytest.fixture
async def server(log: FakeLog, keys: FakeKeys) -> AsyncIterator[TestServer]:
    app = make_web(
        log,
        keys,
        accounts=(episodes.PLAZA, episodes.MASTODON),
        plaza="http://plaza.example/",
        offline=True,
        clock=episodes.NOW.timestamp,
        quiet=0.05,
    )
    async with TestServer(app) as server:
        yield server


@pytest.fixture
async def stranger(server: TestServer) -> AsyncIterator[TestClient]:
    async with TestClient(server, cookie_jar=CookieJar(unsafe=True)) as client:
        yield client


@pytest.fixture
async def admin(server: TestServer) -> AsyncIterator[TestClient]:
    async with TestClient(server, cookie_jar=CookieJar(unsafe=True)) as client:
        await client.get("/sign-in", params={"token": "once"})
        yield client
