"""Everything an operator can set, read from the environment and from .env."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import Misconfigured
from bot.tone import thresholds
from safety.care import load_lines

PREFIX = "JIEGENG_"


class Settings(BaseSettings):
    """Each field is `JIEGENG_` and its name in capitals; its description is what `jiegeng check` and the guide show."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    data: Path = Field(Path("data"), description="Folder for everything the bot keeps on this machine.")
    database_url: str = Field(
        "", description="Where the journal lives: sqlite:///file or postgresql://… Empty: a file in the data folder."
    )
    redis_url: str = Field(
        "",
        description="A Redis or Valkey ≥ 7: redis://…, a cluster with ?cluster=1. Empty: a private Valkey is started.",
    )
    keep_days: float = Field(
        180.0, ge=0, description="Days until the text of an ended episode is deleted; figures stay. 0: for ever."
    )

    llm_base_url: str = Field("", description="An OpenAI-compatible endpoint, for example http://localhost:8000/v1.")
    llm_api_key: SecretStr = Field(SecretStr(""), description="Its key; OPENAI_API_KEY is the fallback.")
    llm_model: str = Field("", description="The model's name. Empty: the offline writer answers.")
    llm_timeout: float = Field(30.0, ge=1, le=600, description="Our own deadline around every model call, in seconds.")
    llm_price_in: float = Field(0.0, ge=0, description="Price of a million input tokens, for the cost column.")
    llm_price_out: float = Field(0.0, ge=0, description="Price of a million output tokens.")
    llm_when_down: Literal["offline", "wait"] = Field(
        "offline", description="When the model is down: let the offline writer answer, or wait for the model."
    )

    second_opinion: float = Field(
        0.0, ge=0, le=1, description="Ask the model how a post feels where our reader is less sure than this; 0: never."
    )

    persona: str = Field("ageng", description="Which file of the prompts folder the bot is.")
    prompts: Path = Field(Path("prompts"), description="Folder with one Markdown file per persona.")
    memes: Path | None = Field(None, description="Folder with meme cards of your own, beside the library.")
    words: Path | None = Field(None, description="A word list of your own for the safety filter.")
    label_zh: str = Field("（AI生成）", description="The label on Chinese replies; needs an AI and a generation word.")
    label_en: str = Field("(AI-generated)", description="The label on other replies; needs both words too.")

    plaza: bool = Field(default=True, description="Start the built-in plaza and answer there.")
    plaza_port: int = Field(8700, ge=1, le=65535, description="The plaza's port on this machine.")
    http_url: str = Field("", description="A community site that speaks our open protocol.")
    http_token: SecretStr = Field(SecretStr(""), description="Its bearer token.")
    mastodon_url: str = Field("", description="A Mastodon-API server, for example https://mastodon.example.")
    mastodon_token: SecretStr = Field(SecretStr(""), description="The bot account's access token there.")

    host: str = Field("127.0.0.1", description="Address the web pages listen on.")
    port: int = Field(8701, ge=1, le=65535, description="Port of the admin pages.")

    at_once: int = Field(32, ge=1, le=512, description="How many mentions one worker answers at the same time.")
    cool_replies: int = Field(5, ge=1, description="How many replies one person gets …")
    cool_seconds: int = Field(120, ge=1, description="… in this many seconds, before the bot falls silent for them.")
    thread_limit: int = Field(6, ge=1, description="How many replies of ours one thread may hold.")
    per_minute: float = Field(120.0, gt=0, description="The pace of one account: posts a minute.")
    answer_by_hours: float = Field(24.0, gt=0, description="Older mentions are not answered any more.")
    backlog: int = Field(
        10_000, ge=100, description="How many mentions may wait; beyond it the oldest jokes are left out."
    )
    region: str = Field("", description="Country code for help lines, for example CN, TW, HK, US. Empty: by language.")
    tone: str = Field("", description="What you change in the tone table: joke=0.5, playful=warm (docs/tone.md).")
    alert_webhook: SecretStr = Field(
        SecretStr(""), description="Called with a small JSON when a human should look, a crisis first of all."
    )
    alert_text: bool = Field(default=False, description="Whether an alert also carries what the person wrote.")
    admin_url: str = Field(
        "", description="Where admins reach the pages, for links; https:// marks the cookie Secure. Empty: here."
    )
    alert_open_minutes: float = Field(
        30.0, gt=0, description="An alert tells of an episode that is open for longer (held ones apart)."
    )
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Bearer token for GET /metrics (Prometheus). Empty: there is no such page."
    )
    family_uses: int = Field(100, ge=1, description="How often one family of memes is played in a day, to all people.")
    sources: Path | None = Field(None, description="A YAML file of boards to read topics from. Empty: no topics.")
    learn: bool = Field(
        default=False,
        description="Count what public posts talk about, keep uses of new phrases for 30 days, and draft cards.",
    )
    audit_days: float = Field(190.0, ge=0.01, description="How many days the audit chain goes back.")
    audit_code: str = Field(
        "jiegeng",
        pattern=r"^[\x21-\x7e]{1,64}$",
        description="Who runs the bot, in the audit's labels; ASCII.",
    )
    judge_url: str = Field("", description="An endpoint that serves a guard model: a second opinion. Empty: none.")
    judge_model: str = Field("", description="The guard model's name there.")
    judge_key: SecretStr = Field(SecretStr(""), description="Its key, if it wants one.")
    judge_dialect: Literal["qwen3guard", "llama_guard", "openai"] = Field(
        "qwen3guard", description="How it answers: Qwen3Guard, Llama Guard (English only), or OpenAI's moderations."
    )
    judge_timeout: float = Field(3.0, ge=0.1, le=30, description="After so many seconds the filter decides alone.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much the terminal says.")

    @field_validator("tone")
    @classmethod
    def _fits_the_table(cls, written: str) -> str:
        try:
            thresholds(written)
        except Misconfigured as problem:
            raise ValueError(str(problem)) from problem
        return written

    @field_validator("alert_webhook")
    @classmethod
    def _is_webhook(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value():
            cls._is_http(url.get_secret_value())
        return url

    @field_validator("llm_base_url", "http_url", "mastodon_url", "admin_url", "judge_url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            message = "an address starts with http:// or https://"
            raise ValueError(message)
        return url.rstrip("/")

    @field_validator("region")
    @classmethod
    def _has_help_lines(cls, region: str) -> str:
        # A typo must not send somebody in danger to the numbers of another place.
        if region and region not in (known := sorted(load_lines())):
            message = f"there are no help lines for this region; use one of {', '.join(known)}, or leave it out"
            raise ValueError(message)
        return region

    @model_validator(mode="after")
    def _tokens_come_with_addresses(self) -> Settings:
        for name in ("http", "mastodon"):
            if getattr(self, f"{name}_url") and not getattr(self, f"{name}_token").get_secret_value():
                message = f"{PREFIX}{name.upper()}_URL is set but {PREFIX}{name.upper()}_TOKEN is not"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _somebody_can_be_asked(self) -> Settings:
        if self.second_opinion and not self.llm_model:
            message = f"{PREFIX}SECOND_OPINION is set but {PREFIX}LLM_MODEL is not"
            raise ValueError(message)
        return self

    @property
    def learned(self) -> Path:
        """Where cards that were learned lie: drafts until somebody approves them."""
        return self.data / "learned"

    @property
    def journal_url(self) -> str:
        """The journal's URL, with the default filled in."""
        return self.database_url or f"sqlite:///{self.data / 'journal.sqlite3'}"


def load_settings(environ: Mapping[str, str] = os.environ, dotenv: Path = Path(".env")) -> Settings:
    """The settings, or `Misconfigured` with every name that is wrong and what to write instead."""
    written = dotenv_values(dotenv) if dotenv.is_file() else {}
    problems = _unknown_names(environ, "the environment") + _unknown_names(written, str(dotenv))
    if problems:
        raise Misconfigured("\n".join(problems))
    try:
        settings = Settings(_env_file=dotenv)
    except ValidationError as error:
        raise Misconfigured("\n".join(_explain(error))) from error
    key = environ.get("OPENAI_API_KEY") or written.get("OPENAI_API_KEY")
    if key and not settings.llm_api_key.get_secret_value():
        settings = settings.model_copy(update={"llm_api_key": SecretStr(key)})
    return settings


def _unknown_names(names: Mapping[str, object], where: str) -> list[str]:
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    problems = []
    for name in names:
        if not name.upper().startswith(PREFIX) or name.upper() in known or name.upper() in _OURS:
            continue
        near = difflib.get_close_matches(name.upper(), known, 1, 0.6)
        hint = f"; did you mean {near[0]}?" if near else "; `jiegeng check --settings` lists all names"
        problems.append(f"{name} (in {where}) is not a setting{hint}")
    return problems


# Handed from the program to the plaza it starts; nobody has to set it.
_OURS = frozenset({"JIEGENG_PLAZA_TOKEN"})


def _is_secret(name: str) -> bool:
    return name.endswith(("_KEY", "_TOKEN", "_URL", "_WEBHOOK"))


def _explain(error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors():
        name = PREFIX + str(problem["loc"][0]).upper() if problem["loc"] else "settings"
        # Whole-model errors carry every setting as their input, secrets too; only a plain value may be shown.
        value = problem.get("input")
        shown = f" (it is {value!r})" if isinstance(value, str | int | float) and not _is_secret(name) else ""
        lines.append(f"{name}: {problem['msg']}{shown}")
    return lines
