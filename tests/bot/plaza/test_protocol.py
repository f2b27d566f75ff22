"""The open protocol as docs/protocol.md writes it, asked with plain HTTP."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import aiohttp
import pytest

from bot.plaza.keys import REPLY_PACE
from bot.plaza.protocol import BASE, PAGE
from bot.plaza.site import ROUTES
from tests.bot.plaza.visitor import TOKEN, Visitor, runner_of

DOCUMENT = Path(__file__).parents[3] / "docs" / "protocol.md"


async def mentioned(visitor: Visitor, text: str = "@阿梗 在吗") -> str:
    return (await visitor.post(text))["id"]


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"bearer  {TOKEN}x", "Bearer \xff"]
)
async def test_without_the_token_nothing_is_told(visitor: Visitor, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for method, path in (("GET", "/me"), ("GET", "/mentions"), ("POST", "/posts/1/replies"), ("DELETE", "/posts/1")):
        status, body = await visitor.ask(method, BASE + path, headers=headers)
        assert status == 401
        assert body["error"]["code"] == "unauthorized"


async def test_me_says_who_we_are_and_what_holds(visitor: Visitor) -> None:
    me = await visitor.get(f"{BASE}/me", robot=True)
    assert me["account"] == "阿梗@plaza"
    assert me["host"] == "plaza"
    assert me["once"] == "permanent"
    assert me["limit"] >= 100


async def test_the_first_cursor_is_now(visitor: Visitor) -> None:
    await mentioned(visitor)
    body = await visitor.get(f"{BASE}/mentions", robot=True)
    assert body["mentions"] == []
    later = await visitor.get(f"{BASE}/mentions?after={body['cursor']}", robot=True)
    assert later == {"mentions": [], "cursor": body["cursor"]}


async def test_a_long_poll_ends_with_the_mention(visitor: Visitor) -> None:
    cursor = (await visitor.get(f"{BASE}/mentions", robot=True))["cursor"]
    polling = asyncio.create_task(visitor.get(f"{BASE}/mentions?after={cursor}&wait=50", robot=True))
    await visitor.post("没叫谁")
    number = await mentioned(visitor)
    body = await asyncio.wait_for(polling, 5)
    assert [mention["id"] for mention in body["mentions"]] == [number]


async def test_a_mention_that_was_deleted_is_not_handed_out_but_the_cursor_moves(visitor: Visitor) -> None:
    cursor = (await visitor.get(f"{BASE}/mentions", robot=True))["cursor"]
    await visitor.ask("DELETE", f"/api/posts/{await mentioned(visitor)}")
    body = await visitor.get(f"{BASE}/mentions?after={cursor}", robot=True)
    assert body["mentions"] == []
    assert body["cursor"] != cursor


async def test_pages_are_full_and_in_order(visitor: Visitor) -> None:
    robot = visitor.store.robot
    person = next(one for one in visitor.store.people() if one.id != robot.id)
    cursor = (await visitor.get(f"{BASE}/mentions", robot=True))["cursor"]
    said = [str((await visitor.store.write(person, f"@阿梗 {number}")).id) for number in range(PAGE + 5)]
    first = await visitor.get(f"{BASE}/mentions?after={cursor}", robot=True)
    second = await visitor.get(f"{BASE}/mentions?after={first['cursor']}", robot=True)
    assert len(first["mentions"]) == PAGE
    assert [one["id"] for one in first["mentions"] + second["mentions"]] == said


async def test_long_texts_never_make_a_page_too_large(visitor: Visitor) -> None:
    person = next(one for one in visitor.store.people() if not one.robot)
    cursor = (await visitor.get(f"{BASE}/mentions", robot=True))["cursor"]
    nearest = None
    for _ in range(12):
        post = await visitor.store.write(person, "@阿梗 " + "\x01" * 50_000 + "完", parent=nearest)
        nearest = post.id
    seen = 0
    while seen < 12:
        async with visitor.session.get(
            f"{visitor.url}{BASE}/mentions?after={cursor}", headers={"Authorization": f"Bearer {TOKEN}"}
        ) as response:
            raw = await response.read()
            body = await response.json()
        assert len(raw) <= 2_000_000
        assert body["mentions"]
        seen, cursor = seen + len(body["mentions"]), body["cursor"]
    async with visitor.session.get(
        f"{visitor.url}{BASE}/posts/{nearest}/thread", headers={"Authorization": f"Bearer {TOKEN}"}
    ) as response:
        raw = await response.read()
        body = await response.json()
    assert len(raw) <= 2_000_000
    assert body["thread"][0]["parent_id"] is None
    assert body["thread"][-1]["id"] == body["post"]["parent_id"]


@pytest.mark.parametrize(
    "query", ["after=x", "after=-1", "after=９", "after=99999999999999999", f"after={10**30}", "after="]
)
async def test_a_cursor_that_was_never_given_out_is_refused(visitor: Visitor, query: str) -> None:
    status, body = await visitor.ask("GET", f"{BASE}/mentions?{query}", robot=True)
    assert (status, body["error"]["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize("query", ["wait=soon", "limit=nan", "wait="])
async def test_a_number_that_is_none_is_refused(visitor: Visitor, query: str) -> None:
    status, body = await visitor.ask("GET", f"{BASE}/mentions?after=0&{query}", robot=True)
    assert (status, body["error"]["code"]) == (400, "bad_query")


@pytest.mark.parametrize("query", ["limit=0", "limit=-3", "limit=1e9", "limit=inf", "wait=-1"])
async def test_numbers_out_of_bounds_are_brought_back(visitor: Visitor, query: str) -> None:
    status, body = await visitor.ask("GET", f"{BASE}/mentions?after=0&{query}", robot=True)
    assert status == 200
    assert "cursor" in body


async def test_a_reply_is_new_once_and_then_the_same(visitor: Visitor) -> None:
    number = await mentioned(visitor)
    status, first = await visitor.reply(number, "在", "k")
    again, second = await visitor.reply(number, "在", "k")
    assert (status, again) == (201, 200)
    assert first == second
    assert first["parent_id"] == number


async def test_a_key_belongs_to_one_reply(visitor: Visitor) -> None:
    one, other = await mentioned(visitor), await mentioned(visitor)
    await visitor.reply(one, "在", "k")
    for under, text in ((one, "不在"), (other, "在")):
        status, body = await visitor.reply(under, text, "k")
        assert (status, body["error"]["code"]) == (409, "key_reused")


async def test_a_key_is_remembered_over_a_restart_and_over_deletion(tmp_path: Path) -> None:
    async with Visitor(tmp_path) as visitor:
        number = await mentioned(visitor)
        _, reply = await visitor.reply(number, "在", "k")
    async with Visitor(tmp_path) as visitor:
        assert (await visitor.reply(number, "在", "k"))[0] == 200
        await visitor.ask("DELETE", f"{BASE}/posts/{reply['id']}", robot=True)
        await visitor.ask("DELETE", f"/api/posts/{number}")
    async with Visitor(tmp_path) as visitor:
        status, again = await visitor.reply(number, "在", "k")
        assert (status, again["id"], again["deleted"]) == (200, reply["id"], True)
        status, found = await visitor.ask("GET", f"{BASE}/posts/{number}/replies/mine?key=k", robot=True)
        assert (status, found["id"]) == (200, reply["id"])


async def test_many_at_once_under_one_key_make_one_reply(visitor: Visitor) -> None:
    number = await mentioned(visitor)
    answers = await asyncio.gather(*(visitor.reply(number, "在", "k") for _ in range(20)))
    assert sorted(status for status, _ in answers) == [200] * 19 + [201]
    assert len({body["id"] for _, body in answers}) == 1
    assert (await visitor.get(f"{BASE}/posts/{number}/reactions", robot=True))["reactions"] == {"like": 0, "reply": 1}


@pytest.mark.parametrize(
    ("text", "key", "status", "code"),
    [
        ("在", None, 400, "key_missing"),
        ("在", " ", 400, "key_missing"),
        ("在", "k" * 201, 400, "key_missing"),
        ("长" * 501, "k", 422, "too_long"),
        ("  ", "k", 422, "empty"),
        (7, "k", 400, "bad_body"),
        (None, "k", 400, "bad_body"),
    ],
)
async def test_a_bad_reply_is_refused_and_leaves_nothing(
    visitor: Visitor, text: object, key: str | None, status: int, code: str
) -> None:
    number = await mentioned(visitor)
    found, body = await visitor.reply(number, text, key)  # type: ignore[arg-type]
    assert (found, body["error"]["code"]) == (status, code)
    status, body = await visitor.ask("GET", f"{BASE}/posts/{number}/replies/mine", robot=True)
    assert (status, body["error"]["code"]) == (404, "no_reply")


@pytest.mark.parametrize("number", ["0", "99999999999999999", "9" * 40, "abc", "-1", "％31", "1.0"])
async def test_a_post_that_never_was_is_not_found(visitor: Visitor, number: str) -> None:
    for method, path in (
        ("GET", "/thread"),
        ("POST", "/replies"),
        ("GET", "/replies/mine"),
        ("GET", "/reactions"),
        ("DELETE", ""),
    ):
        options = {"json": {"text": "在"}, "headers": {"Idempotency-Key": "k"}} if method == "POST" else {}
        status, body = await visitor.ask(method, f"{BASE}/posts/{number}{path}", robot=True, **options)
        assert (status, body["error"]["code"]) == (404, "no_post")


async def test_under_a_deleted_post_there_is_nobody_to_answer(visitor: Visitor) -> None:
    root = (await visitor.post("要删的"))["id"]
    number = (await visitor.comment(root, "@阿梗 在吗"))["id"]
    await visitor.ask("DELETE", f"/api/posts/{root}")
    for under in (root, number):
        status, body = await visitor.reply(under, "在", f"k{under}")
        assert (status, body["error"]["code"]) == (410, "gone")
        assert (await visitor.ask("GET", f"{BASE}/posts/{under}/thread", robot=True))[0] == 410


async def test_only_own_replies_can_be_taken_back(visitor: Visitor) -> None:
    number = await mentioned(visitor)
    status, body = await visitor.ask("DELETE", f"{BASE}/posts/{number}", robot=True)
    assert (status, body["error"]["code"]) == (403, "not_yours")
    _, reply = await visitor.reply(number, "在", "k")
    assert (await visitor.ask("DELETE", f"{BASE}/posts/{reply['id']}", robot=True))[0] == 204
    assert (await visitor.ask("DELETE", f"{BASE}/posts/{reply['id']}", robot=True))[0] == 404


async def test_reactions_are_counted(visitor: Visitor) -> None:
    _, reply = await visitor.reply(await mentioned(visitor), "在", "k")
    await visitor.ask("PUT", f"/api/posts/{reply['id']}/like")
    await visitor.comment(reply["id"], "哈哈")
    body = await visitor.get(f"{BASE}/posts/{reply['id']}/reactions", robot=True)
    assert body == {"id": reply["id"], "reactions": {"like": 1, "reply": 1}}


async def test_a_robot_in_a_hurry_is_told_to_wait(tmp_path: Path) -> None:
    async with Visitor(tmp_path, replies_per_minute=1, clock=lambda: 5.0) as visitor:
        number = await mentioned(visitor)
        visitor.app[REPLY_PACE]._buckets["robot"] = (0.0, 5.0)
        async with visitor.session.post(
            f"{visitor.url}{BASE}/posts/{number}/replies",
            json={"text": "在"},
            headers={"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": "k"},
        ) as response:
            assert response.status == 429
            assert response.headers["Retry-After"] == "60"


async def test_concurrent_writers_never_bring_a_mention_behind_a_cursor(visitor: Visitor) -> None:
    people = [one for one in visitor.store.people() if not one.robot]
    said: set[str] = set()
    heard: list[str] = []
    done = asyncio.Event()

    async def talk(number: int) -> None:
        for turn in range(25):
            post = await visitor.store.write(people[number % len(people)], f"@阿梗 {number} {turn}")
            said.add(str(post.id))

    async def listen() -> None:
        cursor = (await visitor.get(f"{BASE}/mentions", robot=True))["cursor"]
        started.set()
        while not (done.is_set() and len(heard) >= len(said)):
            body = await visitor.get(f"{BASE}/mentions?after={cursor}&wait=0.2&limit=7", robot=True)
            heard.extend(mention["id"] for mention in body["mentions"])
            assert int(body["cursor"]) >= int(cursor)
            cursor = body["cursor"]

    started = asyncio.Event()
    listening = asyncio.create_task(listen())
    await started.wait()
    await asyncio.gather(*(talk(number) for number in range(8)))
    done.set()
    await asyncio.wait_for(listening, 20)
    assert len(heard) == len(set(heard)) == 200
    assert set(heard) == said
    assert heard == sorted(heard, key=int)


async def test_stopping_ends_long_polls_at_once(tmp_path: Path) -> None:
    async with Visitor(tmp_path) as visitor:
        cursor = (await visitor.get(f"{BASE}/mentions", robot=True))["cursor"]
        polling = asyncio.create_task(visitor.get(f"{BASE}/mentions?after={cursor}&wait=50", robot=True))
        while not visitor.store.bell._next._waiters:
            await asyncio.sleep(0)
        await runner_of(visitor).shutdown()
        body = await asyncio.wait_for(polling, 5)
        assert body["mentions"] == []


async def test_the_document_names_every_route_and_code() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    routes = {f"{method} {path.removeprefix(BASE)}" for method, path in (line for line in _robot_routes())}
    written = set(re.findall(r"^## .*`([A-Z]+ /\S*)`", text, re.MULTILINE))
    assert written == routes
    assert text.count("curl -s") >= len(routes)


def _robot_routes() -> list[tuple[str, str]]:
    return [(route.method, route.path) for route in ROUTES if route.path.startswith(BASE)]


async def test_an_unknown_path_is_a_json_refusal(visitor: Visitor) -> None:
    for path in (f"{BASE}/nothing", "/api/nothing", f"{BASE}//me", "/jiegeng/v1/../v1/nothing"):
        status, body = await visitor.ask("GET", path, robot=True)
        assert (status, body["error"]["code"]) == (404, "not_found")
    status, body = await visitor.ask("PATCH", f"{BASE}/me", robot=True)
    assert (status, body["error"]["code"]) == (405, "method_not_allowed")


async def test_the_client_that_went_away_does_not_hurt(visitor: Visitor) -> None:
    cursor = (await visitor.get(f"{BASE}/mentions", robot=True))["cursor"]
    with pytest.raises(TimeoutError):
        await visitor.get(
            f"{BASE}/mentions?after={cursor}&wait=50", robot=True, timeout=aiohttp.ClientTimeout(total=0.1)
        )
    number = await mentioned(visitor)
    body = await visitor.get(f"{BASE}/mentions?after={cursor}", robot=True)
    assert [mention["id"] for mention in body["mentions"]] == [number]


async def test_own_replies_come_oldest_first_and_page_by_page_deleted_ones_with_their_mark(visitor: Visitor) -> None:
    numbers = [await mentioned(visitor) for _ in range(3)]
    for number in numbers:
        key = {"Idempotency-Key": f"k{number}"}
        await visitor.ask("POST", f"{BASE}/posts/{number}/replies", robot=True, json={"text": "在"}, headers=key)
    since = "2020-01-01T00:00:00%2B00:00"

    first = await visitor.get(f"{BASE}/replies?since={since}&limit=2", robot=True)
    rest = await visitor.get(f"{BASE}/replies?since={since}&limit=2&after={first['next']}", robot=True)
    await visitor.ask("DELETE", f"{BASE}/posts/{first['replies'][0]['id']}", robot=True)
    again = await visitor.get(f"{BASE}/replies?since={since}", robot=True)

    assert [row["parent_id"] for row in (*first["replies"], *rest["replies"])] == numbers
    assert rest["next"] == ""
    assert [row["deleted"] for row in again["replies"]] == [True, False, False]


@pytest.mark.parametrize(
    "query", ["", "since=yesterday", "since=2026-01-01T00:00:00", "since=2026-01-01T00:00Z&after=x"]
)
async def test_own_replies_since_nowhen_are_refused(visitor: Visitor, query: str) -> None:
    status, _body = await visitor.ask("GET", f"{BASE}/replies?{query}", robot=True)

    assert status == 400
