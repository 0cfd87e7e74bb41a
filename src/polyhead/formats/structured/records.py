"""Records, one an image, whose values are text, lists of text or lists of objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from polyhead.errors import Fault
from polyhead.formats.faults import refusal
from polyhead.formats.structured.boxes import box_of, label_key, label_of
from polyhead.formats.structured.objects import (
    ObjectReader,
    annotated_size,
    have_boxes,
    holds_objects,
)
from polyhead.formats.structured.regions import is_region
from polyhead.table.label_cells import choices_in
from polyhead.table.object_spellings import LABEL_KEYS, has_box

_MAX_DEPTH = 20
_MAX_COLUMNS = 2000
_SINGLE = ("rating", "number", "text", "datetime")  # {"rating": 4} is 4


class Choices(list[str]):
    """Labels of a cell beside which a plain text is a single label, not several in a row."""


def flatten(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record without objects in it: the keys of `{"attributes": {"weather": …}}` are joined.

    >>> flatten({"name": "a.jpg", "attributes": {"weather": "clear"}, "tags": {"choices": ["x"]}})
    {'name': 'a.jpg', 'attributes.weather': 'clear', 'tags': ['x']}
    """
    cells: dict[str, Any] = {}
    for key, value in record.items():
        _flatten(cells, key, value, 1)
    return cells


def _flatten(cells: dict[str, Any], name: str, value: Any, depth: int) -> None:
    value = unwrapped(value)
    if not isinstance(value, dict) or not value or _are_parallel(value) or depth > _MAX_DEPTH:
        if name in cells:
            raise ValueError(f'two values are named "{name}"; rename one of their keys')
        cells[name] = value
        return
    for key, item in value.items():
        _flatten(cells, f"{name}.{key}", item, depth + 1)


def unwrapped(value: Any) -> Any:
    """The content of an object that only wraps labels, a number, a text or one box."""
    if not isinstance(value, dict) or not value:
        return value
    choices = choices_in(value)
    if choices is not None:
        return Choices(choices)
    key, item = next(iter(value.items()))
    if len(value) == 1 and key in _SINGLE:
        return item[0] if isinstance(item, list) and len(item) == 1 else item
    is_object = label_key(value) is not None and box_of(value) is not None
    return [value] if is_object or is_region(value) else value


def _are_parallel(value: Mapping[str, Any]) -> bool:
    """Whether an object is one of lists, one item an object: `{"xyxy": […], "label": […]}`."""
    return all(isinstance(item, list) or item is None for item in value.values()) and has_box(value)


class RecordColumns:
    """Turns the cells of columns, chunk by chunk, into values that Arrow accepts."""

    def __init__(self) -> None:
        self._readers: dict[str, ObjectReader] = {}
        self.choices: set[str] = set()

    def cells(self, name: str, values: list[Any], times: Sequence[int] | None = None) -> list[Any]:
        """The cells of one column: lists of objects with boxes, or of labels, else as they are.

        Args:
            name: Of the column.
            values: Its cells.
            times: How many rows have each of them; once when None.

        Raises:
            ValueError: A cell cannot be read; `args[1]` is its position.
        """
        if any(isinstance(value, Choices) for value in values):
            self.choices.add(name)
        if name in self.choices:
            return [value if _is_list_or_none(value) else [value] for value in values]
        if not any(map(holds_objects, values)):
            return values
        if not have_boxes(values):
            return self._labels(values)
        if all(map(_is_plain, values)):
            return values
        reader = self._readers.setdefault(name, ObjectReader(name))
        return [
            None if value is None else _read(reader, value, position, times)
            for position, value in enumerate(values)
        ]

    def _labels(self, values: list[Any]) -> list[Any]:
        """Lists of objects that hold nothing but a label; other lists stay as they are."""
        items = [item for value in values if isinstance(value, list) for item in value]
        if not all(isinstance(item, dict) and label_of(item) is not None for item in items):
            return values
        if any(not _is_list_or_none(value) for value in values):
            return values
        return [v if v is None else [str(label_of(item)) for item in v] for v in values]

    def notes(self, source: str) -> tuple[Fault, ...]:
        """Notes on what was left out of all columns."""
        return tuple(note for reader in self._readers.values() for note in reader.notes(source))


def _is_list_or_none(value: Any) -> bool:
    return value is None or isinstance(value, list)


def _is_plain(value: Any) -> bool:
    """Whether `canonical_objects` reads, or refuses, a cell as it is."""
    return value is None or (
        isinstance(value, list) and all(isinstance(i, dict) and _is_plain_object(i) for i in value)
    )


def _is_plain_object(item: Mapping[str, Any]) -> bool:
    flat = {key: value for key, value in item.items() if not isinstance(value, dict)}
    return has_box(flat) and any(key in flat for key in LABEL_KEYS) and not is_region(item)


def _read(
    reader: ObjectReader, value: Any, position: int, times: Sequence[int] | None
) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        found = f"it is {str(value)[:40]!r}; expected a list of objects, as the others are"
        raise ValueError(found, position)
    try:
        return reader.read(value, 1 if times is None else times[position])
    except ValueError as error:
        raise ValueError(str(error), position) from error


def with_single_choices(data: pa.Table, names: set[str]) -> pa.Table:
    """The table with those of some list columns as text in which each list holds one label."""
    for name in names & set(data.column_names):
        column = data.column(name)
        if not pa.types.is_list(column.type):
            continue
        lengths = [len(cell) for cell in column.to_pylist() if cell is not None]
        if lengths and set(lengths) == {1}:
            texts = [None if cell is None else cell[0] for cell in column.to_pylist()]
            index = data.column_names.index(name)
            data = data.set_column(index, name, pa.array(texts, pa.string()))
    return data


def annotated_sizes(columns: Mapping[str, Sequence[Any]], num_rows: int) -> np.ndarray | None:
    """(N, 2) int32 height and width of the images as annotated with regions, 0 where unknown."""
    sizes = np.zeros((num_rows, 2), np.int32)
    for values in columns.values():
        for row, value in enumerate(values):
            size = annotated_size(value)
            if size is not None:
                sizes[row] = size
    return sizes if sizes.any() else None


def check_width(names: Sequence[str], source: str) -> None:
    """Refuse records of which each has keys of its own.

    Raises:
        DataError: `E_CELL`.
    """
    joined = [name for name in names if "." in name]
    if len(joined) > _MAX_COLUMNS:
        message = (
            f"its objects have {len(joined):,} different keys, such as {joined[0]}; expected the "
            'same few in each record; write what differs as a list: ["a", "b"].'
        )
        raise refusal("E_CELL", source, message)
