"""Stop means stop: the few words by which anybody silences the bot, or calls it back."""

from __future__ import annotations

import re
from typing import Literal

from safety.fold import fold

Wish = Literal["stop", "away", "back"]

# A wish is the whole message, the bot's own name left out: "stop it, you're killing me" is not one.
_WISHES: tuple[tuple[Wish, re.Pattern[str]], ...] = (
    (
        "stop",
        re.compile(
            r"(请|拜托|求你|麻烦你?)?(你|机器人)?(别|不要|不用|停止)(再)?(回[复覆]?|评论|骚扰|打扰|理|艾特)(我|我的?评论|人家)?(了|吧|啦)?"
            r"|退订|闭嘴吧?|停|停止|取消订阅|拉黑我吧?"
            r"|(please )?stop( it| replying( to me)?| please| now)?|unsubscribe|opt ?out"
            r"|(please )?(don'?t|do not|never) (reply|respond|talk) to me( again| any ?more)?|leave me alone",
        ),
    ),
    (
        "away",
        re.compile(
            r"(请|拜托|麻烦你?)?(你)?(别|不要)(再)?(在|到|来)我(这|这儿|这里|帖子|评论区|微博|的?帖子?下面?|的?评论区)(里|下|下面)?"
            r"(回[复覆]?|评论|说话|出现|来)?(了|吧)?"
            r"|(把?(你的?)?(回复|评论)?)?(删掉|删除|删了|撤回)(吧|它)?|(请|快)?(删掉?|撤回)(你的?)?(回复|评论)"
            r"|(please )?(delete|remove)( it| this| that| your (reply|comment))?( please)?"
            r"|(please )?(don'?t|do not) (reply|comment) (here|under my posts?)( again| any ?more)?",
        ),
    ),
    (
        "back",
        re.compile(
            r"(你)?(可以|能)(再)?回[复覆]?我了?(吧)?|回来吧?|继续回[复覆]?我(吧)?|取消静音"
            r"|start|opt ?in|come back|you (can|may) reply( to me)?( again)?",
        ),
    ),
)

_LONGEST_WISH = 60


def wish_of(text: str, names: tuple[str, ...]) -> Wish | None:
    """What a message asks of the bot as such, if it asks nothing else; `names` are the bot's own handles."""
    if len(text) > _LONGEST_WISH + 80:
        return None
    words = fold(text).text
    for name in names:
        words = words.replace(f"@{fold(name).text}", " ")
    words = re.sub(r"[^\w'@]+", " ", words).strip()
    return next((wish for wish, pattern in _WISHES if pattern.fullmatch(words)), None)
