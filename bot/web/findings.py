"""What the safety filter found, told in the reader's language; a finding without a sentence is told by its code."""

from __future__ import annotations

import re

from bot.model import Reason
from bot.web.words import Language
from safety.codes import load_codes

# The sentences of safety/, and how they begin in Chinese; what follows is kept.
WHYS: dict[str, str] = {
    "a control character or a mark that turns text round": "有控制字符或让文字倒转的符号",
    "a control character": "有控制字符",
    "a link": "有链接",
    "a promise about what nobody knows": "对没人知道的事打了包票",
    "an account outside this thread": "提到了这串评论之外的账号",
    "an encoded piece that can be read": "夹着一段能解开的编码",
    "invisible characters inside words": "词语里夹着看不见的字符",
    "it claims to give away its instructions": "像是在透露自己的设定",
    "it gives away hidden instructions": "泄露了不该说的设定",
    "it is not in the language that was asked for": "不是该用的语言",
    "it is written in code": "是一段密码或编码",
    "it repeats what a text of others tells it to say": "在照念别人让它说的话",
    "it was asked to put something harmful into other words": "有人让它把有害的话换个说法",
    "it was told words in another language, which nobody can compare": "有人给了外语的话让它说，无从核对",
    "laughter at somebody who hurts": "在别人难过的时候笑",
    "markup in a plain comment": "普通评论里有标记语法",
    "text in invisible tag characters": "藏着看不见的标签字符",
    "over": "太长，没法审：",
    "more than": "表情太多：",
    "a comment of over": "评论太长：",
}
_LIST = re.compile(r"the word list \((?P<tier>\w+)\) finds (?P<code>\w+) here(?P<how>, [a-z' ]+)?")
_PERSONAL = re.compile(r"this looks like a (?P<what>.+)")
_TOXIC = re.compile(r"the classifier takes this for offensive \(probability (?P<chance>[0-9.]+)\)")
_TIERS = {"block": "禁用", "review": "要审", "evidence": "参考"}
_HOWS = {
    "": "",
    ", its characters held apart": "（字被拆开）",
    ", disguised": "（变了形）",
    ", backwards": "（倒着写）",
}
_PERSONAL_NAMES = {
    "mobile number": "手机号", "phone number": "电话号码", "social security number": "社保号", "e-mail address": "邮箱",
    "number plate": "车牌号", "street address": "住址", "passport number": "护照号", "citizen number": "身份证号",
    "bank card number": "银行卡号", "QQ number": "QQ号", "messenger name": "微信一类的账号",
}  # fmt: skip
_AFTER = re.compile(r" (\d+)(?: [a-z ]+)?")


def code_name(language: Language, code: str) -> str:
    """What a code is called, or the code itself where the table has none."""
    known = load_codes().get(code)
    return code.replace("_", " ") if known is None else known.en if language == "en" else known.zh


def why(language: Language, reason: Reason) -> str:
    """Why the filter found something, as a sentence."""
    if language == "en":
        return reason.why
    return tell_why(reason.why) or code_name("zh", reason.code)


def tell_why(english: str) -> str:
    """A sentence of the filter in Chinese; the sentence itself if it is not English, empty if nobody knows it."""
    if found := _LIST.fullmatch(english):
        tier, how = (
            _TIERS.get(found["tier"], found["tier"]),
            _HOWS.get(found["how"], "（换了写法）") if found["how"] else "",
        )
        return f"词表（{tier}）：{code_name('zh', found['code'])}{how}"
    if found := _PERSONAL.fullmatch(english):
        return f"像是{_PERSONAL_NAMES.get(found['what'], '个人信息')}"
    if found := _TOXIC.fullmatch(english):
        return f"分类器觉得有攻击性（把握 {float(found['chance']):.0%}）"
    if english in WHYS:
        return WHYS[english]
    for start in ("over", "more than", "a comment of over"):
        if english.startswith(start + " ") and (number := _AFTER.match(english[len(start) :])):
            return WHYS[start] + number[1]
    return "" if english.isascii() else english
