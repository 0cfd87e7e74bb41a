"""Images: decode, resize, check and cache them, and split a table of them."""

from polyhead.data.cache import ImageCache
from polyhead.data.decode import MAX_PIXELS, NOTES, Decoded, decode
from polyhead.data.image_check import ImageCheck, check_images
from polyhead.data.image_names import find_orphans
from polyhead.data.image_sizes import image_sizes
from polyhead.data.inherited_split import inherit_split
from polyhead.data.name_groups import augmented_sources
from polyhead.data.own_split import OwnSplit, find_own_split, named_split
from polyhead.data.resize import PREPROCESSING, load_image, resize
from polyhead.data.split import (
    PARTS,
    SplitKeys,
    SplitPlan,
    read_digests,
    read_split,
    split_rows,
    write_split,
)
from polyhead.data.subject_columns import Subjects, choose_subjects, subject_columns

__all__ = [
    "MAX_PIXELS",
    "NOTES",
    "PARTS",
    "PREPROCESSING",
    "Decoded",
    "ImageCache",
    "ImageCheck",
    "OwnSplit",
    "SplitKeys",
    "SplitPlan",
    "Subjects",
    "augmented_sources",
    "check_images",
    "choose_subjects",
    "decode",
    "find_orphans",
    "find_own_split",
    "image_sizes",
    "inherit_split",
    "load_image",
    "named_split",
    "read_digests",
    "read_split",
    "resize",
    "split_rows",
    "subject_columns",
    "write_split",
]
