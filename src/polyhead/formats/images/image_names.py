"""File names of images."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
from pyarrow.compute import MatchSubstringOptions, call_function

from polyhead import table

IMAGE_SUFFIXES = tuple(suffix.removeprefix(".") for suffix in table.IMAGE_SUFFIXES)

_SUFFIX = r"(?i)\.(" + "|".join(IMAGE_SUFFIXES) + r")\z"
_PATTERN = re.compile(_SUFFIX.replace(r"\z", r"\Z"))


def has_image_suffix(name: str) -> bool:
    """Whether a file name ends as an image's does, in either case.

    >>> has_image_suffix("holiday/IMG_1.JPG")
    True
    """
    return _PATTERN.search(name) is not None


def is_unicode(name: str) -> bool:
    """Whether a table can hold the name: bytes that are no UTF-8 come as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def have_image_suffix(names: pa.ChunkedArray) -> np.ndarray:
    """`has_image_suffix` of N names without nulls, as (N,) bool."""
    return call_function(
        "match_substring_regex", [names], MatchSubstringOptions(_SUFFIX)
    ).to_numpy()
