"""Runs the plaza as a process of its own, on a leash if somebody holds one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from bot.child import let_go, say_ready
from bot.errors import Misconfigured
from bot.plaza.pages import Pages
from bot.plaza.site import serve


async def run_plaza(
    folder: Path, host: str, port: int, token: str, *, leash: bool, tell: Callable[[str], object], admin: str = ""
) -> None:
    """Serve until cancelled or, on a leash, until standard input closes because the bot is gone.

    `admin` is the address of the admin pages, where visitors may read why the bot said something.
    """
    if not token:
        message = "set JIEGENG_PLAZA_TOKEN to the token under which the robot signs in here"
        raise Misconfigured(message)

    def opened(_port: int) -> None:
        if leash:
            say_ready()
        else:
            tell(f"the plaza is open at http://{host}:{port}")

    serving = asyncio.create_task(
        _serve_patiently(folder, host, port, token, opened, tries=20 if leash else 1, admin=admin)
    )
    if leash:
        held = asyncio.create_task(let_go())
        await asyncio.wait({serving, held}, return_when=asyncio.FIRST_COMPLETED)
        if not serving.done():
            serving.cancel()
    await asyncio.gather(serving, return_exceptions=not serving.done())


async def _serve_patiently(
    folder: Path, host: str, port: int, token: str, opened: Callable[[int], None], *, tries: int, admin: str
) -> None:
    """After a kill -9 the plaza before us needs a moment to notice and to let go of folder and port."""
    for left in range(tries - 1, -1, -1):
        try:
            await serve(folder, host, port, token, pages=Pages(admin).routes(), opened=opened)
        except Misconfigured:
            if left == 0:
                raise
            await asyncio.sleep(0.25)
        else:
            return
