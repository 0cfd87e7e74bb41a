"""Rules for columns of labels: one a row (class), or any number (tags)."""

from __future__ import annotations

from polyhead.config_guess.column_profile import ColumnProfile
from polyhead.config_guess.column_reasons import fewest_rows, no_task, unknown_cells
from polyhead.config_guess.number_lists import same_length_numbers
from polyhead.config_guess.proposal import Decision
from polyhead.config_guess.yes_no_columns import is_yes_no, says_both
from polyhead.table.tag_splits import (
    SPACE,
    TagSplit,
    are_same_length_numbers,
    count_labels,
    find_tag_split,
    repeat_enough,
)
from polyhead.tasks.labels import natural_order
from polyhead.tasks.single_class.names import DOUBTFUL, name_classes

_MASK_FOLDERS = ("mask", "masks", "segmentation", "segmentations", "segmentationclass")


def label_lists(column: ColumnProfile) -> Decision | None:
    """Decide a column of lists; columns of text are left to other rules."""
    if not column.lists:
        return None
    counts = count_labels(column.lists)
    if are_same_length_numbers(column.lists):
        return same_length_numbers(column, column.lists)
    if not counts:
        return no_task(column, "constant", f"all {column.num_known:,} lists are empty")
    if not repeat_enough(counts):
        reason = f"lists of {len(counts):,} different items, too many to occur often enough"
        return no_task(column, "text", reason)
    return _tags(column, TagSplit(None, None, column.lists))


def delimited_labels(column: ColumnProfile) -> Decision | None:
    """Cells such as `car|bus`."""
    split = find_tag_split(column.texts)
    return None if split is None else _tags(column, split)


def classes(column: ColumnProfile) -> Decision | None:
    """Few different cells, repeated."""
    if not repeat_enough(column.texts):
        return None
    return class_task(column, f"{len(column.texts):,} different values, {fewest_rows(column)}")


def folder_classes(column: ColumnProfile) -> Decision:
    """The classes that folders are named after, unless one of them holds the masks of another."""
    masks = next((name for name in column.texts if name.casefold() in _MASK_FOLDERS), None)
    if masks is None:
        reason = f"{len(column.texts):,} folders, each named after a class"
        return class_task(column, reason)
    reason = (
        f'the folder "{masks}" holds masks by its name, so that the folders are no classes; write '
        "a table with one row an image, its columns image and mask, and give that"
    )
    return no_task(column, "mask", reason)


def class_task(column: ColumnProfile, reason: str) -> Decision:
    """A class task whose labels are the different cells of the column."""
    found = name_classes(column.texts)
    doubtful = [text for text in column.texts if text.casefold() in DOUBTFUL]
    if doubtful and not (is_yes_no(column) and says_both(column)):
        reason += (
            f'; "{doubtful[0]}" is read as a class of its own: empty such cells if they mean '
            "unknown"
        )
    if found.respelled:
        spelled, name = next(iter(found.respelled.items()))
        reason += f'; equal numbers are one class, such as "{spelled}" and "{name}"'
    if found.apart:
        reason += f"; {' and '.join(found.apart[0])} stay apart, as leading zeros make them codes"
    reason += unknown_cells(column)
    keys = {"column": column.name}
    return Decision((column.name,), column.name, "class", reason, found.classes, keys)


def _tags(column: ColumnProfile, split: TagSplit) -> Decision:
    counts = count_labels(split.lists)
    how = "are lists of labels"
    if split.delimiter is not None:
        sign = "spaces" if split.delimiter == SPACE else f'"{split.delimiter}"'
        how = f"hold labels separated by {sign}"
    mean = counts.total() / column.num_known
    reason = f"cells {how}: {len(counts):,} different labels, {mean:.1f} a row on average"
    keys = {"column": column.name}
    if split.delimiter is not None:
        keys["delimiter"] = split.delimiter
    num_empty = split.lists.get((), 0)
    if split.none is not None:
        keys["none"] = split.none
        num_none = column.texts[split.none]
        num_empty -= num_none
        reason += f'; {num_none:,} cells say "{split.none}", read as no labels'
    if num_empty:
        reason += f"; {num_empty:,} cells are an empty list, read as no labels"
    reason += unknown_cells(column) + " (write [] where they mean none)" * bool(column.num_unknown)
    return Decision((column.name,), column.name, "tags", reason, natural_order(counts), keys)
