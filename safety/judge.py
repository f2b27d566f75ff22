"""A second opinion from a guard model: how its answers are read, and how little it may change."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from safety.verdict import Reason, Risk

Dialect = Literal["qwen3guard", "llama_guard", "openai"]
# What no opinion lowers: these are about form, place and secrets, which a guard model does not see.
FIRM = frozenset({
    "tagging", "markup", "encoded", "disguise", "length", "label", "leak", "url", "contact", "pii", "human_claim",
    "official_claim", "outcome", "grief", "romance", "self_harm", "sexual_minor", "crisis", "operator", "political",
    "political_action",
})  # fmt: skip
QWEN_SAFETY = re.compile(r"Safety:\s*(Safe|Unsafe|Controversial)\b")
QWEN_CATEGORIES = re.compile(r"Categories:\s*([^\n]{0,200})")
LLAMA = re.compile(r"\s*(safe|unsafe)\s*(?:\n\s*(S\d{1,2}(?:\s*,\s*S\d{1,2})*)\s*)?")
CODES = {
    "Violent": "violence", "Non-violent Illegal Acts": "illegal", "Sexual Content or Sexual Acts": "sexual",
    "PII": "pii", "Suicide & Self-Harm": "self_harm", "Unethical Acts": "insult",
    "Politically Sensitive Topics": "political", "Copyright Violation": "copyright", "Jailbreak": "injection",
    "S1": "violence", "S2": "illegal", "S3": "sexual", "S4": "sexual_minor", "S5": "honour", "S6": "medical",
    "S7": "privacy", "S8": "copyright", "S9": "arms", "S10": "hate_other", "S11": "self_harm", "S12": "sexual",
    "S13": "rumour", "S14": "illegal",
    "hate": "hate_other", "harassment": "harassment", "violence": "violence", "sexual": "sexual",
    "illicit": "illegal", "self-harm": "self_harm", "sexual/minors": "sexual_minor",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a guard model thinks of one text: a grade, the code it is about, and which model said so."""

    risk: Risk
    code: str
    model: str


class Judge(Protocol):
    """Somebody who can be asked; nothing comes back when there is no usable answer in time."""

    async def ask(self, text: str) -> Opinion | None:
        """Return an opinion on a candidate reply, or nothing; never raises for what the other side does."""
        ...


def is_grey(risk: Risk, mode: str) -> bool:
    """Say whether an opinion is worth asking for: doubtful texts, and in tense times everything but the plainly bad."""
    return risk == "medium" or (risk == "low" and mode in {"heightened", "emergency"})


def consider(reasons: tuple[Reason, ...], opinion: Opinion) -> list[Reason]:
    """Return the findings with the opinion taken in: it may raise freely, and lower only from medium to low.

    What the filter found high stays high, and what it found by form (a link, a foreign account, a leak) stays as it is.
    """
    if opinion.risk != "low":
        why = f"the guard model {opinion.model} calls this {opinion.risk}"
        return [*reasons, Reason(code=opinion.code, rule="judge", risk=opinion.risk, why=why)]
    if any(reason.risk == "high" for reason in reasons):
        return list(reasons)
    return [
        reason.model_copy(update={"risk": "low", "why": f"{reason.why}; {opinion.model} finds it harmless"})
        if reason.risk == "medium" and reason.code not in FIRM
        else reason
        for reason in reasons
    ]


def read_qwen(said: str, model: str) -> Opinion | None:
    """Read `Safety: Unsafe` and `Categories: …` of Qwen3Guard; anything else, two grades too, is no opinion."""
    grades = set(QWEN_SAFETY.findall(said))
    if len(grades) != 1:
        return None
    names = [name.strip() for found in QWEN_CATEGORIES.findall(said) for name in found.split(",")]
    risk: Risk = {"Safe": "low", "Controversial": "medium", "Unsafe": "high"}[grades.pop()]  # type: ignore[assignment]
    return Opinion(risk, first_code(names), model)


def read_llama(said: str, model: str) -> Opinion | None:
    """Read `safe`, or `unsafe` and a line of S-codes, of Llama Guard; a refusal or prose is no opinion."""
    found = LLAMA.fullmatch(said)
    if found is None:
        return None
    return Opinion("low" if found[1] == "safe" else "high", first_code(re.findall(r"S\d+", found[2] or "")), model)


def read_moderation(body: Any, model: str) -> Opinion | None:
    """Read the JSON of an OpenAI-compatible `/moderations` answer; another shape is no opinion."""
    try:
        results = body["results"]
        (result,) = results
        flagged, categories = result["flagged"], result["categories"]
        names = sorted((str(name) for name, value in categories.items() if value is True), key=len, reverse=True)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    if not isinstance(flagged, bool):
        return None
    return Opinion("high" if flagged else "low", first_code([*names, *(name.split("/")[0] for name in names)]), model)


def first_code(names: list[str]) -> str:
    """Return our code for the first known name, or the classifier's own."""
    return next((CODES[name] for name in names if name in CODES), "toxicity")


READERS: Mapping[Dialect, Callable[[Any, str], Opinion | None]] = {
    "qwen3guard": read_qwen,
    "llama_guard": read_llama,
    "openai": read_moderation,
}
