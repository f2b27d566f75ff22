"""The story of one episode, and the forms with which a person decides."""

from __future__ import annotations

import re

import pytest
from aiohttp.test_utils import TestClient

from bot.model import Episode, State
from tests.bot.web import episodes
from tests.bot.web.fakes import FakeLog


async def open_story(admin: TestClient, episode: Episode) -> str:
    answer = await admin.get("/episode", params={"key": episode.key})
    assert answer.status == 200
    return await answer.text()


def form_of(page: str) -> dict[str, str]:
    form = page.split('class="card decide"')[1].split("</form>", maxsplit=1)[0]
    return dict(re.findall(r'name="(seal|key|version)" value="([^"]*)"', form))


async def test_the_story_explains_every_step(admin: TestClient) -> None:
    page = await open_story(admin, episodes.banter())

    for piece in (
        "早高峰的地铁车厢", "59%", "帖子自己就在玩", "优秀员工", "贴切 +1.10", "moonlight-8b", "阿梗@3f9c21d07a",
        "812 → 64", "0.00041", "1.3 秒", "低风险", "可以发", "https://plaza.example/p/r-9001", "+110 毫秒", "用了它",
    ):  # fmt: skip
        assert piece in page


async def test_cues_are_marked_where_they_stand_in_the_text(admin: TestClient) -> None:
    page = await open_story(admin, episodes.banter())

    assert '<mark class="cue joy" title="play: slang">收到</mark>' in page


async def test_what_the_filter_found_is_marked_in_the_draft(admin: TestClient) -> None:
    page = await open_story(admin, episodes.held())

    assert '<mark class="doubt medium" title="像一个真的手机号">13800001111</mark>' in page


async def test_a_plight_and_the_comforting_tone_are_told(admin: TestClient) -> None:
    page = await open_story(admin, episodes.comfort())

    for piece in ("楼主遇上了难事（失去亲友）", "安慰", "这种语气不用梗"):
        assert piece in page


async def test_a_crisis_names_its_kind(admin: TestClient) -> None:
    page = await open_story(admin, episodes.crisis())

    assert "自我伤害" in page
    assert "给求助信息" not in page
    assert "发求助信息" in page


async def test_what_may_have_been_posted_is_told_with_the_way_to_look(admin: TestClient) -> None:
    page = await open_story(admin, episodes.unsure())

    assert "发没发成，没人知道" in page
    assert page.count('href="https://social.example/@mira/105"') == 2


async def test_a_hostile_mention_is_shown_and_does_nothing(admin: TestClient) -> None:
    page = await open_story(admin, episodes.hostile())

    assert "<script>alert" not in page
    assert "ZWSP×3" in page
    assert "\u202e" not in page
    assert "👩\u200d💻" in page
    assert "U+D800" in page


@pytest.mark.parametrize("episode", episodes.everybody(), ids=lambda episode: episode.mention.id)
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_kind_of_episode_has_a_story(admin: TestClient, episode: Episode, language: str) -> None:
    answer = await admin.get("/episode", params={"key": episode.key}, headers={"Accept-Language": language})

    assert answer.status == 200


async def test_an_episode_that_does_not_exist_is_a_404(admin: TestClient) -> None:
    answer = await admin.get("/episode?key=nobody")

    assert answer.status == 404


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", " https://x"])
async def test_only_web_addresses_become_links(admin: TestClient, log: FakeLog, url: str) -> None:
    episode = episodes.banter()
    log.put(episode.model_copy(update={"mention": episode.mention.model_copy(update={"url": url})}))

    page = await open_story(admin, episode)

    assert f'href="{url}' not in page


async def test_what_is_decided_already_offers_no_form(admin: TestClient) -> None:
    page = await open_story(admin, episodes.banter())

    assert "decide" not in page


@pytest.mark.parametrize(
    ("episode", "action", "state"),
    [
        (episodes.held(), "approve", State.APPROVED),
        (episodes.held(), "reject", State.REJECTED),
        (episodes.unsure(), "there", State.POSTED),
        (episodes.unsure(), "again", State.POSTING),
        (episodes.unsure(), "drop", State.SKIPPED),
    ],
)
async def test_a_decision_is_carried_out(
    admin: TestClient, log: FakeLog, episode: Episode, action: str, state: State
) -> None:
    page = await open_story(admin, episode)
    assert f'value="{action}"' in page

    answer = await admin.post("/decide", data={**form_of(page), "action": action, "text": " 改过的话\r\n两行 "})

    assert answer.status == 200
    assert "记下了" in await answer.text()
    assert log.decided == [(episode.key, action, "admin", "改过的话\n两行")]
    assert log.episodes[episode.key].state == state


async def test_a_decision_on_an_old_version_is_refused_with_the_reason(admin: TestClient, log: FakeLog) -> None:
    form = form_of(await open_story(admin, episodes.held()))
    log.put(episodes.held().model_copy(update={"version": 99}))

    answer = await admin.post("/decide", data={**form, "action": "approve"})

    assert answer.status == 409
    assert "somebody else decided this &lt;first&gt;" in await answer.text()
    assert log.decided == []


@pytest.mark.parametrize("seal", [None, "", "0" * 32, "封\x00"])
async def test_a_form_without_the_seal_is_refused(admin: TestClient, log: FakeLog, seal: str | None) -> None:
    form = form_of(await open_story(admin, episodes.held())) | {"action": "approve"}
    del form["seal"]

    answer = await admin.post("/decide", data=form if seal is None else {**form, "seal": seal})

    assert answer.status == 403
    assert log.decided == []


async def test_the_seal_of_another_session_is_refused(admin: TestClient, stranger: TestClient, log: FakeLog) -> None:
    await stranger.get("/sign-in?token=other")
    form = form_of(await open_story(stranger, episodes.held()))

    answer = await admin.post("/decide", data={**form, "action": "approve"})

    assert answer.status == 403
    assert log.decided == []


@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded; charset=none"],
)
async def test_a_body_that_is_no_form_is_refused(admin: TestClient, log: FakeLog, kind: str) -> None:
    answer = await admin.post("/decide", data=b"seal=%ff&x", headers={"Content-Type": kind})

    assert answer.status in {400, 403}
    assert log.decided == []


async def test_a_stranger_decides_nothing(stranger: TestClient, log: FakeLog) -> None:
    answer = await stranger.post("/decide", data={"key": episodes.held().key, "action": "approve", "version": "4"})

    assert answer.status == 401
    assert log.decided == []


@pytest.mark.parametrize("form", [{"action": "explode"}, {"action": "approve", "version": "x"}])
async def test_a_decision_that_does_not_exist_is_refused(admin: TestClient, log: FakeLog, form: dict[str, str]) -> None:
    whole = form_of(await open_story(admin, episodes.held())) | form

    answer = await admin.post("/decide", data=whole)

    assert answer.status == 400
    assert log.decided == []
