"""The plaza's page as a visitor's browser gets it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from aiohttp import CookieJar, FormData
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

import bot.plaza
from bot.plaza.pages import Pages, arranged, written
from bot.plaza.site import make_plaza
from bot.plaza.words import WORDS

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
HERE = Path(bot.plaza.__file__).parent


@pytest.fixture
async def visitor(tmp_path: Path) -> AsyncIterator[TestClient]:
    app = make_plaza(tmp_path, "token", pages=Pages(admin="http://admin.example/").routes())
    async with TestClient(TestServer(app), cookie_jar=CookieJar(unsafe=True)) as client:
        yield client


async def page(visitor: TestClient, path: str = "/", status: int = 200, **headers: str) -> str:
    answer = await visitor.get(path, headers=headers)
    assert answer.status == status
    assert answer.content_type == "text/html"
    return await answer.text()


async def write(visitor: TestClient, text: str, parent: str = "", pictures: tuple[str, ...] = ()) -> dict[str, str]:
    address = f"/api/posts/{parent}/comments" if parent else "/api/posts"
    answer = await visitor.post(address, json={"text": text, "pictures": list(pictures)})
    assert answer.status == 201
    return await answer.json()  # type: ignore[no-any-return]


async def answer_as_robot(visitor: TestClient, parent: str, text: str) -> dict[str, str]:
    headers = {"Authorization": "Bearer token", "Idempotency-Key": f"key-{parent}"}
    answer = await visitor.post(f"/jiegeng/v1/posts/{parent}/replies", json={"text": text}, headers=headers)
    assert answer.status == 201
    return await answer.json()  # type: ignore[no-any-return]


async def test_a_new_plaza_has_posts_people_and_a_place_to_write(visitor: TestClient) -> None:
    feed = await page(visitor)

    assert feed.count("<article") > 5
    for piece in ('id="composer"', "喊 @阿梗", "今天怎么样", "大鹏", 'data-event="'):
        assert piece in feed


async def test_a_new_post_stands_on_top_with_its_picture_and_description(visitor: TestClient) -> None:
    form = FormData()
    form.add_field("file", PNG, filename="a.png")
    form.add_field("alt", '一座"山"')
    picture = await (await visitor.post("/api/pictures", data=form)).json()
    post = await write(visitor, "下山路上", pictures=(picture["id"],))

    feed = await page(visitor)

    assert re.findall(r'data-root="(\d+)"', feed)[0] == post["id"]
    assert "下山路上" in feed
    assert 'alt="一座&#34;山&#34;"' in feed


async def test_nothing_that_people_write_becomes_markup(visitor: TestClient) -> None:
    post = await write(visitor, "<script>x</script>@阿梗<img src=x onerror=y>{{ 7*7 }}")

    feed = await page(visitor, f"/p/{post['id']}")

    assert "<script>x" not in feed
    assert "<img src=x" not in feed
    assert "{{ 7*7 }}" in feed


@pytest.mark.parametrize("path", ["/", "/p/1", "/nowhere"])
async def test_no_page_has_scripts_or_styles_of_its_own(visitor: TestClient, path: str) -> None:
    answer = await visitor.get(path)

    assert not re.search(r"<style|\sstyle=|<script(?! src=)|\son[a-z]+=", await answer.text())
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


async def test_the_robots_reply_shows_its_label_a_badge_and_the_way_to_the_reason(visitor: TestClient) -> None:
    post = await write(visitor, "@阿梗 在吗")
    reply = await answer_as_robot(visitor, post["id"], "在，一直在。（AI生成）")

    thread = await page(visitor, f"/p/{post['id']}")

    comment = thread.split(f'id="{reply["id"]}"')[1].split("</li>")[0]
    assert '<small class="label">（AI生成）</small>' in comment
    assert "机器人" in comment
    address = re.search(r'href="http://admin.example/episode\?key=([^"]*)"', comment)
    assert address
    assert unquote(address.group(1)) == f"阿梗@plaza:{post['id']}"


async def test_without_admin_pages_nobody_is_sent_there(tmp_path: Path) -> None:
    async with TestClient(TestServer(make_plaza(tmp_path, "token", pages=Pages().routes()))) as client:
        post = await write(client, "@阿梗 在吗")
        await answer_as_robot(client, post["id"], "在。（AI生成）")
        assert "/episode" not in await page(client, f"/p/{post['id']}")


async def test_only_the_author_is_offered_to_delete(visitor: TestClient) -> None:
    post = await write(visitor, "我的")
    mine = await page(visitor, f"/p/{post['id']}")
    people = (await (await visitor.get("/api/people")).json())["people"]
    other = next(person["id"] for person in people if not person["robot"] and person["id"] != post["author"]["id"])  # type: ignore[index]
    await visitor.post("/api/me", json={"id": other})
    theirs = await page(visitor, f"/p/{post['id']}")

    assert f'data-delete="{post["id"]}"' in mine
    assert "data-delete" not in theirs


async def test_a_like_is_shown(visitor: TestClient) -> None:
    post = await write(visitor, "喜欢就点")
    await visitor.put(f"/api/posts/{post['id']}/like")

    thread = await page(visitor, f"/p/{post['id']}")

    assert f'data-like="{post["id"]}" aria-pressed="true"' in thread


async def test_a_comment_appears_in_the_fragment_of_its_thread_whichever_post_is_named(visitor: TestClient) -> None:
    post = await write(visitor, "第一句")
    comment = await write(visitor, "第二句", parent=post["id"])

    for id_ in (post["id"], comment["id"]):
        fragment = await page(visitor, f"/fragments/{id_}")
        assert fragment.strip().startswith("<article")
        assert "第二句" in fragment


async def test_older_posts_follow_on_the_next_page(visitor: TestClient) -> None:
    for number in range(30):
        await write(visitor, f"第{number}条")

    first = await page(visitor)
    older = re.search(r'href="(/\?before=\d+)" rel="next"', first)
    assert older
    second = await page(visitor, older.group(1))

    roots = re.findall(r'data-root="(\d+)"', first + second)
    assert len(roots) == len(set(roots)) == 40
    assert roots == sorted(roots, key=int, reverse=True)
    assert "data-top" not in second


async def test_a_long_post_is_folded_in_the_feed_and_whole_at_its_address(visitor: TestClient) -> None:
    post = await write(visitor, "很长" * 400)

    assert "看全文" in await page(visitor)
    assert "看全文" not in await page(visitor, f"/p/{post['id']}")


@pytest.mark.parametrize("path", ["/p/999999999999", "/p/x", "/nowhere", "/p/"])
async def test_a_wrong_address_gets_a_friendly_404(visitor: TestClient, path: str) -> None:
    assert "没有这条帖子" in await page(visitor, path, status=404)


async def test_a_deleted_post_is_gone_from_its_address(visitor: TestClient) -> None:
    post = await write(visitor, "写错了")
    await visitor.delete(f"/api/posts/{post['id']}")

    assert "已经删掉" in await page(visitor, f"/p/{post['id']}", status=410)
    assert (await visitor.get(f"/fragments/{post['id']}")).status == 410


@pytest.mark.parametrize("path", ["/api/nothing", "/jiegeng/v1/nothing"])
async def test_programs_still_get_json_errors(visitor: TestClient, path: str) -> None:
    answer = await visitor.get(path)

    assert (answer.status, answer.content_type) == (404, "application/json")


async def test_the_page_speaks_english_to_those_who_do(visitor: TestClient) -> None:
    asked = await page(visitor, **{"Accept-Language": "en-GB"})
    chosen = await page(visitor, "/language?to=zh&back=/", **{"Accept-Language": "en-GB"})

    assert "How was your day?" in asked
    assert "今天怎么样" in chosen


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example"])
async def test_the_language_switch_never_leads_to_another_site(visitor: TestClient, back: str) -> None:
    answer = await visitor.get("/language", params={"to": "en", "back": back}, allow_redirects=False)

    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("path", ["/look/look.css", "/look/icons.svg", "/look/mark.svg", "/static/plaza.js"])
async def test_the_look_is_served(visitor: TestClient, path: str) -> None:
    assert (await visitor.get(path)).status == 200


def test_every_icon_that_a_page_uses_exists() -> None:
    files = [*HERE.glob("templates/*.html"), *(HERE.parent / "web").glob("templates/*.html")]
    used = {
        name
        for file in files
        for name in (*re.findall(r'(?:icons\.svg#|icon\(")([a-z-]+)"', file.read_text()), "heart", "heart-full")
    }

    assert used <= set(re.findall(r'symbol id="([a-z-]+)"', (HERE.parent / "web/look/icons.svg").read_text()))


def test_every_word_that_a_page_uses_is_in_the_table() -> None:
    source = "\n".join(file.read_text() for file in HERE.glob("templates/*.html"))

    assert set(re.findall(r"say\([\"']([a-z._]+)[\"']", source)) <= set(WORDS)


def comment(id_: int, parent: int) -> dict[str, object]:
    return {"id": str(id_), "parent_id": str(parent), "author": {"handle": f"h{id_}"}}


def test_answers_stand_under_what_they_answer() -> None:
    order = arranged([comment(2, 1), comment(3, 1), comment(4, 2), comment(5, 4), comment(6, 5)], "1")

    assert [(depth, found["id"], to) for depth, found, to in order] == [
        (1, "2", ""), (2, "4", "h2"), (3, "5", "h4"), (3, "6", "h5"), (1, "3", ""),
    ]  # fmt: skip


@given(st.lists(st.integers(0, 30), max_size=30))
def test_no_comment_is_lost_or_doubled_even_if_its_parent_is_gone(parents: list[int]) -> None:
    comments = [comment(at + 2, parent if parent <= at + 1 else 999) for at, parent in enumerate(parents)]

    shown = [found["id"] for _, found, _ in arranged(comments, "1")]

    assert sorted(shown) == sorted(one["id"] for one in comments)  # type: ignore[type-var]


def test_a_very_deep_thread_is_no_trouble() -> None:
    deep = [comment(number + 2, number + 1) for number in range(5000)]

    assert len(arranged(deep, "1")) == 5000


@given(st.text())
def test_no_text_becomes_markup(text: str) -> None:
    inside = re.sub(
        r'</?(bdi( dir="auto")?|b( class="call")?|small( class="label")?)>', "", written(text, "阿梗", by_robot=True)
    )

    assert "<" not in inside


@pytest.mark.parametrize("label", ["（AI生成）", "(AI-generated)", "（人工智能生成）", " (generated by AI)"])
def test_the_label_of_the_robot_is_set_apart_but_never_left_out(label: str) -> None:
    shown = written(f"接住了{label}", "阿梗", by_robot=True)

    assert f'<small class="label">{label.strip()}</small>' in shown


def test_people_cannot_borrow_the_label() -> None:
    assert "label" not in written("我说的（AI生成）", "阿梗")
