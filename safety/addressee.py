"""Tells whether an insult is thrown at somebody who reads along, or is only said about the weather and the world."""

from __future__ import annotations

import re

from safety.fold import HAN
from safety.verdict import Reason

NEAR = 16  # characters on either side of an insult, inside its sentence
LONG = (
    20  # Han characters, or three letters each: in a longer text one coarse word is colour, in a shorter one the text
)
COARSE = frozenset({"insult", "profanity"})
YOU = re.compile(
    r"[你您妳侬儂恁尼逆泥妮拟倪腻匿]|楼主|博主|题主|层主|贴主|滚|闭嘴|闭上|别说了|哪来的|给我|给爷|还好意思|人模狗样|活成|饭桶|听着都烦"
    r"|(?<![a-z])(?:up主|lz|ni|nimen|you|u|ur|your|you're|youre|ya|yourself|urself|op|go|shut up|get lost)(?![a-z])"
)
STOP = re.compile(r"[。!?！？\n;；]")
HAN_CHAR = re.compile(f"[{HAN}]")
AT_NOBODY = ", but it addresses nobody"


def soften(reasons: list[Reason], original: str) -> list[Reason]:
    """Lower insults from high to medium where their sentence addresses nobody: such a text is held, not blocked.

    Text around a finding cannot lower it, only the lack of an addressee can.
    """
    return [
        reason.model_copy(update={"risk": "medium", "why": f"{reason.why}{AT_NOBODY}"})
        if reason.risk == "high" and reason.code == "insult" and not is_addressed(reason, original)
        else reason
        for reason in reasons
    ]


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


def calm_down(reasons: list[Reason], folded: str) -> list[Reason]:
    """Make swearing at nobody mere evidence in a longer text that the classifier takes for everyday talk.

    Only findings of the review tier are lowered, never what was hidden or softened already.
    """
    length = len(folded.strip()) / (1 if HAN_CHAR.search(folded) else 3)
    if length <= LONG or any(reason.code == "disguise" for reason in reasons):
        return reasons
    return [
        reason.model_copy(update={"risk": "low", "why": f"{reason.why}, in an otherwise calm text"})
        if reason.code in COARSE and reason.risk == "medium" and is_plain(reason)
        else reason
        for reason in reasons
    ]


def is_plain(reason: Reason) -> bool:
    """Say whether the word stands there in full and was not lowered before."""
    return not is_hidden(reason) and ", disguised" not in reason.why and AT_NOBODY not in reason.why
