from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from memes.cutter import Cutter, keep_words, shared_cutter


def test_a_taught_name_is_one_word() -> None:
    cutter = Cutter()
    assert "泼天富贵" not in cutter.cut("接住这泼天富贵")

    cutter.take(cutter.learn(["泼天富贵"])[0])
    assert "泼天富贵" in cutter.cut("接住这泼天富贵")


def test_what_was_learned_before_does_not_matter() -> None:
    cutter = Cutter()
    cutter.learn(["接住这泼"])

    words, counts = cutter.learn(["泼天富贵"])

    assert words.cut("接住这泼天富贵") == ["接", "住", "这", "泼天富贵"]
    assert cutter.remember(counts).cut("接住这泼天富贵") == ["接", "住", "这", "泼天富贵"]


def test_the_dictionary_is_kept_in_the_folder_it_is_given(tmp_path: Path) -> None:
    folder = tmp_path / "cache"

    Cutter().warm(folder)

    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".npy", ".npy"]


@settings(deadline=None)
@given(st.text(max_size=80))
def test_the_pieces_give_the_text_again(text: str) -> None:
    assert "".join(shared_cutter().cut(text)) == text


def test_gaps_are_no_words() -> None:
    assert keep_words(["地铁", "，", " ", "3", "!"]) == ["地铁", "3"]
