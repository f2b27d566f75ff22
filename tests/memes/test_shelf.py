from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memes.card import Lifecycle
from memes.files import MemeFileError
from memes.kept import Kept, Piece
from memes.library import Library, Screen
from memes.shelf import Shelf
from memes.volume import read_volume

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
    told = shelf.error
    shelf.refresh()
    assert shelf.error is told


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


def test_a_new_policy_counts_for_the_good_files_while_another_is_bad(tmp_path: Path) -> None:
    write_file(tmp_path)
    shelf = Shelf(tmp_path, screen=lambda text: True)
    write_file(tmp_path, "- nonsense\n", name="bad.yaml")
    shelf.refresh()

    shelf.screen_again(lambda text: False)

    assert shelf.library.cards == ()
    assert shelf.error is not None


def test_a_file_that_says_what_it_said_before_is_not_parsed_again(tmp_path: Path) -> None:
    cards, cache = tmp_path / "cards", tmp_path / "cache"
    cards.mkdir()
    volume = read_volume(write_file(cards), Kept(cache))
    kept = Kept(cache).get(volume.key)
    assert kept is not None
    other = np.frombuffer(kept.arrays["cards"].tobytes().replace("自嘲".encode(), "打趣".encode()), np.uint8)
    Kept(cache).put(volume.key, Piece(None, {**kept.arrays, "cards": other}))

    (card,) = Shelf(cards, cache=cache).library.cards

    assert card.use == "打趣"


def test_what_is_wrong_with_a_file_is_kept_too(tmp_path: Path) -> None:
    cards, cache = tmp_path / "cards", tmp_path / "cache"
    cards.mkdir()
    write_file(cards, CARD.replace("kind: slang", "kind: joke"))

    told = []
    for _ in range(2):
        with pytest.raises(MemeFileError) as error:
            Shelf(cards, cache=cache)
        told.append(str(error.value))

    assert told[0] == told[1]
    assert f"{cards / 'work.yaml'}:4" in told[0]


def test_how_much_there_is_to_do_is_told_before_it_is_done(tmp_path: Path) -> None:
    path = write_file(tmp_path)
    shelf = Shelf(tmp_path)
    assert shelf.measure_change() == 0

    rewrite(path, CARD + CARD.replace("id: banwei", "id: second"), 1)

    assert shelf.measure_change() > 2 * len(CARD)
    shelf.refresh()
    assert shelf.measure_change() == 0
    assert shelf.measure() == path.stat().st_size


NAMES = ("班味", "泼天富贵", "电子榨菜", "ate and left no crumbs", "早高峰", "地铁挤")
POSTS = ("早高峰的地铁挤得我一身班味", "接住这泼天富贵", "午休只剩十分钟还在排队", "电梯口排到大门外 电子榨菜")


@st.composite
def files(draw: st.DrawFn) -> str:
    """What may stand in a card file: some cards, now and then a bad one."""
    cards = []
    for id_ in draw(st.lists(st.sampled_from("abcdefgh"), max_size=3, unique=True)):
        card = CARD.replace("id: banwei", f"id: {id_}").replace("family: banwei", f"family: {id_}")
        card = card.replace("[班味]", f"[{draw(st.sampled_from(NAMES))}]")
        card = card.replace("早高峰的地铁", draw(st.sampled_from(("早高峰的地铁", "泼天富贵的雨", "窗外的天"))))
        card = card.replace("review: approved", draw(st.sampled_from(("review: approved", "review: draft"))))
        cards.append(card)
    return draw(st.sampled_from(("", "", "", "", "- nonsense\n"))) + "".join(cards)


def show(library: Library) -> list[object]:
    """All that a library answers, and the very numbers it answers from."""
    recalled = [library.recall(post, gate=False, limit=9) for post in POSTS]
    grams, words = library._grams, library._words
    arrays = (grams.known, grams.rarity, grams.edges, *vars(grams.by_text).values(), *vars(grams.by_term).values())
    numbers = [array.tolist() for array in (*arrays, *vars(words.matrix).values())]
    named = [[card.id for card in library.find(post)] for post in POSTS]
    return [library.cards, [one.card.id for one in library.refused], recalled, named, list(words.ids), numbers]


def load(cards: Path, screen: Screen, states: dict[str, Lifecycle]) -> Shelf | str:
    """A shelf without a past, or what it says of a bad file."""
    try:
        return Shelf(cards, screen, states=states)
    except MemeFileError as error:
        return str(error)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("xyz"), st.none() | files()), min_size=1, max_size=6), st.booleans())
def test_a_shelf_that_followed_all_changes_is_as_one_that_was_loaded_now(
    changes: list[tuple[str, str | None]], in_memory: bool
) -> None:
    screen = lambda text: "ate and left" not in text  # noqa: E731
    states: dict[str, Lifecycle] = {"a": "cringe", "b": "peak"}
    with TemporaryDirectory() as name:
        cards, cache = Path(name) / "cards", None if in_memory else Path(name) / "cache"
        cards.mkdir()
        shelf = Shelf(cards, screen, states=states, cache=cache)
        for second, (file, text) in enumerate(changes):
            path = cards / f"{file}.yaml"
            if text is None:
                path.unlink(missing_ok=True)
            else:
                rewrite(path, text, second)
            before = shelf.library
            shelf.refresh()
            fresh = load(cards, screen, states)
            if isinstance(fresh, str):
                assert str(shelf.error) == fresh
                assert shelf.library is before
            else:
                assert shelf.error is None
                assert show(shelf.library) == show(fresh.library)
