from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memes.files import MemeFileError, read_file, read_folders

from .cards import CARD, write_file


def refuse(folder: Path, text: str) -> MemeFileError:
    path = write_file(folder, text)
    with pytest.raises(MemeFileError) as caught:
        read_file(path)
    return caught.value


def test_a_good_file_gives_its_cards_with_their_lines(tmp_path: Path) -> None:
    path = write_file(tmp_path, CARD + CARD.replace("id: banwei", "id: second"))

    cards = read_file(path)

    assert [(card.id, line) for card, line in cards] == [("banwei", 1), ("second", 23)]


def test_an_unknown_field_is_refused_with_its_line_and_a_suggestion(tmp_path: Path) -> None:
    error = refuse(tmp_path, CARD.replace("  examples:", "  exampels:"))

    assert error.line == 16
    assert "exampels" in str(error)
    assert "did you mean 'examples'?" in str(error)
    assert str(tmp_path / "work.yaml:16") in str(error)


def test_a_missing_field_is_refused_at_the_card(tmp_path: Path) -> None:
    error = refuse(tmp_path, CARD.replace("  use: 自嘲\n", ""))

    assert error.line == 1
    assert "use: is missing" in str(error)


def test_too_few_situations_are_refused_at_the_list(tmp_path: Path) -> None:
    error = refuse(tmp_path, CARD.replace("    - 电梯口排到了大门外\n", ""))

    assert error.line == 8
    assert "situations" in error.problem


def test_a_name_that_yaml_reads_as_a_number_is_refused_with_the_remedy(tmp_path: Path) -> None:
    error = refuse(tmp_path, CARD.replace("names: [班味]", "names: [班味, 666]"))

    assert error.line == 3
    assert "names.1" in error.problem
    assert "quotes" in error.remedy


def test_an_unknown_topic_to_avoid_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    error = refuse(tmp_path, CARD.replace("[grief, layoffs]", "[grief, layofs]"))

    assert error.line == 18
    assert "did you mean 'layoffs'?" in error.remedy


def test_a_key_that_stands_twice_in_a_card_is_refused(tmp_path: Path) -> None:
    error = refuse(tmp_path, CARD.replace("  use: 自嘲\n", "  use: 自嘲\n  use: 打趣\n"))

    assert error.line == 7
    assert "twice" in error.problem


def test_two_cards_with_one_id_in_two_files_are_refused(tmp_path: Path) -> None:
    write_file(tmp_path, name="a.yaml")
    write_file(tmp_path, "\n" + CARD, name="b.yaml")

    with pytest.raises(MemeFileError, match=r"b\.yaml:2: id: 'banwei' stands already at a\.yaml:1"):
        read_folders((tmp_path,))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("first_seen: 2023-06-01", "first_seen: 2026-06-01", 21),
        ("review: approved", "valence: [0.5, -0.5]", 22),
        ("meaning: 上班上久了的疲惫样子", "meaning: ' '", 5),
        ("review: approved", "lifecycle: dead", 22),
        ("review: approved", "offence: 9", 22),
    ],
)
def test_values_out_of_range_are_refused_with_their_line(tmp_path: Path, old: str, new: str, line: int) -> None:
    error = refuse(tmp_path, CARD.replace(old, new))

    assert error.line in (line, line - 1)


@pytest.mark.parametrize(
    "text",
    [
        "id: banwei\n",
        "- just text\n",
        "- [1, 2]\n",
        "- id: 'unclosed\n",
        "- id: a\n\tfamily: b\n",
        "- &a {id: x}\n- *a\n",
        "- id: !!python/object:os.system x\n",
        "- {? [a]: b}\n",
        "\x00",
        "- id: 2023-99-99\n",
        "- " + "[" * 50_000,
        "- {a: " * 50_000,
    ],
)
def test_what_is_no_list_of_cards_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    error = refuse(tmp_path, text)

    assert "\n" not in str(error)


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_bytes(CARD.encode("gb18030"))

    with pytest.raises(MemeFileError, match=r"old\.yaml:3: is not UTF-8"):
        read_file(path)


def test_an_empty_file_holds_no_cards(tmp_path: Path) -> None:
    assert read_file(write_file(tmp_path, "# nothing yet\n")) == ()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MemeFileError, match="no such folder"):
        read_folders((tmp_path / "absent",))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200), st.integers(0, len(CARD)))
def test_any_damage_gives_cards_or_a_meme_file_error(tmp_path: Path, damage: str, at: int) -> None:
    path = tmp_path / "damaged.yaml"
    path.write_bytes((CARD[:at] + damage + CARD[at:]).encode("utf-8", "replace"))

    with suppress(MemeFileError):
        assert all(card.review for card, _ in read_file(path))
