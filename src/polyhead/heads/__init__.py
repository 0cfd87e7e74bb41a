"""Heads: one a file, looked up by name; and the neck that the spatial ones share."""

from polyhead.heads.boxes import Boxes
from polyhead.heads.closed_form_head import ClosedFormHead
from polyhead.heads.csra import Csra
from polyhead.heads.fpn import Fpn
from polyhead.heads.head import Head
from polyhead.heads.linear import Linear
from polyhead.heads.mask import Mask
from polyhead.heads.ml_decoder import MlDecoder
from polyhead.heads.mlp import Mlp
from polyhead.heads.naive_bayes import NaiveBayes
from polyhead.heads.spatial_head import SpatialHead
from polyhead.registry import by_name

__all__ = [
    "HEADS",
    "Boxes",
    "ClosedFormHead",
    "Csra",
    "Fpn",
    "Head",
    "Linear",
    "Mask",
    "MlDecoder",
    "Mlp",
    "NaiveBayes",
    "SpatialHead",
]

HEADS = by_name(Head, [globals()[name] for name in __all__[1:]])
