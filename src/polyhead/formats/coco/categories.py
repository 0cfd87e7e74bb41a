"""The categories of a COCO document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from polyhead.errors import Fault
from polyhead.formats.coco.document import missing
from polyhead.formats.coco.supercategories import read_supercategories
from polyhead.formats.faults import refusal
from polyhead.formats.images.image_names import is_unicode

MAX_ID = 2**62  # ids are 64-bit numbers, and classes that the file lacks take the ids above

_Document = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Categories:
    """K labels and their ids.

    Attributes:
        labels: In the file's order, each once.
        ids: The id of each label.
        index_of: Every id of the file to its label's index.
        supercategories: Label to its supercategory as written, where it has one.
    """

    labels: list[str]
    ids: list[int]
    index_of: dict[int, int]
    supercategories: dict[str, str]


def read_categories(document: _Document, source: str) -> tuple[Categories, list[Fault]]:
    """Read the list `categories`.

    Several ids of one name become one label, as exports that write a name twice mean it; the id
    that annotations use is kept, with a warning when they use more than one. The first entry
    of Roboflow's exports, which only names the group of the others, is left out and noted. A label
    whose ids are in different supercategories has none, with a warning.

    Raises:
        DataError: `E_COCO` for a category without id or name, `E_DUPLICATE_ID` for an id twice.
    """
    pairs = _pairs(document["categories"], source)
    used = _used(document["annotations"])
    group = _group(document["categories"]) if not used[0] else None
    pairs = [(found, name) for found, name in pairs if group is None or found != 0]
    ids_of: dict[str, list[int]] = {}
    for found, name in pairs:
        ids_of.setdefault(name, []).append(found)
    merged = {name: [k for k in ids if used[k]] for name, ids in ids_of.items() if len(ids) > 1}
    faults = [_merged(name, ids, source) for name, ids in merged.items() if len(ids) > 1]
    faults += [_left_out(group, source)] if group is not None else []
    labels = list(ids_of)
    index_of = {found: index for index, ids in enumerate(ids_of.values()) for found in ids}
    kept = [(merged.get(name) or ids)[0] for name, ids in ids_of.items()]
    supercategories, doubts = read_supercategories(document["categories"], labels, index_of, used)
    faults += [Fault(code, source, message) for code, message in doubts]
    return Categories(labels, kept, index_of, supercategories), faults


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


def _group(categories: Sequence[dict[str, Any]]) -> str | None:
    """The name of category 0 where it is the group of all others and no other has that name."""
    first = [category for category in categories if category["id"] == 0]
    others = [category for category in categories if category["id"] != 0]
    if not first or not others or first[0].get("supercategory") not in (None, "", "none"):
        return None
    name = first[0]["name"]
    is_group = all(each.get("supercategory") == name != each["name"] for each in others)
    return name if is_group else None


def _left_out(name: str, source: str) -> Fault:
    message = (
        f'the category 0, "{name}", is no class: no annotation has it, and it is the supercategory '
        "of all the others; annotate something with it if it is one."
    )
    return Fault("N_CATEGORY_GROUP", source, message)


def _used(annotations: Sequence[dict[str, Any]]) -> Counter[float]:
    ids = (annotation.get("category_id") for annotation in annotations)
    return Counter(found for found in ids if isinstance(found, int | float))  # 0.0 is 0, too


def _merged(name: str, ids: Sequence[int], source: str) -> Fault:
    shown = " and ".join(map(str, ids))
    message = (
        f'the ids {shown} are both called "{name}" and become one label; '
        "rename one of them if they are different."
    )
    return Fault("W_DUPLICATE_CATEGORY", source, message)
