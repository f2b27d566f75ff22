"""Notices when somebody says that they are under age, so that the stricter rules for minors hold (R14)."""

from __future__ import annotations

import re

from safety.fold import fold

AGE = r"(?:[6-9]|1[0-7]|六|七|八|九|十[一二三四五六七]?)"
SAID = re.compile(
    rf"(?:我|本人|人家|俺)(?:今年|才|现在|刚|刚满|快|也|就|还|,|只有|已经){{0,3}}{AGE}(?:周?岁|歲)(?!的(?:女儿|儿子|孩子|娃|弟弟|妹妹))"
    r"|(?:我|人家|俺)(?:们)?(?:今年|才|还|现在|刚|也|就|只|在|是|读|上|,|是个|马上){0,4}"
    r"(?:小学生|小学[一二三四五六]?(?:年级)?(?!老师|同学聚)|初中生|初一|初二|初三|高中生|高一|高二|高三|未成年|[一二三四五六七八九]年级)(?!的时候|那会|那年|毕业|老师|学生家长|家长)"
    rf"|(?<![a-z])(?:i'm|i am|im)(?: only| just| still| turning)? (?:[6-9]|1[0-7])(?! (?:minutes|hours|days|weeks|months|percent|miles|km|kg|times|points|stops)|[:%\d])(?: years? old| yo| and |,|\.|!|$)"
    r"|(?<![a-z])(?:i'm|i am|im) (?:in|a) (?:[4-9]th grade|(?:fourth|fifth|sixth|seventh|eighth|ninth) grade|middle school|minor(?! )|year [4-9])"
)
NOT_MINE = re.compile(
    r"(?:我|my)(?:家)?(?:的)?(?:女儿|儿子|孩子|娃|弟|妹|侄|daughter|son|kid)|当年|小时候|回到|那年|想当|教|班主任|as a teacher"
)


def sounds_minor(*texts: str) -> bool:
    """Say whether somebody declares or plainly implies an age under eighteen in one of their own texts.

    A guess may be wrong: then an admin answers the appeal by the account's words, and the only cost was a milder reply.
    """
    return any(SAID.search(text) and not NOT_MINE.search(text) for text in (fold(text[:2_000]).text for text in texts))
