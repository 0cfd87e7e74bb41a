"""The categories of a COCO document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from polyhead.errors import Fault
from polyhead.formats.coco.document import missing
from polyhead.formats.faults import refusal
from polyhead.formats.images.image_names import is_unicode

MAX_ID = 2**62  # ids are 64-bit numbers, and classes that the file lacks take the ids above

_Document = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Categories:
    """K labels and what ids stand for them.

    Attributes:
        labels: In the file's order, each once.
        ids: The id of each label.
        index_of: Every id of the file to its label's index.
    """

    labels: list[str]
    ids: list[int]
    index_of: dict[int, int]


def read_categories(document: _Document, source: str) -> tuple[Categories, list[Fault]]:
    """Read the list `categories`.

    Several ids of one name become one label, as exports that write a name twice mean it; the id
    that annotations use is kept, and a warning tells when they use more than one.

    Raises:
        DataError: `E_COCO` for a category without id or name, `E_DUPLICATE_ID` for an id twice.
    """
    pairs = _pairs(document["categories"], source)
    used = _used(document["annotations"])
    ids_of: dict[str, list[int]] = {}
    for found, name in pairs:
        ids_of.setdefault(name, []).append(found)
    merged = {name: [k for k in ids if used[k]] for name, ids in ids_of.items() if len(ids) > 1}
    faults = [_merged(name, ids, source) for name, ids in merged.items() if len(ids) > 1]
    labels = list(ids_of)
    index_of = {found: index for index, ids in enumerate(ids_of.values()) for found in ids}
    kept = [(merged.get(name) or ids)[0] for name, ids in ids_of.items()]
    return Categories(labels, kept, index_of), faults


def _pairs(categories: Sequence[dict[str, Any]], source: str) -> list[tuple[int, str]]:
    pairs: dict[int, str] = {}
    for position, category in enumerate(categories):
        found, name = category.get("id"), category.get("name")
        if not isinstance(found, int) or isinstance(found, bool) or abs(found) > MAX_ID:
            raise missing(source, "categories", position, category, "id")
        if not isinstance(name, str) or not name.strip() or not is_unicode(name):
            raise missing(source, "categories", position, category, "name")
        if found in pairs:
            message = (
                f'the id {found} stands for "{pairs[found]}" and for "{name}"; '
                "give each category an id of its own."
            )
            raise refusal("E_DUPLICATE_ID", f"{source} categories[{position}]", message)
        pairs[found] = name
    return list(pairs.items())


def _used(annotations: Sequence[dict[str, Any]]) -> Counter[int]:
    ids = (annotation.get("category_id") for annotation in annotations)
    return Counter(found for found in ids if isinstance(found, int))


def _merged(name: str, ids: Sequence[int], source: str) -> Fault:
    shown = " and ".join(map(str, ids))
    message = (
        f'the ids {shown} are both called "{name}" and become one label; '
        "rename one of them if they are different."
    )
    return Fault("W_DUPLICATE_CATEGORY", source, message)
