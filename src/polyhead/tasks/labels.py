"""Label names: which occur, which are the same but for spelling, which are not declared."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from polyhead.errors import Fault, first_few, nearest
from polyhead.table import Table
from polyhead.tasks.row_faults import row_faults

MAX_SHOWN = 80  # characters of a label
MAX_COMPARED = 50_000  # pairs of labels; about a second
_MIN_QUESTIONED = 12  # cells; fewer say nothing


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
            shown = ", ".join(f'"{_shown(name)}" ({counts[name]} rows)' for name in names[:8])
            message = (
                f"labels {shown} differ only in case, spaces, underscores or Unicode form; "
                f'expected one spelling; write all of them as "{_shown(names[0])}", or declare '
                "them in `classes`."
            )
            faults.append(Fault("E_LABEL_SPELLING", where, message))
    return faults


def unknown_label_faults(
    table: Table, rows: np.ndarray, labels: Sequence[str], classes: Sequence[str]
) -> list[Fault]:
    """`E_LABEL_UNKNOWN` for each cell that names a label outside the declared classes.

    Args:
        table: The table of the cells.
        rows: (M,) row of each such cell.
        labels: The labels of the first `MAX_LISTED` of them.
        classes: What is declared.

    Returns:
        A fault per cell up to `MAX_LISTED`, then one that counts the rest.
    """
    hints = _hints(labels, classes)
    messages = (
        f'label "{_shown(label)}" is not among the {len(classes)} declared classes. '
        f"{hints[label]}Mend the cell or add the label to `classes`."
        for label in labels
    )
    rest = "more cells name labels that are not declared."
    return row_faults("E_LABEL_UNKNOWN", table, rows, messages, rest)


LISTED = "; a label that is called so must be listed, with the others, under `classes`"
"""Advice on cells that name a label and are read as something else."""


def unknown_cells_fault(counts: Mapping[str, int], where: str, advice: str = "") -> list[Fault]:
    """`N_UNKNOWN_CELLS` for words such as `N/A` beside other cells, which are read as unknown.

    Args:
        counts: Cells of each such word.
        where: File and column, as messages name them.
        advice: What to do where they mean something else.
    """
    if not sum(counts.values()):
        return []
    shown = first_few([f'"{text.strip()}" ({count:,})' for text, count in counts.items()], 8)
    message = f"cells {shown} are read as unknown{advice}."
    return [Fault("N_UNKNOWN_CELLS", where, message)]


def many_labels_fault(
    counts: Sequence[int], cells: Collection[str], where: str, delimiter: str = ""
) -> list[Fault]:
    """`W_MANY_LABELS` where nearly every cell is a label of its own, as no labels are.

    That is: of 12 labels named or more, at least half of all labels named are named once.

    Args:
        counts: How often each label is named.
        cells: The different cells.
        where: File and column, as messages name them.
        delimiter: What cells are split at.
    """
    singles, total = sum(count == 1 for count in counts), sum(counts)
    if total < _MIN_QUESTIONED or 2 * singles < total:
        return []
    signs = [f'"{sign}"' for sign in ("|", ";", ",", "/", " ") if any(sign in t for t in cells)]
    found = f" split at {_quoted([delimiter])}" if delimiter else ""
    advice = f"; they hold {', '.join(signs)}: type: tags with `delimiter`?" if signs else ""
    message = (
        f"{singles:,} of {len(counts):,} labels{found} occur once in {total:,} cells, so that "
        f"nearly every cell has a label of its own{advice}; identifiers, amounts and free text are "
        "no labels: name the column that is meant, or list `classes`."
    )
    return [Fault("W_MANY_LABELS", where, message)]


def _hints(labels: Sequence[str], classes: Sequence[str]) -> dict[str, str]:
    """The nearest class of each label, as far as looking for it takes seconds at most."""
    distinct = list(dict.fromkeys(labels))
    affordable = distinct[: max(1, MAX_COMPARED // len(classes))]
    hints = dict.fromkeys(distinct, "")
    return hints | {label: f"{nearest(_shown(label), classes)[:200]} " for label in affordable}


def _shown(label: str) -> str:
    return label if len(label) <= MAX_SHOWN else f"{label[:MAX_SHOWN]}…"


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{_shown(name)}"' for name in names[:8]) + (" …" if len(names) > 8 else "")


def support_faults(
    classes: Sequence[str], positives: np.ndarray, where: str, before: Sequence[Fault] = ()
) -> list[Fault]:
    """`W_NO_POSITIVES` for classes that no row has; `E_NO_POSITIVES` when no row has any.

    Args:
        classes: K of them.
        positives: (K,) number of rows that have each.
        where: How messages name the place.
        before: What was found so far; errors among it explain why no row has any.
    """
    missing = [name for name, count in zip(classes, positives, strict=True) if count == 0]
    if not missing:
        return []
    shown = _quoted(missing)
    if len(missing) == len(classes) and not any(fault.is_error for fault in before):
        message = (
            f"none of the {len(classes)} classes ({shown}) has a positive row; expected some, as "
            "nothing can be learnt from none; add examples or remove the task."
        )
        return [Fault("E_NO_POSITIVES", where, message)]
    message = (
        f"{len(missing)} of {len(classes)} classes have no positive row ({shown}); they cannot be "
        "learnt and are left out of averaged figures; add examples or remove them from `classes`."
    )
    return [Fault("W_NO_POSITIVES", where, message)]


def one_sided_faults(
    classes: Sequence[str], targets: np.ndarray, where: str, before: Sequence[Fault] = ()
) -> list[Fault]:
    """`W_NO_NEGATIVES` for labels that rows have and no row is known to lack.

    Args:
        classes: L labels.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        where: How messages name the place.
        before: What was found so far; errors among it explain why cells are unknown.
    """
    sided = (targets == 1).any(0) & ~(targets == 0).any(0)
    if not sided.any() or any(fault.is_error for fault in before):
        return []
    names = [name for name, is_sided in zip(classes, sided, strict=True) if is_sided]
    message = (
        f"{len(names)} of {len(classes)} labels are yes or unknown in every row "
        f"({_quoted(names)}); known negatives show when a label does not hold: without any, it is "
        "learnt as always yes and its figures come out perfect; write 0 where it is absent, or if "
        "nobody wrote negatives down set `unknown` (see docs/losses.md)."
    )
    return [Fault("W_NO_NEGATIVES", where, message)]
