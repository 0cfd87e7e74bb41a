"""Whether a column of image names names masks, and which classes these have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from polyhead.config_guess.column_profile import ColumnProfile
from polyhead.config_guess.column_reasons import no_task, unknown_cells
from polyhead.config_guess.mask_class_names import (
    Naming,
    have_meaning,
    name_colours,
    name_values,
)
from polyhead.config_guess.mask_samples import MaskSample, sample_masks
from polyhead.config_guess.proposal import Decision
from polyhead.errors import ImageError
from polyhead.table import Table
from polyhead.table.mask_sources import UNKNOWN_PIXEL

_NAME = re.compile(
    r"(?i)mask|seg|trimap|annot|ground.?truth|(?:^|[^a-z])gt(?:$|[^a-z])|label.?ids|train.?ids"
)
_MIN_SHARE = 1 / 8  # of the values up to the greatest; else they are grey levels
_FEW = 16  # values or colours of masks whose names do not say so
_OTHERS = "others"


def mask_task(table: Table, column: ColumnProfile) -> Decision:
    """A mask task, or why the images that a column names are no masks.

    Args:
        table: The rows.
        column: Whose cells are names of images.
    """
    place = f"{column.name}/{next(iter(column.texts))}"
    is_named = _NAME.search(place) is not None
    kind = "mask" if _NAME.search(column.name) else "image"
    found = f"names another image in each of {column.num_known:,} cells"
    doubt = ", masks by its name, but" if is_named else "; if these are masks:"
    try:
        sample = sample_masks(table, column.name)
    except ImageError as error:
        return no_task(column, kind, f"{found}{doubt} {error.message}")
    codes = sample.clear_codes()
    if codes is None or (not is_named and (sample.has_edges or sample.is_lossy)):
        return no_task(column, kind, f"{found}{doubt} {_photo_reason(sample)}")
    if not sample.is_colour and _are_indices(codes, sample, place):
        return _in_order(column, sample, codes, place)
    problem = _problem(codes, sample, is_named=is_named)
    if problem:
        shown = f"with the {_what(sample)} {sample.shown()}"
        return no_task(column, kind, f"{found}, {shown}; {problem}")
    naming = (name_colours if sample.is_colour else name_values)(sample, codes, place)
    return _mapped(column, sample, naming)


def _what(sample: MaskSample) -> str:
    return "colours" if sample.is_colour else "values"


def _photo_reason(sample: MaskSample) -> str:
    """Why images are no masks."""
    kind = "colour images" if sample.is_colour else "grey photos"
    found = f"the masks hold {len(sample.codes):,} {_what(sample)}, as {kind} do"
    return f"{found}; expected few; write one value a class, as PNG"


def _known(values: Sequence[int]) -> list[int]:
    return [value for value in values if value != UNKNOWN_PIXEL]


def _are_indices(values: Sequence[int], sample: MaskSample, place: str) -> bool:
    """Whether values are class indices: 0, 1, 2, … and 255 for unknown."""
    known = _known(values)
    if sample.is_lossy or sample.has_edges or not known:
        return False
    if values in ([0, UNKNOWN_PIXEL], [1, UNKNOWN_PIXEL]) or have_meaning(place):
        return False
    is_index = 0 <= min(known) <= max(known) < UNKNOWN_PIXEL
    return is_index and len(known) >= _MIN_SHARE * (max(known) + 1)


def _problem(values: Sequence[int], sample: MaskSample, *, is_named: bool) -> str:
    """Why values cannot be told apart as classes; "" when they can."""
    if len(values) < 2:
        return (
            f"{UNKNOWN_PIXEL} is read as unknown: write the index of the class instead, 0, 1, 2, …"
            if list(values) == [UNKNOWN_PIXEL]
            else f"masks of a single {_what(sample)[:-1]} hold no information"
        )
    if min(values) < 0 and not sample.is_colour:
        return f"values are 0 or more: write {UNKNOWN_PIXEL} where a pixel is unknown"
    if not is_named and len(values) > _FEW:
        return "these are shades rather than classes: write one value a class, 0, 1, 2, …"
    return ""


def _in_order(
    column: ColumnProfile, sample: MaskSample, values: Sequence[int], place: str
) -> Decision:
    classes = tuple(f"class_{value}" for value in range(max(2, 1 + max(_known(values)))))
    naming = name_values(sample, values, place)
    reason = (
        f"{_seen(column, sample)}. Masks hold no names: write one for each value under "
        f"classes, in this order ({UNKNOWN_PIXEL} is unknown)"
    )
    if naming.basis:
        if any(str(index) not in naming.names for index in range(len(classes))):
            return _mapped(column, sample, naming)
        classes = tuple(naming.names[str(index)] for index in range(len(classes)))
        reason = f"{_seen(column, sample)}. {naming.basis}; {UNKNOWN_PIXEL} is unknown"
    elif naming.hint:
        reason += f". {naming.hint}"
    keys = {"column": column.name, "classes": classes}
    return Decision((column.name,), column.name, "mask", reason, classes, keys)


def _mapped(column: ColumnProfile, sample: MaskSample, naming: Naming) -> Decision:
    """A task whose `values` or `colours` say what stands for which class."""
    key = "colours" if sample.is_colour else "values"
    ignored: str | tuple[str, ...] = naming.ignored
    reason = f"{_seen(column, sample)}. "
    if naming.basis:
        reason += naming.basis
    else:
        reason += (
            f"Masks hold no names: correct those made from the {_what(sample)}; take out a "
            f"{key[:-1]} that is unknown and write it under ignore"
        )
    if naming.hint:
        reason += f". {naming.hint}"
    if sample.is_lossy:
        reason += (
            ". These are JPEG images, whose packing moves values: each pixel becomes the nearest "
            "of values, or unknown"
        )
    elif sample.has_edges:
        ignored = _OTHERS
        reason += (
            f". Few pixels hold any other of the {len(sample.codes):,} {_what(sample)}, as "
            "smoothed edges leave them: ignore: others makes them unknown"
        )
    keys: dict[str, Any] = {"column": column.name, key: dict(naming.names)}
    keys |= {"ignore": ignored} if ignored else {}
    classes = tuple(dict.fromkeys(naming.names.values()))
    return Decision((column.name,), column.name, "mask", reason, classes, keys)


def _seen(column: ColumnProfile, sample: MaskSample) -> str:
    codes = sample.clear_codes() if sample.is_lossy or sample.has_edges else None
    about = "about " if codes else ""
    return (
        f"names masks in {column.num_known:,} cells, with the {_what(sample)} "
        f"{about}{sample.shown(codes)} in {sample.num_masks} that were read{unknown_cells(column)}"
    )
