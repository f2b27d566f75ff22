"""The figures for machines: only with the token, and in the format they read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.web import make_web
from bot.web.metrics import told
from tests.bot.web import episodes
from tests.bot.web.fakes import FakeKeys, FakeLog


@pytest.fixture
async def machine(log: FakeLog) -> AsyncIterator[TestClient]:
    async with TestServer(make_web(log, FakeKeys(), metrics_token="秘密")) as server, TestClient(server) as client:
        yield client


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", "Basic 秘密"])
async def test_without_the_token_no_figure_is_told(machine: TestClient, header: str | None) -> None:
    answer = await machine.get("/metrics", headers={} if header is None else {"Authorization": header})

    assert answer.status == 401
    assert "jiegeng_" not in await answer.text()


async def test_with_the_token_the_figures_come_as_prometheus_reads_them(machine: TestClient) -> None:
    answer = await machine.get("/metrics", headers={"Authorization": "Bearer 秘密"})
    text = await answer.text()

    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "\njiegeng_held 1\n" in text
    assert 'jiegeng_today{state="posted"}' in text
    assert episodes.PLAZA not in text


async def test_without_a_token_in_the_settings_there_is_no_such_page_even_for_admins(admin: TestClient) -> None:
    assert (await admin.get("/metrics")).status == 404


def test_large_counts_keep_every_digit_and_audits_are_left_out_until_there_is_one() -> None:
    lines = "".join(told({"lost": 12_345_678.0, "oldest": 0.5}))

    assert "jiegeng_lost_writes_total 12345678\n" in lines
    assert "jiegeng_open_oldest_seconds 0.500\n" in lines
    assert "audit" not in lines
