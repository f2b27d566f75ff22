from __future__ import annotations

from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal

from memes.cutter import shared_cutter
from memes.names import FIRST, Names, _readings
from memes.plain import fold

from .cards import make_card


def find(names: Names, text: str) -> tuple[str, ...]:
    words, _ = shared_cutter().learn(names.folded)
    plain = fold(text)
    return names.find(plain, words.cut(plain))


def test_two_cards_may_share_a_name_and_both_are_found() -> None:
    names = Names([make_card(id="a"), make_card(id="b")])

    assert find(names, "满身班味") == ("a", "b")


def test_a_name_of_one_character_must_stand_alone() -> None:
    names = Names([make_card(names=("典",))])

    assert find(names, "典！") == ("banwei",)
    assert find(names, "查字典") == ()
    assert find(names, "经典老歌") == ()


def test_a_long_name_is_found_by_its_sound_when_half_of_it_is_right() -> None:
    names = Names([make_card(names=("泼天的富贵",))])

    assert find(names, "这泼天的富桂啊") == ("banwei",)
    assert find(names, "坡田得付贵") == ()


def test_names_come_in_the_order_of_the_text() -> None:
    names = Names([make_card(id="a", names=("松弛感",)), make_card(id="b", names=("电子榨菜",))])

    assert find(names, "电子榨菜配松弛感") == ("b", "a")


def test_readings_are_those_of_pypinyin_without_tones() -> None:
    ours = dict(enumerate(_readings(), FIRST))
    known = {mark for mark in PINYIN_DICT if 0x4E00 <= mark <= 0x9FFF}

    assert len(known) > 20_000
    assert {mark: ours[mark] for mark in known} == {mark: to_normal(PINYIN_DICT[mark].split(",")[0]) for mark in known}
    assert all(ours[mark] == chr(mark) for mark in ours.keys() - known)
