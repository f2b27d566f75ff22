"""The review page and the mode switch: what waits for a person, and how careful the bot is now."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from bot.model import MODES, REJECTIONS, Episode, State
from bot.web.site import SITE, render

SHOWN = 60
GRACE = 8.0
LASTS = (0, 3600, 7200, 28800, 86400, 604800)
_SPACE = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Case:
    """One card of the queue: an episode, others that ask the same, and the room for a reply in characters, if known."""

    episode: Episode
    like: tuple[Episode, ...]
    room: int | None


async def review(request: web.Request) -> web.Response:
    """The queue, oldest first; holds that ask the same stand behind one card."""
    return await show_queue(request)


async def show_queue(request: web.Request, status: int = 200, refusal: str = "", typed: str = "") -> web.Response:
    """The queue; after a refusal, what the person typed for the episode `key` is still there."""
    site = request.app[SITE]
    waiting = await site.log.waiting()
    cases = [Case(one, tuple(like), site.log.room(one)) for one, *like in group(waiting)]
    form = await request.post() if status != 200 else {}
    return render(
        request,
        "review.html",
        status,
        cases=cases[:SHOWN],
        count=len(waiting),
        more=len(cases) > SHOWN,
        because=REJECTIONS,
        grace=GRACE,
        done=request.query.get("done", ""),
        done_key=request.query.get("key", ""),
        done_version=request.query.get("version", ""),
        refusal=refusal,
        refused=str(form.get("key", "")),
        typed=typed,
    )


def group(episodes: Sequence[Episode]) -> list[list[Episode]]:
    """Held episodes with the same draft, or by the same person for the same findings, behind the oldest of them.

    A flood of one attack is one card. What is unsure stands alone: each needs a look at its own post.
    """
    groups: list[list[Episode]] = []
    places: dict[tuple[object, ...], int] = {}
    for episode in episodes:
        marks = _marks(episode)
        place = next((places[mark] for mark in marks if mark in places), len(groups))
        if place == len(groups):
            groups.append([])
        groups[place].append(episode)
        for mark in marks:
            places.setdefault(mark, place)
    return groups


def _marks(episode: Episode) -> list[tuple[object, ...]]:
    if episode.state is not State.HELD or episode.draft is None:
        return []
    text = _SPACE.sub("", unicodedata.normalize("NFKC", episode.draft.text).casefold())
    verdict = episode.verdict
    found = tuple(sorted({(r.code, r.rule) for r in verdict.reasons if r.risk != "low"})) if verdict else ()
    return [("text", text), *([("person", episode.mention.person, found)] if found else [])]


async def switch(request: web.Request) -> web.Response:
    """The mode in force, who switched it, what is planned, and the form to switch."""
    return await show_switch(request)


async def show_switch(request: web.Request, status: int = 200, refusal: str = "") -> web.Response:
    """The page of the mode, with what was typed if it was refused."""
    log, form = request.app[SITE].log, await request.post() if status != 200 else {}
    return render(
        request,
        "mode.html",
        status,
        found=await log.in_force(),
        planned=await log.planned(),
        switched=await log.switched(),
        modes=MODES,
        lasts=LASTS,
        done="done" in request.query,
        refusal=refusal,
        chosen=str(form.get("mode", "")),
        typed=str(form.get("why", "")),
    )


async def set_mode(request: web.Request) -> web.Response:
    """Switch the mode, or take back a plan; stopping has to be confirmed."""
    form, log = await request.post(), request.app[SITE].log
    why = str(form.get("why", "")).strip()[:500]
    plan = str(form.get("cancel", ""))
    if plan:
        if not plan.isdecimal() or not await log.cancel_mode(int(plan), by="admin", why=why):
            raise web.HTTPBadRequest
        raise web.HTTPSeeOther("/mode?done=1")
    mode, lasts = str(form.get("mode", "")), str(form.get("lasts", "0"))
    if mode not in MODES or not lasts.isdecimal() or int(lasts) not in LASTS:
        raise web.HTTPBadRequest
    if mode == "stopped" and form.get("sure") != "yes":
        return await show_switch(request, 409, "mode.wrong.sure")
    times = {"lasts": float(lasts)} if int(lasts) and mode != "stopped" else {}
    await log.set_mode(mode, by="admin", why=why, **times)
    raise web.HTTPSeeOther("/mode?done=1")


async def decide_here(request: web.Request) -> web.Response:
    """Carry out a decision made on the queue, for the like ones too if that is asked, and come back to it."""
    form, log = await request.post(), request.app[SITE].log
    key, action, version = (str(form.get(name, "")) for name in ("key", "action", "version"))
    if action not in {"approve", "reject", "there", "again", "drop", "undo"} or not version.isdecimal():
        raise web.HTTPBadRequest
    typed = str(form.get("text", "")).replace("\r\n", "\n").strip()
    because, note = str(form.get("because", "")), str(form.get("note", "")).strip()[:500]
    text = note if action == "reject" else typed
    grace = GRACE if action == "approve" else 0.0
    refusal = await log.decide(
        key, action, by="admin", text=text or None, version=int(version), because=because, grace=grace  # type: ignore[arg-type]
    )  # fmt: skip
    if refusal:
        return await show_queue(request, 409, refusal, typed)
    if action == "reject":
        for word in form.getall("like", ()):
            number, _, other = str(word).partition(" ")
            if number.isdecimal():
                await log.decide(other, "reject", by="admin", text=note or None, version=int(number), because=because)
    told = {"done": action, "key": key, "version": str(int(version) + 1)}
    raise web.HTTPSeeOther("/review?" + urlencode(told, errors="replace"))
