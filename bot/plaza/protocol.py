"""Our open protocol, server side: what a robot may ask and do here (docs/protocol.md)."""

from __future__ import annotations

import asyncio
import json
import math
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from aiohttp import web

from bot.plaza.fault import Fault, no_post
from bot.plaza.keys import ORIGIN, REPLY_PACE, STOPPING, STORE, TOKEN
from bot.plaza.pictures import TYPES
from bot.plaza.store import REPLY_LIMIT, Picture, Post

BASE = "/jiegeng/v1"
LONGEST_WAIT = 55.0
PAGE = 50
THREAD = 40
# A page stays below two million bytes: JSON needs up to six bytes for a character.
PAGE_CHARACTERS = 300_000
KEY_LIMIT = 200

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def for_robot(verb: Handler) -> Handler:
    """Only with the bearer token; raises `Fault` 401."""

    async def checked(request: web.Request) -> web.StreamResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        sent, wanted = token.strip().encode("utf-8", "replace"), request.app[TOKEN].encode()
        if scheme.lower() != "bearer" or not secrets.compare_digest(sent, wanted):
            raise Fault(401, "unauthorized", "a valid bearer token is needed")
        return await verb(request)

    return checked


async def me(request: web.Request) -> web.Response:
    """Which account the token belongs to, and what holds for its replies."""
    store = request.app[STORE]
    robot = store.robot
    about = {"id": str(robot.id), "account": f"{robot.handle}@{store.host}", "handle": robot.handle}
    return reply_json({**about, "name": robot.name, "host": store.host, "limit": REPLY_LIMIT, "once": "permanent"})


async def mentions(request: web.Request) -> web.Response:
    """Posts that call us after a cursor, oldest first; waits for the first one."""
    store = request.app[STORE]
    if "after" not in request.query:
        return reply_json({"mentions": [], "cursor": str(store.newest_mention())})
    after = _cursor(request.query["after"], store.newest_mention())
    limit = int(_number(request.query, "limit", PAGE, 1, PAGE))
    until = asyncio.get_running_loop().time() + _number(request.query, "wait", 0, 0, LONGEST_WAIT)
    while True:
        bell = store.bell.listen()
        found, cursor = store.mentions(after, limit, PAGE_CHARACTERS)
        if cursor != after or request.app[STOPPING].is_set() or not await heard(bell, until):
            break
    origin = origin_of(request)
    return reply_json({"mentions": [mention_json(post, origin) for post in found], "cursor": str(cursor)})


async def thread(request: web.Request) -> web.Response:
    """A post and what stands above it, root first."""
    store, origin = request.app[STORE], origin_of(request)
    post = store.standing(post_id(request))
    above = _fitting(store.above(post, THREAD), PAGE_CHARACTERS - len(post.text))
    return reply_json({"post": post_json(post, origin), "thread": [post_json(other, origin) for other in above]})


async def reply(request: web.Request) -> web.Response:
    """Reply once under an Idempotency-Key."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key or len(key) > KEY_LIMIT:
        raise Fault(400, "key_missing", f"an Idempotency-Key header of 1 to {KEY_LIMIT} characters is needed")
    text = (await json_body(request)).get("text")
    if not isinstance(text, str):
        raise Fault(400, "bad_body", 'the body is an object with a "text"')
    request.app[REPLY_PACE].take("robot")
    post, is_new = await request.app[STORE].reply(post_id(request), text, key)
    return reply_json(post_json(post, origin_of(request)), status=201 if is_new else 200)


async def my_reply(request: web.Request) -> web.Response:
    """Our reply to a post: the one made under a key, or the first."""
    found = request.app[STORE].reply_under(post_id(request), request.query.get("key"))
    if found is None:
        raise Fault(404, "no_reply", "you have not replied to this post")
    return reply_json(post_json(found, origin_of(request)))


async def own_replies(request: web.Request) -> web.Response:
    """Everything that stands here under our name since a moment, oldest first, page by page."""
    after = request.query.get("after", "") or "0"
    if not (after.isascii() and after.isdigit() and len(after) <= 18):
        raise Fault(400, "bad_cursor", "this site never gave out such a cursor")
    try:
        since = datetime.fromisoformat(request.query.get("since", ""))
    except ValueError as error:
        raise Fault(400, "bad_query", "since is not a date") from error
    if since.tzinfo is None:
        raise Fault(400, "bad_query", "since has no zone")
    limit = int(_number(request.query, "limit", PAGE, 1, PAGE))
    found = request.app[STORE].own_replies(since, int(after), limit)
    origin = origin_of(request)
    further = str(found[-1].id) if len(found) == limit else ""
    return reply_json({"replies": [post_json(post, origin) for post in found], "next": further})


async def delete(request: web.Request) -> web.Response:
    """Take one of our own replies back."""
    store = request.app[STORE]
    await store.delete(post_id(request), store.robot)
    return web.Response(status=204)


async def reactions(request: web.Request) -> web.Response:
    """How people reacted to a post."""
    number = post_id(request)
    return reply_json({"id": str(number), "reactions": request.app[STORE].reactions(number)})


# What the protocol and the people's pages share: reading requests, writing JSON.


def reply_json(body: object, status: int = 200) -> web.Response:
    """A JSON answer that no cache keeps."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    headers = {"Cache-Control": "no-store"}
    return web.Response(text=text, status=status, content_type="application/json", headers=headers)


async def json_body(request: web.Request) -> dict[str, object]:
    """The request's JSON object; raises `Fault` 400 or 415."""
    if request.content_type != "application/json":
        raise Fault(415, "not_json", "send Content-Type: application/json")
    try:
        body = json.loads((await request.read()).decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise Fault(400, "bad_body", "the body is not JSON") from error
    if not isinstance(body, dict):
        raise Fault(400, "bad_body", "the body is not an object")
    return body


def post_id(request: web.Request) -> int:
    """The post's id in the path; raises `Fault` 404 for what cannot be one."""
    text = request.match_info["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise no_post()
    return int(text)


def origin_of(request: web.Request) -> str:
    """Where people see this site: the configured address, else the one that was asked."""
    return request.app[ORIGIN] or str(request.url.origin())


async def heard(bell: asyncio.Event, until: float) -> bool:
    """Wait for a bell until the loop's clock shows `until`; whether it rang."""
    try:
        async with asyncio.timeout_at(until):
            await bell.wait()
    except TimeoutError:
        return False
    return True


def post_json(post: Post, origin: str) -> dict[str, object]:
    """A post as the protocol shows it."""
    person = post.author
    return {
        "id": str(post.id),
        "author": {"id": str(person.id), "handle": person.handle, "name": person.name, "bot": person.bot},
        "text": post.text,
        "media": [picture_json(picture, origin) for picture in post.pictures],
        "parent_id": None if post.parent is None else str(post.parent),
        "root_id": str(post.root),
        "at": post.at.isoformat(),
        "url": f"{origin}/p/{post.root}#{post.id}",
        "deleted": post.gone,
    }


def mention_json(post: Post, origin: str) -> dict[str, object]:
    """A post that calls us."""
    return {**post_json(post, origin), "visibility": "public"}


def picture_json(picture: Picture, origin: str) -> dict[str, str]:
    """A picture with its description."""
    kind = TYPES[picture.file.rpartition(".")[2]]
    return {"kind": "image", "type": kind, "url": f"{origin}/media/{picture.file}", "alt": picture.alt}


def _fitting(posts: list[Post], room: int) -> list[Post]:
    """The root, and the nearest posts that fit into a page of so many characters."""
    kept: list[Post] = []
    room -= len(posts[0].text) if posts else 0
    for post in reversed(posts[1:]):
        room -= len(post.text)
        if room < 0:
            break
        kept.insert(0, post)
    return posts[:1] + kept


def _cursor(text: str, newest: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18) or int(text) > newest:
        raise Fault(400, "bad_cursor", "this site never gave out such a cursor")
    return int(text)


def _number(query: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    """A number in the query, brought into its bounds; raises `Fault` 400 for what is none."""
    try:
        value = float(query.get(name, default))
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise Fault(400, "bad_query", f"{name} is not a number")
    return min(max(value, least), most)
