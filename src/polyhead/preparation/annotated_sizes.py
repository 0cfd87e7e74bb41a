"""Whether images have the size that their annotations were made at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from polyhead.errors import Fault
from polyhead.table import Table
from polyhead.tasks import TaskEncoder
from polyhead.tasks.row_faults import row_faults


def size_faults(table: Table, tasks: Mapping[str, TaskEncoder], sizes: np.ndarray) -> list[Fault]:
    """`E_IMAGE_SIZE` for each image whose size differs from that in the annotation file.

    Boxes and masks made at another size, or before EXIF turned the image, lie elsewhere in it.

    Args:
        table: N rows.
        tasks: Task name to encoder; sizes matter to boxes and masks only.
        sizes: (N, 2) height and width of the displayed images, 0 where unreadable.
    """
    annotated = table.annotated_sizes
    if annotated is None or not any(task.is_spatial for task in tasks.values()):
        return []
    rows = np.flatnonzero((annotated != sizes).any(1) & annotated.all(1) & sizes.all(1))
    messages = (_message(annotated[row], sizes[row]) for row in rows)
    rest = "more images have the same fault."
    return row_faults("E_IMAGE_SIZE", table, rows, messages, rest)


def _message(annotated: np.ndarray, size: np.ndarray) -> str:
    if (annotated == size[::-1]).all():
        mend = "if EXIF turns the image, turn its boxes and masks likewise"
    else:
        mend = "scale its boxes and masks to the image"
    return (
        f"the annotations say {annotated[1]} × {annotated[0]} pixels, but the image has "
        f"{size[1]} × {size[0]} as it is displayed; expected the same, so that boxes "
        f"and masks lie where they should; {mend}, or mend width and height in the file if they "
        "alone are wrong."
    )
