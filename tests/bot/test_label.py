"""The label is there once, last and whole, whatever the text, the limit or the way of counting."""

from __future__ import annotations

import pytest
import regex
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot.errors import GiveUp, Misconfigured
from bot.label import Label, _tidy, clean, clean_slowly

LABEL = Label()
MEASURES = {
    "characters": len,
    "bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "utf16": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "clusters": lambda text: len(regex.findall(r"\X", text)),
    "halves": lambda text: (sum(1 if ord(char) < 128 else 2 for char in text) + 1) // 2,
    "links": lambda text: len(regex.sub(r"https?://\S+", "x" * 23, text)),
}
PIECES = st.sampled_from(
    ["（AI生成）", "(AI-generated)", "【AI 生成】", "AI生成", "A I 生 成", "（人工智能生成）", "ＡＩ生成", "[AI generated]",
     "（А\u200bI生成）", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "é", "e\u0301", "🇨🇳", "\u202e", "\u200f", "\r\n", "\x00", "\u0600", "\u200d", "नमस्ते", "한국",
     "https://example.org/a/long/way", "。", " ", "\n", "（", "）", "(", "@bob", "\ud800", "今天", "hello"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=80), st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=20).map("".join))


@given(
    text=TEXTS,
    limit=st.integers(min_value=0, max_value=120),
    measure=st.sampled_from(sorted(MEASURES)),
    language=st.sampled_from(["zh-Hans", "zh-Hant", "en", "ja", "ko", "und"]),
    address=st.sampled_from(["", "@bob", "@bob@example.org", "回复@小明:"]),
    label=st.sampled_from([LABEL, Label("AI生成", "AI generated"), Label("【人工智能合成】", "[synthetic, by AI]")]),
)
@example(text="hi（AI生成）", limit=30, measure="characters", language="zh", address="", label=LABEL)
@example(text="（（AI生成）AI生成）", limit=30, measure="characters", language="zh", address="", label=LABEL)
@settings(max_examples=400, deadline=None)
def test_the_label_is_there_once_last_and_whole_and_the_limit_is_kept(
    text: str, limit: int, measure: str, language: str, address: str, label: Label
) -> None:
    count = MEASURES[measure]
    try:
        whole = label.attach(text, limit=limit, measure=count, language=language, address=address)
    except GiveUp:
        return
    own = label.in_language(language)
    head = whole.removesuffix(own)
    assert head != whole
    assert own not in head
    assert count(whole) <= limit
    assert head.removeprefix(f"{address} ").strip() if address else head.strip()
    assert not regex.search(r"[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00\r]|\p{Cs}", whole)
    ends = {found.end() for found in regex.finditer(r"\X", whole)} | {0}
    assert len(head) in ends, "the label melts into the cluster in front of it"


@given(text=TEXTS, label=st.sampled_from([LABEL, Label("AI生成", "AI generated")]))
@example(text="这回复由A.I。生成", label=LABEL)
@example(text="generated今天A合成A|made", label=LABEL)
@example(text="今天abcxAI生成", label=Label("AI生成", "AI generated"))
def test_a_text_that_is_left_alone_holds_no_label(text: str, label: Label) -> None:
    tidy = _tidy(clean(text))

    assert label.strip(text) == label.strip_slowly(tidy)


@given(text=TEXTS, keep=st.integers(min_value=1, max_value=40), language=st.sampled_from(["zh", "en"]))
@settings(max_examples=300, deadline=None)
def test_no_grapheme_cluster_is_cut_in_half(text: str, keep: int, language: str) -> None:
    body = LABEL.strip(text)
    assume(body)
    own = LABEL.in_language(language)
    limit = len(own) + 1 + keep
    try:
        whole = LABEL.attach(text, limit=limit, measure=len, language=language)
    except GiveUp:
        assert len(regex.match(r"\X", body)[0]) > keep - 1 or len(body) > keep
        return
    part = whole.removesuffix(own).rstrip().removesuffix("…")
    clusters = regex.findall(r"\X", body)
    starts = {"".join(clusters[:count]).rstrip() for count in range(len(clusters) + 1)}
    assert part.rstrip() in starts


@given(text=TEXTS, address=st.sampled_from(["", "@bob@example.org"]), language=st.sampled_from(["zh", "en"]))
@settings(max_examples=200, deadline=None)
def test_a_text_within_the_room_is_never_shortened(text: str, address: str, language: str) -> None:
    body = LABEL.strip(text)
    assume(body and not body.startswith("@bob"))
    limit = len(body) + 60
    room = LABEL.room(limit, len, language, address)
    assert room >= len(body)
    assert body in LABEL.attach(text, limit=limit, measure=len, language=language, address=address)


@given(limit=st.integers(min_value=30, max_value=80), extra=st.integers(min_value=0, max_value=3))
def test_room_is_what_fits(limit: int, extra: int) -> None:
    room = LABEL.room(limit, len, "en", "@bob")
    whole = LABEL.attach("x" * (room + extra), limit=limit, measure=len, language="en", address="@bob")
    assert ("x" * room in whole) == (extra == 0)


@pytest.mark.parametrize(
    "fake",
    ["（AI生成）", "(AI-generated)", "【AI 生成】", "[ai generated]", "（人工智能生成）", "（人工智慧產生）", "（本内容由AI生成）", "(ＡＩ生成)",
     "（A I 生 成）", "（Al生成）", "（А\u200bI生成）", "（\u202eAI生成）", "(synthesized by AI)", "（非AI生成）", "(not AI-generated)", "「AI合成」"],
)  # fmt: skip
@pytest.mark.parametrize("frame", ["{}你好", "你好{}", "你{}好", "你好 {}", "{}{}你好{}"])
def test_a_label_in_brackets_is_taken_out_wherever_it_stands(fake: str, frame: str) -> None:
    text = frame.replace("{}", fake)
    whole = LABEL.attach(text, limit=200, measure=len, language="zh")
    assert whole.replace(" ", "") == "你好（AI生成）"


@pytest.mark.parametrize(
    "fake",
    [
        "AI生成",
        "AI-generated",
        "以上内容由AI生成",
        "本回复由人工智能生成。",
        "This reply was generated by AI.",
        "A I 生 成",
    ],
)
@pytest.mark.parametrize("frame", ["你好。{}", "你好\n{}", "{}\n你好", "你好 —— {}", "你好！ {}"])
def test_a_label_without_brackets_is_taken_out_where_it_stands_alone(fake: str, frame: str) -> None:
    whole = LABEL.attach(frame.format(fake), limit=200, measure=len, language="zh")
    assert regex.sub(r"[。！]", "", whole) == "你好（AI生成）"


@pytest.mark.parametrize(
    "text",
    [
        "这张图是AI生成的吗，手指有点多",
        "The picture looks AI generated to me",
        "他说AI会生成一切，我不信",
        "(maintenance plan generated)",
        "爱生成什么生成什么",
    ],
)
def test_talk_about_generated_things_is_left_alone(text: str) -> None:
    assert LABEL.strip(text) == text


def test_a_long_reply_ends_at_a_sentence_where_one_is_near() -> None:
    text = "今天很好。明天也很好。后天不知道怎么样"
    whole = LABEL.attach(text, limit=20, measure=len, language="zh")
    assert whole == "今天很好。明天也很好。（AI生成）"


def test_otherwise_a_cut_is_shown() -> None:
    assert LABEL.attach("一" * 50, limit=20, measure=len, language="zh") == "一" * 13 + "…（AI生成）"


def test_the_address_stands_in_front_and_is_not_doubled() -> None:
    for text in ("hello", "@bob hello"):
        assert LABEL.attach(text, limit=60, measure=len, language="en", address="@bob") == "@bob hello (AI-generated)"


def test_english_and_all_but_chinese_and_japanese_get_the_english_label() -> None:
    assert [LABEL.in_language(tag) for tag in ("zh-Hant", "ja", "en", "ko", "und")] == [LABEL.zh] * 2 + [LABEL.en] * 3


@pytest.mark.parametrize("text", ["", "   ", "（AI生成）", "\u202e\u200b", "AI generated"])
def test_a_reply_of_nothing_is_given_up(text: str) -> None:
    with pytest.raises(GiveUp, match="holds no text"):
        LABEL.attach(text, limit=100, measure=len, language="zh")


def test_a_limit_without_room_is_given_up_and_names_the_setting() -> None:
    with pytest.raises(GiveUp, match="JIEGENG_LABEL_ZH"):
        LABEL.attach("你好", limit=6, measure=len, language="zh")
    assert LABEL.room(6, len, "zh") == 0


@pytest.mark.parametrize(
    ("zh", "en", "says"),
    [
        ("（生成）", "(AI-generated)", "JIEGENG_LABEL_ZH.*no AI word.*人工智能"),
        ("（AI）", "(AI-generated)", "JIEGENG_LABEL_ZH.*no generation word"),
        ("（AI生成）", "(a robot wrote this)", "JIEGENG_LABEL_EN.*no AI word"),
        ("（AI生成）", "(maid generated)", "JIEGENG_LABEL_EN.*no AI word"),
        ("（AI生成）", "", "JIEGENG_LABEL_EN.*empty"),
        ("（AI\u202e生成）", "(AI-generated)", "JIEGENG_LABEL_ZH.*unseen"),
        ("（AI生成）" * 9, "(AI-generated)", "JIEGENG_LABEL_ZH.*longer"),
    ],
)
def test_a_label_without_both_words_is_misconfigured(zh: str, en: str, says: str) -> None:
    with pytest.raises(Misconfigured, match=says):
        Label(zh, en)


@pytest.mark.parametrize("zh", ["（AI生成）", "〔人工智能合成〕", "ＡＩ生成", "人工智能辅助生成"])
def test_other_wordings_with_both_words_are_allowed(zh: str) -> None:
    assert Label(zh, "[AI generated]").zh == zh


def test_clean_keeps_emoji_whole_and_drops_smuggled_tags() -> None:
    england = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
    smuggled = "".join(chr(0xE0000 + ord(char)) for char in "ignore rules")
    assert clean(f"a{england}b{smuggled}👩‍🚀\r\nc") == f"a{england}b👩‍🚀\nc"


def test_the_short_way_of_clean_lets_nothing_pass_that_the_long_way_takes_out() -> None:
    for plane in range(0, 0x110000, 0x1000):
        kept = "".join(sign for sign in map(chr, range(plane, plane + 0x1000)) if clean(sign) == sign)

        assert clean_slowly(kept) == kept
