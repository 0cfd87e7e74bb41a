"""The columnar table that every format is read into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from polyhead.errors import ConfigError, Fault, nearest

IMAGE = "image"
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")


# On a column `split`: the lists or folders it comes from. Parquet files already hold this key.
SPLIT_SOURCE = b"polyhead.told_by"


def labels_column(name: str) -> str:
    """The name of the column of labels that each row of another column was annotated for.

    A `list<string>` column; where it is null or absent, the row was annotated for all.
    """
    return f"{name}:labels"


@dataclass(frozen=True)
class Origin:
    """One of several files that a table was merged from.

    Attributes:
        source: The file, as messages name it.
        lines: (N,) int32, line of each row in it; 0 when there is none, -1 where the file does not
            name the image.
        part: The part of the split by the file's name or folder, if any.
    """

    source: str
    lines: np.ndarray
    part: str | None = field(default=None)

    def place(self, row: int) -> str | None:
        """Where it names one row: `train.csv:412`; None when it does not."""
        line = int(self.lines[row])
        return None if line < 0 else f"{self.source}{f':{line}' if line else ''}"


@dataclass(frozen=True)
class Table:
    """Annotations of N images, one row each, in Arrow columns that loader workers share.

    A null cell is *unknown*. Scalar cells are strings exactly as written (`string`, or
    `dictionary<int8, string>` when few differ); list cells (`list<string>`) are explicit label
    lists, where the empty list means *none*.

    Attributes:
        data: N rows; the column `image` holds paths as written (a suffix or Unicode form that
            the file lacks, or a backslash for a slash, is mended), the rest annotations.
        source: The file that it came from, as messages name it.
        root: The folder that relative image paths start at.
        lines: (N,) int32, line of each row in `source` (1-based; 0 when there is none).
        faults: What the reader found wrong.
        origins: The files that rows were merged from; empty where there is one.
        annotated_sizes: (N, 2) int32, height and width of the images as annotated, 0 where
            unknown; None where no file has any.
    """

    data: pa.Table
    source: str
    root: Path
    lines: np.ndarray
    faults: tuple[Fault, ...] = field(default=())
    origins: tuple[Origin, ...] = field(default=())
    annotated_sizes: np.ndarray | None = None

    def __len__(self) -> int:
        return self.data.num_rows

    @property
    def columns(self) -> list[str]:
        """Names of the annotation columns, without `image`."""
        return [name for name in self.data.column_names if name != IMAGE]

    def column(self, name: str) -> pa.ChunkedArray:
        """One annotation column.

        Raises:
            ConfigError: There is no such column; names the nearest.
        """
        if self.data.schema.get_field_index(name) < 0:
            hint = nearest(name, self.columns)
            raise ConfigError(f'{self.source} has no column "{name}". {hint}', code="E_COLUMN")
        return self.data.column(name)

    def image(self, row: int) -> str:
        """The image path of one row, as written."""
        return self.data.column(IMAGE)[row].as_py()

    def path(self, row: int) -> Path:
        """The image path of one row, from the root."""
        return self.root / self.image(row)

    def paths(self, rows: Sequence[int] | np.ndarray | None = None) -> list[Path]:
        """The image paths of these rows, of all when None: quicker than `path` row by row."""
        names = self.data.column(IMAGE)
        chosen = names if rows is None else names.take(pa.array(rows, pa.int64()))
        return [self.root / name for name in chosen.to_pylist()]

    def where(self, row: int) -> str:
        """The name of a row in messages: `train.csv:412 img/a.jpg`, with all files that name it."""
        origins = self.origins or (Origin(self.source, self.lines),)
        places = [place for origin in origins if (place := origin.place(row)) is not None]
        return f"{' + '.join(places)} {self.image(row)}"

    def take(self, rows: Sequence[int] | np.ndarray) -> Table:
        """The same table with only these rows, in this order."""
        rows = np.asarray(rows, dtype=np.int64)
        origins = tuple(replace(origin, lines=origin.lines[rows]) for origin in self.origins)
        data = self.data.take(pa.array(rows))
        sizes = None if self.annotated_sizes is None else self.annotated_sizes[rows]
        return replace(
            self, data=data, lines=self.lines[rows], origins=origins, annotated_sizes=sizes
        )
