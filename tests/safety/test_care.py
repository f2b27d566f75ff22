"""Care texts exist for every crisis, in every language of ours, and pass the filter unchanged."""

import pytest

from safety import care
from safety.care import KINDS, LANGUAGES, digest, load_texts


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_crisis_has_a_text_in_every_language(kind, language):
    text = care(kind, language)
    assert text.sha256 == digest(text.text)
    assert "{" not in text.text
    assert len(text.text) <= 300


def test_no_bracket_of_a_care_text_stays_open():
    # A comma in a bare value of lines.yaml ends it: 109(자살예방상담, 24시간) once said "109(자살예방상담".
    texts = [entry.text for entry in load_texts().values()]

    assert [text for text in texts if text.count("(") != text.count(")") or text.count("（") != text.count("）")] == []


def test_simplified_chinese_names_the_lines_of_the_mainland():
    assert "12356" in care("self_harm", "zh-Hans").text
    assert "12338" in care("violence_at_home", "zh-CN").text


def test_traditional_chinese_names_the_lines_of_taiwan_or_hong_kong():
    assert "1925" in care("self_harm", "zh-Hant").text
    assert "18111" in care("self_harm", "zh-HK").text


def test_english_follows_the_region():
    assert "988" in care("self_harm", "en", "US").text
    assert "116 123" in care("self_harm", "en", "GB").text
    assert "findahelpline.com" in care("self_harm", "en").text


def test_an_unknown_language_gets_english():
    assert care("threat", "fi").id == "threat/en/INTL"


def test_an_unknown_kind_is_a_mistake_of_the_caller():
    with pytest.raises(KeyError, match="unknown crisis kind"):
        care("boredom", "en")


def test_every_care_text_is_posted_in_every_mode_that_posts(watchdog):
    for text in load_texts().values():
        assert watchdog.check(text.text, direction="out").decision == "post"


def test_a_care_text_that_was_changed_is_screened_like_any_other(watchdog):
    text = care("self_harm", "zh-Hans").text.replace("12356", "13800138000")
    assert watchdog.check(text, direction="out").decision == "block"
