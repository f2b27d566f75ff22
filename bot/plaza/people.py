"""What people do on the plaza, as the page asks for it: read, post, comment, like, delete, be somebody, stay tuned."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from bot.plaza.fault import Fault
from bot.plaza.keys import PEOPLE_PACE, STOPPING, STORE
from bot.plaza.pictures import PICTURE_BYTES, TYPES, find
from bot.plaza.protocol import heard, json_body, picture_json, post_id, reply_json
from bot.plaza.store import Person, Post

COOKIE = "plaza_me"
FRONT = 20
HEARTBEAT = 15.0


def me_of(request: web.Request) -> Person:
    """Who this visitor is: whom they chose to be, else the first person on the plaza."""
    store = request.app[STORE]
    choice = request.cookies.get(COOKIE, "")
    person = store.person(int(choice)) if choice.isascii() and choice.isdigit() and len(choice) < 18 else None
    if person is None or person.robot:
        person = next(other for other in store.people() if not other.robot)
    return person


async def people(request: web.Request) -> web.Response:
    """Everybody on the plaza, and who I am."""
    mine = me_of(request)
    everybody = [person_json(person) for person in request.app[STORE].people()]
    return reply_json({"me": person_json(mine), "people": everybody})


async def choose(request: web.Request) -> web.Response:
    """Be somebody else from now on."""
    choice = (await json_body(request)).get("id")
    known = {str(person.id): person for person in request.app[STORE].people() if not person.robot}
    if not isinstance(choice, str) or choice not in known:
        raise Fault(422, "nobody", "there is nobody of this id whom you could be")
    response = reply_json({"me": person_json(known[choice])})
    response.set_cookie(COOKIE, choice, max_age=31_536_000, httponly=True, samesite="Strict")
    return response


async def front(request: web.Request) -> web.Response:
    """Posts, newest first, with their comments; `before` an id for more."""
    store, before = request.app[STORE], request.query.get("before", "")
    event = store.newest_change()  # read first: what comes after it also comes as an event
    rows = store.front(int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None, FRONT)
    likes = store.likes_by(me_of(request).id, [post.id for root, comments in rows for post in (root, *comments)])
    posts = [thread_json(request, root, comments, likes) for root, comments in rows]
    return reply_json({"posts": posts, "event": str(event), "more": len(rows) == FRONT})


async def thread(request: web.Request) -> web.Response:
    """One post with its comments."""
    store = request.app[STORE]
    event = store.newest_change()
    root, comments = store.thread(store.post(post_id(request)).root)
    likes = store.likes_by(me_of(request).id, [post.id for post in (root, *comments)])
    return reply_json({"post": thread_json(request, root, comments, likes), "event": str(event)})


async def write(request: web.Request) -> web.Response:
    """A new post."""
    return await _write(request, None)


async def comment(request: web.Request) -> web.Response:
    """A comment under a post or under another comment."""
    return await _write(request, post_id(request))


async def upload(request: web.Request) -> web.Response:
    """A picture for a post to come: multipart with `file` and `alt`."""
    _slow_down(request)
    form = await request.post()
    file, alt = form.get("file"), form.get("alt", "")
    if not isinstance(file, web.FileField) or not isinstance(alt, str):
        raise Fault(400, "bad_body", "send a form with a file and an alt text")
    picture = await request.app[STORE].keep_picture(me_of(request), file.file.read(PICTURE_BYTES + 1), alt)
    return reply_json({"id": str(picture.id), **picture_json(picture, "")}, status=201)


async def show_picture(request: web.Request) -> web.StreamResponse:
    """A picture's bytes."""
    file = find(request.app[STORE].pictures, request.match_info["name"])
    kind = TYPES[file.suffix.removeprefix(".")]
    return web.FileResponse(file, headers={"Cache-Control": "private, max-age=3600", "Content-Type": kind})


async def like(request: web.Request) -> web.Response:
    """Like a post (PUT) or no longer (DELETE)."""
    _slow_down(request)
    post = await request.app[STORE].like(post_id(request), me_of(request), on=request.method == "PUT")
    return reply_json(one_json(request, post))


async def delete(request: web.Request) -> web.Response:
    """Take an own post or comment back."""
    _slow_down(request)
    await request.app[STORE].delete(post_id(request), me_of(request))
    return web.Response(status=204)


async def events(request: web.Request) -> web.StreamResponse:
    """New, changed and deleted posts as server-sent events, from `Last-Event-ID` or `after` on."""
    store, stopping = request.app[STORE], request.app[STOPPING]
    seen = _event_seen(request, store.newest_change())
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    try:
        await response.write(b"retry: 2000\n\n")
        while not stopping.is_set():
            bell = store.bell.listen()
            seen, said = _news(request, seen)
            if said or not await heard(bell, asyncio.get_running_loop().time() + HEARTBEAT):
                await response.write(said or b": still here\n\n")
    except ConnectionResetError:  # the visitor closed the page
        pass
    return response


def person_json(person: Person) -> dict[str, object]:
    """Somebody, as the page shows them."""
    about = {"id": str(person.id), "handle": person.handle, "name": person.name, "about": person.about}
    return {**about, "bot": person.bot, "robot": person.robot}


def one_json(request: web.Request, post: Post, likes: set[int] | None = None) -> dict[str, object]:
    """A post without its comments; `likes` are the ids that the visitor likes, looked up if not given."""
    mine = me_of(request)
    if likes is None:
        likes = request.app[STORE].likes_by(mine.id, [post.id])
    return {
        "id": str(post.id),
        "author": person_json(post.author),
        "text": post.text,
        "pictures": [picture_json(picture, "") for picture in post.pictures],
        "parent_id": None if post.parent is None else str(post.parent),
        "root_id": str(post.root),
        "at": post.at.isoformat(),
        "likes": post.likes,
        "liked": post.id in likes,
        "mine": post.author.id == mine.id,
        "deleted": post.gone,
    }


def thread_json(request: web.Request, root: Post, comments: list[Post], likes: set[int]) -> dict[str, object]:
    """A post with its comments, oldest first."""
    return {**one_json(request, root, likes), "comments": [one_json(request, post, likes) for post in comments]}


async def _write(request: web.Request, parent: int | None) -> web.Response:
    _slow_down(request)
    body = await json_body(request)
    text, shown = body.get("text", ""), body.get("pictures", [])
    if not isinstance(text, str) or not isinstance(shown, list):
        raise Fault(400, "bad_body", 'the body is an object with a "text" and a list of "pictures"')
    ids = [int(number) for number in map(str, shown) if number.isascii() and number.isdigit() and len(number) < 18]
    post = await request.app[STORE].write(me_of(request), text, parent=parent, picture_ids=ids)
    return reply_json(one_json(request, post), status=201)


def _slow_down(request: web.Request) -> None:
    request.app[PEOPLE_PACE].take(request.remote or "")


def _event_seen(request: web.Request, newest: int) -> int:
    seen = request.headers.get("Last-Event-ID") or request.query.get("after", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 18 else newest


def _news(request: web.Request, seen: int) -> tuple[int, bytes]:
    """Where the visitor stands after the next events, and these events."""
    store = request.app[STORE]
    changes, is_whole = store.changes(seen)
    if not is_whole:  # too long away: the page loads anew
        newest = store.newest_change()
        return newest, _event("reset", newest, {})
    events = [_event("gone" if post.gone else "post", n, one_json(request, post)) for n, post in changes]
    return (changes[-1][0] if changes else seen), b"".join(events)


def _event(kind: str, number: int, data: dict[str, object]) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {kind}\nid: {number}\ndata: {text}\n\n".encode()
