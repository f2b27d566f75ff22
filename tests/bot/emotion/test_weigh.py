"""The trained weights: what is saved is what is read, and the reader lives without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bot.emotion import linear, read, weigh
from bot.emotion.grams import count, eastern_grams, eastern_keys


@pytest.fixture
def restored() -> Iterator[None]:
    yield
    weigh.use("research")


def test_a_saved_model_scores_like_its_weights(tmp_path: Path) -> None:
    weights, idf = np.array([[1.0, -1.0], [0.5, 0.25]]), np.array([1.0, 2.0])
    linear.save(tmp_path / "m.npz", ["好", "坏"], weights, idf, [0.1, 0.2], {"labels": ["a", "b"]})

    scores = linear.load(tmp_path / "m.npz").scores({"好": 1, "坏": 1, "新": 3})

    vector = idf / np.linalg.norm(idf)
    assert scores == pytest.approx(vector @ weights + [0.1, 0.2], abs=0.02)


def test_a_text_of_unknown_pieces_gets_the_bias(tmp_path: Path) -> None:
    linear.save(tmp_path / "m.npz", ["好"], np.array([[1.0]]), np.array([1.0]), [0.3], {"labels": ["a"]})

    assert linear.load(tmp_path / "m.npz").scores({"新": 1}).tolist() == pytest.approx([0.3])


@pytest.mark.parametrize("text", ["今天真的好开心", "i am so happy today", "今天 meeting 开得 so tired 啊"])
def test_chances_sum_to_one(text: str) -> None:
    chances = weigh.chances(text)

    assert chances is not None
    assert sum(chances) == pytest.approx(1)


def test_no_weights_no_language_no_chances() -> None:
    assert weigh.chances("123 !!!") is None


@pytest.mark.parametrize("text", ["今天真的好开心!!", "哈哈哈哈 2026 年了?", "嗯", "爷爷走了,我好想他。真的"])
def test_packed_weights_score_like_the_file_they_come_from(text: str) -> None:
    model = weigh.load()["zh"]

    (scores,) = linear.join([linear.pack(model)]).scores(eastern_keys(text))

    assert scores == pytest.approx(model.scores(count(eastern_grams(text))).tolist(), abs=1e-4)


def test_a_piece_of_four_characters_is_not_packed(tmp_path: Path) -> None:
    linear.save(tmp_path / "m.npz", ["一二三四"], np.array([[1.0]]), np.array([1.0]), [0.3], {"labels": ["a"]})

    with pytest.raises(ValueError, match="three characters"):
        linear.pack(linear.load(tmp_path / "m.npz"))


@pytest.mark.parametrize("name", ["clean", "none"])
@pytest.mark.usefixtures("restored")
def test_grief_is_found_with_other_weights_or_none(name: str) -> None:
    weigh.use(name)

    assert "grief" in read("爷爷昨天走了，我还没来得及见他最后一面").plights


def test_no_piece_of_the_weights_holds_a_number() -> None:
    for model in weigh.load().values():
        pieces = [piece for piece in model.places if not piece.startswith("\ue011")]
        assert not any(letter.isdigit() and letter != "0" for piece in pieces for letter in piece)
