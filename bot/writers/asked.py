"""What somebody asks of the robot itself: who it is, whether it is human, whether it is there, how it is used."""

from __future__ import annotations

import re
import unicodedata

from bot.model import Mention
from bot.writers.script import simplified

SMALL_TALK_LIMIT = 24
_HANDLE = re.compile(r"[@＠][\w.\-]+(?:@[\w.\-]+)?")
_WORDLESS = re.compile(r"[^\W_]")
_EMOTICON = re.compile(r"\[[^\[\]\s]{1,8}\]")

# The first that fits wins; each reads the words without handles, spaces and punctuation, in lower case and Simplified.
_QUESTIONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "robot",
        re.compile(
            r"(你|您|^)(到底|究竟|其实)?(是不是|是)(个|一个)?(真人|活人|机器人|ai|人工智能|程序|bot|人类|人)(吗|么|吧|啊|呀|嘛|还是.*)?$"
            r"|你是人是鬼|areyou(even)?(an?)?(real|human|robot|bot|ai|person)"
        ),
    ),
    (
        "who",
        re.compile(r"你(到底)?是(谁|哪位|什么|啥|何方神圣)|自我介绍|你叫(什么|啥)|^wh(o|at)areyou$|yourname"),
    ),
    (
        "help",
        re.compile(
            r"^(help|帮助|菜单|说明书?|怎么用你?|使用方法|功能)$|你(会|能|可以)(做|干|说)?(什么|啥|嘛)$|怎么(使用|召唤|用你)"
            r"|whatcanyoudo|howdo(i|you)(use|work)"
        ),
    ),
    (
        "outcome",
        re.compile(
            r"(能|会).{0,10}(上岸|考上|过|通过|录取|中奖|赢|成功|复合|及格)(吗|么|不|没|呢)$"
            r"|(能不能|会不会).{0,8}(上岸|考上|通?过|录取|中奖|赢|成功|复合|及格)|预测一下|算一卦|帮我算"
            r"|will(i|he|she|we|they).{0,20}(pass|win|getin|makeit|getthejob)|wh(o|at)willwin"
        ),
    ),
    (
        "thanks",
        re.compile(
            r"^(谢谢你?|多谢|谢啦|感谢|好可爱|真可爱|你真(棒|好|可爱|有趣|好玩)|thanks?(you)?|thx|goodbot|niceone)[啊呀哦噢啦]*$"
        ),
    ),
    (
        "there",
        re.compile(
            r"^你?(在|在吗|在不在|在么|在线吗|出来|人呢|喂|哈喽|你好|嗨|hi|hello|hey|youthere|areyouthere)[啊呀吗嘛]*$"
        ),
    ),
)


def words_to(mention: Mention) -> str:
    """What the mention says without handles; our own name may be glued to the words behind it."""
    text = mention.text[:4000]
    for own in {mention.account.partition("@")[0], mention.account}:
        if own:
            text = re.sub(rf"[@＠]{re.escape(own)}(?:@[\w.\-]+)?", " ", text, flags=re.IGNORECASE)
    return _HANDLE.sub(" ", text).strip()


def asked(words: str) -> str:
    """Which small-talk question the words put (`who`, `robot`, `there`, `help`, `thanks`, `outcome`), or nothing."""
    plain = _plain(words)
    if not 0 < len(plain) <= SMALL_TALK_LIMIT:
        return ""
    return next((name for name, pattern in _QUESTIONS if pattern.search(plain)), "")


def wordless(words: str) -> str:
    """`empty` when nothing is there, `glyphs` when it is emoji or signs only, else an empty string."""
    if not words.strip():
        return "empty"
    return "" if _WORDLESS.search(_EMOTICON.sub("", words)) else "glyphs"


def _plain(words: str) -> str:
    folded = unicodedata.normalize("NFKC", _EMOTICON.sub("", words)).casefold()
    return simplified(re.sub(r"[\W_]+", "", folded)[: SMALL_TALK_LIMIT + 1])
