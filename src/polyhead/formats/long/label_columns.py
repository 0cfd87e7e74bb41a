"""The columns of label and answer in a table with a row a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from polyhead.errors import ConfigError, first_few
from polyhead.formats.column_builder import is_text
from polyhead.formats.long.image_rows import ImageRows
from polyhead.formats.long.spellings import (
    ANNOTATORS,
    LABELS,
    OF_A_ROW,
    OPEN_IMAGES,
    VALUES,
    Rows,
    find_named,
    plain,
)
from polyhead.formats.raw_table import RawTable
from polyhead.table import IMAGE
from polyhead.table.structured_text import looks_structured
from polyhead.table.yes_no_cells import NO, are_answers, read_answers

# Below, two rows of one image that differ are a mistake rather than two labels.
_MIN_SHARE_OF_SEVERAL = 0.1
_MIN_UNNAMED = 10
_MIN_ROWS_A_LABEL = 3
_DELIMITERS = ("|", ";")


@dataclass(frozen=True)
class LabelColumns:
    """The columns of a table with a row a label.

    Attributes:
        label: The column of labels.
        value: Whether the label holds: 1, 0 or unknown; None where each row is a yes.
        annotator: The column of annotators.
        unread: Columns of single rows that nothing reads.
    """

    label: str
    value: str | None
    annotator: str | None
    unread: tuple[str, ...] = field(default=())


def find_label_columns(
    raw: RawTable, images: ImageRows, varying: Sequence[str], rows: Rows | None
) -> LabelColumns | None:
    """The columns of a table with a row a label; None for other tables.

    A column of labels is recognised by its name and differs between rows of one image, or has a
    column of yes and no beside it; or it is the only one that differs where images repeat
    throughout.

    Args:
        raw: R rows.
        images: The image of each.
        varying: Columns in which rows of one image differ.
        rows: What a row is, from the config.

    Raises:
        ConfigError: `E_ROWS`: a row is a label by the config, and no column holds labels.
    """
    columns = raw.data.column_names
    texts = [n for n in columns if n != IMAGE and is_text(raw.data.column(n).type)]
    annotator = find_named([n for n in texts if n in varying], ANNOTATORS)
    value = find_named([n for n in texts if n in varying or _holds_answers(raw, n)], VALUES)
    others = [n for n in texts if n != value and plain(n) not in OF_A_ROW]
    label = find_named([n for n in others if n in varying], LABELS)
    if label is None and value is not None:
        label = _label_beside(raw, others, value)
    differ = [n for n in others if n in varying]
    if label is None and len(differ) == 1 and (rows or _repeats(raw, images, differ[0])):
        label = differ[0]
    if rows in ("label", "vote") and label is None:
        raise _no_label(others)
    if label is None or (rows is None and not _may_be_labels(raw, images, label, value)):
        return None
    used = (label, value, annotator)
    source = [n for n in columns if plain(n) == "source" and {*map(plain, columns)} >= OPEN_IMAGES]
    unread = [n for n in dict.fromkeys([*varying, *source]) if n not in used]
    return LabelColumns(*used, tuple(unread))


def distinct(raw: RawTable, name: str) -> list[str]:
    """The different cells of a column of text."""
    return raw.data.column(name).cast(pa.string()).drop_null().unique().to_pylist()


def _holds_answers(raw: RawTable, name: str) -> bool:
    return plain(name) in VALUES and are_answers(distinct(raw, name))


def _label_beside(raw: RawTable, others: Sequence[str], value: str) -> str | None:
    """The label of a table of labels and answers alone, in which images need not repeat."""
    label = find_named(others, LABELS)
    values = set(read_answers(distinct(raw, value)).of.values())
    return label if len(others) == 1 and NO in values and None not in values else None


def _repeats(raw: RawTable, images: ImageRows, name: str) -> bool:
    """Whether images have several rows throughout, which share few texts in many ways."""
    texts = raw.data.column(name).cast(pa.string()).combine_chunks().dictionary_encode()
    codes = texts.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    pairs = np.unique(images.of_row * (len(texts.dictionary) + 1) + codes)
    return (
        images.num_several >= _MIN_UNNAMED
        and 2 * images.num_several >= len(images.first)
        and len(pairs) == len(codes)
        and _MIN_ROWS_A_LABEL * len(texts.dictionary) <= len(codes)
    )


def _may_be_labels(raw: RawTable, images: ImageRows, label: str, value: str | None) -> bool:
    """Whether rows that differ are labels of their own, not contradictions."""
    if value is not None:
        return True
    if images.num_several < _MIN_SHARE_OF_SEVERAL * len(images.first):
        return False
    texts = distinct(raw, label)
    return not any(looks_structured(text) or any(d in text for d in _DELIMITERS) for text in texts)


def _no_label(others: Sequence[str]) -> ConfigError:
    message = (
        "`rows` says that a row of the table is a label, and no column is named so (found "
        f'{first_few(others, 20) or "none"}); call the column of labels "label".'
    )
    return ConfigError(message, code="E_ROWS")
