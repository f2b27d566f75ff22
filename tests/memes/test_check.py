from __future__ import annotations

from datetime import date
from pathlib import Path

from memes.check import check

from .cards import CARD, write_file


def test_a_good_folder_is_ok_and_counted(tmp_path: Path) -> None:
    write_file(tmp_path)

    report = check(tmp_path)

    assert report.ok
    assert (report.cards, report.situations) == (1, 8)
    assert report.coverage["kind"] == {"slang": 1}
    assert report.coverage["tone"] == {"banter": 1, "warm": 1}
    assert report.coverage["year"] == {"2023": 1}
    assert report.coverage["language"] == {"zh": 1}


def test_each_bad_file_is_one_problem_and_the_others_are_read(tmp_path: Path) -> None:
    write_file(tmp_path, name="a.yaml")
    write_file(tmp_path, "- id: [\n", name="b.yaml")
    write_file(tmp_path, CARD, name="c.yaml")

    report = check(tmp_path)

    assert report.cards == 1
    assert [problem.place for problem in report.problems] == ["b.yaml:2", "c.yaml:1"]
    assert not report.ok


def test_a_situation_that_names_the_meme_is_a_problem(tmp_path: Path) -> None:
    write_file(tmp_path, CARD.replace("周一的闹钟响了五遍", "周一的班味响了五遍"))

    assert "names the meme" in check(tmp_path).problems[0].text


def test_a_slot_that_the_pattern_lacks_is_a_problem(tmp_path: Path) -> None:
    write_file(tmp_path, CARD.replace("  use:", '  pattern: "{人}有班味"\n  slots: [物]\n  use:'))

    assert [problem.text[:5] for problem in check(tmp_path).problems] == ["slots"]


def test_situations_alike_in_two_families_are_reported(tmp_path: Path) -> None:
    write_file(tmp_path, CARD + CARD.replace("banwei", "other"))

    report = check(tmp_path)

    assert len(report.twins) == 8
    assert report.twin_share == 0.5


def test_situations_alike_in_one_family_are_not_reported(tmp_path: Path) -> None:
    write_file(tmp_path, CARD + CARD.replace("id: banwei", "id: other"))

    assert check(tmp_path).twins == ()


def test_a_peak_nobody_saw_for_six_months_is_remarked(tmp_path: Path) -> None:
    write_file(tmp_path, CARD.replace("  review:", "  lifecycle: peak\n  review:"))

    assert check(tmp_path, today=date(2026, 1, 1)).problems == ()
    assert "write settled" in check(tmp_path, today=date(2026, 11, 1)).problems[0].text


def test_our_own_library_is_clean() -> None:
    report = check(today=date(2026, 11, 22))

    assert [problem for problem in report.problems if problem.fatal] == []
    assert report.twin_share <= 0.01
