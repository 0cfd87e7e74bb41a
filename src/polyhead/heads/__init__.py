"""Heads: one a file, looked up by name."""

from polyhead.config import by_name
from polyhead.heads.head import Head
from polyhead.heads.linear import Linear
from polyhead.heads.mlp import Mlp

__all__ = ["HEADS", "Head", "Linear", "Mlp"]

HEADS = by_name(Head, [globals()[name] for name in __all__[1:]])
