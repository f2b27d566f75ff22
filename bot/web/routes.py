"""The site map of the admin pages: one table, and what the pages need."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from aiohttp import web

from bot.web import live, review, views
from bot.web.guard import admit, check_seal, explain, shield
from bot.web.metrics import metrics
from bot.web.ports import Keys, Log
from bot.web.site import METRICS_TOKEN, SITE, Site, load_templates

HERE = Path(__file__).parent
ROUTES = (
    web.get("/", views.log),
    web.get("/episode", views.episode),
    web.post("/decide", views.decide),
    web.get("/review", review.review),
    web.post("/review", review.decide_here),
    web.get("/mode", review.switch),
    web.post("/mode", review.set_mode),
    web.get("/changes", live.changes),
    web.get("/sign-in", views.sign_in),
    web.post("/sign-out", views.sign_out),
    web.get("/language", views.language),
    web.get("/health", views.health),
    web.get("/metrics", metrics),
    web.static("/static", HERE / "static"),
    web.static("/look", HERE / "look"),
)


def make_web(  # noqa: PLR0913 - all but the first two are named and have a default
    log: Log,
    keys: Keys,
    *,
    accounts: Collection[str] = (),
    plaza: str = "",
    offline: bool = False,
    troubles: Callable[[], Sequence[str]] = tuple,
    secure: bool = False,
    clock: Callable[[], float] = time.time,
    quiet: float = 15.0,
    metrics_token: str = "",
) -> web.Application:
    """The admin pages over a log and the keys that open them.

    `accounts` are ours (`name@host`), for the platform filter, and may grow while the bot runs; `plaza` is the plaza's
    address, if one runs; `offline` says on every page that no model is connected; `troubles` tells what is wrong with
    files that people edit; `secure` says that admins come through TLS; `clock` gives Unix seconds; `quiet` is the pause
    in seconds after which a silent event stream shows that it lives; `metrics_token` opens /metrics, which is not there
    without one.
    """
    app = web.Application(middlewares=[explain, admit, check_seal])
    app[SITE] = Site(log, keys, clock, accounts, plaza, offline, troubles, secure, load_templates())
    app[METRICS_TOKEN] = metrics_token
    app[live.STREAMS] = weakref.WeakSet()
    app[live.QUIET] = quiet
    app.on_response_prepare.append(shield)
    app.on_shutdown.append(live.hang_up)
    app.add_routes(ROUTES)
    return app
