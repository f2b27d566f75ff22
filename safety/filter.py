"""The safety filter: reads a text with its disguises off, grades it, and lets the policy table decide."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from safety.addressee import calm_down
from safety.care import is_care
from safety.ciphers import find_cipher
from safety.echo import find_echo
from safety.hidden import gives_away
from safety.initials import Initials, build_initials, find_initials
from safety.judge import Opinion, consider
from safety.lexicon import Lexicon, load_lexicon
from safety.lexicon.ordinary import load_ordinary, load_pairs
from safety.model import Model, load_model
from safety.moods import find_by_mood
from safety.pairs import begin
from safety.personal import find_personal
from safety.policy import Policy, load_policy
from safety.ruses import build_ruses
from safety.scan import scan
from safety.surface import LONGEST, decode_payloads, find_handles, find_marks, note
from safety.verdict import GRADES, Context, Decision, Direction, Reason, Risk, Verdict
from safety.views import Hearing, Unmasking, Views, build_hearing

MOST_REASONS = 40
BEGINNING = 600
REMEMBERED = 16  # texts whose findings are kept: what a few mentions that are answered side by side ask about
HERE = Path(__file__).parent
PARTS = frozenset({".py", ".lex", ".tsv", ".txt", ".yaml", ".json", ".gz"})  # what this package is made of
PLAIN = Context()
ALONE = frozenset({"romance", "distress"})  # evidence that never adds up


@dataclass(frozen=True, repr=False)
class Filter:
    """Everything the filter knows. Build it with `Filter.load()`; all it keeps between calls are its last findings."""

    lexicon: Lexicon
    policy: Policy
    model: Model | None = None

    def __repr__(self) -> str:
        return f"Filter({self.versions})"

    @classmethod
    def load(cls, extra: Path | None = None, *, policy: Path | None = None) -> Filter:
        """Read the word lists, the operator's own list or folder of lists, and the policy table.

        Raises BadLexicon or BadPolicy, which name file, line and remedy; a caller that reloads keeps the filter it has.
        """
        files: Iterable[Path] = ()
        if extra is not None:
            files = sorted(extra.glob("*.lex")) if extra.is_dir() else (extra,)
        loaded = cls(load_lexicon(files), load_policy(policy), load_model())
        loaded.unmasking, loaded.initials  # noqa: B018 - built now, not during the first call
        return loaded

    @cached_property
    def unmasking(self) -> Unmasking:
        """What taking disguises off needs to know about the word lists."""
        hearing: Hearing = build_hearing(self.lexicon.heard, load_ordinary(), load_pairs())
        ruses = build_ruses(self.lexicon.aliases, self.lexicon.english, self.lexicon.words.get("vile", ()))
        aliases, pattern = self.lexicon.aliases, self.lexicon.alias_pattern
        return Unmasking(hearing, aliases, pattern, self.lexicon.english, ruses, begin(aliases))

    @cached_property
    def initials(self) -> Initials:
        """The words of the block tier by their initials."""
        terms = (term for found in self.lexicon.terms.values() for term in found)
        words = ((t.text, t.entry.code) for t in terms if t.entry.tier == "block" and t.entry.way != "in")
        return build_initials(words, self.lexicon.english)

    @cached_property
    def versions(self) -> str:
        """Which lexicon and policy decided."""
        model = self.model.version if self.model else "none"
        return f"lexicon {self.lexicon.version}, policy {self.policy.version}, model {model}"

    @cached_property
    def fingerprint(self) -> str:
        """A hash of everything a verdict depends on: lists, policy, weights, tables, and the code that reads them."""
        digest = hashlib.sha256(f"{self.versions}, Python {sys.version}".encode())
        for path in sorted(HERE.rglob("*")):
            if path.suffix in PARTS:
                digest.update(path.relative_to(HERE).as_posix().encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def check(self, text: str, *, direction: Direction, context: Context | None = None) -> Verdict:
        """Grade a text and decide what happens with it.

        `in` is what people write, `out` what the bot is about to post. Spans of the reasons point into `text`.
        Never raises for any text; time is bounded because only the first 2,000 characters are read, and anything
        longer is high risk on its way out.
        """
        context = context or PLAIN
        grade = self._remember if len(text) <= LONGEST else self._grade
        reasons = grade(text, direction, sight_of(context, direction))
        risk: Risk = max((reason.risk for reason in reasons), key=GRADES.index, default="low")
        decision: Decision = self.policy.decide(
            reasons, risk=risk, mode=context.mode, direction=direction, audience=context.audience
        )
        return Verdict(risk=risk, decision=decision, reasons=reasons, versions=self.versions)

    @cached_property
    def _remember(self) -> Callable[[str, Direction, Context], tuple[Reason, ...]]:
        """Findings of the last few texts: one mention asks about the same words several times, in another mode."""
        return lru_cache(maxsize=REMEMBERED)(self._grade)

    def _grade(self, text: str, direction: Direction, sight: Context) -> tuple[Reason, ...]:
        reasons = [] if is_care(text) else self.find(text, direction, sight)
        return tuple(weigh(reasons)[:MOST_REASONS])

    def reconsider(self, verdict: Verdict, opinion: Opinion, *, context: Context) -> Verdict:
        """Return the verdict on a reply with a guard model's opinion taken in (see `safety.judge`)."""
        reasons = consider(verdict.reasons, opinion)
        risk: Risk = max((reason.risk for reason in reasons), key=GRADES.index, default="low")
        decision = self.policy.decide(reasons, risk=risk, mode=context.mode, direction="out", audience=context.audience)
        return verdict.model_copy(update={"risk": risk, "decision": decision, "reasons": tuple(reasons)})

    def lets_through(self, text: str) -> bool:
        """Whether every line of a text could be posted as it stands; for cards and topics, when they are loaded."""
        lines = [line for line in text.splitlines() if line.strip()]
        return all(self.check(line, direction="out").decision == "post" for line in lines)

    def find(self, text: str, direction: Direction, context: Context) -> list[Reason]:
        """Return all findings, unweighed."""
        # A reply over the limit is blocked for that alone; its beginning is read to say what else is wrong with it.
        views = Views(text[: BEGINNING if direction == "out" and len(text) > LONGEST else LONGEST], self.unmasking)
        reasons = list(find_marks(text, views.plain))
        reasons += scan(views, self.lexicon, direction)
        reasons += find_personal(views.plain, views.unmasked)
        if direction == "out":
            reasons += find_handles(views.plain, context.thread_handles)
            reasons += find_by_mood(views, context)
            reasons += find_initials(views.plain, self.initials)
            reasons += find_cipher(views.plain, self.lexicon.english)
            reasons = self.find_toxic(views, reasons)
            if context.strangers:
                reasons += find_echo(text, context.strangers, context.language, risky=self.is_risky)
        said = decode_payloads(views.original)
        for start, end, inner in said:
            reasons.append(note("encoded", "payload", "medium", (start, end), "an encoded piece that can be read"))
            inside = scan(Views(inner, self.unmasking), self.lexicon, direction)
            reasons += [reason.model_copy(update={"start": start, "end": end, "text": ""}) for reason in inside]
        if context.hidden_texts and gives_away(views.original, context.hidden_texts, [inner for *_, inner in said]):
            reasons.append(note("leak", "hidden", "high", (0, len(text)), "it gives away hidden instructions"))
        return reasons

    def is_risky(self, piece: str) -> bool:
        """Whether a piece of somebody's wish would be a risk of its own if the bot said it."""
        return any(reason.risk != "low" for reason in self.find(piece, "out", PLAIN))

    def find_toxic(self, views: Views, reasons: list[Reason]) -> list[Reason]:
        """Return the findings with what the classifier adds: its own, or calm about words that are only coarse."""
        if self.model is None or not views.plain.text.strip():
            return reasons
        chance, grade = self.model.judge(views.reassembled)
        if grade == "calm" or grade == "low":  # noqa: PLR1714 - so that the type of the rest is known
            return calm_down(reasons, views, grade)
        why = f"the classifier takes this for offensive (probability {chance:.2f})"
        return [*reasons, note("toxicity", "classifier", grade, (0, len(views.original)), why)]


def sight_of(context: Context, direction: Direction) -> Context:
    """Return what findings depend on: not the mode nor the audience, and only for replies who is talked to."""
    if direction == "in":
        return Context(hidden_texts=context.hidden_texts) if context.hidden_texts else PLAIN
    if context.mode == PLAIN.mode and context.audience == PLAIN.audience:
        return context
    return context.model_copy(update={"mode": PLAIN.mode, "audience": PLAIN.audience})


def weigh(reasons: list[Reason]) -> list[Reason]:
    """Raise evidence to medium where two kinds of it for one code, or evidence and a disguise, come together."""
    evidence = Counter(
        code for code, _ in {(r.code, r.rule) for r in reasons if r.risk == "low" and r.code not in ALONE}
    )
    if not evidence:
        return reasons
    disguised = any(reason.code == "disguise" for reason in reasons)
    return [
        reason.model_copy(update={"risk": "medium"})
        if reason.risk == "low" and reason.code not in ALONE and (evidence[reason.code] > 1 or disguised)
        else reason
        for reason in reasons
    ]
