"""One request, and the error that says what may be done next."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from bot.errors import GiveUp, Misconfigured, TryLater, Unsure
from bot.http import Refused, Remote, check_address, check_token
from bot.walls import pause_asked
from tests.bot.platforms.places import serve

NOW = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)
Ask = Callable[[web.Response], Awaitable[Remote]]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def answering(session: aiohttp.ClientSession) -> AsyncIterator[Ask]:
    """A site that gives one and the same answer to everything."""
    runners = []

    async def start(answer: web.Response) -> Remote:
        async def give(_: web.Request) -> web.Response:
            return web.Response(body=answer.body, status=answer.status, headers=answer.headers)

        app = web.Application()
        app.add_routes([web.route("*", "/{rest:.*}", give)])
        runner, url = await serve(app)
        runners.append(runner)
        return Remote(session, url, "secret", setting="JIEGENG_X_TOKEN", now=lambda: NOW, deadline=2)

    yield start
    for runner in runners:
        await runner.cleanup()


async def outcome(remote: Remote, *, changes: bool) -> BaseException | object:
    try:
        answer = await (remote.change("POST", "/x", {"a": 1}) if changes else remote.read("/x"))
    except (TryLater, GiveUp, Unsure) as trouble:
        return trouble
    return answer.body


@pytest.mark.parametrize(
    ("status", "body", "reading", "changing"),
    [
        (400, '{"error":"x"}', GiveUp, GiveUp),
        (401, "", GiveUp, GiveUp),
        (403, "<html>", GiveUp, GiveUp),
        (404, '{"error":"Record not found"}', GiveUp, GiveUp),
        (404, "<html>", TryLater, TryLater),
        (408, "", TryLater, Unsure),
        (409, '{"error":{"code":"key_reused","message":"no"}}', GiveUp, GiveUp),
        (410, '{"error":{"code":"gone"}}', GiveUp, GiveUp),
        (422, '{"error":"too long"}', GiveUp, GiveUp),
        (425, "", TryLater, TryLater),
        (429, "", TryLater, TryLater),
        (301, "", GiveUp, GiveUp),
        (500, "", TryLater, Unsure),
        (502, "<html>", TryLater, Unsure),
        (503, "", TryLater, Unsure),
        (504, "", TryLater, Unsure),
        (200, "no json", TryLater, Unsure),
        (200, "[" * 100_000, TryLater, Unsure),
        (200, '"' + "x" * (2 << 20) + '"', TryLater, Unsure),
    ],
)
async def test_each_status_says_what_may_be_done_next(
    answering: Ask, status: int, body: str, reading: type, changing: type
) -> None:
    remote = await answering(web.Response(text=body, status=status))
    assert isinstance(await outcome(remote, changes=False), reading)
    assert isinstance(await outcome(remote, changes=True), changing)


@pytest.mark.parametrize(
    ("body", "value"), [(b'{"a":1}', {"a": 1}), (b"", None), (b'"\xff\xfe"', "\ufffd\ufffd"), (b"3", 3)]
)
async def test_a_good_answer_is_parsed_even_if_its_utf8_is_broken(answering: Ask, body: bytes, value: object) -> None:
    remote = await answering(web.Response(body=body, content_type="application/json"))
    assert await outcome(remote, changes=True) == value


async def test_a_busy_site_says_for_how_long(answering: Ask) -> None:
    for status in (429, 503):
        remote = await answering(web.Response(status=status, headers={"Retry-After": "12"}))
        trouble = await outcome(remote, changes=True)
        assert isinstance(trouble, TryLater)
        assert trouble.after == 12


async def test_a_refused_token_names_the_setting_and_never_the_token(answering: Ask) -> None:
    for status in (401, 403):
        trouble = await outcome(await answering(web.Response(status=status)), changes=False)
        assert "JIEGENG_X_TOKEN" in str(trouble)
        assert "secret" not in str(trouble)


async def test_a_refusal_carries_its_code_and_a_printable_line(answering: Ask) -> None:
    body = '{"error":{"code":"gone","message":"a\\n\\u001b[31mb' + "x" * 500 + '"}}'
    trouble = await outcome(await answering(web.Response(text=body, status=410)), changes=True)
    assert isinstance(trouble, Refused)
    assert (trouble.status, trouble.code) == (410, "gone")
    assert str(trouble).isprintable()
    assert len(str(trouble)) < 400


async def test_a_name_that_does_not_resolve_surely_changed_nothing(session: aiohttp.ClientSession) -> None:
    remote = Remote(session, "http://127.0.0.1:1", deadline=2)
    trouble = await outcome(remote, changes=True)
    assert isinstance(trouble, TryLater)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": " 30 "}, 30),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "9" * 5000}, 86_400),
        ({"Retry-After": "٣"}, None),
        ({"Retry-After": "Sun, 01 Nov 2026 12:00:40 GMT"}, 40),
        ({"Retry-After": "Sun, 01 Nov 2026 11:00:00 GMT"}, 0),
        ({"Retry-After": "Sun, 01 Nov 2026 12:00:40 GMT", "Date": "Sun, 01 Nov 2026 12:00:30 GMT"}, 10),
        ({"X-RateLimit-Reset": "2026-11-01T12:05:00.000Z"}, 300),
        ({"Retry-After": "5", "X-RateLimit-Reset": "2026-11-01T12:05:00.000Z"}, 5),
        ({"X-RateLimit-Reset": "99999-01-01"}, None),
    ],
)
def test_the_pause_that_was_asked_for_is_understood(headers: dict[str, str], seconds: float | None) -> None:
    assert pause_asked(headers, NOW) == seconds


@pytest.mark.parametrize(
    "address", ["", "example.org", "ftp://x", "http://", "https:// x", "http://a b/", "javascript:x"]
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(address: str) -> None:
    with pytest.raises(Misconfigured):
        check_address(address)


def test_an_address_loses_its_last_slash() -> None:
    assert check_address(" https://x.example/ ") == "https://x.example"


@pytest.mark.parametrize("token", ["a b", "a\r\nX-Evil: 1", "令牌", "a\0b"])
def test_a_token_that_fits_into_no_header_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        check_token(token, "JIEGENG_X_TOKEN")
    assert "JIEGENG_X_TOKEN" in str(caught.value)
    assert token not in str(caught.value)
