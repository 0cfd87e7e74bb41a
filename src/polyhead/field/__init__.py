"""A random field over the labels of one image: rules, couplings, inference and decoders."""

from polyhead.field.pairwise_field import PairwiseField
from polyhead.field.pseudo_likelihood import pseudo_log_likelihood
from polyhead.field.rule_violations import find_violations
from polyhead.field.rules import Rules
from polyhead.field.strongest import Coupling, Direction, list_directions

__all__ = [
    "Coupling",
    "Direction",
    "PairwiseField",
    "Rules",
    "find_violations",
    "list_directions",
    "pseudo_log_likelihood",
]
