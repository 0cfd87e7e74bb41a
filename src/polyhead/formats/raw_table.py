"""The result of the reader of one format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from polyhead.errors import Fault
from polyhead.formats.faults import refusal


@dataclass(frozen=True)
class RawTable:
    """The columns of one file, before the one that names the images is found.

    Attributes:
        data: N rows, columns as `column_builder` leaves them.
        lines: (N,) int32, line of each row in the file (1-based; 0 when there is none).
        faults: What the reader found wrong in rows that it could keep, and notes.
        root: The folder that its image names start at, where the reader knows it.
        annotated_sizes: As `Table` has them.
    """

    data: pa.Table
    lines: np.ndarray
    faults: tuple[Fault, ...] = field(default=())
    root: Path | None = field(default=None)
    annotated_sizes: np.ndarray | None = None


def check_column_names(names: Sequence[str], where: str) -> None:
    """Refuse names that are equal or cannot be distinguished.

    Raises:
        DataError: `E_HEADER`, for an empty or a repeated name.
    """
    if "" in names:
        position = list(names).index("") + 1
        message = (
            f"column {position} of {len(names)} has no name; expected one name a column; "
            "name it or remove it (pandas: to_csv(..., index=False))."
        )
        raise refusal("E_HEADER", where, message)
    repeated = sorted({name for name in names if list(names).count(name) > 1})
    if repeated:
        shown = ", ".join(f'"{name}"' for name in repeated[:10])
        raise refusal("E_HEADER", where, f"more than one column is named {shown}; rename them.")
