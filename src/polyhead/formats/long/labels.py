"""A row a label: the labels of an image become one cell, yes, no and unknown apart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from polyhead.errors import Fault, first_few
from polyhead.formats.faults import MAX_ROW_FAULTS, refusal
from polyhead.formats.long.box_faults import place
from polyhead.formats.long.box_formats import own_labels
from polyhead.formats.long.image_rows import ImageRows, one_row_each
from polyhead.formats.long.label_columns import LabelColumns, distinct
from polyhead.formats.long.spellings import Rows
from polyhead.formats.raw_table import RawTable
from polyhead.table import IMAGE, labels_column
from polyhead.table.label_text import LABEL_LISTS
from polyhead.table.yes_no_cells import UNKNOWN, read_answers


@dataclass(frozen=True, eq=False)
class LabelRows:
    """M rows that name a label.

    Attributes:
        at: (M,) their rows in the file's table.
        rows: (M,) the image of each.
        codes: (M,) the label of each.
        labels: K names.
        values: (M,) int8 of 1 yes, 0 no, -1 unknown.
    """

    at: np.ndarray
    rows: np.ndarray
    codes: np.ndarray
    labels: list[str]
    values: np.ndarray


def gather_labels(
    raw: RawTable,
    images: ImageRows,
    columns: LabelColumns,
    rows: Rows | None,
    source: str,
) -> RawTable:
    """A row an image, its labels a list, with the labels it was annotated for beside it.

    Args:
        raw: R rows.
        images: The image of each.
        columns: The columns that hold labels.
        rows: What a row is, from the config.
        source: File name, for faults.

    Returns:
        Without a column of answers each row is a yes and any other label a no; with one, labels
        without a row are unknown. `E_DUPLICATE_ROW` where rows contradict each other,
        a note `N_LONG_TABLE` on how rows were read.

    Raises:
        DataError: `E_CELL`: answers that are neither yes, no nor unknown; `E_ROWS`: votes.
    """
    if columns.annotator and rows is None and columns.value is None:
        _refuse_votes(raw, images, columns, source)
    answers, values_summary = _answers(raw, images, columns, source)
    unread = {*columns.unread, columns.annotator, columns.value}
    kept = [n for n in raw.data.column_names if n not in {*unread, columns.label, IMAGE}]
    one, num_rows = one_row_each(raw, images, kept), len(images.first)
    if rows == "vote" and columns.value is None:
        cells, summary = _majority(answers, num_rows)
        data = one.data.append_column(columns.label, cells)
    else:
        pairs, values, faults = _agreed(raw, answers, source, votes=rows == "vote")
        data = _with_labels(one.data, columns, answers.labels, pairs, values)
        summary = _summary(columns, values, num_rows)
        one = replace(one, faults=(*one.faults, *faults))
    unread = [name for name in columns.unread if name not in kept]
    summary += f"; columns of single rows that are not read: {first_few(unread, 20)}" * bool(unread)
    note = Fault("N_LONG_TABLE", source, f"{summary}{values_summary}.")
    return replace(one, data=data, faults=(*one.faults, note))


def _answers(
    raw: RawTable, images: ImageRows, columns: LabelColumns, source: str
) -> tuple[LabelRows, str]:
    texts = raw.data.column(columns.label).cast(pa.string())
    texts = call_function("utf8_trim_whitespace", [texts])
    encoded = texts.combine_chunks().dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    at = np.flatnonzero((codes >= 0) & images.is_whole)
    values, summary = np.ones(len(codes), np.int8), ""
    if columns.value is not None:
        values, summary = _read_values(raw, columns.value, source)
    labels = encoded.dictionary.to_pylist()
    return LabelRows(at, images.of_row[at], codes[at], labels, values[at]), summary


def _read_values(raw: RawTable, name: str, source: str) -> tuple[np.ndarray, str]:
    """(R,) int8 of yes, no and unknown, and a note on what was read as no.

    Raises:
        DataError: `E_CELL`: a cell that is none of these, or -1 that may be no or unknown.
    """
    answers = read_answers(distinct(raw, name))
    odd = [text for text, value in answers.of.items() if value is None]
    if odd:
        message = (
            f'column "{name}" holds {first_few(odd, 5)} beside the labels; expected 1 (the label '
            "holds), 0 (it does not) or an empty cell (unknown); write these, at a threshold of "
            "your choice where they are scores."
        )
        raise refusal("E_CELL", source, message)
    if answers.asked:
        message = (
            f'column "{name}" holds {first_few(answers.asked, 3)}, which may be no or unknown '
            "beside its other cells; expected 1 and 0, or an empty cell where it is unknown; "
            "rewrite those cells."
        )
        raise refusal("E_CELL", source, message)
    shown = first_few(answers.negatives, 3)
    summary = (
        f"; {shown} in {name} is read as no, since no other cell is" if answers.negatives else ""
    )
    cells = raw.data.column(name).cast(pa.string()).combine_chunks().dictionary_encode()
    read = [answers.of[text] for text in cells.dictionary.to_pylist()]
    codes = np.array([*read, answers.empty], np.int8)
    return codes[cells.indices.fill_null(len(codes) - 1).to_numpy(zero_copy_only=False)], summary


def _agreed(
    raw: RawTable, answers: LabelRows, source: str, *, votes: bool
) -> tuple[np.ndarray, np.ndarray, list[Fault]]:
    """Sorted numbers of image and label, the value of each pair, and contradictions."""
    # A pair of image and label is one number, so that `unique` and `bincount` count the answers.
    numbers = answers.rows * len(answers.labels) + answers.codes
    known = np.flatnonzero(answers.values != UNKNOWN)
    pairs, first, inverse = np.unique(numbers[known], return_index=True, return_inverse=True)
    yes = np.bincount(inverse, answers.values[known], len(pairs))
    no = np.bincount(inverse, 1 - answers.values[known], len(pairs))
    values = np.where(yes > no, 1, np.where(no > yes, 0, UNKNOWN))
    if votes:
        return pairs, values, []
    mixed = np.flatnonzero((yes > 0) & (no > 0))
    values[mixed] = UNKNOWN
    faults = []
    for pair in mixed[:MAX_ROW_FAULTS].tolist():
        at = answers.at[known[inverse == pair]]
        other = int(
            at[answers.values[known[inverse == pair]] != answers.values[known[first[pair]]]][0]
        )
        label = answers.labels[pairs[pair] % len(answers.labels)]
        message = (
            f'the label "{label}" holds in {place(raw, int(at[0]), source)} and not here, or the '
            "reverse; expected one answer; correct the wrong row, or set data.rows to vote where "
            "most of several annotators are right."
        )
        row = int(pairs[pair] // len(answers.labels))
        faults.append(Fault("E_DUPLICATE_ROW", place(raw, other, source), message, row))
    return pairs, values, faults


def _with_labels(
    data: pa.Table, columns: LabelColumns, labels: list[str], pairs: np.ndarray, values: np.ndarray
) -> pa.Table:
    """The column of labels, and beside it the labels each image was annotated for."""
    is_yes, is_known = values == 1, values != UNKNOWN
    rows, codes = pairs // max(len(labels), 1), pairs % max(len(labels), 1)
    known = np.isin(np.arange(len(data)), rows[is_known])
    nothing = pa.scalar(None, LABEL_LISTS)

    def lists(chosen: np.ndarray) -> pa.Array:
        found = own_labels(rows[chosen], codes[chosen], labels, len(data))
        return call_function("if_else", [pa.array(known), found, nothing])

    data = data.append_column(pa.field(columns.label, LABEL_LISTS), lists(is_yes))
    if columns.value is None:
        return data
    beside = pa.field(labels_column(columns.label), LABEL_LISTS)
    return data.append_column(beside, lists(is_known))


def _summary(columns: LabelColumns, values: np.ndarray, num_images: int) -> str:
    num_yes, num_no = int((values == 1).sum()), int((values == 0).sum())
    text = f'a row is a label of an image, in column "{columns.label}": '
    if columns.value is None:
        return (
            f"{text}{num_yes:,} labels of {num_images:,} images, read as yes; a label that an "
            "image has no row of is read as no"
        )
    return (
        f'{text}column "{columns.value}" says yes of {num_yes:,} and no of {num_no:,} labels of '
        f"{num_images:,} images; a label that an image has no row of is unknown"
    )


def _refuse_votes(raw: RawTable, images: ImageRows, columns: LabelColumns, source: str) -> None:
    """Annotators who each give one label: one class, or a label for each?

    Raises:
        DataError: `E_ROWS`.
    """
    assert columns.annotator is not None
    who = raw.data.column(columns.annotator).cast(pa.string()).combine_chunks().dictionary_encode()
    codes = who.indices.fill_null(len(who.dictionary)).to_numpy(zero_copy_only=False)
    pairs = np.unique(images.of_row * (len(who.dictionary) + 1) + codes)
    if len(pairs) < len(codes):
        return
    message = (
        f'each "{columns.annotator}" gives an image one "{columns.label}", and not all agree; '
        "set data.rows (`polyhead init`: --set data.rows=vote) to vote, for the class that most of "
        "them give (a draw is unknown), or to label: every label that any of them gives is a yes."
    )
    raise refusal("E_ROWS", source, message)


def _majority(answers: LabelRows, num_rows: int) -> tuple[pa.Array, str]:
    """The label that most rows of each image give; null in a draw."""
    numbers = answers.rows * len(answers.labels) + answers.codes
    pairs, votes = np.unique(numbers, return_counts=True)
    rows, codes = pairs // max(len(answers.labels), 1), pairs % max(len(answers.labels), 1)
    most = np.zeros(num_rows, np.int64)
    np.maximum.at(most, rows, votes)
    # `best` holds every label with the most votes of its image; more than one of them is a draw.
    best = np.flatnonzero(votes == most[rows])
    num_best = np.bincount(rows[best], minlength=num_rows)
    chosen = np.full(num_rows, -1, np.int64)
    chosen[rows[best]] = codes[best]
    is_draw = num_best > 1
    indices = pa.array(chosen, pa.int64(), mask=is_draw | (chosen < 0))
    several = np.bincount(rows, minlength=num_rows) > 1
    summary = (
        f"a row is a vote: the label that most rows of an image give; {int(several.sum()):,} of "
        f"{num_rows:,} images are not unanimous, {int(is_draw.sum()):,} are a draw and unknown"
    )
    return pa.array(answers.labels, pa.string()).take(indices), summary
