"""A backup holds everything and nothing that was forgotten; a restore answers nobody a second time."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.errors import Misconfigured
from bot.journal import Episodes, Keeping, Passes, open_database
from bot.journal.backup import back_up, restore, verify
from bot.model import State
from bot.ports import NEVER, PERMANENT, Once
from tests.bot.journal.test_keeping import everything, keeping
from tests.fakes import ACCOUNT, NOW, FakePlatform, World, author, mention, post


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'journal.sqlite3'}"


@asynccontextmanager
async def opened(url: str, platform: FakePlatform | None = None) -> AsyncIterator[World]:
    """A world around the journal at a URL; closed behind it, as a bot that is stopped."""
    database = await open_database(url)
    journal = Episodes(database)
    await journal.open()
    world = World(journal)
    world.platform = platform or world.platform
    try:
        yield world
    finally:
        await database.close()


async def answer(world: World, *ids: str) -> None:
    await world.hear(*(mention(f"@阿梗 第{id}朵云", id=id, by=author(id)) for id in ids))
    await world.settle()


async def catch_up(world: World, rounds: int = 4) -> None:
    """The listener reads on from where the backup stood, and time passes."""
    await world.bot("listener").listen(world.platform, wait=0)
    for _ in range(rounds):
        await world.later(200)


def said_to(platform: FakePlatform) -> list[str]:
    return sorted(there for there, _text, _key in platform.posts)


FIRST = [f"a{number}" for number in range(5)]
SECOND = [f"b{number}" for number in range(5)]


@pytest.mark.parametrize("once", [NEVER, PERMANENT, Once("window", 600)])
async def test_what_was_answered_after_the_backup_is_not_answered_again_after_a_restore(
    url: str, tmp_path: Path, once: Once
) -> None:
    platform = FakePlatform(once=once)
    async with opened(url, platform) as world:
        await answer(world, *FIRST)
        await back_up(url, tmp_path / "backup")
        await answer(world, *SECOND)
    await restore(url, tmp_path / "backup", at=NOW)

    async with opened(url, platform) as world:
        await catch_up(world)
        states = [(await world.episode(id)).state for id in FIRST + SECOND]
        asked = len(world.writer.asked)

    assert said_to(platform) == FIRST + SECOND
    assert states == [State.POSTED] * 10
    assert asked == 0, "nothing may be drafted before the platform was asked"


async def test_while_the_platform_cannot_tell_nothing_is_written_and_it_is_asked_again(
    url: str, tmp_path: Path
) -> None:
    platform = FakePlatform(once=NEVER)
    async with opened(url, platform) as world:
        await world.hear()
        await back_up(url, tmp_path / "backup")
        await answer(world, *SECOND)
    await restore(url, tmp_path / "backup", at=NOW)
    platform.blind = True

    async with opened(url, platform) as world:
        await catch_up(world)
        waiting = [(await world.episode(id)).state for id in SECOND]
        asked = len(world.writer.asked)
        platform.blind = False
        await world.later(400)
        settled = [(await world.episode(id)).state for id in SECOND]

    assert waiting == [State.HEARD] * 5
    assert asked == 0
    assert settled == [State.POSTED] * 5
    assert said_to(platform) == SECOND


async def test_what_nobody_answered_before_the_restore_is_answered_after_it(url: str, tmp_path: Path) -> None:
    platform = FakePlatform(once=NEVER)
    async with opened(url, platform) as world:
        await answer(world, *FIRST)
        await back_up(url, tmp_path / "backup")
    platform.incoming.extend(mention(f"@阿梗 第{id}朵云", id=id, by=author(id)) for id in SECOND)
    await restore(url, tmp_path / "backup", at=NOW)

    async with opened(url, platform) as world:
        await catch_up(world)

    assert said_to(platform) == FIRST + SECOND


async def hold(world: World) -> None:
    world.writer.default = "存疑的话"
    await answer(world, "m1")


async def be_busy(world: World) -> None:
    world.platform.faults.append("busy")
    await answer(world, "m1")


async def only_hear(world: World) -> None:
    await world.hear(mention("@阿梗 第m1朵云", id="m1"))


async def drop_it(world: World) -> None:
    world.platform.faults.append("late")
    await answer(world, "m1")


async def approve(world: World) -> None:
    await world.desk.decide(f"{ACCOUNT}:m1", "approve", "admin")


async def land(world: World) -> None:
    world.platform.land()


@pytest.mark.parametrize("once", [NEVER, PERMANENT])
@pytest.mark.parametrize(("before", "after"), [(only_hear, None), (be_busy, None), (hold, approve), (drop_it, land)])
async def test_an_episode_that_was_open_in_the_backup_and_answered_since_is_found_answered(
    url: str,
    tmp_path: Path,
    before: Callable[[World], Awaitable[None]],
    after: Callable[[World], Awaitable[None]] | None,
    once: Once,
) -> None:
    platform = FakePlatform(once=once)
    async with opened(url, platform) as world:
        await before(world)
        await back_up(url, tmp_path / "backup")
        if after is not None:
            await after(world)
        await world.settle()
        await world.later(400)
        assert said_to(platform) == ["m1"]
    await restore(url, tmp_path / "backup", at=NOW)

    async with opened(url, platform) as world:
        await approve(world)
        await catch_up(world)
        state = (await world.episode()).state

    assert said_to(platform) == ["m1"]
    assert state is State.POSTED


async def test_a_wish_to_stop_is_obeyed_after_a_restore_even_while_the_platform_cannot_tell(
    url: str, tmp_path: Path
) -> None:
    platform = FakePlatform(once=NEVER)
    async with opened(url, platform) as world:
        await world.hear()
        await back_up(url, tmp_path / "backup")
        await world.hear(mention("@阿梗 别再回我"))
    await restore(url, tmp_path / "backup", at=NOW)
    platform.blind = True

    async with opened(url, platform) as world:
        await catch_up(world)

        assert (await world.episode()).reason == "this person asked us to stop"


async def test_wishes_switches_and_forgotten_people_outlive_a_restore(url: str, tmp_path: Path) -> None:
    yan = author("阿岩")
    async with opened(url) as world:
        await world.hear(mention("@阿梗 我的秘密是柠檬", by=yan))
        await world.hear(mention("@阿梗 你看", id="m2", thread=(post("柠檬树", by=yan),)))
        await world.settle()
        await back_up(url, tmp_path / "backup")
        await world.hear(mention("@阿梗 别再回我", id="m3"))
        await world.hear(mention("@阿梗 柠檬又熟了", id="m4", by=yan))
        await world.settle()
        await world.desk.set_mode("stopped", by="admin", why="storm")
        await keeping(world).forget("id-阿岩@plaza")
        platform = world.platform

    done = await restore(url, tmp_path / "backup", at=NOW)

    async with opened(url, platform) as world:
        await catch_up(world)
        left = await everything(world)
        assert [word for word in ("柠檬", "阿岩") if word in left] == []
        assert await world.desk.mode() == "stopped"
        assert done.taken is not None
        assert done.taken.silences == 1


async def test_open_sessions_end_with_a_restore(url: str, tmp_path: Path) -> None:
    async with opened(url) as world:
        session = await Passes(world.journal.database).open()
        await back_up(url, tmp_path / "backup")
    await restore(url, tmp_path / "backup", at=NOW)

    async with opened(url) as world:
        assert not await Passes(world.journal.database).valid(session)


async def test_the_replaced_journal_is_put_aside_whole(url: str, tmp_path: Path) -> None:
    async with opened(url) as world:
        await answer(world, *FIRST)
        await back_up(url, tmp_path / "backup")
        await answer(world, *SECOND)

    done = await restore(url, tmp_path / "backup", at=NOW)

    assert done.aside is not None
    (count,) = sqlite3.connect(done.aside).execute("SELECT count(*) FROM episodes").fetchone()
    assert (done.episodes, count) == (5, 10)


async def test_a_damaged_journal_is_replaced_too(url: str, tmp_path: Path) -> None:
    async with opened(url) as world:
        await answer(world, *FIRST)
        await back_up(url, tmp_path / "backup")
    (tmp_path / "journal.sqlite3").write_bytes(b"no database at all" * 1000)

    done = await restore(url, tmp_path / "backup", at=NOW)

    assert (done.episodes, done.taken) == (5, None)


async def test_a_running_bot_is_noticed_and_its_journal_stays(url: str, tmp_path: Path) -> None:
    async with opened(url) as world:
        await answer(world, *FIRST)
        await back_up(url, tmp_path / "backup")

        with pytest.raises(Misconfigured, match="stop the bot first"):
            await restore(url, tmp_path / "backup", at=NOW)

        assert (await world.episode("a0")).state is State.POSTED


async def refused(url: str, file: Path) -> str:
    with pytest.raises(Misconfigured) as told:
        await restore(url, file, at=NOW)
    return str(told.value)


async def test_a_backup_that_was_changed_is_refused_and_the_journal_stays(url: str, tmp_path: Path) -> None:
    async with opened(url) as world:
        await answer(world, *FIRST)
    file = tmp_path / "backup"
    await back_up(url, file)
    subprocess.run(["sha256sum", "-c", "backup.sha256"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)

    assert "is not what was backed up" in await refused(url, file)
    async with opened(url) as world:
        assert (await world.episode("a0")).state is State.POSTED


async def test_a_backup_without_its_sum_or_of_something_else_is_refused(url: str, tmp_path: Path) -> None:
    async with opened(url):
        await back_up(url, tmp_path / "backup")
    (tmp_path / "backup.sha256").unlink()
    other = tmp_path / "other"
    other.write_text("a shopping list")
    sums = subprocess.run(["sha256sum", "other"], cwd=tmp_path, check=True, capture_output=True).stdout
    (tmp_path / "other.sha256").write_bytes(sums)

    assert "backup.sha256 is missing" in await refused(url, tmp_path / "backup")
    assert "is no backup of a journal" in await refused(url, other)
    assert "there is no file" in await refused(url, tmp_path / "nowhere")


async def test_a_backup_of_a_newer_program_is_refused(url: str, tmp_path: Path) -> None:
    async with opened(url):
        pass
    connection = sqlite3.connect(tmp_path / "journal.sqlite3")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    await back_up(url, tmp_path / "backup")

    assert "written by a newer program" in await refused(f"sqlite:///{tmp_path}/fresh.sqlite3", tmp_path / "backup")


async def test_a_backup_never_overwrites_another_one(url: str, tmp_path: Path) -> None:
    async with opened(url):
        await back_up(url, tmp_path / "backup")

        with pytest.raises(Misconfigured, match="is there already"):
            await back_up(url, tmp_path / "backup")
    verify(tmp_path / "backup")


async def test_a_backup_while_the_bot_writes_is_one_moment_of_it(url: str, tmp_path: Path) -> None:
    async with opened(url) as world:
        for number in range(6):
            await answer(world, f"x{number}")
            await back_up(url, tmp_path / f"backup-{number}")
        await answer(world, "x6")

    counts = []
    for number in range(6):
        connection = sqlite3.connect(tmp_path / f"backup-{number}")
        (cursor,) = connection.execute("SELECT value FROM cursors").fetchone()
        (count,) = connection.execute("SELECT count(*) FROM episodes WHERE state = 'posted'").fetchone()
        counts.append((int(cursor), count))
        connection.close()
    assert counts == [(number + 1, number + 1) for number in range(6)]


async def test_no_byte_of_a_forgotten_person_is_left_in_the_file_the_log_or_a_backup(url: str, tmp_path: Path) -> None:
    yan = author("阿岩")
    async with opened(url) as world:
        for number in range(40):
            await world.hear(
                mention(f"@阿梗 我的秘密是柠檬{number}" + "啊" * 900, id=f"m{number}", by=yan),
                mention(f"@阿梗 无关{number}" + "哦" * 900, id=f"n{number}"),
            )
            await world.settle()
        assert await found_in(tmp_path, "柠檬", "阿岩")

        await keeping(world).forget("id-阿岩@plaza")
        await back_up(url, tmp_path / "backup")

        assert not await found_in(tmp_path, "柠檬", "阿岩")
        assert await found_in(tmp_path, "无关")


async def found_in(folder: Path, *words: str) -> bool:
    files = [path for path in folder.iterdir() if path.is_file()]
    return any(word.encode() in file.read_bytes() for file in files for word in words)


async def test_purging_overwrites_what_it_deletes(url: str, tmp_path: Path) -> None:
    async with opened(url) as world:
        await answer(world, *FIRST)
        await world.pass_time(40 * 86400)

        await Keeping(world.journal.database, keeping(world).pause).purge(30)
        await world.journal.database.compact()

        assert not await found_in(tmp_path, "朵云")
