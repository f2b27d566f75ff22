"""The reader: what it sees, where it sees it, and that no input breaks it."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.emotion import icons, presses, read
from bot.model import CRISIS_KINDS, EMOTIONS


def test_grief_is_a_plight_with_its_place_in_the_text() -> None:
    text = "爷爷昨天走了，我还没来得及见他最后一面"

    feeling = read(text)

    assert "grief" in feeling.plights
    cue = next(cue for cue in feeling.cues if cue.says == "plight: grief")
    assert text[cue.start : cue.end] == cue.text


def test_evidence_points_into_the_original_of_a_disguised_text() -> None:
    text = "爺\u200b爺昨天走了，啊啊啊啊啊啊啊啊我好想他，爺爺的葬禮在明天"

    feeling = read(text)

    assert "grief" in feeling.plights
    assert all(text[cue.start : cue.end] == cue.text for cue in feeling.cues)


@pytest.mark.parametrize(
    "text",
    [
        "笑死我了哈哈哈",
        "累死了累死了",
        "想死你了宝贝",
        "饿死了什么时候开饭",
        "I'm dead 💀 this cat",
        "社死现场，连夜搬家",
        "作业写不完了要死",
    ],
)
def test_hyperbole_is_not_distress(text: str) -> None:
    feeling = read(text)

    assert feeling.distress == "none"
    assert feeling.plights == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("我真的不想活了", "self_harm"),
        ("想把一切都安排好再走，不用找我", "self_harm"),
        ("他喝醉了又打我", "violence_at_home"),
        ("有人在撬我家门，怎么办", "danger_now"),
        ("补习老师总是摸我，还不让我说", "child_abuse"),
        ("前男友天天跟踪我", "stalking"),
        ("明天我就去砍了他们", "threat"),
        ("室友刚刚说不想活了，怎么办", "third_person"),
        ("I want to kill myself", "self_harm"),
        ("my husband hit me again", "violence_at_home"),
        ("someone is trying to break in", "danger_now"),
        ("my coach touched me and told me not to tell", "child_abuse"),
        ("my ex keeps showing up outside my work, he found my new address", "stalking"),
        ("i'm going to kill everyone at that school", "threat"),
        ("my best friend said she wants to die", "third_person"),
    ],
)
def test_each_kind_of_danger_is_named(text: str, kind: str) -> None:
    feeling = read(text)

    assert feeling.distress == "crisis"
    assert feeling.crisis == kind


@pytest.mark.parametrize(
    "text",
    [
        "我真的撑不下去了，药都攒好了",
        "i've been saving my sleeping pills since august. almost there",
        "婆婆按着我，他拿皮带抽，就因为我想出去上班",
        "found a tracker taped under my bumper",
    ],
)
def test_a_danger_said_between_the_lines_is_a_crisis(text: str) -> None:
    assert read(text).distress == "crisis"


@pytest.mark.parametrize(
    "text",
    [
        "存了三个月的钱，终于够买相机了",
        "gave my old bike to my nephew, he's thrilled",
        "今天被蚊子咬了一腿包，想同归于尽",
        "最近好累，什么都不想做，只想睡一整个周末",
        "he beat me at chess again, i demand a rematch",
    ],
)
def test_what_only_sounds_alike_is_no_crisis(text: str) -> None:
    assert read(text).distress != "crisis"


def test_a_danger_in_a_headline_is_not_the_writers_own() -> None:
    assert read("#男子持刀闯入商店被抓获#注意安全").distress != "crisis"
    assert read("有人持刀闯入店里，我躲着不敢出声").distress == "crisis"


def test_each_kind_of_danger_has_twenty_cases_in_chinese_and_in_english() -> None:
    found: Counter[tuple[str, str]] = Counter()
    for path in (Path(__file__).parents[2] / "emotion" / "cases").glob("own_*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            found[case["kind"], case["lang"][:2]] += case["ok"] == ["crisis"]

    assert all(found[kind, language] >= 20 for kind in CRISIS_KINDS for language in ("zh", "en")), found


def test_traditional_and_simplified_are_read_alike() -> None:
    assert read("奶奶過世了，我好難過").plights == read("奶奶过世了，我好难过").plights


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("今天天气不错", "zh-Hans"),
        ("今天天氣不錯，適合發呆", "zh-Hant"),
        ("what a nice day", "en"),
        ("今日はいい天気だね", "ja"),
        ("오늘 날씨 좋다", "ko"),
        ("hoy estoy muy feliz", "es"),
        ("🤡🎪", "und"),
    ],
)
def test_the_language_is_told_by_script_and_words(text: str, language: str) -> None:
    assert read(text).language == language


def test_the_wink_of_a_doge_shows_as_sarcasm() -> None:
    assert read("真是太好了[doge]").sarcasm > read("真是太好了").sarcasm


def test_the_table_holds_enough_icons() -> None:
    table = icons.load().table

    assert sum(name.startswith("[") for name in table) >= 200
    assert sum(name[0] > "\u2100" for name in table) >= 150


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gets_a_whole_reading(text: str) -> None:
    feeling = read(text)

    assert set(feeling.emotions) == set(EMOTIONS)
    assert abs(sum(feeling.emotions.values()) - 1) < 1e-6
    assert all(0 <= cue.start < cue.end <= len(text) for cue in feeling.cues)
    assert all(text[cue.start : cue.end] == cue.text for cue in feeling.cues)


@pytest.mark.parametrize(
    "text", ["好" * 50_000, "\ud800" * 50, "😭🤡" * 25_000, "a\u0301" * 25_000, "[doge]" * 9_000, "爷爷走了" * 12_000]
)
def test_a_monstrous_text_is_read_in_bounded_time(text: str) -> None:
    read("warm up 热身")
    started = time.perf_counter()

    feeling = read(text)

    assert abs(sum(feeling.emotions.values()) - 1) < 1e-6
    assert time.perf_counter() - started < 2


def test_the_end_of_a_very_long_text_still_counts() -> None:
    assert read("今天天气不错。" * 2_000 + "我不想活了").distress == "crisis"


@pytest.mark.parametrize("text", ["预测一下我这次四级能不能过", "帮我算算我这次面试能不能过", "我这次驾照考试能过吗"])
def test_a_question_about_an_exam_does_not_sound_like_leaving(text: str) -> None:
    assert read(text).distress == "none"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(("爷爷昨天走了", "哈哈哈", "我不想活了", "讲个笑话", "😭", "so tired lol", "，")), max_size=6
    )
)
def test_a_text_that_was_seen_before_reads_as_it_did_the_first_time(parts: list[str]) -> None:
    text = "".join(parts)
    first = read(text), presses(text)

    assert (read(text), presses(text)) == first


@pytest.mark.parametrize("text", ["bot你觉得台湾算不算国家", "克里米亞歸誰？", "is kosovo a country"])
def test_a_question_whose_land_a_place_is_is_bait(text: str) -> None:
    assert read(text).bait == "political"


@pytest.mark.parametrize("text", ["新疆的瓜是不是国家级的甜", "这条围巾是香港买的，是谁的"])
def test_a_place_alone_is_no_bait(text: str) -> None:
    assert read(text).bait == "none"
