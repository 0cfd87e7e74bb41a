"""The shapes that data takes: table, sample, batch, prediction."""

from polyhead.structures.batch import Batch, Sample
from polyhead.structures.cell_kinds import cell_kind
from polyhead.structures.object_spellings import unread_keys
from polyhead.structures.objects import (
    OBJECTS,
    OBJECTS_TYPE,
    canonical_objects,
    category_ids_of,
    groups_of,
    is_objects,
    labels_of,
    objects_field,
    supercategories_of,
    units_of,
)
from polyhead.structures.prediction import Prediction
from polyhead.structures.table import IMAGE, IMAGE_SUFFIXES, Table, labels_column
from polyhead.structures.targets import Boxes, BoxTargets, MaskTargets
from polyhead.structures.task_prediction import (
    BoxesPrediction,
    ClassPrediction,
    MaskPrediction,
    NumberPrediction,
    TagsPrediction,
    TaskPrediction,
)

__all__ = [
    "IMAGE",
    "IMAGE_SUFFIXES",
    "OBJECTS",
    "OBJECTS_TYPE",
    "Batch",
    "BoxTargets",
    "Boxes",
    "BoxesPrediction",
    "ClassPrediction",
    "MaskPrediction",
    "MaskTargets",
    "NumberPrediction",
    "Prediction",
    "Sample",
    "Table",
    "TagsPrediction",
    "TaskPrediction",
    "canonical_objects",
    "category_ids_of",
    "cell_kind",
    "groups_of",
    "is_objects",
    "labels_column",
    "labels_of",
    "objects_field",
    "supercategories_of",
    "units_of",
    "unread_keys",
]
