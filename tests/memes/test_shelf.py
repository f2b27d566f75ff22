from __future__ import annotations

import os
from pathlib import Path

import pytest

from memes.files import MemeFileError
from memes.shelf import Shelf

from .cards import CARD, write_file


def rewrite(path: Path, text: str, second: int) -> None:
    path.write_text(text, encoding="utf-8")
    os.utime(path, (1_800_000_000 + second, 1_800_000_000 + second))


def test_a_changed_file_makes_a_new_library(tmp_path: Path) -> None:
    path = write_file(tmp_path)
    shelf = Shelf(tmp_path, clock=lambda: 7.0)

    rewrite(path, CARD + CARD.replace("id: banwei", "id: second"), 1)

    assert shelf.refresh()
    assert [card.id for card in shelf.library.cards] == ["banwei", "second"]
    assert shelf.loaded_at == 7.0


def test_nothing_is_loaded_again_while_nothing_changes(tmp_path: Path) -> None:
    write_file(tmp_path)
    shelf = Shelf(tmp_path)
    library = shelf.library

    assert not shelf.refresh()
    assert shelf.library is library


def test_a_bad_file_leaves_the_last_good_library_and_its_error_until_it_is_mended(tmp_path: Path) -> None:
    path = write_file(tmp_path)
    shelf = Shelf(tmp_path)
    good = shelf.library

    rewrite(path, CARD.replace("kind: slang", "kind: joke"), 1)
    assert not shelf.refresh()
    assert shelf.library is good
    assert shelf.error is not None
    assert shelf.error.line == 4

    rewrite(path, CARD, 2)
    assert shelf.refresh()
    assert shelf.error is None


def test_a_bad_file_at_the_start_is_raised(tmp_path: Path) -> None:
    write_file(tmp_path, "- nonsense\n")

    with pytest.raises(MemeFileError):
        Shelf(tmp_path)


def test_a_removed_file_takes_its_cards_along_and_a_new_one_brings_them(tmp_path: Path) -> None:
    path = write_file(tmp_path)
    shelf = Shelf(tmp_path)

    path.unlink()
    assert shelf.refresh()
    assert shelf.library.cards == ()

    write_file(tmp_path, name="new.yaml")
    assert shelf.refresh()
    assert len(shelf.library.cards) == 1


def test_a_folder_that_vanishes_keeps_the_library(tmp_path: Path) -> None:
    folder = tmp_path / "cards"
    folder.mkdir()
    path = write_file(folder)
    shelf = Shelf(folder)

    path.unlink()
    folder.rmdir()

    shelf.refresh()
    assert len(shelf.library.cards) == 1
    assert shelf.error is not None


def test_the_screen_is_asked_once_for_a_card_that_did_not_change(tmp_path: Path) -> None:
    path = write_file(tmp_path)
    asked: list[str] = []
    shelf = Shelf(tmp_path, screen=lambda text: not asked.append(text))

    rewrite(path, CARD + CARD.replace("id: banwei", "id: second").replace("自嘲", "打趣"), 1)
    shelf.refresh()

    assert len(asked) == 2


def test_a_new_policy_is_asked_about_every_card(tmp_path: Path) -> None:
    write_file(tmp_path)
    shelf = Shelf(tmp_path, screen=lambda text: True)

    shelf.screen_again(lambda text: False)

    assert shelf.library.cards == ()
