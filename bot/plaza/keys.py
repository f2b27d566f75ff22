"""What the plaza's application carries, by typed key."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.plaza.pace import Pace
from bot.plaza.store import Store

STORE = web.AppKey("store", Store)
TOKEN = web.AppKey("token", str)
ORIGIN = web.AppKey("origin", str)
PEOPLE_PACE = web.AppKey("people_pace", Pace)
REPLY_PACE = web.AppKey("reply_pace", Pace)
STOPPING = web.AppKey("stopping", asyncio.Event)
