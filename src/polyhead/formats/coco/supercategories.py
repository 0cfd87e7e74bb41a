"""The supercategories of a COCO document: the group that each of its categories is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polyhead.errors import first_few
from polyhead.formats.images.image_names import is_unicode
from polyhead.table.objects import is_group

_NAMED = 5  # labels in a message


def read_supercategories(
    categories: Sequence[dict[str, Any]],
    labels: Sequence[str],
    index_of: Mapping[int, int],
    used: Mapping[float, int],
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The supercategory of each label, as the file writes it.

    Of several ids that are one label, those count that annotations use, if any.

    Args:
        categories: Of the document, each with an id and a name.
        labels: K labels.
        index_of: Id to label; ids of categories that are no class are not in it.
        used: How many annotations an id has.

    Returns:
        Label to supercategory, where it has one; and codes with messages: `W_SUPERCATEGORY` where
        ids of one label differ, `N_SUPERCATEGORY` for what is no text.
    """
    written: dict[str, list[tuple[bool, str]]] = {}
    odd: list[str] = []
    for category in categories:
        found, value = category["id"], category.get("supercategory")
        if found not in index_of or value is None or value != value:  # NaN is nothing, too
            continue
        label = labels[index_of[found]]
        if isinstance(value, str) and is_unicode(value):
            written.setdefault(label, []).append((used.get(found, 0) > 0, value))
        else:
            odd.append(f'{str(value)[:40]!a} of "{label}"')
    kept, differing = dict[str, str](), list[str]()
    for label, values in written.items():
        texts = [text for is_used, text in values if is_used or not any(u for u, _ in values)]
        groups = list(dict.fromkeys(text.strip() for text in texts if is_group(label, text)))
        if len(groups) > 1:
            shown = " and in ".join(f'"{group}"' for group in groups)
            differing.append(f'"{label}" is in {shown}')
        else:
            kept[label] = next((text for text in texts if is_group(label, text)), texts[0])
    return kept, [*_differ(differing), *_not_read(odd)]


def _differ(differing: Sequence[str]) -> list[tuple[str, str]]:
    message = (
        f"the supercategory of categories of one name differs: {first_few(differing, _NAMED)}; "
        "these labels have none then; rename a category, or write the same for both."
    )
    return [("W_SUPERCATEGORY", message)] if differing else []


def _not_read(odd: Sequence[str]) -> list[tuple[str, str]]:
    message = (
        f"supercategories that are no text are not read: {first_few(odd, _NAMED)}; expected the "
        'name of a group, in quotes, such as "animal".'
    )
    return [("N_SUPERCATEGORY", message)] if odd else []
