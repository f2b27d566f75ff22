from __future__ import annotations

import logging
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memes.files import LIBRARY, read_folders
from memes.names import Names
from memes.words import Words, load_table

SENTENCES = (
    "泼天的富贵终于轮到我了，明天就去人民大会堂门口买彩票!",
    "今天也要加油 hello world 3.14% C++ 卡拉OK\r\nB超 T恤\t好的",
    "全国人民代表大会常务委员会今天没开会",
    "北京大学生前来应聘, 乒乓球拍卖完了",
    "xswl 笑死我了哈哈哈哈 yyds!!!",
    "のんびり 한국어 ünïcödé 𠮷野家",
)


@cache
def _jieba() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba  # noqa: PLC0415 - slow, and only the comparison needs it
    jieba.setLogLevel(logging.ERROR)
    tokenizer = jieba.Tokenizer()
    for name in _names():
        tokenizer.add_word(name)
    return tokenizer


@cache
def _names() -> list[str]:
    folded = Names(read_folders((LIBRARY,))).folded
    return [name for name in sorted(set(folded)) if len(name) > 1 and name.isalnum()]


@cache
def _taught() -> Words:
    words = Words(load_table(None))
    for name in _names():
        words.teach(name)
    return words


@pytest.mark.parametrize("text", SENTENCES)
def test_a_sentence_is_cut_as_jieba_cuts_it(text: str) -> None:
    assert _taught().cut(text) == list(_jieba().cut(text, HMM=False))


@settings(deadline=None, max_examples=300)
@given(
    st.text(
        st.sampled_from(
            "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下天生会自着去之过家学对可她里后小么心多没于起好成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏兴切ab1. -，\n"
        ),
        max_size=60,
    )
)
@example("")
@example("a")
@example("泼天的")
def test_any_text_is_cut_as_jieba_cuts_it(text: str) -> None:
    assert _taught().cut(text) == list(_jieba().cut(text, HMM=False))


def test_a_name_with_signs_that_jieba_does_not_look_up_is_cut_as_jieba_cuts_it() -> None:
    words, tokenizer = Words(load_table(None)), type(_jieba())()
    for name in ("かわいい猫", "café白", "白café", "猫かわ"):
        words.teach(name)
        tokenizer.add_word(name)

    for text in ("かわいい猫とcafé白café猫かわ", "白かわいい猫", "caf é白"):
        assert words.cut(text) == list(tokenizer.cut(text, HMM=False))


def test_every_word_of_a_card_is_cut_as_jieba_cuts_it() -> None:
    for card in read_folders((LIBRARY,))[::20]:
        for text in (card.meaning, card.use, *card.situations):
            assert _taught().cut(text) == list(_jieba().cut(text, HMM=False))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    load_table(folder)
    return folder


def test_a_kept_dictionary_cuts_as_a_fresh_one(kept: Path) -> None:
    old, new = Words(load_table(kept)), Words(load_table(None))

    assert list(map(old.cut, SENTENCES)) == list(map(new.cut, SENTENCES))


@pytest.mark.parametrize("suffix", ["-keys.npy", "-ranks.npy", ".json"])
@pytest.mark.parametrize("size", [0, 10, 1000])
def test_a_damaged_file_is_made_anew(kept: Path, suffix: str, size: int) -> None:
    before = list(map(Words(load_table(kept)).cut, SENTENCES))
    (file,) = kept.glob(f"*{suffix}")
    whole = file.read_bytes()
    file.write_bytes(whole[:size])

    words = Words(load_table(kept))

    assert list(map(words.cut, SENTENCES)) == before
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    file = tmp_path / "no folder"
    file.write_text("")

    assert Words(load_table(file)).cut("泼天的富贵") == ["泼", "天", "的", "富贵"]
