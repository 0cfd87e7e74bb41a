"""The column `split`, read from lists, folders or names of annotation files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from polyhead.table.split_spellings import part_of, part_of_file
from polyhead.table.table import SPLIT_SOURCE

SPLIT = "split"
FOLDERS = "the names of folders"


def split_field(split_source: str) -> pa.Field:
    """The column `split`, with the words for where it comes from."""
    return pa.field(SPLIT, pa.string(), metadata={SPLIT_SOURCE: split_source.encode()})


def with_split_source(data: pa.Table, split_source: str) -> pa.Table:
    """The table whose column `split`, where it has one, has its source as metadata."""
    place = data.schema.get_field_index(SPLIT)
    if place < 0:
        return data
    field = split_field(split_source).with_type(data.schema.field(place).type)
    return data.set_column(place, field, data.column(place))


def file_parts(paths: Sequence[Path]) -> list[str | None]:
    """The part of the split of each annotation file, by its name, else by its nearest folder.

    `train.csv`, `instances_val2017.json`, `test/_annotations.coco.json`. Folders that hold all of
    the files do not count.
    """
    absolute = [os.path.abspath(path) for path in paths]
    common = os.path.commonpath([os.path.dirname(path) for path in absolute])
    return [_file_part(Path(os.path.relpath(path, common))) for path in absolute]


def _file_part(path: Path) -> str | None:
    folders = (part_of(folder) for folder in reversed(path.parts[:-1]))
    return part_of_file(path.stem) or next((part for part in folders if part), None)
