"""Who gets in, and who does not."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.web import make_web
from tests.bot.web.fakes import FakeKeys, FakeLog


@pytest.mark.parametrize("path", ["/", "/episode?key=x", "/changes", "/nothing-here"])
async def test_without_a_session_every_page_says_how_to_get_a_link(stranger: TestClient, path: str) -> None:
    answer = await stranger.get(path)

    page = await answer.text()
    assert answer.status == 401
    assert "jiegeng run" in page
    assert "jiegeng sign-in" in page
    assert "肋骨" not in page


async def test_a_token_works_once(stranger: TestClient, keys: FakeKeys) -> None:
    first = await stranger.get("/sign-in?token=other")
    stranger.session.cookie_jar.clear()
    second = await stranger.get("/sign-in?token=other")

    assert first.status == 200
    assert second.status == 403
    assert "只能用一次" in await second.text()
    assert len(keys.sessions) == 1
    assert (await stranger.get("/")).status == 401


async def test_the_session_cookie_is_closed_to_scripts_and_other_sites(stranger: TestClient) -> None:
    answer = await stranger.get("/sign-in?token=once")

    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert (await stranger.get("/")).status == 200


async def test_an_invented_session_does_not_open_the_door(stranger: TestClient) -> None:
    answer = await stranger.get("/", headers={"Cookie": "jiegeng=session-0-0123456789abcdef"})

    assert answer.status == 401


async def test_signing_out_ends_the_session(admin: TestClient, keys: FakeKeys) -> None:
    page = await (await admin.get("/")).text()
    seal = page.split('name="seal" value="')[1].split('"')[0]

    await admin.post("/sign-out", data={"seal": seal})

    assert keys.sessions == set()
    assert (await admin.get("/")).status == 401


async def test_signing_out_needs_the_seal_too(admin: TestClient, keys: FakeKeys) -> None:
    answer = await admin.post("/sign-out")

    assert answer.status == 403
    assert len(keys.sessions) == 1


async def test_health_is_for_machines_and_needs_no_session(stranger: TestClient, log: FakeLog) -> None:
    good = await stranger.get("/health")
    log.down = True
    bad = await stranger.get("/health")

    assert (good.status, await good.json()) == (200, {"status": "ok"})
    assert (bad.status, await bad.json()) == (503, {"status": "trouble"})


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing", "/health", "/static/app.js", "/look/look.css"])
async def test_every_answer_carries_the_strict_headers(stranger: TestClient, path: str) -> None:
    answer = await stranger.get(path)

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\n/evil.example"])
async def test_the_language_switch_never_leads_to_another_site(stranger: TestClient, back: str) -> None:
    answer = await stranger.get("/language", params={"to": "en", "back": back}, allow_redirects=False)

    assert answer.headers["Location"] == "/"


async def test_the_page_speaks_the_language_of_the_browser_until_the_reader_chooses(stranger: TestClient) -> None:
    asked = await (await stranger.get("/sign-in", headers={"Accept-Language": "fr, en;q=0.8"})).text()
    chosen = await (await stranger.get("/language?to=zh&back=/sign-in", headers={"Accept-Language": "en"})).text()

    assert "Come in first" in asked
    assert "请先进门" in chosen


async def test_behind_tls_the_cookie_is_marked_secure(log: FakeLog) -> None:
    app = make_web(log, FakeKeys("once"), secure=True)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/sign-in", params={"token": "once"})

    assert "Secure" in answer.headers["Set-Cookie"]
