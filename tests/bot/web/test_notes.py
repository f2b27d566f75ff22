"""What the bot noted in its journal, told in the reader's language."""

from __future__ import annotations

from pathlib import Path

import pytest

import bot
import memes
from bot.web.notes import NOTES, cue, cue_kind, tell

FOLDERS = (Path(bot.__file__).parent, Path(memes.__file__).parent)
FILES = (file for folder in FOLDERS for file in folder.rglob("*.py") if "web" not in file.parts)
SOURCE = "\n".join(file.read_text() for file in FILES)


@pytest.mark.parametrize("note", [note for note in NOTES if not note.startswith("decided: ")])
def test_every_note_in_the_table_is_one_that_the_bot_makes(note: str) -> None:
    assert f'"{note}' in SOURCE


@pytest.mark.parametrize(
    ("note", "words"),
    [
        (
            "no clear answer (time-out); looking for the reply later",
            "没有明确答复 (time-out); looking for the reply later",
        ),
        ("plight: something hard befell the author (grief, illness)", "楼主遇上了难事（失去亲友、生病）"),
        ("danger: somebody may be in danger (self_harm)", "可能有人处境危险（自我伤害）"),
        ("troubled: a small trouble", "一点小烦恼"),
        ("something nobody foresaw", "something nobody foresaw"),
        ("像一个真的手机号", "像一个真的手机号"),
        ("", ""),
    ],
)
def test_a_note_is_told_in_chinese_as_far_as_it_is_known(note: str, words: str) -> None:
    assert tell("zh", note) == words
    assert tell("en", note) == note


@pytest.mark.parametrize(
    ("says", "words", "kind"),
    [
        ("plight: grief", "失去亲友", "grave"),
        ("icon: joy, with a wink", "喜", "joy"),
        ("feel: sadness", "哀", "sadness"),
        ("joy", "喜", "joy"),
        ("idiom: whatever", "习惯说法", "neutral"),
        ("trouble: tired", "累", "fear"),
        ("new_thing", "new thing", "neutral"),
    ],
)
def test_a_cue_is_named_and_coloured(says: str, words: str, kind: str) -> None:
    assert cue("zh", says) == words
    assert cue_kind(says) == kind


@pytest.mark.parametrize(
    ("says", "words"), [("trouble: work", "work"), ("plight: grief", "grief"), ("play: slang", "slang"), ("joy", "Joy")]
)
def test_a_cue_whose_english_name_is_its_own_word_keeps_it(says: str, words: str) -> None:
    assert cue("en", says) == words
