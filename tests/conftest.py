"""What every test gets: no way out but loopback, a journal in a file of its own, and a bot made of fakes."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from bot.journal import Episodes, open_database
from bot.model import Meme, Recalled
from tests.fakes import World


def _only_loopback(event: str, args: tuple[Any, ...]) -> None:
    """Outside calls are impossible in tests: whatever opens a socket to another machine fails on the spot."""
    if event != "socket.connect":
        return
    address = args[1]
    if not isinstance(address, tuple):
        return
    try:
        loopback = ip_address(str(address[0])).is_loopback
    except ValueError:
        loopback = address[0] == "localhost"
    if not loopback:
        message = f"a test tried to reach {address!r}; tests talk to loopback only"
        raise RuntimeError(message)


sys.addaudithook(_only_loopback)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Episodes]:
    database = await open_database(f"sqlite:///{tmp_path / 'journal.sqlite3'}")
    episodes = Episodes(database)
    await episodes.open()
    yield episodes
    await database.close()


@pytest.fixture
def cards() -> tuple[Recalled, ...]:
    """One card that came to mind."""
    meme = Meme.model_validate(
        {
            "id": "zh-test",
            "family": "test",
            "names": ["测试梗"],
            "kind": "template",
            "meaning": "只在测试里出现",
            "use": "随便",
            "situations": [f"第{number}种情况" for number in range(8)],
            "examples": ["就这样"],
            "tones": ["banter"],
            "avoid": ["grief"],
            "source": "own",
            "first_seen": date(2025, 1, 1),
            "last_seen": date(2026, 1, 1),
            "review": "approved",
        }
    )
    return (Recalled(meme=meme, score=1.0),)


@pytest.fixture
async def world(journal: Episodes) -> World:
    return World(journal)
