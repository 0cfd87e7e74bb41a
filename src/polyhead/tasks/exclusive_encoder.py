"""What the encoders of all types with one class an image share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyhead.tasks.targets import UNKNOWN
from polyhead.tasks.task_encoder import TaskEncoder


class ExclusiveEncoder(TaskEncoder):
    """An encoder whose targets are (N,) integers: the index of the one class, -1 unknown."""

    def known(self, targets: np.ndarray) -> np.ndarray:
        """Rows whose class is known."""
        return targets != UNKNOWN

    def label_matrix(self, targets: np.ndarray) -> np.ndarray:
        """One yes/no column per class."""
        labels = (targets[:, None] == np.arange(len(self.classes))).astype(np.int8)
        labels[targets == UNKNOWN] = UNKNOWN
        return labels

    def join(self, targets: Sequence[np.integer], *, overlaid: bool) -> np.integer:
        """The class that all images have; unknown where they differ."""
        del overlaid
        cells = np.stack(targets)
        return cells[0] if (cells == cells[0]).all() else cells.dtype.type(UNKNOWN)
