"""CSV: one row an image; text and lists of labels."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pyarrow as pa

from polyhead.errors import ConfigError
from polyhead.files import write_bytes
from polyhead.formats.column_builder import is_text
from polyhead.formats.images.image_names import has_image_suffix
from polyhead.formats.writers.conversion_loss import ConversionLoss, lost_columns
from polyhead.formats.writers.names import names_from
from polyhead.table import (
    IMAGE,
    Table,
    labels_column,
)
from polyhead.table.label_text import LABEL_LISTS, lists_to_text
from polyhead.table.objects import groups_of

_UNFIT = re.compile(r"\A\s|\s\Z|\A\Z|[\r\n\0]")


def write_csv(table: Table, out: Path) -> list[ConversionLoss]:
    """Write the columns of text, and of lists of labels as JSON lists; unknown cells are empty.

    A cell that is known for some labels only is left empty: written, it would say no to all others.

    Returns:
        Columns of objects and other nested cells, their supercategories, and cells left empty.

    Raises:
        ConfigError: `E_COLUMN`: a column's name cannot be written in a header.
        PolyheadError: `E_WRITE`.
    """
    siblings = {labels_column(name) for name in table.columns}
    kinds = {name: table.column(name).type for name in table.columns if name not in siblings}
    kept = [name for name, kind in kinds.items() if is_text(kind) or kind == LABEL_LISTS]
    for name in kept:
        _check_name(name)
    columns, losses = [names_from(table, out.parent)], list[ConversionLoss]()
    for name in kept:
        cells, num_partial = _texts(table, name)
        columns.append(cells)
        if num_partial:
            losses.append(
                ConversionLoss("cell", num_partial, f"of {name} known for some labels only")
            )
    text = io.StringIO(newline="")
    # Other separators are inferred from the header, where quotes hide them.
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow([IMAGE, *kept])
    csv.writer(text).writerows(zip(*columns, strict=True))
    write_bytes(out, text.getvalue().encode())
    return [*losses, *_lost_supercategories(table), *lost_columns(table, kept)]


def _lost_supercategories(table: Table) -> list[ConversionLoss]:
    num = sum(len(groups_of(table.data.schema.field(name))) for name in table.columns)
    return [ConversionLoss("supercategory", num)] if num else []


def _check_name(name: str) -> None:
    if _UNFIT.search(name) or has_image_suffix(name):
        message = f"the column {name!r} cannot be written in the header of a CSV file; rename it."
        raise ConfigError(message, code="E_COLUMN")


def _texts(table: Table, name: str) -> tuple[list[str], int]:
    """Cells as text, and how many are left empty because they cover some labels only."""
    column = table.column(name)
    texts = lists_to_text(column) if column.type == LABEL_LISTS else column.cast(pa.string())
    cells = texts.fill_null("").to_pylist()
    sibling = labels_column(name)
    if sibling not in table.data.column_names:
        return cells, 0
    partial = table.column(sibling).is_valid().to_pylist()
    num = sum(cell != "" and is_partial for cell, is_partial in zip(cells, partial, strict=True))
    return [
        "" if is_partial else cell for cell, is_partial in zip(cells, partial, strict=True)
    ], num
