"""The trained weights: what is saved is what is read, and the reader lives without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bot.emotion import hashed, linear, read, weigh
from bot.emotion.grams import count, eastern_grams, eastern_keys, latin_grams


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


@pytest.mark.parametrize(
    "text", ["i am so happy today!!", "the the the café, again?", "嗯", "nobody came 😀 x", "you're 10/10"]
)
@pytest.mark.parametrize("name", ["en", "danger_en", "kinds_en"])
def test_hashed_weights_score_like_the_file_they_come_from(name: str, text: str) -> None:
    pieces = count(latin_grams(text))

    scores = hashed.load(weigh.folder() / f"{name}.npz").scores(hashed.hashed(pieces))

    assert scores.tolist() == linear.load(weigh.folder() / f"{name}.npz").scores(pieces).tolist()


def test_no_piece_is_lost_where_a_long_list_is_cut_to_be_hashed(tmp_path: Path) -> None:
    pieces = [f"piece {number}" for number in range(hashed.CHUNK // 4)]
    ones = np.ones((len(pieces), 1))
    linear.save(tmp_path / "m.npz", pieces, ones, ones[:, 0], [0.0], {"labels": ["a"]})

    model = hashed.load(tmp_path / "m.npz")

    assert sorted(model.keys.tolist()) == sorted(map(hash, pieces))


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
