"""What the filter says about a text: how risky it is, why, and what follows."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Risk = Literal["low", "medium", "high"]
Decision = Literal["post", "hold", "block", "crisis", "silent"]
Direction = Literal["in", "out"]
GRADES: tuple[Risk, ...] = ("low", "medium", "high")


class Reason(BaseModel):
    """One finding: its code, the rule or classifier that fired, and the span [start, end) in the original text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    rule: str
    risk: Risk
    start: int = 0
    end: int = 0
    text: str = ""
    why: str


class Verdict(BaseModel):
    """The grade of a text, its reasons in words, the decision that the policy draws from them, and the versions.

    `mode` is the policy mode under which it was decided.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    risk: Risk
    decision: Decision
    reasons: tuple[Reason, ...] = ()
    versions: str = ""
    mode: str = ""


class Context(BaseModel):
    """What the filter may know besides the text itself.

    `tone` and `negativity` are the reading of the post that is answered; `thread_handles` are the accounts that may
    be named; `hidden_texts` must not come out (system prompt, canary); `audience` is `everyone` or `minor`;
    `mode` is the policy mode; `strangers` are the texts of others that the writer saw, which a reply may not obey;
    `language` is the tag of the language it should be in, if known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tone: str | None = None
    negativity: float = 0.0
    thread_handles: tuple[str, ...] = ()
    hidden_texts: tuple[str, ...] = ()
    audience: Literal["everyone", "minor"] = "everyone"
    mode: Literal["normal", "heightened", "emergency", "stopped"] = "normal"
    strangers: tuple[str, ...] = ()
    language: str = ""
