"""An operator at the terminal: tries a sentence, breaks a file and is told where, reads the log, replays a mention."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.errors import Misconfigured
from bot.journal import Episodes, open_database
from bot.model import Author, Mention
from tests.fakes import World, mention

PROMPTS = Path(__file__).parents[2] / "prompts"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own, with a copy of the personas."""
    for name in [name for name in os.environ if name.startswith(("JIEGENG_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("JIEGENG_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("JIEGENG_PROMPTS", str(tmp_path / "prompts"))
    monkeypatch.setenv("COLUMNS", "160")
    shutil.copytree(PROMPTS, tmp_path / "prompts")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def jiegeng(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_grief_is_comforted_without_a_meme_and_the_evidence_is_shown(home: Path) -> None:
    said = jiegeng("say", "爷爷昨天走了，我还没来得及见他最后一面")

    assert said.exit_code == 0
    assert "comfort" in said.output
    assert "memes that came to mind" not in said.output
    assert "「最后一面」" in said.output
    assert "（AI生成）" in said.output


def test_a_crowded_train_is_joked_about_with_a_meme_and_the_evidence_is_shown(home: Path) -> None:
    said = jiegeng("say", "周一早上地铁挤成照片了[doge]")

    assert said.exit_code == 0
    assert "banter" in said.output
    assert "played" in said.output
    assert "「[doge]」" in said.output


def test_a_comment_is_read_beside_its_post_and_the_more_fragile_one_decides(home: Path) -> None:
    said = jiegeng("say", "@阿梗 哈哈哈哈来个段子", "--post", "爷爷昨天走了，我还没来得及见他最后一面", "--json")

    assert json.loads(said.output)["reading"]["tone"] == "comfort"


def test_a_crisis_gets_the_reviewed_text(home: Path) -> None:
    told = json.loads(jiegeng("say", "我不想活了，药都买好了", "--json").output)

    assert told["reading"]["tone"] == "crisis"
    assert told["draft"]["writer"] == "care"
    assert "12356" in told["reply"]["text"]
    assert told["memes"] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "🤡🎪🚌💼☕",
        "啊" * 50_000,
        "\ud800 broken",
        "\u202ediputs era uoy",
        "\u200b\u200b\u200b",
        "Þetta er á íslensku",
        "@阿梗",
    ],
)
def test_strange_input_is_answered_or_skipped_with_the_reason_and_never_breaks(home: Path, text: str) -> None:
    told = json.loads(jiegeng("say", text, "--json").output)

    assert told["state"] in {"posted", "skipped"}
    assert told["state"] == "posted" or told["reason"]


def test_everything_that_ships_passes_the_check(home: Path) -> None:
    checked = jiegeng("check")

    assert checked.exit_code == 0
    assert "✗" not in checked.output


def test_a_broken_persona_is_told_with_file_and_line(home: Path) -> None:
    (home / "prompts" / "broken.md").write_text("---\nname: broken\nnonsense: 1\n---\n## who zh\n你好\n")

    checked = jiegeng("check")

    assert checked.exit_code == 2
    assert "broken.md:" in checked.output


def test_a_broken_card_is_told_with_file_and_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "cards").mkdir()
    (home / "cards" / "mine.yaml").write_text("- id: zh-mine\n  family: mine\n  nmaes: [我的梗]\n")
    monkeypatch.setenv("JIEGENG_MEMES", str(home / "cards"))

    checked = jiegeng("check")

    assert checked.exit_code == 2
    assert "mine.yaml:" in checked.output


def test_a_missing_persona_names_those_there_are(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIEGENG_PERSONA", "nobody")

    checked = jiegeng("check")

    assert checked.exit_code == 2
    assert "ageng" in checked.output


def test_every_setting_is_listed_with_its_meaning(home: Path) -> None:
    listed = jiegeng("check", "--settings")

    assert "JIEGENG_LLM_BASE_URL" in listed.output
    assert listed.exit_code == 0


async def hear(home: Path) -> None:
    database = await open_database(f"sqlite:///{home / 'data' / 'journal.sqlite3'}")
    journal = Episodes(database)
    await journal.open()
    await journal.begin("阿梗@plaza", "0")
    who = Author(id="1", handle="小满")
    heard = Mention(account="阿梗@plaza", id="7", author=who, text="@阿梗 今天的云像棉花糖", at=datetime.now(UTC))
    await journal.hear("阿梗@plaza", "0", "1", [heard])
    await database.close()


def test_the_log_shows_what_was_heard_and_replay_writes_again_without_posting(home: Path) -> None:
    asyncio.run(hear(home))

    listed = jiegeng("log")
    whole = jiegeng("log", "阿梗@plaza:7", "--json")
    again = jiegeng("replay", "阿梗@plaza:7", "--json")
    after = jiegeng("log", "阿梗@plaza:7", "--json")

    assert "棉花糖" in listed.output
    assert json.loads(whole.output)["state"] == "heard"
    assert json.loads(again.output)["reply"]["text"].endswith("（AI生成）")
    assert json.loads(after.output) == json.loads(whole.output)


def test_an_unknown_key_is_told_with_its_own_exit_code(home: Path) -> None:
    asyncio.run(hear(home))

    assert jiegeng("log", "阿梗@plaza:999").exit_code == 3
    assert jiegeng("replay", "阿梗@plaza:999").exit_code == 3


def test_the_mode_is_switched_and_shown(home: Path) -> None:
    asyncio.run(hear(home))

    assert jiegeng("mode").output.strip() == "normal"
    assert jiegeng("mode", "stopped", "--why", "a test").output.split() == ["stopped", "terminal:", "a", "test"]
    assert jiegeng("mode", "sideways").exit_code == 2


def test_a_time_box_a_plan_and_a_daily_window_are_told_and_can_be_taken_back(home: Path) -> None:
    asyncio.run(hear(home))

    assert "emergency until" in jiegeng("mode", "emergency", "--for", "2h", "--why", "storm").output
    assert "plan" in jiegeng("mode", "heightened", "--at", "23:59", "--until", "07:00").output
    told = jiegeng("mode", "heightened", "--daily", "22:00-07:00", "--why", "nobody is awake").output
    assert "every day 22:00-07:00 (nobody is awake)" in told
    number = told.split("plan ")[-1].split(":")[0]
    assert "every day" not in jiegeng("mode", "--cancel", number).output

    for wrong in (
        ["stopped", "--for", "2h"],
        ["heightened", "--for", "soon"],
        ["--for", "2h"],
        ["normal", "--at", "x"],
    ):
        assert jiegeng("mode", *wrong).exit_code == 2
    assert jiegeng("mode", "--cancel", "999").exit_code == 3


async def hold(home: Path, *ids: str) -> None:
    """Mentions whose drafts the filter found doubtful."""
    database = await open_database(f"sqlite:///{home / 'data' / 'journal.sqlite3'}")
    world = World(Episodes(database))
    await world.journal.open()
    world.writer.default = "存疑的话"
    await world.hear(*(mention(id=id) for id in ids))
    await world.settle()
    await database.close()


def test_what_is_held_is_listed_approved_edited_and_rejected_in_the_terminal(home: Path) -> None:
    asyncio.run(hold(home, "m1", "m2", "m3"))
    first, second, third = (mention(id=id).key for id in ("m1", "m2", "m3"))

    assert first in jiegeng("review", "list").output.replace("\n", "")
    assert jiegeng("review", "approve", first).exit_code == 0
    blocked = jiegeng("review", "edit", second, "加我微信 wx123456 领钱")
    assert blocked.exit_code == 1
    assert "blocks" in blocked.output
    assert jiegeng("review", "edit", second, "早点睡，明天再说").exit_code == 0
    assert jiegeng("review", "reject", third, "--because", "hurts", "--note", "太重").exit_code == 0
    assert jiegeng("review", "reject", third, "--because", "nonsense").exit_code == 2
    assert jiegeng("review", "approve", third).exit_code == 1
    assert jiegeng("review", "approve", "nobody@plaza:1").exit_code == 3

    assert json.loads(jiegeng("log", second, "--json").output)["draft"]["text"] == "早点睡，明天再说"
    lessons = [json.loads(line) for line in jiegeng("review", "export").output.splitlines()]
    assert [(row["label"], row["because"]) for row in lessons] == [("good", ""), ("bad", ""), ("bad", "hurts")]
    assert "nothing waits" in jiegeng("review", "list").output


def test_the_audit_chain_is_checked_and_exported_in_the_terminal(home: Path) -> None:
    asyncio.run(hold(home, "m1", "m2"))
    jiegeng("review", "reject", mention(id="m1").key)

    sound = jiegeng("audit", "verify")
    assert sound.exit_code == 0
    assert "2 entries" in sound.output
    head = sound.output.split("head ")[-1].split()[0]
    assert jiegeng("audit", "verify", "--head", head).exit_code == 0
    assert jiegeng("audit", "verify", "--head", "0123").exit_code == 1
    assert {json.loads(line)["kind"] for line in jiegeng("audit", "export").output.splitlines()} == {"episode", "mode"}

    with sqlite3.connect(home / "data" / "journal.sqlite3") as forger:
        forger.execute("UPDATE episodes SET reason = 'all was well'")
    forger.close()
    forged = jiegeng("audit", "verify")
    assert forged.exit_code == 1
    assert mention(id="m1").key in forged.output.replace("\n", "")


def test_a_new_sign_in_link_is_printed_whole(home: Path) -> None:
    asyncio.run(hear(home))

    assert jiegeng("sign-in").output.strip().startswith("http://127.0.0.1:8701/sign-in?token=")


@pytest.mark.parametrize(
    "command", [[], ["run"], ["say"], ["read"], ["check"], ["log"], ["replay"], ["plaza"], ["sign-in"], ["mode"]]
)
def test_every_command_has_help_with_an_example(command: list[str]) -> None:
    told = jiegeng(*command, "--help")

    assert told.exit_code == 0
    assert not command or "Example" in told.output


def test_a_region_without_help_lines_is_refused_with_the_list(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIEGENG_REGION", "CHN")

    checked = jiegeng("check")

    assert isinstance(checked.exception, Misconfigured)
    assert "CN, " in str(checked.exception)


def test_sign_in_links_begin_with_the_address_that_admins_use(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIEGENG_ADMIN_URL", "https://bot.example.org")

    assert jiegeng("sign-in").output.startswith("https://bot.example.org/sign-in?token=")


def test_a_mistyped_setting_is_misconfigured_for_every_command(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIEGENG_PROMTPS", "x")

    told = jiegeng("check")

    assert isinstance(told.exception, Misconfigured)


def test_a_reading_shows_the_emotions_the_evidence_the_tone_and_why(home: Path) -> None:
    told = jiegeng("read", "哈哈哈", "--post", "爷爷昨天走了").output

    assert all(name in told for name in ("joy", "sadness", "distress", "sarcasm", "intensity", "confidence"))
    assert "「爷爷昨天走了」 plight: grief" in told
    assert "tone comfort   plight: something hard befell the author (grief)" in told


def test_a_reading_as_json_is_what_the_bot_would_keep(home: Path) -> None:
    told = json.loads(jiegeng("read", "我不想活了", "--json").output)

    assert (told["tone"], told["post"]["crisis"]) == ("crisis", "self_harm")


def test_a_short_text_with_a_picture_nobody_saw_is_no_place_for_jokes(home: Path) -> None:
    playful = "周一早上地铁挤成照片了[doge]"

    assert "tone banter" in jiegeng("read", playful).output
    assert "tone warm   unseen" in jiegeng("read", playful, "--picture").output


def test_an_operators_tone_is_what_the_bot_uses(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIEGENG_TONE", "playful=warm, joyful=warm")

    assert "tone warm   playful" in jiegeng("read", "周一早上地铁挤成照片了[doge]").output
    assert json.loads(jiegeng("say", "周一早上地铁挤成照片了[doge]", "--json").output)["reading"]["tone"] == "warm"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("joke=0.01", "joke=0.01"),
        ("low=0.9", "low=0.9"),
        ("danger=warm", "danger"),
        ("plight=banter", "plight"),
        ("jolly=warm", "jolly"),
        ("joke", "joke"),
        ("fun=very", "fun=very"),
    ],
)
def test_a_tone_out_of_bounds_stops_the_start(
    home: Path, monkeypatch: pytest.MonkeyPatch, written: str, told: str
) -> None:
    monkeypatch.setenv("JIEGENG_TONE", written)

    problem = jiegeng("check").exception

    assert isinstance(problem, Misconfigured)
    assert told in str(problem)
