"""JSON: a COCO document, a list of objects, objects inside an object, or lines of objects.

The objects become rows as those of JSON lines do; Label Studio's exports and BDD100K's labels are
such lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from polyhead.errors import Fault
from polyhead.formats import coco, jsonl
from polyhead.formats.faults import refusal
from polyhead.formats.json.annotators import region_rows
from polyhead.formats.json.label_studio import is_label_studio, read_tasks
from polyhead.formats.json.layouts import find_rows
from polyhead.formats.json.values import as_records, read_text, split_values
from polyhead.formats.raw_table import RawTable
from polyhead.formats.recognise import read_text_head
from polyhead.table.object_spellings import BoxFormat
from polyhead.table.structured_text import json_decoder

_LINES = (".jsonl", ".ndjson")
KINDS = (".json", *_LINES)


def read(path: Path, box_format: BoxFormat | None = None) -> RawTable:
    """Read one file.

    Args:
        path: The file.
        box_format: What `bbox` holds in a COCO document, where the user sets it.

    Raises:
        DataError: `E_JSON`, `E_NOT_TABLE`, `E_COCO` and what the readers of each layout say.
    """
    is_lines = path.suffix.lower() in _LINES
    head = read_text_head(path, "one JSON object a line" if is_lines else coco.EXPECTED).lstrip()
    if head.startswith(b"["):
        values = list(split_values(read_text(path), path.name))
        regions = region_rows([value for _, value in values])
        if regions is not None:
            values = list(enumerate(regions, start=1))
        return _list(iter(values), path.name)
    if is_lines and head.splitlines()[0].strip() == b"{":  # objects that fill several lines
        return _list(split_values(read_text(path), path.name), path.name)
    if is_lines or _has_lines(head):
        return jsonl.read(path)
    document = coco.load_document(path)
    regions = region_rows(document)
    if regions is not None:
        return _list(iter(enumerate(regions, start=1)), path.name)
    if coco.is_coco(document):
        return coco.read_document(document, path.name, box_format)
    if isinstance(document, dict) and not coco.is_other(document):
        # Once more, so that numbers keep the characters that they are written with.
        found = find_rows(json_decoder().decode(read_text(path)), path.name)
        if found is not None:
            rows, notes = found
            records = ((number, row) for number, row in enumerate(rows, start=1))
            return _list(records, path.name, notes)
    raise coco.refuse(document, path.name)


def _has_lines(head: bytes) -> bool:
    """Whether the first line is a whole object, and another one follows."""
    first, _, rest = head.partition(b"\n")
    if not rest.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(json_decoder().decode(first.decode()), dict)
    except (ValueError, RecursionError):
        return False


def _list(values: Iterator[tuple[int, Any]], source: str, notes: Sequence[Fault] = ()) -> RawTable:
    records = as_records(values, source)
    if not records:
        raise refusal("E_EMPTY_TABLE", source, "the list is empty; expected one object an image.")
    if all({"score", "category_id"} <= record.cells.keys() for record in records):
        raise coco.refuse([record.cells for record in records], source)
    if is_label_studio(records):
        records, more = read_tasks(records, source)
        notes = (*notes, *more)
    raw = jsonl.read_records(records, source)
    return replace(raw, faults=(*notes, *raw.faults))
