"""Cells of a class task: one label each, be it the only item of a list."""

from __future__ import annotations

import numpy as np

from polyhead.table import Table
from polyhead.table.label_cells import structured_labels
from polyhead.table.structured_text import looks_structured
from polyhead.tasks.text_cells import cell_codes, text_column


def class_cells(table: Table, name: str) -> tuple[np.ndarray, list[str]]:
    """As `cell_codes`; `["cat"]` is the cell cat.

    Raises:
        ConfigError: As `text_column`.
    """
    codes, texts = cell_codes(text_column(table, name))
    labels = [_only_label(text) for text in texts]
    if labels == texts:
        return codes, texts
    distinct = list(dict.fromkeys(labels))
    place = {label: k for k, label in enumerate(distinct)}
    return np.array([*(place[label] for label in labels), -1], np.int32)[codes], distinct


def _only_label(text: str) -> str:
    """The one label of a cell written as a list; any other cell as it is."""
    if not looks_structured(text):
        return text
    try:
        labels = structured_labels(text)
    except ValueError:
        return text
    return labels[0] if len(labels) == 1 else text
