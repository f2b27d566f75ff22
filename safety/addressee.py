"""Tells whether an insult is thrown at somebody who reads along, or is only said about the weather and the world."""

from __future__ import annotations

import re
from itertools import islice

from safety.ahead import compile_ahead
from safety.fold import HAN
from safety.verdict import Reason
from safety.views import Views

NEAR = 16  # characters on either side of an insult, inside its sentence
LONG = (
    20  # Han characters, or three letters each: in a longer text one coarse word is colour, in a shorter one the text
)
WIDE = 24  # characters: no insult thrown at somebody is said in a sentence longer than this, but stories are
FAR = 400  # characters on either side in which the ends of a sentence are looked for
COARSE = frozenset({"insult", "profanity"})
PERSONAL = COARSE | {"violence", "self_harm", "body", "harassment", "hate_other", "sexual", "grief", "outcome"}
YOU = compile_ahead(  # 你妹 and 尼玛 curse at nobody
    r"[您妳侬儂恁]|你(?!妹|大爷|麻痹|妈[的逼比b])|[尼逆泥妮拟倪腻匿](?![玛马妈码吗])|楼主|博主|题主|层主|贴主"
    r"|滚|闭嘴|闭上|别说了|哪来的|给[我爷][滚闭爬死出等听记]|还好意思|人模狗样|活成|饭桶|听着都烦"
    r"|(?<![a-z])(?:up主|lz|ni|nimen|you|u|ur|your|you're|youre|ya|yourself|urself|op|go|shut up|get lost)(?![a-z])"
)
STOP = re.compile(r"[。!?！？\n;；]")
HAN_CHAR = re.compile(f"[{HAN}]")
AT_NOBODY = ", but it addresses nobody"
IN_PASSING = ", but in passing in a long sentence"


def soften(reasons: list[Reason], original: str) -> list[Reason]:
    """Lower what is said about people from high to medium where it is not thrown at a reader: it is held, not blocked.

    That is an insult whose sentence addresses nobody, and anything personal in passing in a long sentence. Other
    sentences cannot lower a finding, and nothing lowers it below medium.
    """
    return [
        reason.model_copy(update={"risk": "medium", "why": reason.why + how})
        if reason.risk == "high" and (how := explain_mildness(reason, original))
        else reason
        for reason in reasons
    ]


def explain_mildness(reason: Reason, original: str) -> str:
    """Say why a finding is not thrown at a reader; nothing when it is."""
    if reason.code in PERSONAL and not is_hidden(reason) and is_in_passing(reason, original):
        return IN_PASSING
    return AT_NOBODY if reason.code == "insult" and not is_addressed(reason, original) else ""


def is_in_passing(reason: Reason, original: str) -> bool:
    """Say whether the sentence of the finding is a long one, in Han characters."""
    starts = [stop.end() for stop in STOP.finditer(original, max(0, reason.start - FAR), reason.start)]
    stop = STOP.search(original, reason.end, reason.end + FAR)
    first, last = starts[-1] if starts else max(0, reason.start - FAR), stop.start() if stop else reason.end + FAR
    return any(islice(HAN_CHAR.finditer(original, first, last), WIDE, None))


def is_addressed(reason: Reason, original: str) -> bool:
    """Say whether the finding, or what stands near it in its sentence, speaks to a reader.

    Hidden ones always do, and English ones, whose word lists hold whole phrases.
    """
    if is_hidden(reason):
        return True
    before = STOP.split(original[max(0, reason.start - NEAR) : reason.start])[-1]
    after = STOP.split(original[reason.end : reason.end + NEAR], maxsplit=1)[0]
    sentence = before + original[reason.start : reason.end] + after
    return YOU.search(sentence.lower()) is not None or HAN_CHAR.search(sentence) is None


def is_hidden(reason: Reason) -> bool:
    """Say whether the word was held apart or turned round; a coded spelling is a habit and hides nothing."""
    return any(sign in reason.why for sign in (", backwards", "held apart", "; it is picked out of others"))


def calm_down(reasons: list[Reason], views: Views, grade: str) -> list[Reason]:
    """Make evidence of what the word lists only review, where the classifier hears no attack.

    In a longer text that is swearing, a coarse word where the text is calm as a whole (`grade`), and anything personal
    in passing in a long sentence. What was hidden or softened already is never lowered.
    """
    folded = views.plain.text
    length = len(folded.strip()) / (1 if HAN_CHAR.search(folded) else 3)
    if length <= LONG or any(reason.code == "disguise" for reason in reasons):
        return reasons
    return [
        reason.model_copy(update={"risk": "low", "why": f"{reason.why}, in an otherwise calm text"})
        if reason.risk == "medium"
        and is_plain(reason)
        and (
            reason.code == "profanity"
            or (grade == "calm" and reason.code in COARSE)
            or (reason.code in PERSONAL and ".lex:" in reason.rule and is_in_passing(reason, views.original))
        )
        else reason
        for reason in reasons
    ]


def is_plain(reason: Reason) -> bool:
    """Say whether the word stands there in full and was not lowered before."""
    return (
        not is_hidden(reason) and ", disguised" not in reason.why and not reason.why.endswith((AT_NOBODY, IN_PASSING))
    )
