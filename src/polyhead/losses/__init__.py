"""Losses with their inverse links: one a file, looked up by name."""

from polyhead.losses.boxes.detection import Detection
from polyhead.losses.cross_entropy import CrossEntropy
from polyhead.losses.cumulative_link import CumulativeLink
from polyhead.losses.loss import Loss, Outputs, ProbabilityLoss, StepLoss
from polyhead.losses.number.huber import Huber
from polyhead.losses.number.normal import Normal
from polyhead.losses.number.number_loss import NumberLoss
from polyhead.losses.number.poisson import Poisson
from polyhead.losses.segmentation import Segmentation
from polyhead.losses.tags.asymmetric import Asymmetric
from polyhead.losses.tags.bce import Bce
from polyhead.losses.tags.class_balanced import ClassBalanced
from polyhead.losses.tags.distribution_balanced import DistributionBalanced
from polyhead.losses.tags.focal import Focal
from polyhead.losses.tags.hill import Hill
from polyhead.losses.tags.named_loss import FIELDS
from polyhead.losses.tags.pairwise import Pairwise
from polyhead.losses.tags.softmax import Softmax
from polyhead.losses.tags.splc import Splc
from polyhead.losses.tags.tags_loss import TagsLoss
from polyhead.losses.tags.two_way import TwoWay
from polyhead.losses.tags.zlpr import Zlpr
from polyhead.registry import by_name

__all__ = [
    "FIELDS",
    "LOSSES",
    "Asymmetric",
    "Bce",
    "ClassBalanced",
    "CrossEntropy",
    "CumulativeLink",
    "Detection",
    "DistributionBalanced",
    "Focal",
    "Hill",
    "Huber",
    "Loss",
    "Normal",
    "NumberLoss",
    "Outputs",
    "Pairwise",
    "Poisson",
    "ProbabilityLoss",
    "Segmentation",
    "Softmax",
    "Splc",
    "StepLoss",
    "TagsLoss",
    "TwoWay",
    "Zlpr",
]

_MEMBERS = [globals()[name] for name in __all__[2:]]
LOSSES = by_name(Loss, [member for member in _MEMBERS if member not in FIELDS.values()])
