"""The labels and category ids of several files as one list."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from polyhead.errors import Fault
from polyhead.structures.objects import category_ids_of, labels_of, objects_field, units_of


def unite_fields(
    fields: Sequence[pa.Field], sources: Sequence[str]
) -> tuple[pa.Field, list[Fault]]:
    """One field of objects for all: labels in the order of the files.

    Category ids are kept where no two labels have one id and no label two; else they are given
    anew from 1, with a note. Labels of files without ids get the next free ones.

    Args:
        fields: All of one name and unit.
        sources: Of each, the file, for notes.

    Returns:
        The field, and a note `N_CATEGORY_IDS` where ids are given anew.
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
            message = "the files number their categories differently; they are numbered anew."
            notes.append(Fault("N_CATEGORY_IDS", " + ".join(sources), message))
    return objects_field(fields[0].name, labels, ids, units_of(fields[0])), notes


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


def labels_apart(field: pa.Field, united: pa.Field, source: str) -> Fault | None:
    """A note on a file that lacks labels of others: a missing label is no negative."""
    own = set(labels_of(field))
    missing = [label for label in labels_of(united) if label not in own]
    if not missing:
        return None
    shown = ", ".join(missing[:10]) + (", …" if len(missing) > 10 else "")
    message = (
        f'column "{field.name}" does not know the labels {shown} of the other files: unknown in '
        "its pictures, not absent; name all labels that it was made for under labels_only."
    )
    return Fault("N_LABELS_APART", source, message)
