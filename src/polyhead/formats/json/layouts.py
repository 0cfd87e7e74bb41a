"""Rows inside a JSON object: below a key, column by column, or by the names of the images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from polyhead.errors import Fault, first_few
from polyhead.formats.images.image_names import has_image_suffix

_COCO_IMAGE = {
    *("id", "file_name", "width", "height", "license", "flickr_url", "coco_url", "date_captured"),
}
_MAX_NAMED = 10
Rows = list[dict[str, Any]]


def find_rows(document: Mapping[str, Any], source: str) -> tuple[Rows, list[Fault]] | None:
    """One row an image, and a note on where they were found; None where there are none.

    Understood are an object that is itself a row; rows below one key (`{"data": [{…}, …]}`); rows
    or values by the names of the images (`{"a.jpg": "cat"}`) or by numbers; and tables as pandas
    writes them (`orient` columns, list, index, split and table).
    """
    for layout in (_columns_and_data, _below_a_key, _by_image, _by_number, _by_column, _one_row):
        found = layout(document)
        if found is not None:
            rows, how = found
            return rows, [Fault("N_JSON_ROWS", source, f"{len(rows):,} rows were read: {how}.")]
    return None


_Found = tuple[Rows, str] | None


def _one_row(document: Mapping[str, Any]) -> _Found:
    return ([dict(document)], "the object is one") if _names_image(document) else None


def _columns_and_data(document: Mapping[str, Any]) -> _Found:
    """`{"columns": ["image", "label"], "data": [["a.jpg", "cat"]]}`."""
    names, data = document.get("columns"), document.get("data")
    if not isinstance(names, list) or not isinstance(data, list):
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in data):
        return None
    return [dict(zip(map(str, names), row, strict=True)) for row in data], "its columns and data"


def _below_a_key(document: Mapping[str, Any]) -> _Found:
    lists = {key: value for key, value in document.items() if _are_objects(value)}
    named = {key: rows for key, rows in lists.items() if any(map(_names_image, rows))}
    if len(named) != 1:
        return None
    (key, rows), others = next(iter(named.items())), [k for k in document if k not in named]
    if key == "images" and all(row.keys() <= _COCO_IMAGE for row in rows):
        return None  # images of a COCO file, which says elsewhere what they show
    unread = f"; keys that are not read: {first_few(others, _MAX_NAMED)}" if others else ""
    return rows, f'the list "{key}"{unread}'


def _by_image(document: Mapping[str, Any]) -> _Found:
    if not document or not all(map(has_image_suffix, document)):
        return None
    rows, key = [], _key_of(document.values())
    for name, value in document.items():
        cells = value if isinstance(value, dict) else {key: value}
        rows.append({"image": name, **{k: v for k, v in cells.items() if k != "image"}})
    return rows, "by the names of the images"


def _key_of(values: Iterable[Any]) -> str:
    """The column name of values that have no key of their own."""
    lists = [value for value in values if isinstance(value, list)]
    are_objects = any(isinstance(item, dict) for value in lists for item in value)
    return "objects" if are_objects else "labels" if lists else "label"


def _by_number(document: Mapping[str, Any]) -> _Found:
    rows = [value for value in document.values() if isinstance(value, dict)]
    if not rows or len(rows) < len(document) or not all(map(_names_image, rows)):
        return None
    return rows, "the values of the object"


def _by_column(document: Mapping[str, Any]) -> _Found:
    """`{"image": {"0": "a.jpg"}, …}` or `{"image": ["a.jpg"], …}`."""
    columns = {key: list(_items(value)) for key, value in document.items()}
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1 or not next(iter(lengths)):
        return None
    kinds = {type(value) for value in document.values()}
    same_keys = len({tuple(v) for v in document.values() if isinstance(v, dict)}) <= 1
    if kinds not in ({dict}, {list}) or not same_keys:
        return None
    if not any(_are_images(column) for column in columns.values()):
        return None
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return rows, "column by column"


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(i, dict) for i in value)


def _are_images(values: list[Any]) -> bool:
    return all(isinstance(value, str) and has_image_suffix(value) for value in values)


def _names_image(row: Mapping[str, Any]) -> bool:
    """Whether a text of the row, or of an object in it, ends like the name of an image."""
    texts = [value for value in row.values() if isinstance(value, str)]
    below = [v for value in row.values() if isinstance(value, dict) for v in value.values()]
    return any(has_image_suffix(t) for t in [*texts, *(b for b in below if isinstance(b, str))])
