"""Takes pictures of every page, wide and narrow, light and dark: `SHOTS=folder pytest tests/real/shots.py`.

Every page must fit its window, say nothing in the browser's console, and be large enough for a thumb.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot.journal.switch import Switch
from bot.plaza.pages import Pages
from bot.plaza.site import make_plaza
from bot.web import make_web
from tests.bot.web import episodes
from tests.bot.web.fakes import FakeKeys, FakeLog

playwright = pytest.importorskip("playwright.async_api")

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ADMIN = {
    "log": "/",
    "filter": "/?state=held&tone=banter",
    "empty": "/?state=rejected",
    "banter": "/episode?key=阿梗@plaza.local:101",
    "comfort": "/episode?key=阿梗@plaza.local:102",
    "crisis": "/episode?key=阿梗@plaza.local:103",
    "held": "/episode?key=阿梗@plaza.local:104",
    "unsure": "/episode?key=jiegeng@social.example:105",
    "hostile": "/episode?key=阿梗@plaza.local:106",
    "missing": "/nowhere",
    "review": "/review?done=approve&key=x&version=3",
    "mode": "/mode?done=1",
}
# A link inside a sentence may be as small as the sentence; the link of a row reaches over the whole row.
SMALL = """() => [...document.querySelectorAll("a, button, input, select, textarea, summary")].filter(element => {
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const hidden = !element.checkVisibility() || box.width < 2 || element.closest(".skip, .sr, .attach, .whole, [hidden]");
  const inText = element.tagName === "A" && style.display === "inline";
  return !hidden && !inText && box.height < 43.5;
}).map(element => element.outerHTML.slice(0, 120))"""


@dataclass(frozen=True)
class View:
    """A window: its width in pixels, the scheme, and the reader's language."""

    width: int
    scheme: str
    language: str

    @property
    def name(self) -> str:
        return f"{self.width}-{self.scheme}"


VIEWS = [
    View(1280, "light", "zh-CN"),
    View(390, "light", "zh-CN"),
    View(1280, "dark", "en"),
    View(390, "dark", "zh-CN"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("SHOTS", tmp_path / "shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@asynccontextmanager
async def window(view: View) -> AsyncIterator[tuple[Any, list[str]]]:
    """A browser's page, and what its console complained about."""
    async with playwright.async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(
            viewport={"width": view.width, "height": 900},
            color_scheme=view.scheme,
            locale=view.language,
            timezone_id="Asia/Shanghai",
        )
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page, complaints
        await browser.close()


async def look(page: Any, file: Path, *, whole: bool = True) -> None:
    """Take the picture and check that the page fits."""
    await page.wait_for_timeout(250)
    await page.screenshot(path=file, full_page=whole)
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert await page.evaluate(SMALL) == []


def is_refusal(complaint: str) -> bool:
    """The browser notes every 401 and 404, which some of the pages are."""
    return "the server responded with a status of 40" in complaint


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
async def test_the_admin_pages_look_right(view: View, folder: Path) -> None:
    log = FakeLog(episodes.everybody())
    log.extra = {"oldest": 4000, "today.posted": 128, "backlog": 3, "lost": 2, "audit.age": 11000, "audit.checked": 412}
    log.extra |= {"audit.found": 0, "audit.strange": 0, "audit.missing": 2}
    flood = episodes.held()
    for number in range(3):
        log.put(episodes.again(flood, f"30{number}"))
    log.switches += [
        Switch(2, "heightened", episodes.NOW.timestamp() - 3600, "admin", "节假日没人值班", daily=(50400.0, 32400.0)),
        Switch(
            3,
            "emergency",
            episodes.NOW.timestamp() - 600,
            "admin",
            "热搜上有事故",
            until=episodes.NOW.timestamp() + 6600,
        ),
    ]
    accounts = (episodes.PLAZA, episodes.MASTODON)
    app = make_web(log, FakeKeys("once"), accounts=accounts, plaza="/", offline=True, clock=episodes.NOW.timestamp)
    async with TestServer(app) as server, window(view) as (page, complaints):
        await page.clock.set_fixed_time(episodes.NOW)
        await page.goto(str(server.make_url("/")))
        await look(page, folder / f"door-{view.name}.png")
        await page.goto(str(server.make_url("/sign-in?token=once")))
        await page.wait_for_selector("#rows")
        for name, path in ADMIN.items():
            await page.goto(str(server.make_url(path)))
            await look(page, folder / f"{name}-{view.name}.png")
        await page.goto(str(server.make_url("/review")))
        await page.locator(".case details.no summary").first.click()
        await page.locator(".pick").nth(1).click()
        await page.locator("textarea").first.fill("这台咖啡机已经先一步实现了财务自由。" * 9)
        await look(page, folder / f"review-open-{view.name}.png")
        await page.goto(str(server.make_url("/mode")))
        await page.locator(".option.stopped").click()
        await look(page, folder / f"mode-stop-{view.name}.png", whole=False)
        await page.goto(str(server.make_url("/")))
        await page.wait_for_timeout(300)
        log.put(episodes.fresh("200", "@阿梗 我是刚刚来的"))
        await page.wait_for_selector('[data-key="阿梗@plaza.local:200"]', timeout=5000)

    assert [complaint for complaint in complaints if not is_refusal(complaint)] == []


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
async def test_the_plaza_looks_right(view: View, folder: Path, tmp_path: Path) -> None:
    app: web.Application = make_plaza(tmp_path / "plaza", "token", pages=Pages("/admin").routes())
    async with TestServer(app) as server, window(view) as (page, complaints):
        await page.goto(str(server.make_url("/")))
        first = page.locator("article").first
        await first.locator("textarea").click()
        await first.locator("[data-call]").click()
        await first.locator("textarea").type("评价一下他的周五下午")
        await first.locator(".reply .button").click()
        await page.wait_for_selector(".thinking")
        await look(page, folder / f"plaza-thinking-{view.name}.png", whole=False)
        await answer(
            server, "小满没有消失，小满只是提前进了周末的缓存区。四点五十九分的消息，建议周一再加载。（AI生成）"
        )
        await page.wait_for_selector(".robots")
        assert await page.locator(".thinking").count() == 0
        await page.locator(".robots [data-like]").first.click()
        await look(page, folder / f"plaza-{view.name}.png", whole=False)
        await page.locator(".switch summary").click()
        await look(page, folder / f"plaza-people-{view.name}.png", whole=False)
        await page.goto(str(server.make_url("/p/1")))
        await look(page, folder / f"plaza-missing-{view.name}.png", whole=False)

    assert [complaint for complaint in complaints if not is_refusal(complaint)] == []


async def answer(server: TestServer, text: str) -> None:
    """Answer the newest mention as the robot would."""
    async with ClientSession(headers={"Authorization": "Bearer token"}) as robot:
        newest = (await (await robot.get(server.make_url("/jiegeng/v1/mentions"))).json())["cursor"]
        address = server.make_url("/jiegeng/v1/mentions").with_query(after=str(int(newest) - 1))
        mention = (await (await robot.get(address)).json())["mentions"][0]
        replies = server.make_url(f"/jiegeng/v1/posts/{mention['id']}/replies")
        await robot.post(replies, json={"text": text}, headers={"Idempotency-Key": "once"})
