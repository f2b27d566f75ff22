"""The word lists: readable files of words, terms and rules, each with a code and a grade."""

from safety.lexicon.entries import BadLexicon, Entry, Lexicon, Rule, Tier
from safety.lexicon.parse import load_lexicon

__all__ = ["BadLexicon", "Entry", "Lexicon", "Rule", "Tier", "load_lexicon"]
