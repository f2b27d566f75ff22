"""The plaza's page: the feed, one thread by its address, and the fragments that live updates bring in."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.plaza import words
from bot.plaza.fault import Fault
from bot.plaza.keys import STORE
from bot.plaza.people import FRONT, me_of, person_json, thread_json
from bot.plaza.protocol import post_id

HERE = Path(__file__).parent
# The admin pages and the plaza share one look: the same files, served by both.
LOOK = HERE.parent / "web" / "look"
DEEPEST = 3
YEAR = 31_536_000
LABEL = re.compile(r"\s*[（(][^（()）]{0,40}(?:AI|人工智能|机器)[^（()）]{0,40}[)）]\s*\Z", re.IGNORECASE)

Thread = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pages:
    """The HTML side of the plaza. `admin` is where the admin pages are, if visitors may know; `clock` Unix seconds."""

    admin: str = ""
    clock: Callable[[], float] = time.time

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """The site map, to be handed to `make_plaza`."""
        return (
            web.get("/", self.feed),
            web.get("/p/{id}", self.thread),
            web.get("/fragments/{id}", self.fragment),
            web.get("/language", language),
            web.static("/static", HERE / "static"),
            web.static("/look", LOOK),
            web.get("/{rest:(?!api/|jiegeng/).*}", self.missing),
        )

    async def feed(self, request: web.Request) -> web.Response:
        """Posts, newest first, with their comments."""
        store, before = request.app[STORE], _number(request.query.get("before", ""))
        event = store.newest_change()
        rows = store.front(before, FRONT)
        likes = store.likes_by(me_of(request).id, [post.id for root, comments in rows for post in (root, *comments)])
        threads = [thread_json(request, root, comments, likes) for root, comments in rows]
        older = threads[-1]["id"] if len(rows) == FRONT else ""
        return self._page(request, "feed.html", threads=threads, event=event, older=older, top=before is None)

    async def thread(self, request: web.Request) -> web.Response:
        """One post with its comments, at the address that replies link to."""
        try:
            event, found = request.app[STORE].newest_change(), _thread(request)
        except Fault as fault:
            return self._page(request, "trouble.html", fault.status, event=0, trouble=_named(fault.status))
        return self._page(request, "thread.html", thread=found, event=event)

    async def fragment(self, request: web.Request) -> web.Response:
        """One post with its comments as a piece of HTML; raises `Fault` 404 or 410."""
        return self._page(request, "post.html", thread=_thread(request), whole="whole" in request.query)

    async def missing(self, request: web.Request) -> web.Response:
        """A friendly page for an address that leads nowhere."""
        return self._page(request, "trouble.html", 404, event=0, trouble="trouble.404")

    def _page(self, request: web.Request, template: str, status: int = 200, **values: Any) -> web.Response:
        spoken = words.choose(request.cookies.get("lang", ""), request.headers.get("Accept-Language", ""))
        store = request.app[STORE]
        html = (
            templates()
            .get_template(template)
            .render(
                language=spoken,
                say=partial(words.say, spoken, robot=store.robot.name),
                ago=lambda at: words.ago(spoken, self.clock() - datetime.fromisoformat(at).timestamp()),
                robot=store.robot,
                me=person_json(me_of(request)),
                people=[person_json(person) for person in store.people()],
                why=partial(self._why, f"{store.robot.handle}@{store.host}"),
                admin=self.admin,
                here=request.path_qs,
                **values,
            )
        )
        return web.Response(text=html, status=status, content_type="text/html", headers={"Cache-Control": "no-store"})

    def _why(self, account: str, post: Thread) -> str:
        """Where the admin pages explain a reply of the robot, or an empty string."""
        if not self.admin or not post["author"]["robot"] or not post["parent_id"]:
            return ""
        return f"{self.admin.rstrip('/')}/episode?key={quote(account + ':' + post['parent_id'])}"


async def language(request: web.Request) -> web.Response:
    """Remember the reader's language and go back to where they were, never to another site."""
    back = request.query.get("back", "/")
    inside = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    response = web.HTTPSeeOther(back if inside else "/")
    response.set_cookie("lang", "en" if request.query.get("to") == "en" else "zh", max_age=YEAR, samesite="Lax")
    raise response


@cache
def templates() -> Environment:
    """The templates: everything escaped, an unknown name is an error."""
    found = Environment(
        loader=PackageLoader("bot.plaza"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"initial": initial, "hue": hue, "written": written, "arranged": arranged, "json": in_attribute}
    found.globals["WORDS"] = words.WORDS
    return found


def arranged(comments: Sequence[Thread], root: str) -> Sequence[tuple[int, Thread, str]]:
    """Comments as a tree read from top to bottom: depth (1 to `DEEPEST`), comment, handle of whom it answers.

    A comment whose parent was deleted moves up under the post.
    """
    by_id = {comment["id"]: comment for comment in comments}
    answers: dict[str, list[Thread]] = {}
    for comment in comments:
        answers.setdefault(comment["parent_id"] if comment["parent_id"] in by_id else root, []).append(comment)
    order: list[tuple[int, Thread, str]] = []
    waiting = [(1, comment) for comment in reversed(answers.get(root, []))]
    while waiting:
        depth, comment = waiting.pop()
        parent = by_id.get(comment["parent_id"])
        order.append((min(depth, DEEPEST), comment, parent["author"]["handle"] if parent else ""))
        waiting += [(depth + 1, answer) for answer in reversed(answers.get(comment["id"], []))]
    return order


def written(text: str, robot: str, *, by_robot: bool = False) -> Markup:
    """A text as HTML in its own direction, with calls for the robot and the AI label of its replies set apart."""
    label = LABEL.search(text) if by_robot else None
    body = escape(text[: label.start()] if label else text)
    call = escape(f"@{robot}")
    body = Markup('<b class="call">{}</b>').format(call).join(body.split(call))
    tail = Markup('<small class="label">{}</small>').format(label.group().strip()) if label else ""
    return Markup('<bdi dir="auto">{}</bdi>{}').format(body, tail)


def initial(name: str) -> str:
    """The first letter of a name, for a face without a picture."""
    return next((sign for sign in name if sign.isalnum()), "?")


def hue(who: str) -> int:
    """Which of eight colours somebody's face has; always the same one."""
    return int(who) % 8


def in_attribute(value: object) -> str:
    """The value as JSON, for a data attribute."""
    return json.dumps(value, ensure_ascii=False)


def _thread(request: web.Request) -> Thread:
    store = request.app[STORE]
    root, comments = store.thread(store.post(post_id(request)).root)
    likes = store.likes_by(me_of(request).id, [post.id for post in (root, *comments)])
    return thread_json(request, root, comments, likes)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def _named(status: int) -> str:
    return "trouble.410" if status == 410 else "trouble.404"
