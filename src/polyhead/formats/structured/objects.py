"""Objects as tools write them, turned into those that `canonical_objects` reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from polyhead.errors import Fault, first_few
from polyhead.formats.structured.boxes import box_keys, box_of, label_key, label_of
from polyhead.formats.structured.regions import (
    is_region,
    is_turned,
    region_objects,
    shape_of,
    size_of,
)
from polyhead.table.object_spellings import OPTIONAL_KEYS

_FLAGS = {key for keys in OPTIONAL_KEYS.values() for key in keys}
_MAX_NAMED = 8


def holds_objects(value: Any) -> bool:
    """Whether a cell is a list with an object in it."""
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def have_boxes(cells: Iterable[Any]) -> bool:
    """Whether any object of some cells has a box or is drawn otherwise."""
    items = (item for cell in cells if isinstance(cell, list) for item in cell)
    return any(isinstance(i, dict) and (is_region(i) or box_of(i) is not None) for i in items)


class ObjectReader:
    """Reads the objects of one column and records what it could not read.

    Args:
        column: Its name.
    """

    def __init__(self, column: str) -> None:
        self.column = column
        self._with_box: set[str] = set()
        self._without_box: Counter[str] = Counter()
        self._shapes: Counter[str] = Counter()
        self._unread: dict[str, None] = {}
        self._num_turned = self._num_regions = 0

    def read(self, cell: list[Any], times: int = 1) -> list[dict[str, Any]]:
        """The objects of one cell that have a box.

        Args:
            cell: A list of objects.
            times: How many rows have this cell.

        Raises:
            ValueError: An item is no object, or a region's image has no size.
        """
        found: list[dict[str, Any]] = []
        for item in cell:
            if not isinstance(item, dict):
                raise ValueError(f"{str(item)[:40]!r} is among the objects; expected an object")
            found += self._region(item, times) if is_region(item) else self._object(item, times)
        self._with_box.update(str(item["label"]) for item in found)
        return found

    def _region(self, item: dict[str, Any], times: int) -> list[dict[str, Any]]:
        found = region_objects(item)
        if found is None:
            self._shapes[shape_of(item) or "region"] += times
            return []
        self._num_regions += times
        self._num_turned += times * is_turned(item)
        return found

    def _object(self, item: dict[str, Any], times: int) -> list[dict[str, Any]]:
        box, label = box_of(item), label_of(item)
        if box is None:
            self._without_box[str(label)] += times
            return []
        read = {label_key(item), *box_keys(item), *_FLAGS}
        self._unread |= dict.fromkeys(key for key in item if key not in read)
        flags = {key: item[key] for key in item if key in _FLAGS}
        return [{"label": label, **box, **flags}]

    def notes(self, source: str) -> list[Fault]:
        """Notes on what was left out or read otherwise than drawn.

        Returns:
            `W_NO_BOX` for objects without a box whose label others have with one, `N_NO_BOX` for
            the rest; `N_REGIONS`, `N_OBJECT_KEYS`.
        """
        where = f'column "{self.column}"'
        found = []
        for code, counts in (
            ("W_NO_BOX", {k: n for k, n in self._without_box.items() if k in self._with_box}),
            ("N_NO_BOX", {k: n for k, n in self._without_box.items() if k not in self._with_box}),
        ):
            if counts:
                shown = first_few([f"{k} ({n:,})" for k, n in counts.items()], _MAX_NAMED)
                message = f"{where}: objects without a box are left out: {shown}"
                message += "; draw their boxes, or remove them." * code.startswith("W")
                found.append(Fault(code, source, message.rstrip(".") + "."))
        if self._shapes:
            shown = first_few([f"{k} ({n:,})" for k, n in self._shapes.items()], _MAX_NAMED)
            message = f"{where}: regions of these kinds are not read and left out: {shown}."
            found.append(Fault("N_REGIONS", source, message))
        if self._num_regions:
            message = (
                f"{where}: {self._num_regions:,} regions in per cent of original_width and "
                "original_height are read in pixels"
            )
            if self._num_turned:
                message += f"; {self._num_turned:,} of them are rotated and take the upright box"
            message += "."
            found.append(Fault("N_REGIONS", source, message))
        if self._unread:
            keys = first_few(list(self._unread), 20)
            message = f"keys of the objects in {where} that are not read: {keys}."
            found.append(Fault("N_OBJECT_KEYS", source, message))
        return found


def annotated_size(cell: Any) -> tuple[int, int] | None:
    """Height and width of an image as annotated with the first of its regions."""
    items: list[Mapping[str, Any]] = cell if holds_objects(cell) else []
    return next((size_of(i) for i in items if isinstance(i, dict) and is_region(i)), None)
