"""Columns that several tables share, brought to one kind of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from polyhead.errors import ConfigError, Fault
from polyhead.formats.column_builder import is_text
from polyhead.formats.merge.column import Part
from polyhead.formats.merge.empty import with_empty_objects
from polyhead.formats.merge.vocabulary import labels_apart, unite_fields
from polyhead.table import Table, cell_kind, labels_column
from polyhead.table.label_text import LABEL_LISTS, lists_to_text
from polyhead.table.objects import OBJECTS_TYPE, labels_of, units_of


@dataclass(frozen=True)
class SharedColumn:
    """One column of the merged table, before its cells meet.

    Attributes:
        field: Name, type and metadata for all rows.
        parts: Its cells in each table that has them, all of the field's type; text as `string`.
    """

    field: pa.Field
    parts: tuple[Part, ...]


def share_columns(tables: Sequence[Table]) -> tuple[list[SharedColumn], list[Fault]]:
    """The columns of all tables in the order of first appearance, and notes on them.

    Raises:
        ConfigError: `E_COLUMN`, `E_UNITS`: a column has other kinds of cells or units in one table.
    """
    tables = with_empty_objects(tables)
    names = list(dict.fromkeys(name for table in tables for name in table.columns))
    siblings = {labels_column(name) for name in names}
    columns, notes = list[SharedColumn](), list[Fault]()
    for name in names:
        if name not in siblings:
            column, found = _share(name, tables)
            columns.append(column)
            notes += found
    return columns, notes


def _share(name: str, tables: Sequence[Table]) -> tuple[SharedColumn, list[Fault]]:
    holders = [i for i, table in enumerate(tables) if name in table.data.column_names]
    known = [i for i in holders if tables[i].column(name).null_count < len(tables[i])]
    holders = known or holders[:1]
    fields = [tables[i].data.schema.field(name) for i in holders]
    kind = _one_kind(name, fields, [tables[i] for i in holders])
    parts = [Part(i, _as(kind, tables[i].column(name)), _labels(tables[i], name)) for i in holders]
    if kind != OBJECTS_TYPE:
        return SharedColumn(pa.field(name, kind, metadata=fields[0].metadata), tuple(parts)), []
    _check_units(name, fields, [tables[i] for i in holders])
    united, notes = unite_fields(fields, [tables[i].source for i in holders])
    for i, part, field in zip(holders, parts, fields, strict=True):
        note = labels_apart(field, united, tables[i].source)
        if note is not None and _covers_all_labels(part):
            notes.append(note)
    parts = [
        _with_annotated_labels(part, labels_of(field), labels_of(united))
        for part, field in zip(parts, fields, strict=True)
    ]
    return SharedColumn(united, tuple(parts)), notes


def _one_kind(name: str, fields: Sequence[pa.Field], tables: Sequence[Table]) -> pa.DataType:
    kinds = [pa.string() if is_text(field.type) else field.type for field in fields]
    if set(kinds) <= {pa.string(), LABEL_LISTS}:
        return kinds[0] if len(set(kinds)) == 1 else pa.string()
    for kind, table in zip(kinds, tables, strict=True):
        if kind != kinds[0]:
            shown = " and ".join(
                f"{_shown(k)} in {t.source}" for k, t in ((kinds[0], tables[0]), (kind, table))
            )
            message = (
                f'column "{name}" holds {shown}; expected one kind; rename it in one of them, or '
                "leave it out there (columns: [...])."
            )
            raise ConfigError(message, code="E_COLUMN")
    return kinds[0]


def _shown(kind: pa.DataType) -> str:
    named = {pa.string(): "text", LABEL_LISTS: "lists of labels", OBJECTS_TYPE: "objects"}
    return named.get(kind) or cell_kind(kind)


def _check_units(name: str, fields: Sequence[pa.Field], tables: Sequence[Table]) -> None:
    for field, table in zip(fields, tables, strict=True):
        if units_of(field) != units_of(fields[0]):
            message = (
                f'the boxes of column "{name}" are {_unit(fields[0])} in {tables[0].source} and '
                f"{_unit(field)} in {table.source}; expected one unit; convert one of them first: "
                "polyhead convert IN OUT.json --to coco."
            )
            raise ConfigError(message, code="E_UNITS")


def _unit(field: pa.Field) -> str:
    return "fractions of the image" if units_of(field) == "fraction" else "pixels"


def _as(kind: pa.DataType, column: pa.ChunkedArray) -> pa.ChunkedArray:
    if kind == pa.string() and column.type == LABEL_LISTS:
        return lists_to_text(column)
    return column.cast(kind) if column.type != kind else column


def _labels(table: Table, name: str) -> pa.ChunkedArray:
    sibling = labels_column(name)
    if sibling in table.data.column_names:
        return table.column(sibling)
    return pa.chunked_array([pa.nulls(len(table), LABEL_LISTS)])


def _covers_all_labels(part: Part) -> bool:
    """Whether the file restricts no cell to the labels it was annotated for."""
    return part.labels.null_count == len(part.labels)


def _with_annotated_labels(part: Part, labels: list[str], united: list[str]) -> Part:
    """Mark the labels that a file lacks as unknown on its images."""
    if set(labels) == set(united):
        return part
    own = pa.array([labels], LABEL_LISTS).take(pa.array(np.zeros(len(part.cells), np.int64)))
    filled = call_function("coalesce", [part.labels, own])
    return Part(part.table, part.cells, filled)
