"""Several tables as one, image by image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from polyhead.errors import Fault, one_line
from polyhead.formats.column_builder import is_text, narrow
from polyhead.formats.faults import row_faults
from polyhead.formats.merge.column import Contest, MergedColumn, merge_column
from polyhead.formats.merge.kinds import SharedColumn, share_columns
from polyhead.formats.merge.rows import Alignment, align
from polyhead.formats.merge.united_cells import (
    Unite,
    objects_differ,
    unite_equal,
    unite_labels,
    unite_objects,
    unite_texts,
)
from polyhead.table import IMAGE, Table, labels_column
from polyhead.table.label_text import LABEL_LISTS
from polyhead.table.objects import OBJECTS_TYPE
from polyhead.table.table import Origin
from polyhead.table.tag_splits import find_delimiter

IMAGE_ID = "image_id"


def merge_tables(tables: Sequence[Table]) -> Table:
    """Unite tables by the image that their rows name.

    Rows come in the order of first appearance. A column that a table lacks is unknown for its rows.
    Where two tables know the same cell, objects and labels are united with the labels that they
    were annotated for; other cells must be equal.

    Args:
        tables: Two or more, each with its own root.

    Returns:
        The table, with the faults of all tables, and `E_SOURCES_DISAGREE` where cells contradict
        each other, `W_OBJECTS_DIFFER` where two have other objects of the same label, notes
        `N_LABELS_APART`, `N_CATEGORY_IDS` and `N_IMAGE_IDS`.

    Raises:
        ConfigError: `E_COLUMN`, `E_UNITS`: a column has other kinds of cells or units in one table.
    """
    rows = align(tables)
    columns, notes = share_columns(tables)
    merged = _empty(tables, rows, notes)
    for column in columns:
        found = merge_column(column.parts, rows.rows, _unite(column))
        if column.field.name == IMAGE_ID and len(column.parts) > 1 and not _is_key(found):
            merged = replace(merged, faults=(*merged.faults, _ids_dropped(merged)))
            continue
        faults = _contest_faults(merged, column.field.name, found)
        data = _with_column(merged.data, column.field, found)
        merged = replace(merged, data=data, faults=(*merged.faults, *faults))
    return merged


def _empty(tables: Sequence[Table], rows: Alignment, notes: Sequence[Fault]) -> Table:
    """The images alone, with the faults that were found so far."""
    data = pa.table({IMAGE: pa.array(rows.names, pa.string())})
    faults = [
        fault if fault.row is None else replace(fault, row=int(place[fault.row]))
        for table, place in zip(tables, rows.places, strict=True)
        for fault in table.faults
    ]
    origins = tuple(
        Origin(table.source, _lines(table, numbers))
        for table, numbers in zip(tables, rows.rows, strict=True)
    )
    source = " + ".join(table.source for table in tables)
    none = np.zeros(len(rows.names), np.int32)
    sizes = _annotated_sizes(tables, rows)
    return Table(data, source, rows.root, none, (*faults, *notes), origins, sizes)


def _annotated_sizes(tables: Sequence[Table], rows: Alignment) -> np.ndarray | None:
    """The size of each image in the first file that has it."""
    sizes = np.zeros((len(rows.names), 2), np.int32)
    for table, numbers in zip(tables, rows.rows, strict=True):
        if table.annotated_sizes is not None:
            annotated = table.annotated_sizes[np.maximum(numbers, 0)]
            fresh = (numbers >= 0) & ~sizes.all(1)
            sizes[fresh] = annotated[fresh]
    return sizes if sizes.any() else None


def _lines(table: Table, numbers: np.ndarray) -> np.ndarray:
    there = table.lines[np.maximum(numbers, 0)]
    return np.where(numbers < 0, -1, there).astype(np.int32)


def _unite(column: SharedColumn) -> Unite:
    kind = column.field.type
    if kind == OBJECTS_TYPE:
        return unite_objects
    if kind == LABEL_LISTS:
        return unite_labels
    if is_text(kind):
        counts = Counter[str]()
        for part in column.parts:
            for found in part.cells.drop_null().value_counts().to_pylist():
                counts[found["values"]] += found["counts"]
        return unite_texts(find_delimiter(counts))
    return unite_equal


def _is_key(found: MergedColumn) -> bool:
    """Whether no two images have one id, and no image two."""
    known = found.cells.drop_null()
    return not found.contradicted and len(known.unique()) == len(known)


def _ids_dropped(table: Table) -> Fault:
    message = "the files number their images differently; their image ids are left out."
    return Fault("N_IMAGE_IDS", table.source, message)


def _with_column(data: pa.Table, field: pa.Field, found: MergedColumn) -> pa.Table:
    cells = found.cells
    if is_text(field.type):
        narrowed = narrow(cells.combine_chunks())
        field, cells = field.with_type(narrowed.type), pa.chunked_array([narrowed])
    data = data.append_column(field, cells)
    if found.labels.null_count == len(found.labels):
        return data
    return data.append_column(pa.field(labels_column(field.name), LABEL_LISTS), found.labels)


def _contest_faults(table: Table, name: str, found: MergedColumn) -> list[Fault]:
    contests = {contest.place: contest for contest in reversed(found.contradicted)}
    faults = row_faults(
        table,
        "E_SOURCES_DISAGREE",
        sorted(contests),
        lambda row: _disagree(table, name, contests[row]),
    )
    doubtful = [c for c in found.united if _is_doubtful(found, c)]
    if doubtful:
        message = (
            f'two files know other objects of one label in column "{name}" of '
            f"{len(doubtful)} images, such as {table.image(doubtful[0].place)}; all "
            "are kept; say with labels_only or columns which file is right."
        )
        faults.append(Fault("W_OBJECTS_DIFFER", table.source, message))
    return faults


def _is_doubtful(found: MergedColumn, contest: Contest) -> bool:
    return found.cells.type == OBJECTS_TYPE and objects_differ(contest.first, contest.second)


def _disagree(table: Table, name: str, contest: Contest) -> str:
    here, there = (table.origins[index].place(contest.place) for index in contest.tables)
    first, second = (one_line(repr(cell.value))[:60] for cell in (contest.first, contest.second))
    return (
        f'column "{name}" is {first} in {here} and {second} in {there}; expected one answer; mend '
        "one of them, or leave the column out of one file (columns: [...])."
    )
