"""The AI label is recognised, and fake ones are taken away."""

import pytest

from safety import has_label, strip_fake_labels


@pytest.mark.parametrize(
    "text",
    [
        "今天真好（AI生成）",
        "哈哈（人工智能生成）",
        "好耶 [AI合成]",
        "Nice cat (AI-generated)",
        "好（ＡＩ生成）",
        "かわいい（AI生成）",
    ],
)
def test_a_label_with_both_words_is_one(text):
    assert has_label(text)


@pytest.mark.parametrize("text", ["今天真好", "AI真厉害", "这是自动生成的报表", "said the rain", "I generated a plan"])
def test_half_a_label_is_none(text):
    assert not has_label(text)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("今天真好（AI生成）", "今天真好"),
        ("今天真好（本回复由AI生成）（AI生成）", "今天真好"),
        ("Nice cat (AI-generated)", "Nice cat"),
        ("Nice cat. AI-generated", "Nice cat"),
        ("你好【ＡＩ 合成】呀", "你好呀"),
    ],
)
def test_a_label_that_others_wrote_is_taken_away(text, rest):
    assert strip_fake_labels(text).rstrip(".") == rest


@pytest.mark.parametrize("text", ["AI画的猫比我画的像（哭）", "我是机器人（真的）", "这首诗是AI生成的也挺好听呢"])
def test_talk_about_ai_stays(text):
    assert strip_fake_labels(text) == text
