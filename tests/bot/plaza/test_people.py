"""What people do on the plaza, asked the way its page asks."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.errors import Misconfigured
from bot.plaza.site import make_plaza, serve
from bot.plaza.store import Store
from tests.bot.plaza.visitor import PNG, TOKEN, Visitor

KINDS = {
    "png": PNG,
    "jpg": b"\xff\xd8\xff\xe0" + b"\0" * 50,
    "gif": b"GIF89a" + b"\0" * 50,
    "webp": b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 20,
}


async def be(visitor: Visitor, handle: str) -> dict[str, Any]:
    everybody = (await visitor.get("/api/people"))["people"]
    person = next(one for one in everybody if one["handle"] == handle)
    _, body = await visitor.ask("POST", "/api/me", json={"id": person["id"]})
    return body


async def next_event(response: aiohttp.ClientResponse) -> tuple[str, str, Any]:
    """The next event as (kind, number, data); heartbeats are passed over."""
    while True:
        block = (await asyncio.wait_for(response.content.readuntil(b"\n\n"), 5)).decode()
        fields = dict(line.split(": ", 1) for line in block.strip().split("\n") if not line.startswith(":"))
        if "event" in fields:
            return fields["event"], fields["id"], json.loads(fields["data"])


async def read_events(visitor: Visitor, count: int, *, after: str) -> list[tuple[str, str, Any]]:
    """The next events of a browser that comes back."""
    async with visitor.session.get(visitor.url + "/events", headers={"Last-Event-ID": after}) as response:
        assert response.content_type == "text/event-stream"
        return [await next_event(response) for _ in range(count)]


async def test_a_new_plaza_is_lived_in(visitor: Visitor) -> None:
    body = await visitor.get("/api/posts")
    people = (await visitor.get("/api/people"))["people"]
    assert 12 <= len(body["posts"]) <= 16
    assert sum(bool(post["comments"]) for post in body["posts"]) >= 3
    assert len([one for one in people if not one["robot"]]) >= 8
    assert [one["handle"] for one in people if one["bot"]] == ["阿梗", "weatherbot"]
    times = [post["at"] for post in body["posts"]]
    assert times == sorted(times, reverse=True)


async def test_nothing_that_stood_there_before_calls_the_robot(visitor: Visitor) -> None:
    assert visitor.store.mentions(0, 50)[0] == []


async def test_somebody_is_chosen_and_stays_chosen(visitor: Visitor) -> None:
    await be(visitor, "maya")
    assert (await visitor.get("/api/people"))["me"]["handle"] == "maya"
    post = await visitor.post("Hello there")
    assert post["author"]["handle"] == "maya"
    assert post["mine"]


async def test_nobody_can_be_the_robot(visitor: Visitor) -> None:
    robot = str(visitor.store.robot.id)
    status, body = await visitor.ask("POST", "/api/me", json={"id": robot})
    assert (status, body["error"]["code"]) == (422, "nobody")
    visitor.session.cookie_jar.update_cookies({"plaza_me": robot})
    assert (await visitor.post("谁"))["author"]["robot"] is False


@pytest.mark.parametrize("cookie", ["", "abc", "-1", "99999", "9" * 30, "²"])
async def test_a_strange_cookie_is_somebody_ordinary(visitor: Visitor, cookie: str) -> None:
    status, body = await visitor.ask("GET", "/api/people", headers={"Cookie": f"plaza_me={cookie}"})
    assert status == 200
    assert not body["me"]["robot"]


async def test_posts_stand_newest_first_with_their_comments(visitor: Visitor) -> None:
    first = await visitor.post("先")
    second = await visitor.post("后")
    below = await visitor.comment(first["id"], "评论")
    deeper = await visitor.comment(below["id"], "评论的评论")
    posts = (await visitor.get("/api/posts"))["posts"]
    assert [post["id"] for post in posts[:2]] == [second["id"], first["id"]]
    assert [one["id"] for one in posts[1]["comments"]] == [below["id"], deeper["id"]]
    assert deeper["root_id"] == first["id"]
    assert deeper["parent_id"] == below["id"]
    alone = (await visitor.get(f"/api/posts/{deeper['id']}"))["post"]
    assert alone["id"] == first["id"]


async def test_older_posts_come_page_by_page(visitor: Visitor) -> None:
    for number in range(10):
        await visitor.post(f"第{number}条")
    first = await visitor.get("/api/posts")
    second = await visitor.get(f"/api/posts?before={first['posts'][-1]['id']}")
    ids = [post["id"] for post in first["posts"] + second["posts"]]
    assert first["more"]
    assert not second["more"]
    assert len(ids) == len(set(ids)) == 25


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"text": ""}, 422, "empty"),
        ({"text": " \n"}, 422, "empty"),
        ({"text": "长" * 60_001}, 422, "too_long"),
        ({"text": 3}, 400, "bad_body"),
        ([], 400, "bad_body"),
        ({"text": "x", "pictures": "1"}, 400, "bad_body"),
        ({"text": "x", "pictures": ["12345"]}, 422, "no_picture"),
        ({"text": "x", "pictures": ["1"] * 5}, 422, "too_many_pictures"),
    ],
)
async def test_a_bad_post_is_refused_in_words(visitor: Visitor, body: object, status: int, code: str) -> None:
    found, answer = await visitor.ask("POST", "/api/posts", json=body)
    assert (found, answer["error"]["code"]) == (status, code)


async def test_broken_unicode_is_mended_and_kept(visitor: Visitor) -> None:
    status, post = await visitor.ask(
        "POST", "/api/posts", data=b'{"text": "a\\ud83d\\u0000b \xff"}', headers={"Content-Type": "application/json"}
    )
    assert status == 201
    assert post["text"] == "a\ufffdb \ufffd"


async def test_fifty_thousand_characters_fit(visitor: Visitor) -> None:
    assert (await visitor.post("@阿梗 " + "长" * 50_000))["text"].endswith("长")


async def test_a_form_is_no_json(visitor: Visitor) -> None:
    status, body = await visitor.ask("POST", "/api/posts", data={"text": "x"})
    assert (status, body["error"]["code"]) == (415, "not_json")


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_a_picture_is_shown_with_its_description(visitor: Visitor, kind: str) -> None:
    _, picture = await visitor.upload(KINDS[kind], alt="一只猫")
    post = await visitor.post("", pictures=[picture["id"]])
    [shown] = post["pictures"]
    assert shown["alt"] == "一只猫"
    async with visitor.session.get(visitor.url + shown["url"]) as response:
        assert await response.read() == KINDS[kind]
        assert response.content_type == shown["type"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "data", [b"", b"<svg onload=alert(1)>", b"<!doctype html>", b"\x89PNG", b"RIFFxxxxWAVE", b"GIF88a"]
)
async def test_what_is_no_picture_is_refused_whatever_it_is_called(visitor: Visitor, data: bytes) -> None:
    status, body = await visitor.upload(data, name="cat.png")
    assert (status, body["error"]["code"]) == (415, "not_a_picture")


async def test_a_picture_of_more_than_five_megabytes_is_refused(visitor: Visitor) -> None:
    assert (await visitor.upload(PNG + b"\0" * (5 << 20)))[0] == 413
    assert (await visitor.upload(PNG + b"\0" * (6 << 20)))[0] == 413
    assert (await visitor.upload(PNG[:16] + b"\0" * ((5 << 20) - 16)))[0] == 201


async def test_somebody_elses_picture_cannot_be_posted_and_none_twice(visitor: Visitor) -> None:
    _, picture = await visitor.upload(PNG)
    await be(visitor, "maya")
    assert (await visitor.ask("POST", "/api/posts", json={"text": "x", "pictures": [picture["id"]]}))[0] == 422
    await be(visitor, "小满")
    assert (await visitor.ask("POST", "/api/posts", json={"text": "x", "pictures": [picture["id"]] * 2}))[0] == 422
    assert (await visitor.ask("POST", "/api/posts", json={"text": "x", "pictures": [picture["id"]]}))[0] == 201


@pytest.mark.parametrize(
    "name", ["../plaza.db", "..%2Fplaza.db", "%2e%2e%2fplaza.db", "x.png", "a" * 32 + ".svg", ".png"]
)
async def test_only_pictures_are_handed_out(visitor: Visitor, name: str) -> None:
    status, _ = await visitor.ask("GET", f"/media/{name}")
    assert status == 404


async def test_a_like_counts_once_and_can_be_taken_back(visitor: Visitor) -> None:
    number = (await visitor.post("好"))["id"]
    for _ in range(2):
        _, post = await visitor.ask("PUT", f"/api/posts/{number}/like")
        assert (post["likes"], post["liked"]) == (1, True)
    await be(visitor, "maya")
    _, post = await visitor.ask("PUT", f"/api/posts/{number}/like")
    assert (post["likes"], post["liked"]) == (2, True)
    _, post = await visitor.ask("DELETE", f"/api/posts/{number}/like")
    assert (post["likes"], post["liked"]) == (1, False)


async def test_only_own_posts_can_be_deleted_and_their_pictures_go_too(visitor: Visitor, tmp_path: Path) -> None:
    _, picture = await visitor.upload(PNG)
    number = (await visitor.post("带图", pictures=[picture["id"]]))["id"]
    await be(visitor, "maya")
    assert (await visitor.ask("DELETE", f"/api/posts/{number}"))[0] == 403
    await be(visitor, "小满")
    assert (await visitor.ask("DELETE", f"/api/posts/{number}"))[0] == 204
    assert (await visitor.ask("DELETE", f"/api/posts/{number}"))[0] == 404
    assert (await visitor.ask("GET", f"/api/posts/{number}"))[0] == 410
    assert (await visitor.ask("GET", picture["url"]))[0] == 404
    assert list((tmp_path / "media").iterdir()) == []
    assert visitor.store.post(int(number)).text == ""


async def test_comments_under_a_deleted_comment_stay(visitor: Visitor) -> None:
    root = (await visitor.post("根"))["id"]
    middle = (await visitor.comment(root, "中"))["id"]
    below = (await visitor.comment(middle, "下"))["id"]
    await visitor.ask("DELETE", f"/api/posts/{middle}")
    thread = (await visitor.get(f"/api/posts/{root}"))["post"]
    assert [one["id"] for one in thread["comments"]] == [below]


async def test_events_tell_what_is_new_changed_and_gone_while_it_happens(visitor: Visitor) -> None:
    after = (await visitor.get("/api/posts"))["event"]
    async with visitor.session.get(f"{visitor.url}/events?after={after}") as stream:
        number = (await visitor.post("新的"))["id"]
        kind, _, data = await next_event(stream)
        assert (kind, data["id"], data["text"], data["mine"]) == ("post", number, "新的", True)
        _, reply = await visitor.reply(number, "在", "k")
        kind, _, data = await next_event(stream)
        assert (kind, data["id"], data["parent_id"], data["author"]["robot"]) == ("post", reply["id"], number, True)
        await visitor.ask("PUT", f"/api/posts/{reply['id']}/like")
        kind, _, data = await next_event(stream)
        assert (kind, data["id"], data["likes"], data["liked"]) == ("post", reply["id"], 1, True)
        await visitor.ask("DELETE", f"/api/posts/{number}")
        kind, _, data = await next_event(stream)
        assert (kind, data["id"], data["deleted"]) == ("gone", number, True)


async def test_events_are_caught_up_after_a_broken_connection(visitor: Visitor) -> None:
    after = (await visitor.get("/api/posts"))["event"]
    first, second = (await visitor.post("一"))["id"], (await visitor.post("二"))["id"]
    await visitor.ask("PUT", f"/api/posts/{first}/like")
    await visitor.ask("DELETE", f"/api/posts/{second}")
    events = await read_events(visitor, 2, after=after)
    assert [(kind, data["id"]) for kind, _, data in events] == [("post", first), ("gone", second)]
    assert events[0][2]["likes"] == 1
    assert events[1][2]["text"] == ""
    third = (await visitor.post("三"))["id"]
    again = await read_events(visitor, 1, after=events[-1][1])
    assert [data["id"] for _, _, data in again] == [third]


async def test_without_a_number_the_stream_begins_now(visitor: Visitor) -> None:
    async with visitor.session.get(f"{visitor.url}/events?after=x") as stream:
        number = (await visitor.post("现在"))["id"]
        assert (await next_event(stream))[2]["id"] == number


@pytest.mark.parametrize("after", ["0", "99999999999"])
async def test_whoever_was_away_too_long_is_told_to_load_anew(visitor: Visitor, after: str) -> None:
    [(kind, number, _)] = await read_events(visitor, 1, after=after)
    assert kind == "reset"
    assert number == (await visitor.get("/api/posts"))["event"]


async def test_every_answer_carries_the_strict_headers(visitor: Visitor) -> None:
    for path in ("/api/posts", "/nothing", "/events?after=x", "/media/x"):
        async with visitor.session.get(visitor.url + path) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_another_sites_page_cannot_act_here(visitor: Visitor) -> None:
    for origin in ("https://evil.example", "null", f"{visitor.url}.evil.example"):
        status, body = await visitor.ask("POST", "/api/posts", json={"text": "x"}, headers={"Origin": origin})
        assert (status, body["error"]["code"]) == (403, "other_site")
    status, _ = await visitor.ask("POST", "/api/posts", json={"text": "x"}, headers={"Origin": visitor.url})
    assert status == 201


async def test_a_hasty_client_is_told_to_slow_down_and_for_how_long(tmp_path: Path) -> None:
    seconds = [0.0]
    async with Visitor(tmp_path, people_per_minute=60, clock=lambda: seconds[0]) as visitor:
        statuses = [(await visitor.ask("POST", "/api/posts", json={"text": "x"}))[0] for _ in range(61)]
        assert statuses == [201] * 60 + [429]
        seconds[0] = 1.0
        assert (await visitor.ask("POST", "/api/posts", json={"text": "x"}))[0] == 201


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    async with Visitor(tmp_path) as visitor:
        before = (await visitor.post("留下"))["id"]
        count = len(visitor.store.people())
    async with Visitor(tmp_path) as visitor:
        assert (await visitor.get("/api/posts"))["posts"][0]["id"] == before
        assert len(visitor.store.people()) == count


async def test_a_plaza_made_anew_gives_out_ids_that_were_never_used(tmp_path: Path) -> None:
    async with Visitor(tmp_path / "old") as visitor:
        old = int((await visitor.post("旧"))["id"])
        clock = visitor.store._now
    async with Visitor(tmp_path / "new", now=lambda: clock().replace(year=clock().year + 1)) as visitor:
        assert int((await visitor.post("新"))["id"]) > old + 100_000


async def test_two_plazas_cannot_share_a_folder(tmp_path: Path) -> None:
    async with Visitor(tmp_path):
        with pytest.raises(Misconfigured, match="another plaza"):
            await serve(tmp_path, "127.0.0.1", 0, TOKEN)


async def test_a_taken_port_is_named(tmp_path: Path) -> None:
    async with Visitor(tmp_path / "one") as visitor:
        port = int(visitor.url.rpartition(":")[2])
        with pytest.raises(Misconfigured, match=str(port)):
            await serve(tmp_path / "two", "127.0.0.1", port, TOKEN)


async def test_serving_prints_nothing_and_stops_when_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(tmp_path, "127.0.0.1", 0, TOKEN, opened=port.set_result))
    assert await asyncio.wait_for(port, 5) > 0
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(serving, 5)
    assert capsys.readouterr() == ("", "")
    store = Store(tmp_path)
    await store.close()


def test_a_plaza_without_a_token_does_not_open(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="JIEGENG_PLAZA_TOKEN"):
        make_plaza(tmp_path, " ")
