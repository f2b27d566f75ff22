from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memes.kept import YOUNG, Kept, Piece, name_piece

PIECE = Piece({"words": ["班味", "泼天"], "size": 2}, {"starts": np.arange(5), "weights": np.array([0.5], np.float32)})
ARRAYS = {name: value.tolist() for name, value in PIECE.arrays.items()}


def age(folder: Path, seconds: float) -> None:
    for file in folder.iterdir():
        os.utime(file, (time() - seconds, time() - seconds))


@pytest.mark.parametrize("kind", ["i8", "i4", "f4", "u1"])
@pytest.mark.parametrize("shape", [(0,), (1,), (130,), (3, 7)])
def test_a_piece_comes_back_as_it_was(tmp_path: Path, kind: str, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape)).reshape(shape).astype(kind)
    Kept(tmp_path).put("grams-1", Piece(["梗"], {"first": array, "second": array[::-1]}))

    found = Kept(tmp_path).get("grams-1")

    assert found is not None
    assert found.facts == ["梗"]
    assert found.arrays["first"].dtype == array.dtype
    assert np.array_equal(found.arrays["first"], array)
    assert np.array_equal(found.arrays["second"], array[::-1])


@settings(max_examples=60, deadline=None)
@given(damage=st.binary(min_size=1, max_size=80), at=st.integers(0, 500), cut=st.booleans())
def test_a_damaged_file_counts_as_missing(damage: bytes, at: int, cut: bool) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        Kept(folder).put("grams-1", PIECE)
        (file,) = folder.iterdir()
        whole = file.read_bytes()
        file.write_bytes(whole[:at] + damage + (b"" if cut else whole[at + len(damage) :]))

        found = Kept(folder).get("grams-1")

        if found is not None:
            assert found.facts == PIECE.facts
            assert {name: value.tolist() for name, value in found.arrays.items()} == ARRAYS
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        assert Kept(folder).get("grams-1") is None


def test_an_array_is_read_in_place() -> None:
    with TemporaryDirectory() as name:
        piece = Kept(Path(name)).put("grams-1", PIECE)

        assert not piece.arrays["starts"].flags.owndata
        assert not piece.arrays["starts"].flags.writeable


def test_without_a_folder_pieces_are_kept_in_memory() -> None:
    kept = Kept()
    kept.put("grams-1", PIECE)

    assert kept.get("grams-1") is PIECE
    kept.drop_all_but({"grams-2"})
    assert kept.get("grams-1") is None


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    kept = Kept(tmp_path / "file")

    assert kept.put("grams-1", PIECE) is PIECE
    assert kept.get("grams-1") is None
    kept.drop_all_but(())


def test_what_nobody_uses_is_dropped_once_it_is_old(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.put("grams-1", PIECE)
    kept.put("grams-2", PIECE)

    kept.drop_all_but({"grams-1"})
    assert kept.get("grams-2") is not None, "another worker may be about to take it"

    age(tmp_path, YOUNG + 60)
    kept.drop_all_but({"grams-1"})
    assert kept.get("grams-1") is not None
    assert kept.get("grams-2") is None


def test_a_dropped_piece_stays_readable_for_whoever_has_it(tmp_path: Path) -> None:
    piece = Kept(tmp_path).put("grams-1", PIECE)
    age(tmp_path, YOUNG + 60)

    Kept(tmp_path).drop_all_but(())

    assert list(tmp_path.iterdir()) == []
    assert piece.arrays["starts"].tolist() == [0, 1, 2, 3, 4]


def test_a_key_tells_what_the_piece_was_made_of() -> None:
    assert name_piece("grams", "ab", "c") == name_piece("grams", "ab", "c")
    assert len({name_piece("grams", "ab", "c"), name_piece("grams", "a", "bc"), name_piece("words", "ab", "c")}) == 3
