"""Label names: which occur, which are the same but for spelling, which are not declared."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from polyhead.errors import Fault, nearest
from polyhead.structures import Table

MAX_LISTED = 1000


def spelling_key(label: str) -> str:
    """What two labels share when they differ only in case, white space or Unicode form."""
    return " ".join(unicodedata.normalize("NFC", label).casefold().replace("_", " ").split())


def natural_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Labels in a stable order: whole numbers by value, the rest by code point."""

    def key(label: str) -> tuple[int, int, str]:
        plain = label.isascii() and label.isdigit()
        return (0, int(label), label) if plain and len(label) <= 18 else (1, 0, label)

    return tuple(sorted(labels, key=key))


def spelling_faults(counts: Mapping[str, int], where: str) -> list[Fault]:
    """`E_LABEL_SPELLING` for labels that are equal up to case, white space or NFC.

    Args:
        counts: How often each label occurs.
        where: File and column, as messages name them.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for label in counts:
        groups[spelling_key(label)].append(label)
    faults = []
    for group in groups.values():
        if len(group) > 1:
            names = sorted(group, key=lambda label: (-counts[label], label))
            shown = ", ".join(f'"{name}" ({counts[name]} rows)' for name in names)
            message = (
                f"labels {shown} differ only in case, spaces or Unicode form; expected one "
                f'spelling; write all of them as "{names[0]}", or declare them in `classes`.'
            )
            faults.append(Fault("E_LABEL_SPELLING", where, message))
    return faults


def unknown_label_faults(
    table: Table, rows: np.ndarray, labels: Sequence[str], classes: Sequence[str]
) -> list[Fault]:
    """`E_LABEL_UNKNOWN` for each cell that names a label outside the declared classes.

    Args:
        table: Where the cells stand.
        rows: (M,) row of each such cell.
        labels: Its M labels.
        classes: What is declared.

    Returns:
        A fault per cell up to `MAX_LISTED`, then one that counts the rest.
    """
    hints = {label: nearest(label, classes) for label in set(labels[:MAX_LISTED])}
    faults = [
        Fault(
            "E_LABEL_UNKNOWN",
            table.where(row),
            f'label "{label[:80]}" is not among the {len(classes)} declared classes. '
            f"{hints[label]} Mend the cell or add the label to `classes`.",
            row,
        )
        for row, label in zip(rows[:MAX_LISTED].tolist(), labels, strict=False)
    ]
    if len(rows) > MAX_LISTED:
        rest = f"{len(rows) - MAX_LISTED} more cells name labels that are not declared."
        faults.append(Fault("E_LABEL_UNKNOWN", table.source, rest))
    return faults


def support_faults(classes: Sequence[str], positives: np.ndarray, where: str) -> list[Fault]:
    """`W_NO_POSITIVES` for classes that no row has."""
    missing = [name for name, count in zip(classes, positives, strict=True) if count == 0]
    if not missing:
        return []
    shown = ", ".join(f'"{name}"' for name in missing[:8]) + (" …" if len(missing) > 8 else "")
    message = (
        f"{len(missing)} of {len(classes)} classes have no positive row ({shown}); they cannot be "
        "learnt and are left out of averaged figures; add examples or remove them from `classes`."
    )
    return [Fault("W_NO_POSITIVES", where, message)]
