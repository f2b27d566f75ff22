"""The list of episodes, its filters, and its live updates."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.model import State
from tests.bot.web import episodes
from tests.bot.web.fakes import FakeLog


def keys_on(page: str) -> list[str]:
    return re.findall(r'data-key="([^"]*)"', page)


async def test_the_newest_mention_stands_on_top(admin: TestClient) -> None:
    page = await (await admin.get("/")).text()

    assert keys_on(page)[0].endswith(":108")
    assert len(keys_on(page)) == len(episodes.everybody())


async def test_a_row_tells_who_wrote_what_and_what_was_answered(admin: TestClient) -> None:
    page = await (await admin.get("/?text=肋骨")).text()

    assert keys_on(page) == ["阿梗@plaza.local:101"]
    for piece in ("大葛", "@阿梗 评价一下他的肋骨", "优秀员工", "林小满", "接梗", "已发出", "1 分钟前"):
        assert piece in page


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("state=held", ["104"]),
        ("tone=comfort", ["102"]),
        ("risk=high", ["107"]),
        ("platform=jiegeng@social.example", ["105"]),
        ("when=hour", ["108", "101", "104", "102", "103"]),
        ("text=锐评", ["104"]),
        ("tone=banter&state=unsure", ["105"]),
        ("tone=warm&state=posted", []),
    ],
)
async def test_each_filter_narrows_the_list(admin: TestClient, query: str, ids: list[str]) -> None:
    page = await (await admin.get(f"/?{query}")).text()

    assert [key.rpartition(":")[2] for key in keys_on(page)] == ids


async def test_dates_are_days_of_the_reader(admin: TestClient, log: FakeLog) -> None:
    await admin.get(
        "/?from=2026-11-22&to=2026-11-22", headers={"Cookie": "zone=480; jiegeng=session-0-0123456789abcdef"}
    )

    since = datetime(2026, 11, 21, 16, tzinfo=UTC)
    assert log.asked[-1] == {"since": since, "until": since + timedelta(days=1)}


@pytest.mark.parametrize(
    "query", ["state=happy", "tone=loud", "risk=none", "when=ever", "from=yesterday", "to=2026-13-40"]
)
async def test_a_filter_that_does_not_exist_is_refused(admin: TestClient, query: str) -> None:
    answer = await admin.get(f"/?{query}")

    assert answer.status == 400
    assert "<html" in await answer.text()


async def test_older_rows_follow_on_the_next_page_without_gap_or_repeat(admin: TestClient, log: FakeLog) -> None:
    log.episodes.clear()
    for number in range(120):
        log.put(episodes.fresh(f"{number:04}"))

    seen, path = [], "/"
    while path:
        page = await (await admin.get(path)).text()
        seen += keys_on(page)
        older = re.search(r'href="([^"]*)" rel="next"', page)
        path = older.group(1).replace("&amp;", "&") if older else ""

    assert seen == sorted(log.episodes, reverse=True)


async def test_a_choice_survives_turning_the_page(admin: TestClient, log: FakeLog) -> None:
    for number in range(60):
        log.put(episodes.fresh(f"x{number:04}"))

    page = await (await admin.get("/?state=heard")).text()

    assert 'href="/?state=heard&amp;before=' in page


async def test_an_empty_log_says_what_to_do(admin: TestClient, log: FakeLog) -> None:
    log.episodes.clear()

    page = await (await admin.get("/")).text()

    assert "还没人喊它" in page
    assert "http://plaza.example/" in page


async def test_a_list_without_matches_offers_to_clear_the_filter(admin: TestClient) -> None:
    page = await (await admin.get("/?state=rejected")).text()

    assert "没有符合的记录" in page


async def test_the_figures_stand_on_top(admin: TestClient, log: FakeLog) -> None:
    log.extra = {"oldest": 4000.0, "today.posted": 128, "doubled": 1, "lost": 7}

    page = await (await admin.get("/")).text()

    for piece in ("67 分钟", "128", "回了两遍：1", "别人先一步写入：7"):
        assert piece in page


async def test_nothing_that_people_write_becomes_markup(admin: TestClient) -> None:
    page = await (await admin.get("/")).text()

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page
    assert "49" not in page.split("7*7")[1][:20]


async def test_the_search_text_itself_is_escaped(admin: TestClient) -> None:
    page = await (await admin.get("/", params={"text": '"><script>x</script>'})).text()

    assert "<script>x" not in page


async def test_no_page_has_scripts_or_styles_of_its_own(admin: TestClient) -> None:
    for path in ("/", "/episode?key=阿梗@plaza.local:106", "/sign-in", "/nowhere"):
        page = await (await admin.get(path)).text()
        assert not re.search(r"<style|\sstyle=|<script(?! src=)|\son[a-z]+=", re.sub(r"&lt;.*?&gt;", "", page))


async def test_a_change_is_told_at_once(admin: TestClient, log: FakeLog) -> None:
    stream = await admin.get("/changes?after=0")
    await stream.content.readuntil(b"still here\n\n")
    log.put(episodes.banter().model_copy(update={"state": State.SKIPPED}))
    heard = await stream.content.readuntil("data: 阿梗@plaza.local:101\n\n".encode())

    assert stream.headers["Content-Type"] == "text/event-stream"
    assert b"id: " in heard
    stream.close()


async def test_a_reader_who_leaves_is_forgotten(admin: TestClient, log: FakeLog) -> None:
    stream = await admin.get("/changes")
    await stream.content.readuntil(b"still here\n\n")
    assert len(log.readers) == 1

    stream.close()
    again = await admin.get("/changes")
    for _ in range(5):
        await again.content.readuntil(b"still here\n\n")

    assert len(log.readers) == 1
    again.close()


async def test_a_stream_ends_when_the_database_is_down_so_that_the_browser_asks_again(
    admin: TestClient, log: FakeLog
) -> None:
    stream = await admin.get("/changes")
    await stream.content.readuntil(b"still here\n\n")
    log.down = True
    log.put(episodes.fresh())

    rest = await stream.content.read()

    assert b"HTTP/1.1" not in rest
    assert rest.endswith(b"\n\n")


async def test_stopping_does_not_wait_for_readers(admin: TestClient, server: TestServer, log: FakeLog) -> None:
    stream = await admin.get("/changes")
    await stream.content.readuntil(b"still here\n\n")

    await server.close()

    assert not log.readers
    stream.close()


async def test_a_database_that_is_down_is_told_without_a_traceback(admin: TestClient, log: FakeLog) -> None:
    log.down = True

    answer = await admin.get("/")

    page = await answer.text()
    assert answer.status == 503
    assert "Traceback" not in page
    assert "暂时够不着数据" in page


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/decide", 405)])
async def test_a_wrong_address_gets_a_page_with_its_true_status(
    admin: TestClient, method: str, path: str, status: int
) -> None:
    answer = await admin.request(method, path)

    assert answer.status == status
    assert str(status) in await answer.text()
    assert "回日志" in await answer.text()
