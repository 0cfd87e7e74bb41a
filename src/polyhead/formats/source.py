"""One of several annotation files, and the columns and labels to take from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from polyhead.errors import ConfigError, nearest
from polyhead.formats.long import BoxFormat, Rows
from polyhead.table import IMAGE, Table, labels_column


@dataclass(frozen=True)
class Source:
    """An annotation file among several.

    Attributes:
        path: The file or folder.
        images: The folder that its image names start at; found when None.
        image_column: The column that names its images; found when None.
        labels_only: The labels that it was made for; all others are unknown. Empty: all.
        columns: The columns that are taken from it, globs allowed. Empty: all.
        rows: What a row of a table is; found when None.
        box_format: What four numbers of a box are, where the file leaves it open.
    """

    path: Path
    images: Path | None = field(default=None)
    image_column: str | None = field(default=None)
    labels_only: tuple[str, ...] = field(default=())
    columns: tuple[str, ...] = field(default=())
    rows: Rows | None = field(default=None)
    box_format: BoxFormat | None = field(default=None)


def take_columns(table: Table, patterns: Sequence[str]) -> Table:
    """The table with only these columns, and the lists of labels they were annotated for.

    Args:
        table: As read.
        patterns: Names or globs; empty for all.

    Raises:
        ConfigError: `E_COLUMN`: one of them matches no column; names the nearest.
    """
    if not patterns:
        return table
    taken: set[str] = {IMAGE}
    for pattern in patterns:
        hits = {name for name in table.columns if name == pattern or fnmatchcase(name, pattern)}
        if not hits:
            hint = nearest(pattern, table.columns)
            message = f'{table.source} has no column "{pattern}", which `columns` names. {hint}'
            raise ConfigError(message, code="E_COLUMN")
        taken |= hits | {labels_column(name) for name in hits}
    names = [name for name in table.data.column_names if name in taken]
    return replace(table, data=table.data.select(names))
