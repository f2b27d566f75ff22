"""The lessons: well-formed, none twice, and none of them near a post that is only for scoring."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from bot.emotion import lesson
from bot.emotion.plain import flatten
from bot.errors import Misconfigured

CASES = Path(__file__).parents[2] / "emotion" / "cases"
SCORED = ("tone_dev", "own_test", "own_veiled_test", "own_kinds_test", "own_last", "own_fresh", "own_blind")
STRETCH = {"zh": 12, "en": 32}
"""Characters in a row that a lesson may not share with a scored post."""


def stretches(text: str, width: int) -> set[str]:
    plain = " ".join(flatten(text).text.split())
    return {plain[at : at + width] for at in range(max(1, len(plain) - width + 1))}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_label_has_lessons_in_both_languages(language: str) -> None:
    found = Counter(item.label for item in lesson.load(language))

    assert set(found) == set(lesson.LABELS)
    assert min(found.values()) >= 100


def test_no_lesson_stands_there_twice() -> None:
    texts = Counter(item.text for language in ("zh", "en") for item in lesson.load(language))

    assert [text for text, times in texts.items() if times > 1] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_lesson_shares_a_stretch_with_a_post_that_is_only_scored(language: str) -> None:
    width = STRETCH[language]
    posts = [
        json.loads(line)["post"]
        for name in SCORED
        if (CASES / f"{name}.jsonl").exists()
        for line in (CASES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    scored = set().union(*(stretches(post, width) for post in posts if len(post) >= width))

    shared = [item.text for item in lesson.load(language) if not scored.isdisjoint(stretches(item.text, width))]

    assert len(posts) > 700
    assert shared == []


@pytest.mark.parametrize("line", ["joke\t哈哈", "plain 没有制表符", "plain\t", "plain\t一\t二"])
def test_a_line_that_is_no_lesson_is_refused_with_its_place(tmp_path: Path, line: str) -> None:
    (tmp_path / "zh_new.tsv").write_text("plain\t今天吃面\n" + line + "\n", encoding="utf-8")

    with pytest.raises(Misconfigured, match=r"zh_new\.tsv, line 2"):
        lesson.load("zh", tmp_path)
