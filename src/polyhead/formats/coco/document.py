"""Load a COCO document, or refuse another kind of file by its name."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from polyhead.errors import DataError
from polyhead.formats.faults import refusal
from polyhead.formats.recognise import undecodable

_PARTS = ("images", "annotations", "categories")
EXPECTED = (
    "a COCO document (one JSON object with the lists images, annotations and categories), or a "
    "JSON list of objects, one an image"
)
# The types allowed under a key.
_KINDS = {
    "file_name": "the name of an image, in quotes",
    "id": "a whole number below 2⁶³",
    "image_id": "the id of an image",
    "category_id": "the id of a category",
    "name": "the name of a class, text in quotes",
    "area": "a number of pixels",
    "iscrowd": "0 or 1",
}
MAX_SHOWN = 40  # characters of a value
# Keys that mark other JSON formats, and what to do with them.
_OTHERS = {
    "shapes": "labelme writes it beside imagePath, which names the image; add that, and put its "
    "files, one an image, into one list (jq -s . *.json > labels.json)",
    "_via_img_metadata": "the VGG annotator writes it, with filename and regions in each of its "
    "images; export it there as csv",
    "features": "it is GeoJSON; convert it to pixel boxes first",
    "log": "it is a log",
}


def load_document(path: Path) -> Any:
    """The JSON object of the file.

    Raises:
        DataError: `E_JSON` or `E_ENCODING`.
    """
    try:
        with _uncollected():
            return json.loads(path.read_bytes())
    except UnicodeDecodeError as error:
        raise undecodable(path.name, error) from error
    except RecursionError as error:
        message = f"the values are nested too deeply; expected {EXPECTED}."
        raise refusal("E_JSON", path.name, message) from error
    except json.JSONDecodeError as error:
        message = f"{error.msg} in column {error.colno}; expected {EXPECTED}."
        raise refusal("E_JSON", f"{path.name}:{error.lineno}", message) from error


def is_coco(document: Any) -> bool:
    """Whether a document has the three lists."""
    return isinstance(document, dict) and not _lacking(document)


def is_other(document: dict[str, Any]) -> bool:
    """Whether a document is of a kind that is known and not read."""
    return any(key in document for key in _OTHERS)


def check_lists(document: dict[str, Any], source: str) -> None:
    """Refuse lists whose items are no objects.

    Raises:
        DataError: `E_COCO`, with the place.
    """
    for part in _PARTS:
        _check_items(document[part], part, source)


def refuse(document: Any, source: str) -> DataError:
    """The error for a document that is neither COCO nor a table; names what it is."""
    if isinstance(document, dict):
        return refusal("E_COCO", source, _about_keys(document, _lacking(document)))
    if isinstance(document, list):
        message = (
            f"{len(document)} detection results (they have a score), not annotations; "
            "give the file of annotations that they belong to."
        )
        return refusal("E_COCO", source, message)
    return refusal("E_COCO", source, f"found {str(document)[:40]!r}; expected {EXPECTED}.")


def _lacking(document: dict[str, Any]) -> list[str]:
    return [part for part in _PARTS if not isinstance(document.get(part), list)]


def missing(source: str, part: str, position: int, item: dict[str, Any], key: str) -> DataError:
    """The error for an item without a usable value under a key."""
    kind = _KINDS[key]
    if key in item:
        found = json.dumps(item[key])
        shown = found if len(found) <= MAX_SHOWN else f"{found[:MAX_SHOWN]}…"
        message = f"{key} is {shown}; expected {kind}; mend it."
    else:
        message = f"no {key} among the keys {', '.join(map(str, item))}; expected {kind}; add it."
    return refusal("E_COCO", f"{source} {part}[{position}]", message)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection: it would walk over millions of new values again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _about_keys(document: dict[str, Any], lacking: list[str]) -> str:
    found = ", ".join(map(str, list(document)[:10])) or "none"
    hints = [meaning for key, meaning in _OTHERS.items() if key in document]
    if lacking == ["annotations"]:
        hints = ["it lists images that nobody annotated; use the file with the annotations"]
    hint = "".join(f"; {hint}" for hint in hints)
    return f"no list {', '.join(lacking)} (its keys: {found}); expected {EXPECTED}{hint}."


def _check_items(items: list[Any], part: str, source: str) -> None:
    wrong = next((k for k, item in enumerate(items) if not isinstance(item, dict)), None)
    if wrong is not None:
        message = f"found {str(items[wrong])[:40]!r}; expected an object."
        raise refusal("E_COCO", f"{source} {part}[{wrong}]", message)
