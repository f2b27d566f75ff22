from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from memes.screened import Screened
from memes.shelf import Shelf

from .cards import CARD, write_file


class Asked:
    """A screen that refuses what holds a word and keeps what it was asked."""

    def __init__(self, refused: str = "坏") -> None:
        self.refused = refused
        self.texts: list[str] = []

    def __call__(self, text: str) -> bool:
        self.texts.append(text)
        return self.refused not in text


def test_what_was_let_through_once_is_not_asked_again_after_a_start(tmp_path: Path) -> None:
    assert Screened(Asked(), "1", tmp_path)("好梗")
    later = Asked()

    assert Screened(later, "1", tmp_path)("好梗")

    assert later.texts == []


def test_another_version_of_the_filter_looks_at_everything_again(tmp_path: Path) -> None:
    assert Screened(Asked(), "1", tmp_path)("好梗")
    stricter = Asked("梗")

    assert not Screened(stricter, "2", tmp_path)("好梗")

    assert stricter.texts == ["好梗"]
    assert len(list(tmp_path.iterdir())) <= 1, "the memory of the old version is gone"


def test_a_refusal_is_asked_about_each_time(tmp_path: Path) -> None:
    assert not Screened(Asked(), "1", tmp_path)("坏梗")
    later = Asked()

    assert not Screened(later, "1", tmp_path)("坏梗")

    assert later.texts == ["坏梗"]


@given(damage=st.binary(max_size=200), at=st.integers(0, 200))
def test_a_damaged_file_lets_nothing_through(damage: bytes, at: int) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        assert Screened(Asked(), "1", folder)("好梗")
        (file,) = folder.iterdir()
        whole = file.read_bytes()
        file.write_bytes(whole[:at] + damage + whole[at:])

        assert not Screened(Asked(), "1", folder)("坏梗")
        assert Screened(Asked(), "1", folder)("好梗")


def test_without_a_folder_that_can_be_written_it_asks_each_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for folder in (None, tmp_path / "file"):
        for _ in range(2):
            screen = Asked()
            assert Screened(screen, "1", folder)("好梗")
            assert screen.texts == ["好梗"]


def test_a_start_asks_only_about_cards_that_changed(tmp_path: Path) -> None:
    cards, cache = tmp_path / "cards", tmp_path / "cache"
    cards.mkdir()
    write_file(cards, CARD + CARD.replace("id: banwei", "id: second"))
    Shelf(cards, Screened(Asked(), "1", cache))
    write_file(cards, CARD + CARD.replace("id: banwei", "id: second").replace("meaning: ", "meaning: 新的 "))
    later = Asked()

    shelf = Shelf(cards, Screened(later, "1", cache))

    assert len(shelf.library.cards) == 2
    assert len(later.texts) == 1


def test_what_another_process_asked_about_meanwhile_is_not_asked_again(tmp_path: Path) -> None:
    asked = Asked()
    screen = Screened(asked, "1", tmp_path)
    assert screen("第一个梗")

    other = Screened(Asked(), "1", tmp_path)
    assert other("好梗")

    assert screen("好梗")
    assert asked.texts == ["第一个梗"]
