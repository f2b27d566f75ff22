from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot.librarian import MUCH, Job, index_aside, refresh
from memes.files import MemeFileError
from safety import Filter
from tests.memes.cards import CARD, write_file


@pytest.fixture
def job(tmp_path: Path) -> Job:
    cards = tmp_path / "cards"
    cards.mkdir()
    write_file(cards)
    return Job((str(cards),), None, str(tmp_path / "cache"), {"banwei": "peak"})


def kept(job: Job) -> dict[str, int]:
    """The files of what is kept, and when each was written."""
    return {file.name: file.stat().st_mtime_ns for file in Path(job.cache, "cards").iterdir()}


def list_children() -> set[str]:
    return set(Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split())


async def test_what_was_done_aside_is_not_done_again(job: Job) -> None:
    await index_aside(job)
    done = kept(job)

    shelf = job.open(Filter.load())

    assert [(card.id, card.lifecycle) for card in shelf.library.cards] == [("banwei", "peak")]
    assert {name.partition("-")[0] for name in done} == {"cards", "grams", "words", "names", "index"}
    assert kept(job) == done
    assert list(Path(job.cache).glob("screened-*.txt"))


async def test_much_is_done_aside_and_little_is_not(job: Job) -> None:
    shelf, lock = job.open(Filter.load()), Path(job.cache, "cards.lock")
    write_file(Path(job.folders[0]), CARD.replace("id: banwei", "id: second"), name="little.yaml")

    assert await refresh(shelf, job)
    assert [card.id for card in shelf.library.cards] == ["second", "banwei"]
    assert not lock.exists()

    much = "".join(CARD.replace("id: banwei", f"id: much-{number}") for number in range(MUCH // len(CARD.encode())))
    write_file(Path(job.folders[0]), much + "#" * len(CARD.encode()), name="much.yaml")

    assert await refresh(shelf, job)
    assert len(shelf.library.cards) > 100
    assert lock.exists(), "a librarian was there"


async def test_what_could_not_be_done_aside_is_done_here(job: Job, tmp_path: Path) -> None:
    words = tmp_path / "mine.lex"
    words.write_text("no section, so no librarian reads it\n")
    shelf = job.open(Filter.load())
    write_file(Path(job.folders[0]), CARD + "#" * MUCH + "\n" + CARD.replace("id: banwei", "id: second"))

    assert await refresh(shelf, replace(job, words=str(words)))

    assert len(shelf.library.cards) == 2


async def test_a_bad_file_ends_the_work_and_is_told_where_the_cards_are_taken_in(job: Job) -> None:
    path = write_file(Path(job.folders[0]), CARD.replace("kind: slang", "kind: joke"))

    await index_aside(job)

    with pytest.raises(MemeFileError, match=f"{path}:4"):
        job.open(Filter.load())


async def test_whoever_stops_waiting_ends_the_work(job: Job) -> None:
    before = list_children()
    work = asyncio.create_task(index_aside(job))
    while not list_children() - before:
        await asyncio.sleep(0.01)

    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work

    assert not list_children() - before
