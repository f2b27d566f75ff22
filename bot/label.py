"""The AI label: every reply ends with it, whole and once; its room is kept before a word is written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import regex

from bot.errors import GiveUp, Misconfigured

Measure = Callable[[str], int]

LABEL_LIMIT = 40

_GAP = r"[\W_]*"


def _spread(*words: str) -> str:
    """A pattern for words whose letters may stand apart."""
    return "|".join(_GAP.join(word) for word in words)


# GB 45438-2025, 5.1 asks for one word of each kind; the English ones are their plain counterparts.
_AI = rf"人{_GAP}工{_GAP}智{_GAP}[能慧]|(?<![a-z])[aаα]{_GAP}[iіι1l|](?=gen|[^a-z]|$)|" + _spread(
    "artificialintelligence"
)
_MADE = _spread("生成", "合成", "產生", "产生", "generat", "synthes", "synthet")
_AI_WORD = regex.compile(_AI, regex.IGNORECASE)
_MADE_WORD = regex.compile(_MADE, regex.IGNORECASE)
_MADE_WHOLE = regex.compile(rf"(?:{_MADE})(?:式|的|e?d?|ive|ion|is[ei][sz]?e?d?|i[sz]ed|ic)?", regex.IGNORECASE)
_FRAME = regex.compile(
    r"(?:this|the|above|text|content|reply|comment|is|was|by|an?|made|written|created|may|be|partly|with|model|label|notice"
    r"|以上|本|此|这|這|该|該|条|條|段|内容|內容|回复|回覆|评论|評論|文字|文本|由|是|为|為|系|部分|可能|所|经|經|自动|自動"
    r"|技术|技術|模型|辅助|輔助|提示|标识|標識|声明|聲明|注|的|了|非|不|有|含|not|no|non|[\W_])+",
    regex.IGNORECASE,
)

_OPEN, _SHUT = "(（[【〔「『<《{｛［﹝", ")）]】〕」』>》}｝］﹞"
_INSIDE = regex.escape(_OPEN + _SHUT)
_BRACKETED = regex.compile(rf"[{regex.escape(_OPEN)}]([^{_INSIDE}\n]{{2,60}})[{regex.escape(_SHUT)}]")
_PIECES = regex.compile(r"([^\n。！？!?…；;|｜]+[。！？!?…；;|｜]*)")
_DASH = regex.compile(r"[-—–·•|/~:：*_#]+\s*|\s{2,}|(?<=[。！？!?…~.])\s+")

_UNSEEN = regex.compile(
    r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065"
    r"\u3164\ufeff\uffa0\ufff0-\ufffb]"
)
_FLAG = regex.compile("(\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f)")
_TAGS = regex.compile("[\U000e0000-\U000e0fff]")
_CONTROL = regex.compile(r"[^\P{Cc}\n\t]|\p{Cs}|\p{Cn}")
_LOOSE_HEAD = regex.compile(r"^[\p{M}\u200c\u200d\p{Emoji_Modifier}\s]+")
_LOOSE_TAIL = regex.compile(r"[\p{Grapheme_Cluster_Break=Prepend}\u200c\u200d\s]+$")
_CLUSTER = regex.compile(r"\X")
_STOP = regex.compile(r"[。！？!?…～~.]")


@dataclass(frozen=True, slots=True)
class Label:
    """The label in Chinese (also for Japanese, which shares the words) and in English (for all other languages).

    Raises Misconfigured, naming the setting, unless each holds an AI word and a generation word.
    """

    zh: str = "（AI生成）"
    en: str = "(AI-generated)"

    def __post_init__(self) -> None:
        for setting, text in (("JIEGENG_LABEL_ZH", self.zh), ("JIEGENG_LABEL_EN", self.en)):
            if wrong := _unfit(text):
                raise Misconfigured(f"{setting}={text!r}: {wrong}")

    def in_language(self, language: str) -> str:
        """The label for a reply in a language."""
        return self.zh if language.partition("-")[0] in ("zh", "ja") else self.en

    def room(self, limit: int, measure: Measure, language: str, address: str = "") -> int:
        """What is left for the text, in the platform's own counting, once label and address are in; 0 if nothing."""
        return max(0, limit - measure(self._join(_lead(address), "x", language)) + measure("x"))

    def attach(self, text: str, *, limit: int, measure: Measure, language: str, address: str = "") -> str:
        """`address text label` within the limit; only the text is ever shortened, between grapheme clusters.

        What looks like a label in the text is taken out first, so nobody can fake, double or precede ours. Raises
        GiveUp when no text is left, or when the limit has no room for a single character beside the label.
        """
        lead = _lead(address)
        body = self.strip(text)
        if lead and body.startswith(lead.rstrip()):
            body = _tidy(body[len(lead) - 1 :])
        if not body:
            raise GiveUp("the reply holds no text besides what looks like a label")
        whole = self._join(lead, body, language)
        if measure(whole) <= limit and self._stands_once(whole, lead, language):
            return whole
        clusters = _CLUSTER.findall(body)
        for count in range(self._fitting(clusters, lead, limit, measure, language), 0, -1):
            # Not every counting grows with the text (half a link may be longer than a whole one): look, do not trust.
            part = _tidy(_cut(clusters, count))
            whole = self._join(lead, part, language)
            if part and measure(whole) <= limit and self._stands_once(whole, lead, language):
                return whole
        raise GiveUp(
            f"a limit of {limit} has no room beside the AI label; shorten JIEGENG_LABEL_ZH or JIEGENG_LABEL_EN"
        )

    def strip(self, text: str) -> str:
        """The text without control and bidi characters and without anything that looks like a label."""
        text = _tidy(clean(text))
        # Every label has a generation word, which nearly no reply has.
        if _MADE_WORD.search(unicodedata.normalize("NFKC", text)) or self.zh in text or self.en in text:
            return self.strip_slowly(text)
        return text

    def strip_slowly(self, text: str) -> str:
        """What `strip` does with a tidy text that may hold a label."""
        while True:
            bare = _BRACKETED.sub(lambda found: "" if _names_both(found[1]) else found[0], text)
            bare = "".join(piece for piece in _PIECES.split(bare) if not _is_label(piece))
            bare = _without_tail(bare)
            for own in (self.zh, self.en):
                bare = bare.replace(own, "")
            bare = _tidy(bare)
            if bare == text:
                return bare
            text = bare

    def _fitting(self, clusters: list[str], lead: str, limit: int, measure: Measure, language: str) -> int:
        """How many clusters seem to fit, by halving."""
        low, high = 0, len(clusters)
        while low < high:
            middle = (low + high + 1) // 2
            if measure(self._join(lead, _cut(clusters, middle), language)) <= limit:
                low = middle
            else:
                high = middle - 1
        return low

    def _join(self, lead: str, body: str, language: str) -> str:
        label = self.in_language(language)
        gap = " " if body and label[0] not in _OPEN.replace("(", "") else ""
        return f"{lead}{body}{gap}{label}"

    def _stands_once(self, whole: str, lead: str, language: str) -> bool:
        label = self.in_language(language)
        head = whole[len(lead) : -len(label)]
        return (
            self.zh not in head
            and self.en not in head
            and whole.find(label, len(lead)) == len(whole) - len(label)
            and len(_CLUSTER.findall(head[-1:] + label[0])) == len(head[-1:]) + 1
        )


# What `str.isprintable` takes for visible and `clean` takes out; a test walks through all of Unicode.
_ODD = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\U000e0000-\U000e0fff]")


def clean(text: str) -> str:
    """The text without control, bidi, unseen and tag characters and lone surrogates; line ends as plain `\\n`."""
    if text.replace("\n", " ").isprintable() and not _ODD.search(text):
        return text  # nearly every text, in a thirtieth of the time
    return clean_slowly(text)


def clean_slowly(text: str) -> str:
    """What `clean` does with a text that holds anything unusual."""
    text = regex.sub(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]", "\n", text)
    text = _UNSEEN.sub("", _CONTROL.sub("", text))
    return "".join(part if _FLAG.fullmatch(part) else _TAGS.sub("", part) for part in _FLAG.split(text))


def _unfit(text: str) -> str:
    """What is wrong with a label, and what to write; empty if nothing."""
    plain = unicodedata.normalize("NFKC", text)
    if not text or _tidy(clean(text)) != text:
        return "empty, or with spaces, joining marks or unseen characters; write a plain label"
    if "\n" in text or len(text) > LABEL_LIMIT:
        return f"longer than one line of {LABEL_LIMIT} characters; write it shorter"
    if not regex.search(r"人工智能|人工智慧|(?<![a-z])ai(?![a-z])|artificial intelligence", plain, regex.IGNORECASE):
        return "no AI word in it; write one of 人工智能, AI, artificial intelligence"
    if not _MADE_WORD.search(plain):
        return "no generation word in it; write one of 生成, 合成, generated, synthetic"
    return ""


def _lead(address: str) -> str:
    plain = clean(address).strip()
    return f"{plain} " if plain else ""


def _tidy(text: str) -> str:
    """The text without loose white space and without ends that would melt into a neighbour's grapheme cluster."""
    while (bare := _LOOSE_TAIL.sub("", _LOOSE_HEAD.sub("", text))) != text:
        text = bare
    return text


def _cut(clusters: list[str], count: int) -> str:
    """The first `count` clusters; when some are left out, back to the end of a sentence if one is near, else with …"""
    if count >= len(clusters) or count <= 1:
        return "".join(clusters[:count])
    for back in range(count - 1, int(count * 0.6), -1):
        if _STOP.fullmatch(clusters[back]):
            return "".join(clusters[: back + 1])
    return "".join(clusters[: count - 1]).rstrip() + "…"


def _names_both(text: str) -> bool:
    """Whether an AI word and a generation word stand in a text, in any spelling."""
    plain = unicodedata.normalize("NFKC", text)
    return bool(_AI_WORD.search(plain) and _MADE_WORD.search(plain))


def _is_label(text: str) -> bool:
    """Whether a text is nothing but a label: an AI word, a generation word, and framing such as "this reply was"."""
    if len(text) > 2 * LABEL_LIMIT or not _names_both(text):
        return False
    rest = _MADE_WHOLE.sub(" ", _AI_WORD.sub(" ", unicodedata.normalize("NFKC", text)))
    return not rest or bool(_FRAME.fullmatch(rest))


def _without_tail(text: str) -> str:
    """The text without a label that hangs at its end behind a dash or a full stop."""
    for found in _DASH.finditer(text, max(0, len(text) - 2 * LABEL_LIMIT)):
        if _is_label(text[found.end() :]):
            return str(text[: found.start()])
    return text
