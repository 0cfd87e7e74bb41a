"""Rows that keep the part of an earlier split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polyhead.data.split import PARTS, SplitKeys
from polyhead.data.units import merge_rows

UNSEEN = len(PARTS)


def inherit_split(
    images: Sequence[str], split: np.ndarray, earlier: Mapping[str, str], keys: SplitKeys
) -> np.ndarray:
    """A split in which every image of an earlier one keeps its part.

    A model that starts from another one has seen that one's training images: in a new split some
    of them would be held out, and the figures would be too good. Images are matched by name and by
    content. Rows of the same group or content have one part: train if any of them was in train,
    else val if any was in val, else test; where none was in the earlier split, the new part.

    Args:
        images: N image names, as written in the annotations.
        split: (N,) parts of the new split.
        earlier: Image name, and digest of the content as text, to part.
        keys: Groups and digests of the rows.

    Returns:
        (N,) parts.
    """
    units = merge_rows(len(images), keys.groups, keys.digests, keys.copies)
    codes = {part: code for code, part in enumerate(PARTS)}
    before = {key: codes[part] for key, part in earlier.items()}
    seen = np.array([before.get(image, UNSEEN) for image in images], dtype=np.int64)
    if keys.digests is not None:
        contents = [before.get(digest.decode(), UNSEEN) for digest in keys.digests.tolist()]
        seen = np.minimum(seen, contents)
    of_unit = np.full(len(images), UNSEEN)
    np.minimum.at(of_unit, units, seen)
    return np.where(of_unit[units] < UNSEEN, np.array([*PARTS, ""])[of_unit[units]], split)
