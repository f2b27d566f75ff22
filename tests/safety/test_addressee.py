"""What is thrown at a reader is blocked; what only passes by in a story is held, or counts for little."""

from random import Random

import pytest

from safety.disguise import split
from safety.fair import read_own
from safety.lexicon import load_lexicon
from safety.lexicon.anchors import compile_anchored
from safety.lexicon.ordinary import load_pairs

STORY = "昨天晚上在公司楼下便利店排队买关东煮的时候前面那个人回头对同伴小声嘟囔了一句你怎么不去死"


def decide(watchdog, text):
    return watchdog.check(text, direction="out").decision


@pytest.mark.parametrize("attack", ["你怎么不去死", "你就是个废物", "操你妈"])
def test_an_attack_on_a_reader_is_blocked_whatever_sentences_stand_around_it(watchdog, attack):
    calm = "今天公园里的银杏叶子全都黄了，我们一家人坐在长椅上晒太阳，吃了一个下午的橘子"
    assert decide(watchdog, attack) == "block"
    assert decide(watchdog, f"{calm}。{attack}。{calm}") == "block"


def test_what_passes_by_in_a_long_sentence_is_held_and_never_posted(watchdog):
    verdict = watchdog.check(STORY, direction="out")
    assert verdict.decision == "hold"
    assert any("in passing" in reason.why for reason in verdict.reasons)


def test_what_was_held_apart_is_an_attack_in_a_long_sentence_too(watchdog):
    assert decide(watchdog, STORY.replace("怎么不去死", "怎 么 不 去 死")) == "block"


@pytest.mark.parametrize("text", ["尼玛这个傻逼电梯又停在十三楼不动了", "你妹的，又碰上个傻逼导航"])
def test_a_curse_that_holds_a_you_addresses_nobody(watchdog, text):
    assert decide(watchdog, text) == "hold"


@pytest.mark.parametrize("text", ["周末大家都去码头看船", "这群小企鹅好可爱", "爸爸已经把自行车修好了"])
def test_characters_that_belong_where_they_stand_hide_nothing(watchdog, text):
    assert decide(watchdog, text) == "post"


def test_the_same_sound_in_characters_that_do_not_belong_is_a_disguise(watchdog):
    assert decide(watchdog, "你真是朱苟布茹") == "block"
    assert "码头" in load_pairs()


def test_parts_of_characters_are_put_together_from_their_end_too(watchdog):
    assert decide(watchdog, "母犭句一木羊") == "block"


def test_strokes_between_characters_are_no_separators(watchdog):
    assert "㇆" in split("提刀", Random(7))
    assert decide(watchdog, split("提刀", Random(7))) == "block"


def test_swearing_at_nobody_is_held_when_it_is_the_text_and_colour_when_it_is_not(watchdog):
    assert decide(watchdog, "妈的，热死了") == "hold"
    assert decide(watchdog, "排了两个小时队终于喝到那家奶茶，妈的，真好喝，下次还来这里坐一个下午") == "post"


def test_lists_that_are_read_again_cost_no_second_parsing():
    load_lexicon()
    before = compile_anchored.cache_info().misses
    load_lexicon()
    assert compile_anchored.cache_info().misses == before


def test_at_least_five_hundred_sentences_of_our_own_teach_fairness():
    own = read_own()
    assert len(set(own)) == len(own) >= 500
