"""What may not be said: folding of disguises, word lists, checks, policy and care texts. Knows nothing of the bot."""

from safety.care import CareText, care
from safety.filter import Filter
from safety.fold import Folded, fold
from safety.label import has_label, strip_fake_labels
from safety.lexicon import BadLexicon
from safety.personal import mask_personal
from safety.policy import BadPolicy
from safety.verdict import Context, Decision, Direction, Reason, Risk, Verdict

__all__ = [
    "BadLexicon",
    "BadPolicy",
    "CareText",
    "Context",
    "Decision",
    "Direction",
    "Filter",
    "Folded",
    "Reason",
    "Risk",
    "Verdict",
    "care",
    "fold",
    "has_label",
    "mask_personal",
    "strip_fake_labels",
]
