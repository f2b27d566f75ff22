"""HTML of fediverse posts, as several servers write it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.html import to_text

MENTION = '<span class="h-card" translate="no"><a href="https://far.example/@may" class="u-url mention">@<span>may</span></a></span>'
LONG_LINK = (
    '<a href="https://news.example/2026/11/a-very-long-title?x=1&amp;y=2" rel="nofollow noopener">'
    '<span class="invisible">https://</span><span class="ellipsis">news.example/2026/11/a-very</span>'
    '<span class="invisible">-long-title?x=1&amp;y=2</span></a>'
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>你好</p>", "你好"),
        ("<p>一</p><p>二<br>三<br/>四</p>", "一\n\n二\n三\n四"),
        ("no markup at all", "no markup at all"),
        ("", ""),
        ("<p>1 &lt; 2 &amp;&amp; &quot;x&quot; &#x1F600; &nbsp;!</p>", '1 < 2 && "x" 😀  !'),
        (f"<p>{LONG_LINK}</p>", "https://news.example/2026/11/a-very-long-title?x=1&y=2"),
        ('<p><a href="https://x.example/a">这里</a>看</p>', "这里 (https://x.example/a)看"),
        ('<p><a href="https://x.example/long/way">x.example/lo…</a></p>', "https://x.example/long/way"),
        ('<p><a href="https://x.example/">x.example</a></p>', "x.example"),
        ('<p><a href="javascript:alert(1)">点我</a></p>', "点我"),
        ('<p><a href="https://x.example/tags/cat" class="mention hashtag">#<span>cat</span></a></p>', "#cat"),
        ("<ul><li>茶</li><li>米</li></ul>", "- 茶\n- 米"),
        ("<blockquote><p>引</p></blockquote><p>答</p>", "引\n\n答"),
        ("<p>3 < 4, x<y, <3 ~ a<b>c</p>", "3 < 4, x<y, <3 ~ ac"),
        ("<!-- a <b> --><p>看得见</p><!-- 没完", "看得见"),
        ("<p>前<script>alert(1)</script><style>p{}</style>后</p>", "前后"),
        ("<p>没关好 <b>粗 <a href='https://x.example'>x.example", "没关好 粗 x.example"),
        ("<p>a</p></div></p></a></script>b", "a\n\nb"),
        ('<p>笑<img class="emoji" alt=":blobcat:" src="x.png"></p>', "笑:blobcat:"),
        ("a <!-- 看不见 --> b <![CDATA[x]]> <?php y ?>c", None),
        ("<p>\ud83d 半个</p>", "\ufffd 半个"),
        ("<p>&#0;&#xD800;&#1114112;</p>", None),
    ],
)
def test_markup_becomes_what_was_typed(html: str, text: str | None) -> None:
    found = to_text(html)
    assert text is None or found == text
    found.encode("utf-8")


def test_a_mention_is_named_with_its_host() -> None:
    handles = {"https://far.example/@may": "@may@far.example"}
    assert to_text(f"<p>{MENTION} 早</p>", handles) == "@may@far.example 早"
    assert to_text(f"<p>{MENTION} 早</p>") == "@may 早"


@given(st.text(alphabet=st.sampled_from("<>/&;#ap\"'=! -x汉\ud800\0\n[]"), max_size=80))
def test_no_markup_is_too_broken(html: str) -> None:
    to_text(html).encode("utf-8")


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="<>&\0\r\xa0 \n\t\x0b\x0c\x1c\x1d\x1e\x1f\x85"))
)
def test_text_without_markup_stays_as_it_is(text: str) -> None:
    assert to_text(text) == text.strip()


@pytest.mark.parametrize(
    "piece",
    ["<", "<!--", "<a href='", "<a  ", " href=", "<![", "&", "&#9", "&#", "9", "</", "<p>", "<a href=x>", "\n ", "长"],
)
def test_hostile_markup_is_read_in_time(piece: str) -> None:
    started = time.process_time()
    to_text("<a" + piece * (400_000 // len(piece)) + ">")
    to_text("&#" + piece * (400_000 // len(piece)))
    assert time.process_time() - started < 5
