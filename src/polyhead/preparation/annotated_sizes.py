"""Whether images have the size that their annotations were made at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from polyhead.errors import Fault
from polyhead.table import Table
from polyhead.tasks import TaskEncoder
from polyhead.tasks.row_faults import row_faults


def size_faults(table: Table, tasks: Mapping[str, TaskEncoder], sizes: np.ndarray) -> list[Fault]:
    """`E_IMAGE_SIZE` for each image whose size is not what the annotation file says.

    Boxes and masks made at another size, or before EXIF turned the image, lie elsewhere in it.

    Args:
        table: N rows.
        tasks: Without boxes or masks among them no size matters.
        sizes: (N, 2) height and width of the displayed images, 0 where unreadable.
    """
    told = table.annotated_sizes
    if told is None or not any(task.is_spatial for task in tasks.values()):
        return []
    rows = np.flatnonzero((told != sizes).any(1) & told.all(1) & sizes.all(1))
    messages = (_message(told[row], sizes[row]) for row in rows)
    rest = "more images have the same fault."
    return row_faults("E_IMAGE_SIZE", table, rows, messages, rest)


def _message(told: np.ndarray, size: np.ndarray) -> str:
    if (told == size[::-1]).all():
        mend = "if EXIF turns the image, turn its boxes and masks likewise"
    else:
        mend = "scale its boxes and masks to the image"
    return (
        f"the annotations tell {told[1]} × {told[0]} pixels, but the image has {size[1]} × "
        f"{size[0]} as it is displayed; expected the same, so that boxes and masks lie where they "
        f"should; {mend}, or mend width and height in the file if they alone are wrong."
    )
