"""What must hold between two texts: a disguise never lowers the risk of what is bad, and spans stay in the original."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from safety import Context, Filter
from safety.disguise import figures, traditional, widen
from safety.verdict import GRADES
from tests.safety.families import COMPATIBLE, HOSTS, among, load_english_terms, load_terms, read_rows, written_with

ORDER = ["post", "hold", "silent", "block"]
TERMS = st.sampled_from(load_terms())
ENGLISH = st.sampled_from(load_english_terms())
SEEDS = st.integers(0, 10_000)
KIND = st.sampled_from([row[2] for row in read_rows("replies.tsv") if row[0] == "low"])
HOST = st.sampled_from(HOSTS)
FORMATS = {
    "zero-width marks": lambda text, dice: among(text, "\u200b\u200c\u2060\xad\ufe0f", dice),
    "width": widen,
    "traditional": traditional,
    "radicals": lambda text, _dice: written_with(COMPATIBLE)(text),
    "combining marks": lambda text, dice: among(text, ("\u0301", "\u0323", "\u0336", ""), dice),
    "bidi marks": lambda text, _dice: f"\u2068{text}\u2069",
    "tags": lambda text, _dice: text + "\U000e0068\U000e0069",
}
GAPS = {
    "blanks": lambda text, _dice: " ".join(text),
    "signs": lambda text, dice: among(text, "*·-_~|/", dice),
    "lines": lambda text, _dice: "\n".join(text),
    "repeats": lambda text, dice: "".join(char * dice.choice((1, 1, 3)) for char in text),
}
MODES = ("normal", "heightened", "emergency", "stopped")


def grade(watchdog: Filter, text: str, direction: str = "out", **context: object) -> int:
    return GRADES.index(watchdog.check(text, direction=direction, context=Context(**context)).risk)


def decide(watchdog: Filter, text: str, **context: object) -> int:
    return ORDER.index(watchdog.check(text, direction="out", context=Context(**context)).decision)


@given(TERMS, HOST, st.sampled_from(sorted(FORMATS)), SEEDS)
@settings(max_examples=150, deadline=None)
def test_a_change_of_form_never_lowers_the_grade(watchdog, term, host, trick, seed):
    plain = host.format(term)
    assert grade(watchdog, FORMATS[trick](plain, Random(seed))) >= grade(watchdog, plain)


@given(TERMS, HOST, st.sampled_from(sorted(GAPS)), SEEDS)
@settings(max_examples=150, deadline=None)
def test_holding_a_blocked_term_apart_never_lets_it_be_posted(watchdog, term, host, trick, seed):
    plain = host.format(term)
    hidden = host.format(GAPS[trick](term, Random(seed)))
    assert min(1, decide(watchdog, hidden)) >= min(1, decide(watchdog, plain))


@given(ENGLISH, st.sampled_from([figures, widen]), SEEDS)
@settings(max_examples=80, deadline=None)
def test_letters_that_look_alike_never_lower_the_grade(watchdog, term, change, seed):
    assert grade(watchdog, change(term, Random(seed))) >= grade(watchdog, term)


@given(TERMS, KIND, st.booleans())
@settings(max_examples=100, deadline=None)
def test_harmless_text_beside_what_is_blocked_never_lowers_the_grade(watchdog, term, kind, before):
    """Of what is only doubtful it may: swearing at nobody weighs less in a long calm text."""
    text = f"{kind}。{term}" if before else f"{term}。{kind}"
    high = GRADES.index("high")
    assert grade(watchdog, term) < high or grade(watchdog, text) == high


@given(TERMS, TERMS, KIND)
@settings(max_examples=50, deadline=None)
def test_two_texts_together_are_blocked_when_one_of_them_is(watchdog, term, other, kind):
    one, two = f"{kind}，{term}", f"{other}！{kind}"
    high = GRADES.index("high")
    assert (grade(watchdog, f"{one}\n{two}") == high) >= (high in {grade(watchdog, one), grade(watchdog, two)})


@given(KIND, st.sampled_from(["width", "traditional", "radicals"]), SEEDS)
@settings(max_examples=100, deadline=None)
def test_a_change_of_form_does_not_make_harmless_text_riskier(watchdog, kind, trick, seed):
    assert decide(watchdog, FORMATS[trick](kind, Random(seed))) <= decide(watchdog, kind)


@given(TERMS, st.sampled_from(MODES[1:]))
@settings(max_examples=60, deadline=None)
def test_a_stricter_mode_never_lets_more_out(watchdog, term, mode):
    milder = MODES[MODES.index(mode) - 1]
    assert decide(watchdog, term, mode=mode) >= decide(watchdog, term, mode=milder)


@given(TERMS | KIND)
@settings(max_examples=60, deadline=None)
def test_the_rules_for_minors_are_never_milder(watchdog, text):
    assert decide(watchdog, text, audience="minor") >= decide(watchdog, text)


@given(TERMS, HOST, st.sampled_from(sorted({**FORMATS, **GAPS})), SEEDS, st.sampled_from(["in", "out"]))
@settings(max_examples=150, deadline=None)
def test_spans_point_into_the_original_and_quote_it(watchdog, term, host, trick, seed, direction):
    text = host.format({**FORMATS, **GAPS}[trick](term, Random(seed)))
    for reason in watchdog.check(text, direction=direction).reasons:
        assert 0 <= reason.start <= reason.end <= len(text)
        assert not reason.text or text[reason.start : reason.end].startswith(reason.text)


@given(TERMS, HOST)
@settings(max_examples=60, deadline=None)
def test_the_span_of_a_term_holds_the_term(watchdog, term, host):
    text = host.format("\u200b".join(term))
    reasons = watchdog.check(text, direction="out").reasons
    spans = [text[r.start : r.end].replace("\u200b", "") for r in reasons if ".lex" in r.rule]
    assert any(term in span or span in term for span in spans)


@given(st.text(max_size=120), st.text(max_size=120))
@settings(max_examples=60, deadline=None)
def test_the_same_text_gets_the_same_verdict_whatever_was_checked_before(watchdog, text, other):
    first = watchdog.check(text, direction="out")
    watchdog.check(other, direction="out")
    assert watchdog.check(text, direction="out") == first
