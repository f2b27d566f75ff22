"""Reads the word lists and says exactly where one is wrong."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from safety.ahead import compile_ahead
from safety.codes import load_codes
from safety.fold import DOUBLE_HAN, HAN, fold
from safety.lexicon.anchors import Words, better, compile_anchored
from safety.lexicon.entries import VIEWS, BadLexicon, Entry, Lexicon, Rule, Term, Tier

HERE = Path(__file__).parent
GAP = r"[^。！？!?;\n]{0,%s}"
LATIN_EDGE = re.compile(r"[a-z0-9]")
HAN_CHAR = re.compile(f"[{HAN}]")
SECTION_KEYS = {"way", "views", "source"}
WAYS = {"in", "out", "both"}
MAX_LINE = 4000
MAX_GAP = 40


@dataclass
class Builder:
    """What has been read so far."""

    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)
    terms: dict[str, list[Term]] = field(default_factory=lambda: defaultdict(list))
    anchored: dict[str, list[Rule]] = field(default_factory=lambda: defaultdict(list))
    rules: list[Rule] = field(default_factory=list)
    english: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    section: Entry | None = None
    where: str = ""

    def fail(self, problem: str, remedy: str) -> BadLexicon:
        """Return the error that names the place."""
        return BadLexicon(f"{self.where}: {problem}. {remedy}")


def load_lexicon(extra: Iterable[Path] = (), *, folder: Path = HERE) -> Lexicon:
    """Read every `*.lex` of the folder (word classes first) and the operator's own files.

    Raises BadLexicon with `file:line` and a remedy; nothing is kept of a lexicon with one bad line.
    """
    built = Builder()
    digest = hashlib.sha256()
    paths = [*sorted(folder.glob("*.lex")), *extra]
    for path in paths:
        try:
            data = path.read_bytes()
            text = data.decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadLexicon(
                f"{path}: cannot be read as UTF-8 text ({error}). Save it as UTF-8 or remove it"
            ) from error
        digest.update(data)
        read_file(built, path, text)
    return Lexicon(
        terms={key: tuple(sorted(terms, key=lambda term: -len(term.text))) for key, terms in built.terms.items()},
        anchors=index_anchors(built.anchored),
        words=built.words,
        heard=frozenset(built.heard),
        aliases=built.aliases,
        alias_pattern=compile_ahead(any_of(built.aliases)) if built.aliases else None,
        english=frozenset(built.english),
        version=digest.hexdigest()[:12],
        files=tuple(path.name for path in paths),
        rules=tuple(built.rules),
        counts=dict(built.counts),
        doubled=index_doubled(term for terms in built.terms.values() for term in terms),
    )


def index_anchors(anchored: Mapping[str, Sequence[Rule]]) -> dict[str, list[tuple[str, dict[str, Rule]]]]:
    """Return each anchor with its rules by name, by its first two characters; the words of one class share theirs."""
    anchors: dict[str, list[tuple[str, dict[str, Rule]]]] = defaultdict(list)
    shared: dict[tuple[str, ...], dict[str, Rule]] = {}
    for word, rules in anchored.items():
        tied = {rule.name: rule for rule in rules}
        anchors[word[:2]].append((word, shared.setdefault(tuple(tied), tied)))
    return dict(anchors)


def index_doubled(terms: Iterable[Term]) -> dict[str, list[tuple[str, Term]]]:
    """Return the terms with a doubled Han character, behind their form with one, by its first two characters."""
    doubled: dict[str, list[tuple[str, Term]]] = defaultdict(list)
    for term in terms:
        squeezed = DOUBLE_HAN.sub(r"\1", term.text)
        if len(squeezed) > 1 and squeezed != term.text and term.entry.tier != "evidence":
            doubled[squeezed[:2]].append((squeezed, term))
    return dict(doubled)


def read_file(built: Builder, path: Path, text: str) -> None:
    """Read one file line by line."""
    built.section = None
    for number, raw in enumerate(text.splitlines(), 1):
        built.where = f"{path.name}:{number}"
        line = raw.split(" #", 1)[0].strip() if not raw.lstrip().startswith("#") else ""
        if not line:
            continue
        if len(line) > MAX_LINE:
            raise built.fail(f"the line is longer than {MAX_LINE} characters", "Break it into several lines")
        read_line(built, line)


def read_line(built: Builder, line: str) -> None:
    """Tell the kinds of line apart."""
    if line.startswith("["):
        built.section = read_section(built, line)
    elif line.startswith("word "):
        read_word(built, line[5:])
    elif line.startswith("alias "):
        read_alias(built, line[6:])
    elif line.startswith("rule "):
        read_rule(built, line[5:])
    else:
        read_terms(built, line)


def read_section(built: Builder, line: str) -> Entry:
    """Read `[tier code way=out views=plain,joined source=...]`."""
    if not line.endswith("]"):
        raise built.fail("a heading without its closing bracket", "Write [tier code], for example [block insult]")
    tier, code, *options = [*line[1:-1].split(), "", ""][: max(2, len(line[1:-1].split()))]
    if tier not in get_args(Tier):
        raise built.fail(f"unknown tier {tier!r}", "Use block, review or evidence")
    if code not in load_codes():
        raise built.fail(f"unknown code {code!r}", "Use a code of codes.tsv")
    given = dict(option.partition("=")[::2] for option in options)
    if wrong := set(given) - SECTION_KEYS:
        raise built.fail(f"unknown option {sorted(wrong)[0]!r}", "Use way=, views= or source=")
    way = given.get("way", "both")
    if way not in WAYS:
        raise built.fail(f"unknown way {way!r}", "Use in, out or both")
    views = frozenset(given.get("views", ",".join(VIEWS)).split(","))
    if strange := views - set(VIEWS):
        raise built.fail(f"unknown view {sorted(strange)[0]!r}", f"Use {', '.join(VIEWS)}")
    return Entry(code, tier, way, views | {"plain"}, given.get("source", "own"), built.where)  # type: ignore[arg-type]


def read_word(built: Builder, line: str) -> None:
    """Read `name = a | b | c`, or `name ~= a | b` when its words may hide behind homophones."""
    name, mark, rest = line.partition("=")
    name = name.strip()
    heard = name.endswith("~")
    name = name.removesuffix("~").strip()
    if not mark or not re.fullmatch(r"[a-z_]+", name):
        raise built.fail("a class of words needs a name of small letters and an equals sign", "word sure = 一定 | 肯定")
    if name in built.words:
        raise built.fail(f"the class {name!r} stands twice", "Give it another name or join the two")
    words = tuple(dict.fromkeys(fold(word).text for word in split_words(built, rest)))
    built.words[name] = words
    built.english.update(token for word in words for token in re.findall(r"[a-z]+", word))
    if heard:
        built.heard.update(word for word in words if len(word) > 1)


def read_alias(built: Builder, line: str) -> None:
    """Read `word = coded | spellings`."""
    meant, mark, rest = line.partition("=")
    if not mark or not meant.strip():
        raise built.fail("an alias needs the word that is meant, and an equals sign", "alias 微信 = 薇信 | vx")
    for alias in split_words(built, rest):
        built.aliases[fold(alias).text] = meant.strip()


def read_terms(built: Builder, line: str) -> None:
    """Read `a | b | c`, with ` !allow x | y` for the phrases in which they are harmless."""
    if built.section is None:
        raise built.fail("terms before any heading", "Put a heading such as [block insult] above them")
    body, _, allow = line.partition(" !allow ")
    allowed = tuple(fold(phrase).text for phrase in split_words(built, allow)) if allow else ()
    for word in split_words(built, body):
        text = fold(word).text
        if len(text) < 2:
            raise built.fail(f"{word!r} is a single character", "Single characters hit everywhere; write a rule")
        built.terms[text[:2]].append(Term(text, built.section, allowed))
        built.english.update(re.findall(r"[a-z]+", text))
        built.counts[built.section.code] += 1
        if "unmasked" in built.section.views:
            built.heard.add(text)


def read_rule(built: Builder, line: str) -> None:
    """Read `pattern && pattern`, with ` !unless pattern` for what makes it harmless."""
    if built.section is None:
        raise built.fail("a rule before any heading", "Put a heading such as [review outcome] above it")
    body, _, unless = line.partition(" !unless ")
    compiled = [compile_pattern(built, part.strip()) for part in body.split(" && ")]
    void = compile_pattern(built, unless.strip())[0] if unless else None
    key = hashlib.sha256(line.encode()).hexdigest()[:10]
    rule = Rule(built.where, key, built.section, tuple(pattern for pattern, _ in compiled), void)
    anchors: Words = None
    for _, words in compiled:
        anchors = better(anchors, words)
    if not anchors:
        raise built.fail("a rule that no fixed word starts", "Let every alternative hold at least one written-out word")
    built.rules.append(rule)
    built.counts[built.section.code] += 1
    for word in anchors:
        built.anchored[word].append(rule)


def compile_pattern(built: Builder, body: str) -> tuple[re.Pattern[str], Words]:
    """Turn classes `{name}` and gaps `~N` into a regular expression whose time is bounded."""

    def fill(match: re.Match[str]) -> str:
        if match[1] not in built.words:
            raise built.fail(f"unknown class {{{match[1]}}}", "Define it above with: word name = ...")
        return any_of(built.words[match[1]])

    def leave(match: re.Match[str]) -> str:
        if int(match[1]) > MAX_GAP:
            raise built.fail(f"a gap of {match[1]} characters", f"Use at most {MAX_GAP}")
        return GAP % match[1]

    if re.search(r"(?<!\\)[.\])][*+]|(?<!\\)\{\d+,\}", body):
        raise built.fail("an unbounded repetition", "Use ~N for a gap of up to N characters")
    filled = re.sub(r"\{([a-z_]+)\}", fill, re.sub(r"~(\d+)", leave, body))
    if not HAN_CHAR.search(filled) and not filled.startswith(("^", "@")):
        filled = rf"(?<![a-z0-9])(?:{filled})(?![a-z])"
    try:
        return compile_anchored(filled)
    except re.error as error:
        raise built.fail(f"not a pattern ({error})", "Check brackets and stars") from error


def any_of(words: Iterable[str]) -> str:
    """Return a group that matches any of the words, longest first, Latin ones only as whole words."""
    parts = []
    for word in sorted(words, key=len, reverse=True):
        text = re.escape(word)
        if LATIN_EDGE.match(word[0]):
            text = r"(?<![a-z0-9])" + text
        if LATIN_EDGE.match(word[-1]):
            text += r"(?![a-z0-9])"
        parts.append(text)
    return f"(?:{'|'.join(parts)})"


def split_words(built: Builder, text: str) -> list[str]:
    """Split at bars; an empty place between two bars is an error."""
    words = [word.strip() for word in text.split("|")]
    if not all(words):
        raise built.fail("an empty word between two bars", "Remove the spare bar")
    return words
