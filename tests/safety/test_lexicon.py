"""Word lists say where they are wrong, carry their measured hits, and can be extended by an operator."""

import gzip
import json

import pytest

from safety import BadLexicon, BadPolicy, Filter
from safety.admission import BLOCK_SHARE, POOL, REVIEW_SHARE, list_keys, load_admission, propose
from safety.codes import load_codes
from safety.lexicon import load_lexicon
from safety.policy import load_policy


def load_with(tmp_path, text):
    path = tmp_path / "mine.lex"
    path.write_text(text, encoding="utf-8")
    return Filter.load(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[ban insult]\nfoo bar", r"mine\.lex:1: unknown tier 'ban'"),
        ("# remark\n\n[block nonsense]\nfoo", r"mine\.lex:3: unknown code 'nonsense'"),
        ("foo | bar", r"mine\.lex:1: terms before any heading"),
        ("[block insult]\n滚", r"mine\.lex:2: '滚' is a single character"),
        ("[block insult]\nfoo || bar", r"mine\.lex:2: an empty word"),
        ("[block insult\nfoo", r"mine\.lex:1: a heading without its closing bracket"),
        ("[block insult]\nrule {nobody}~3foo", r"mine\.lex:2: unknown class \{nobody\}"),
        ("[block insult]\nrule foo(.*bar", r"mine\.lex:2: an unbounded repetition"),
        ("[block insult]\nrule foo(bar", r"mine\.lex:2: not a pattern"),
        ("[block insult]\nrule foo~99bar", r"mine\.lex:2: a gap of 99"),
        ("[block insult]\nrule \\d{3}", r"mine\.lex:2: a rule that no fixed word starts"),
        ("[block insult speed=3]\nfoo", r"mine\.lex:1: unknown option 'speed'"),
    ],
)
def test_a_bad_list_is_refused_with_file_and_line(tmp_path, text, message):
    with pytest.raises(BadLexicon, match=message):
        load_with(tmp_path, text)


def test_a_list_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "mine.lex").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadLexicon, match="UTF-8"):
        Filter.load(tmp_path / "mine.lex")


def test_an_operator_adds_terms_rules_and_exceptions(tmp_path):
    watchdog = load_with(
        tmp_path,
        "word fruit = 火龙果 | mango\n[block operator]\n紫皮蒜瓣 !allow 紫皮蒜瓣大赛\nrule {fruit}~4(?:发霉|rots)\n",
    )
    assert watchdog.check("你这紫*皮*蒜*瓣", direction="out").decision == "block"
    assert watchdog.check("明天紫皮蒜瓣大赛开幕", direction="out").decision == "post"
    assert watchdog.check("这火龙果都发霉了", direction="out").decision == "block"
    assert watchdog.check("火龙果真甜", direction="out").decision == "post"


def test_a_folder_of_lists_is_read(tmp_path):
    (tmp_path / "a.lex").write_text("[block operator]\n紫皮蒜瓣\n", encoding="utf-8")
    (tmp_path / "b.lex").write_text("[block operator]\n青皮萝卜缨\n", encoding="utf-8")
    watchdog = Filter.load(tmp_path)
    assert watchdog.check("紫皮蒜瓣", direction="out").decision == "block"
    assert watchdog.check("青皮萝卜缨", direction="out").decision == "block"


def test_every_term_and_rule_of_ours_was_measured():
    _, hits = load_admission()
    missing = sorted(list_keys(load_lexicon()) - set(hits))
    assert missing == [], "run: python -m safety.admission DATA"


def test_no_term_of_the_block_tier_hits_many_ordinary_posts():
    heading, hits = load_admission()
    lexicon = load_lexicon()
    blocked = {t.text for found in lexicon.terms.values() for t in found if t.entry.tier == "block"}
    assert max(hits[term] for term in blocked) <= 0.0005 * int(heading["posts"])


def test_the_tiers_keep_to_their_shares_of_ordinary_posts():
    heading, _ = load_admission()
    assert int(heading["block"]) <= BLOCK_SHARE * int(heading["posts"])
    assert int(heading["review"]) <= REVIEW_SHARE * int(heading["posts"])


def test_every_entry_carries_a_known_code():
    lexicon = load_lexicon()
    codes = {t.entry.code for found in lexicon.terms.values() for t in found} | {r.entry.code for r in lexicon.rules}
    assert codes <= set(load_codes())
    assert len(codes) > 35


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("normal\tout\t*\thigh", r"policy\.tsv:1: 4 columns"),
        ("normal\tout\tnonsense\thigh\t*\tblock", r"policy\.tsv:1: unknown 'nonsense'"),
        ("normal\tout\t*\thigh\t*\tmaybe", r"policy\.tsv:1: unknown decision 'maybe'"),
    ],
)
def test_a_bad_policy_is_refused_with_file_and_line(tmp_path, row, message):
    path = tmp_path / "policy.tsv"
    path.write_text(row + "\n", encoding="utf-8")
    with pytest.raises(BadPolicy, match=message):
        load_policy(path)


def test_a_missing_cell_means_block(tmp_path):
    path = tmp_path / "policy.tsv"
    path.write_text("normal\tin\t*\tlow\t*\tpost\n", encoding="utf-8")
    watchdog = Filter.load(policy=path)
    assert watchdog.check("早安", direction="out").decision == "block"


def test_a_proposal_says_of_each_candidate_what_would_become_of_it(tmp_path, capsys):
    pool = tmp_path / POOL
    pool.parent.mkdir()
    with gzip.open(pool, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps({"text": f"今天第{n}次路过那家面馆"}, ensure_ascii=False) + "\n" for n in range(40))
    mine = tmp_path / "mine.lex"
    mine.write_text("[block operator]\n紫皮蒜瓣 | 面馆 | 傻逼\n[review operator]\nrule 蒜瓣~2脑袋\n", encoding="utf-8")

    propose(mine, tmp_path)

    rows = {row.split("\t")[-1]: row.split("\t")[1] for row in capsys.readouterr().out.splitlines()}
    assert rows == {"面馆": "too common", "紫皮蒜瓣": "admit", "傻逼": "known already", "mine.lex:4": "admit"}


def test_a_harmless_phrase_beside_a_blocked_term_does_not_void_it(tmp_path):
    watchdog = load_with(
        tmp_path, "[block operator]\n紫皮蒜瓣 !allow 菜谱\n[review operator]\n青皮萝卜缨 !allow 菜谱\n"
    )
    assert watchdog.check("菜谱：紫皮蒜瓣", direction="out").decision == "block"
    assert watchdog.check("菜谱：青皮萝卜缨", direction="out").decision == "post"
