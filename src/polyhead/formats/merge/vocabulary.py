"""The labels, category ids and supercategories of several files as one list."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from polyhead.errors import Fault, first_few
from polyhead.table.objects import (
    category_ids_of,
    groups_of,
    labels_of,
    objects_field,
    supercategories_of,
    units_of,
)

_NAMED = 5  # labels in a message


def unite_fields(
    fields: Sequence[pa.Field], sources: Sequence[str]
) -> tuple[pa.Field, list[Fault]]:
    """One field of objects for all: labels in the order of the files.

    Category ids are kept where no two labels have one id and no label two; else they are
    renumbered from 1, with a note. Labels of files without ids get the next free ones. A label that
    files put in different supercategories has none.

    Args:
        fields: All of one name and unit.
        sources: Of each, the file, for notes.

    Returns:
        The field, a note `N_CATEGORY_IDS` where ids are renumbered, and `W_SUPERCATEGORY` where
        supercategories differ.
    """
    labels = list(dict.fromkeys(label for field in fields for label in labels_of(field)))
    notes = list[Fault]()
    pairs = {
        pair
        for field in fields
        if (ids := category_ids_of(field)) is not None
        for pair in zip(labels_of(field), ids, strict=True)
    }
    ids = None
    if pairs:
        ids = _united_ids(labels, pairs)
        if ids is None:
            ids = list(range(1, len(labels) + 1))
            message = "the files number their categories differently; they are renumbered from 1."
            notes.append(Fault("N_CATEGORY_IDS", " + ".join(sources), message))
    groups, differing = _united_groups(fields, sources)
    field = objects_field(fields[0].name, labels, ids, units_of(fields[0]), groups)
    return field, [*notes, *differing]


def _united_ids(labels: Sequence[str], pairs: set[tuple[str, int]]) -> list[int] | None:
    """An id a label; None where files contradict each other."""
    found = dict(pairs)
    if len(found) < len(pairs) or len(set(found.values())) < len(found):
        return None
    following = max(found.values()) + 1
    for label in labels:
        if label not in found:
            found[label], following = following, following + 1
    return [found[label] for label in labels]


def _united_groups(
    fields: Sequence[pa.Field], sources: Sequence[str]
) -> tuple[dict[str, str], list[Fault]]:
    """Label to supercategory as the first file writes it that names a group, and who differs."""
    written, sources_of = dict[str, str](), dict[str, dict[str, str]]()
    for field, source in zip(fields, sources, strict=True):
        groups = groups_of(field)
        for label, text in supercategories_of(field).items():
            if label not in groups:
                written.setdefault(label, text)
            elif groups[label] not in sources_of.setdefault(label, {}):
                sources_of[label][groups[label]] = source
                written[label] = text
    differing = {label: places for label, places in sources_of.items() if len(places) > 1}
    kept = {label: text for label, text in written.items() if label not in differing}
    return kept, [_differ(differing, sources)] if differing else []


def _differ(differing: dict[str, dict[str, str]], sources: Sequence[str]) -> Fault:
    shown = [
        f'"{label}" is in '
        + " and in ".join(f'"{text}" ({place})' for text, place in places.items())
        for label, places in differing.items()
    ]
    message = (
        f"the files put labels in different supercategories: {first_few(shown, _NAMED)}; these "
        "labels have none then; write the same supercategory in each file to keep it."
    )
    return Fault("W_SUPERCATEGORY", " + ".join(sources), message)


def labels_apart(field: pa.Field, united: pa.Field, source: str) -> Fault | None:
    """A note on a file that lacks labels of others: a missing label is no negative."""
    own = set(labels_of(field))
    missing = [label for label in labels_of(united) if label not in own]
    if not missing:
        return None
    shown = ", ".join(missing[:10]) + (", …" if len(missing) > 10 else "")
    message = (
        f'column "{field.name}" does not know the labels {shown} of the other files: unknown in '
        "its images, not absent; name all labels that it was made for under labels_only."
    )
    return Fault("N_LABELS_APART", source, message)
