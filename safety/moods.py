"""Checks that depend on the post that is answered: no joke into grief, no promise into fear."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safety.ahead import compile_ahead
from safety.surface import note
from safety.verdict import Context, Reason
from safety.views import Views

FRAGILE = frozenset({"comfort", "crisis"})
HEAVY = 0.6
LAUGH = compile_ahead(
    r"哈{2,}|嘿{3,}|(?<!\d)23{2,}(?!\d)|笑死|笑不活|笑拉了|笑出|乐死|绝绝子|开席|吃席|恭喜|喜提|撒花|[😂🤣😹🎉🎊🥳😆😝🤪]|\[(?:doge|二哈|笑cry|允悲|吃瓜|偷笑|哈哈)\]"
    r"|(?<![a-z])(?:lol|lmao|rofl|haha(?:ha)*|congrats|congratulations)(?![a-z])"
)
PROMISE = re.compile(
    r"(?:一定|肯定|绝对|保证|必定|百分之?百|包|必)(?:会|能|可以)?(?:好起来|好的|没事|没问题|康复|治好|痊愈|过关?|回来|平安|成功)"
    r"|(?:会|能)(?:好起来|没事)的(?!吗|么)"
    r"|(?:will|gonna|going to) (?:definitely |certainly )?(?:be (?:fine|okay|ok|all right)|recover|make it|pass)"
)


def find_by_mood(views: Views, context: Context) -> Iterator[Reason]:
    """Yield laughter and jokes where the reading of the post says somebody hurts."""
    if context.tone not in FRAGILE and context.negativity < HEAVY:
        return
    plain = views.plain
    if found := LAUGH.search(plain.text):
        yield note(
            "grief",
            "laugh",
            "high" if context.tone in FRAGILE else "medium",
            plain.span(*found.span()),
            "laughter at somebody who hurts",
        )
    if context.tone in FRAGILE and (found := PROMISE.search(plain.text)):
        yield note("outcome", "promise", "medium", plain.span(*found.span()), "a promise about what nobody knows")
