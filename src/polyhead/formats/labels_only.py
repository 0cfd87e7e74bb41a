"""Sources annotated for some labels only: every other label is unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from polyhead.errors import Fault, nearest
from polyhead.formats.column_builder import is_text
from polyhead.formats.object_lists import have_label, items_of, with_items
from polyhead.formats.source import Source
from polyhead.table import Table, labels_column
from polyhead.table.label_cells import split_labels
from polyhead.table.label_text import LABEL_LISTS
from polyhead.table.objects import (
    OBJECTS_TYPE,
    category_ids_of,
    labels_of,
    objects_field,
    supercategories_of,
    units_of,
)
from polyhead.table.tag_splits import find_delimiter
from polyhead.table.yes_no_cells import are_answers

_MAX_CHOICES = 5000
_PREFIX_END = re.compile(r"[\W_]\Z")


def restrict(table: Table, labels: Sequence[str]) -> Table:
    """Make every label but these unknown.

    Objects of other labels are left out. Columns of objects or of labels get a sibling column that
    lists the annotated labels. Of yes/no columns that share the names of these labels, with
    a prefix (`tag:car`) or without, the others become unknown. Columns that name none of the labels
    stay: they hold classes, numbers or paths.

    Args:
        table: As one source holds it.
        labels: What it was made for; empty for everything.
    """
    if not labels:
        return table
    others = _other_answers(table, labels)
    for name in table.columns:
        kind = table.data.schema.field(name).type
        if kind == OBJECTS_TYPE:
            table = _keep_objects(table, name, labels)
        if kind == OBJECTS_TYPE or name in _label_columns(table, labels):
            table = _annotated_only_for(table, name, labels)
        elif name in others:
            table = _set(table, pa.field(name, kind), pa.nulls(len(table), kind))
    return table


def unknown_labels(sources: Sequence[Source], tables: Sequence[Table]) -> list[Fault]:
    """`E_LABEL_UNKNOWN` for a label of `labels_only` that no source has; names the nearest.

    Args:
        sources: The files.
        tables: What each of them holds, before `restrict`.
    """
    wanted = {label for source in sources for label in source.labels_only}
    if not wanted:
        return []
    there = {label: None for table in tables for label in _labels(table, wanted)}
    # Looking for the nearest among all words of a million captions would take minutes.
    choices = list(islice(there, _MAX_CHOICES))
    message = "`labels_only` names the label {!r}, which no annotation file has. {}"
    return [
        Fault("E_LABEL_UNKNOWN", table.source, message.format(label, nearest(label, choices)))
        for source, table in zip(sources, tables, strict=True)
        for label in source.labels_only
        if label not in there
    ]


def _labels(table: Table, wanted: Iterable[str]) -> Iterator[str]:
    """All that may be a label in a table."""
    for name in table.columns:
        field = table.data.schema.field(name)
        if field.type == OBJECTS_TYPE:
            yield from labels_of(field)
        elif field.type == LABEL_LISTS:
            yield from items_of(table.column(name)).drop_null().unique().to_pylist()
        elif is_text(field.type):
            yield from _named(_distinct(table, name))
            yield from (label for label in wanted if _is_named(name, label))


def _named(texts: Sequence[str]) -> Iterator[str]:
    """Every label that a column of texts names, as often as it is there."""
    delimiter = find_delimiter(dict.fromkeys(texts, 1))
    return (label for text in texts for label in split_labels(text, delimiter))


def _label_columns(table: Table, labels: Sequence[str]) -> set[str]:
    """Columns of lists, and of text in which a cell names one of the labels or means none."""
    siblings = {labels_column(name) for name in table.columns}
    found = set()
    for name in table.columns:
        kind = table.data.schema.field(name).type
        if name in siblings:
            continue
        if kind == LABEL_LISTS:
            found.add(name)
        elif is_text(kind):
            texts = _distinct(table, name)
            names_one = not set(labels).isdisjoint(_named(texts))
            if names_one or any(text.strip() == "[]" for text in texts):
                found.add(name)
    return found


def _other_answers(table: Table, labels: Sequence[str]) -> set[str]:
    """Yes/no columns of other labels, beside those of these labels."""
    answers = [
        name
        for name in table.columns
        if is_text(table.data.schema.field(name).type) and are_answers(_distinct(table, name))
    ]
    named = {
        (name, name.removesuffix(label))
        for label in labels
        for name in ([label] if label in answers else answers)
        if _is_named(name, label)
    }
    prefixes = {prefix for _, prefix in named}
    kept = {name for name, _ in named}
    return {
        name
        for name in answers
        if name not in kept and any(name.startswith(prefix) for prefix in prefixes)
    }


def _is_named(column: str, label: str) -> bool:
    """Whether a yes/no column is that of a label: `car`, `tag:car`, but not `scar`."""
    prefix = column.removesuffix(label)
    return column == label or (prefix != column and _PREFIX_END.search(prefix) is not None)


def _distinct(table: Table, name: str) -> list[str]:
    return table.column(name).cast(pa.string()).drop_null().unique().to_pylist()


def _keep_objects(table: Table, name: str, labels: Sequence[str]) -> Table:
    """Only objects of these labels; the field names no others."""
    column, field = table.column(name), table.data.schema.field(name)
    names, ids = labels_of(field), category_ids_of(field)
    groups = supercategories_of(field)
    kept = [index for index, label in enumerate(names) if label in labels]
    new = objects_field(
        name,
        [names[index] for index in kept],
        None if ids is None else [ids[index] for index in kept],
        units_of(field),
        {label: text for label, text in groups.items() if label in labels},
    )
    return _set(table, new, with_items(column, have_label(items_of(column), labels)))


def _annotated_only_for(table: Table, name: str, labels: Sequence[str]) -> Table:
    """List in the sibling column that known cells were annotated for these labels only."""
    sibling, known = labels_column(name), table.column(name).is_valid()
    if sibling in table.data.column_names:
        before = table.column(sibling).to_pylist()
        wanted = set(labels)
        lists = [
            list(labels) if cell is None else [x for x in cell if x in wanted] for cell in before
        ]
        cells = pa.array(lists, LABEL_LISTS)
    else:
        cells = pa.array([list(labels)], LABEL_LISTS).take(pa.array(np.zeros(len(table), np.int64)))
    masked = call_function("if_else", [known, cells, pa.scalar(None, LABEL_LISTS)])
    return _set(table, pa.field(sibling, LABEL_LISTS), masked)


def _set(table: Table, field: pa.Field, cells: pa.ChunkedArray | pa.Array) -> Table:
    index = table.data.schema.get_field_index(field.name)
    if index < 0:
        return replace(table, data=table.data.append_column(field, cells))
    return replace(table, data=table.data.set_column(index, field, cells))
