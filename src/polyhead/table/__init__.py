"""Annotations as columns: cells and their spellings, objects, masks."""

from polyhead.table.box_targets import BoxTargets, ImageBoxes
from polyhead.table.cell_kinds import cell_kind
from polyhead.table.mask_targets import MaskTargets
from polyhead.table.object_spellings import unread_keys
from polyhead.table.objects import (
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
from polyhead.table.table import IMAGE, IMAGE_SUFFIXES, Table, labels_column

__all__ = [
    "IMAGE",
    "IMAGE_SUFFIXES",
    "OBJECTS",
    "OBJECTS_TYPE",
    "BoxTargets",
    "ImageBoxes",
    "MaskTargets",
    "Table",
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
