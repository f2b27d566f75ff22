"""The chain names the place where somebody changed what had happened, and holds no text that must be forgotten."""

# ruff: noqa: S608 - the statements are the forger's

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from bot.journal.audit import START, Audit, Report, note_erased
from bot.model import State
from tests.fakes import World, mention


@pytest.fixture
async def told(world: World) -> World:
    """Four mentions that were answered one after the other, and one switch, all sealed."""
    for number in range(4):
        await world.hear(mention(f"@阿梗 第{number}朵云", id=f"m{number}"))
        await world.settle()
    await Audit(world.journal.database).seal()
    return world


async def run(world: World, statement: str) -> None:
    await world.journal.database.write(lambda connection: connection.execute(text(statement)).rowcount)


async def check(world: World) -> Report:
    return await Audit(world.journal.database).verify()


async def test_what_happened_is_sealed_once_and_the_chain_holds(told: World) -> None:
    report = await check(told)

    assert report.faults == ()
    assert (report.entries, report.unsealed) == (5, 0)
    assert report.head != START
    assert await Audit(told.journal.database).seal() == 0


async def test_sealing_goes_on_where_it_stood_and_so_does_another_worker(told: World) -> None:
    await told.hear(mention("@阿梗 还有一朵", id="m9"))
    await told.settle()
    assert (await check(told)).unsealed == 1

    assert await Audit(told.journal.database, producer="another").seal() == 1
    report = await check(told)

    assert (report.faults, report.entries, report.unsealed) == ((), 6, 0)


async def test_an_episode_that_ends_a_second_time_gets_a_second_entry(told: World) -> None:
    await told.journal.late(mention(id="m1").key, (await told.episode("m0")).reply, by="late")  # type: ignore[arg-type]
    told.writer.default = "坏话"
    await told.hear(mention(id="m8"))
    await told.settle()
    assert (await told.episode("m8")).state is State.BLOCKED
    await Audit(told.journal.database).seal()
    reply = (await told.episode("m0")).reply
    assert reply is not None
    await told.journal.late(mention(id="m8").key, reply.model_copy(update={"id": "r77"}), by="late")
    await Audit(told.journal.database).seal()

    report = await check(told)

    assert report.faults == ()
    assert report.entries == 7


@pytest.mark.parametrize(
    "column",
    ["draft = replace(draft, '工位', '家里')", "state = 'skipped'", "posted_at = posted_at + 1", "steps = '[]'"],
)
async def test_a_row_that_was_changed_is_named(told: World, column: str) -> None:
    await run(told, f"UPDATE episodes SET {column} WHERE key = '{mention(id='m2').key}'")

    (fault,) = (await check(told)).faults

    assert mention(id="m2").key in fault.what
    assert "changed" in fault.what
    assert fault.place.startswith("entry ")


async def test_a_row_that_was_changed_under_a_higher_version_is_named(told: World) -> None:
    await run(told, "UPDATE episodes SET updated_at = updated_at - 5000")
    await run(told, f"UPDATE episodes SET reason = 'x', version = version + 1 WHERE key = '{mention(id='m2').key}'")

    assert mention(id="m2").key in str((await check(told)).faults)


async def test_a_row_that_was_deleted_is_named(told: World) -> None:
    await run(told, f"DELETE FROM episodes WHERE key = '{mention(id='m2').key}'")

    (fault,) = (await check(told)).faults

    assert "gone" in fault.what


async def test_a_switch_that_was_changed_is_named(told: World) -> None:
    await run(told, "UPDATE modes SET mode = 'stopped' WHERE id = 1")

    assert "switch 1" in (await check(told)).faults[0].what


async def test_an_entry_that_was_changed_is_named(told: World) -> None:
    await run(told, "UPDATE audit SET digest = 'x' WHERE seq = 3")

    assert (await check(told)).faults[0].place.startswith("entry 3 ")


async def test_an_entry_that_was_deleted_is_named(told: World) -> None:
    await run(told, "DELETE FROM audit WHERE seq = 3")

    faults = (await check(told)).faults

    assert faults[0].place.startswith("entry 4 ")
    assert "3 to 3 are missing" in faults[0].what


async def test_entries_that_changed_places_are_named(told: World) -> None:
    await run(told, "UPDATE audit SET seq = 99 WHERE seq = 3")
    await run(told, "UPDATE audit SET seq = 3 WHERE seq = 4")
    await run(told, "UPDATE audit SET seq = 4 WHERE seq = 99")

    assert (await check(told)).faults[0].place.startswith("entry 3 ")


async def test_the_first_entries_cannot_go_unnoticed(told: World) -> None:
    await run(told, "DELETE FROM audit WHERE seq < 3")

    assert "missing" in (await check(told)).faults[0].what


async def test_what_is_too_old_is_cut_off_and_the_rest_still_holds(told: World) -> None:
    await run(told, "UPDATE audit SET at = at")  # nothing is old yet
    audit = Audit(told.journal.database, keep_for=3600)
    assert await audit.cut() == 0

    assert await Audit(told.journal.database, keep_for=-1).cut() == 5

    report = await check(told)
    assert (report.faults, report.entries) == ((), 1)


async def test_texts_can_be_erased_and_the_chain_still_holds_without_a_trace_of_them(told: World) -> None:
    key = mention(id="m2").key

    def erase(connection):  # type: ignore[no-untyped-def]
        note_erased(connection, [key])
        return connection.execute(text("DELETE FROM episodes WHERE key = :key"), {"key": key}).rowcount

    await told.journal.database.write(erase)
    report = await check(told)
    entries = json.dumps(await Audit(told.journal.database).export(), default=str, ensure_ascii=False)

    assert report.faults == ()
    assert report.erased == 1
    assert key not in entries
    assert "小满" not in entries
    assert "云" not in entries


async def test_two_like_texts_have_unlike_digests_because_of_their_salt(world: World) -> None:
    for number in range(2):
        await world.hear(mention(id=f"m{number}"))
        await world.settle()
    await Audit(world.journal.database).seal()

    entries = await Audit(world.journal.database).export()

    assert len({entry["digest"] for entry in entries}) == len(entries)


async def test_each_reply_has_a_content_number_and_the_label_of_the_standard(told: World) -> None:
    entries = [entry for entry in await Audit(told.journal.database).export() if entry["kind"] == "episode"]

    numbers = {entry["number"] for entry in entries}
    label = entries[0]["aigc"]["AIGC"]
    assert len(numbers) == 4
    assert label["Label"] == "1"
    assert label["ProduceID"] == label["PropagateID"] == entries[0]["number"]
    assert set(label) == {
        "Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2",
    }  # fmt: skip
    assert json.dumps(label).isascii()
