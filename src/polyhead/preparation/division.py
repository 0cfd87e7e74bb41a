"""The split of a table into train, val and test, with the faults of that split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

import numpy as np

from polyhead.config import Config
from polyhead.data import (
    OwnSplit,
    SplitKeys,
    SplitPlan,
    augmented_sources,
    find_own_split,
    inherit_split,
    named_split,
    split_rows,
    subject_columns,
)
from polyhead.errors import DataError, Fault
from polyhead.table import IMAGE, Table


@dataclass(frozen=True)
class Division:
    """A split of the rows.

    Attributes:
        split: (N,) of `train`, `val` and `test`.
        basis: Where the parts come from, in words.
        faults: Warnings and notes on the split.
    """

    split: np.ndarray
    basis: str
    faults: tuple[Fault, ...]


def share_out(
    config: Config,
    table: Table,
    labels: Mapping[str, np.ndarray],
    digests: np.ndarray,
    earlier: Mapping[str, str],
) -> Division:
    """Split rows as the config says; `auto` is the user's own split where the data hold one.

    Args:
        config: The config.
        table: N rows.
        labels: Task name to (N, L) labels, for parts that resemble each other.
        digests: (N,) of the images' content.
        earlier: Image name to the part that it had in another run.

    Raises:
        DataError: `E_SPLIT_CONFLICT`, `E_SPLIT_VALUE`, `E_LEAK`, or `E_SPLIT_EMPTY`.
    """
    keys = config.data.split
    learnt = learnt_columns(config, table)
    own = find_own_split(table, learnt) if keys.method == "auto" else None
    images = table.data.column(IMAGE).to_pylist()
    by = SplitKeys(
        labels=np.concatenate([*labels.values()], 1),
        groups=None if keys.group_by is None else table.column(keys.group_by).to_pylist(),
        digests=digests,
        column=_own_parts(config, table, own),
        copies=augmented_sources(images),
    )
    plan = SplitPlan(_method(config, own), keys.val, keys.test, config.train.seed)
    split = split_rows(images, plan, by)
    if earlier and plan.method != "column":
        split = inherit_split(images, split, earlier, by)
    _require_parts(table, split)
    faults = [*(own.faults if own else ()), *_copies(table, by, split)]
    faults += _torn_subjects(table, {*learnt, keys.group_by or ""}, split, plan.method)
    return Division(split, _basis(config, own, by), tuple(faults))


def learnt_columns(config: Config, table: Table) -> set[str]:
    """The columns that tasks are read from, which hold no split."""
    found: set[str] = set()
    for name, task in config.tasks.items():
        patterns = [*getattr(task, "columns", ()), getattr(task, "column", None) or name]
        found |= {each for each in table.columns for p in patterns if fnmatchcase(each, p)}
        found |= {each for each in table.columns if each in patterns}
    return found


def _method(config: Config, own: OwnSplit | None) -> Literal["stratified", "hash", "column"]:
    method = config.data.split.method
    if method == "auto":
        return "stratified" if own is None else "column"
    return method


def _own_parts(config: Config, table: Table, own: OwnSplit | None) -> Sequence[str | None] | None:
    keys = config.data.split
    if keys.column is not None:
        parts: dict[str, Sequence[str]] = dict(keys.parts.items()) if keys.parts else {}
        return named_split(table, keys.column, parts)
    return None if own is None else own.parts.tolist()


def _basis(config: Config, own: OwnSplit | None, by: SplitKeys) -> str:
    keys = config.data.split
    if keys.column is None and own is None:
        method = "stratified" if keys.method == "auto" else keys.method
        together = "" if keys.group_by is None else f', by "{keys.group_by}"'
        return f"shared out ({method}{together}; val {keys.val:g}, test {keys.test:g})"
    basis = f'the column "{keys.column}"' if own is None else own.basis
    drawn = by.column is not None and "val" not in set(by.column)
    return f"your own, from {basis}" + ", val drawn from its train rows" * drawn


def _require_parts(table: Table, split: np.ndarray) -> None:
    for part in ("train", "val"):
        if not (split == part).any():
            message = (
                f"the {part} part of the split is empty ({len(table)} rows in all); expected at "
                "least 1 row; add images or change data.split"
            )
            raise DataError(message, [Fault("E_SPLIT_EMPTY", table.source, message)])


def _copies(table: Table, by: SplitKeys, split: np.ndarray) -> list[Fault]:
    """A note on augmented copies, or a warning where the user's own parts separate them."""
    if by.copies is None:
        return []
    parts: dict[str, set[str]] = {}
    for source, part in zip(by.copies, split.tolist(), strict=True):
        if source is not None:
            parts.setdefault(source, set()).add(part)
    num_copies = sum(source is not None for source in by.copies)
    torn = [source for source, found in parts.items() if len(found) > 1]
    about = f"{num_copies} images are augmented copies of {len(parts)} sources by their names"
    if not torn:
        message = f"{about}; the copies of one source are in one part."
        return [Fault("N_COPIES", table.source, message)]
    message = (
        f"{about}; {len(torn)} sources, such as {torn[0]}, have copies in several parts, so that "
        "figures flatter; move them, or split the rows again (split: {method: stratified}), "
        "which keeps them together."
    )
    return [Fault("W_GROUP_STRADDLES", table.source, message)]


def _torn_subjects(table: Table, without: set[str], split: np.ndarray, method: str) -> list[Fault]:
    """A warning for each column of subjects that have images in several parts."""
    faults = []
    for subjects in subject_columns(table, without):
        num_torn = subjects.num_torn(split)
        if not num_torn or not subjects.can_be_shared_out:
            continue
        name = subjects.column
        mend = f"split: {{group_by: {name}}} keeps them together"
        if method == "column":
            mend = f"split: {{method: stratified, group_by: {name}}} splits the rows again"
        message = (
            f'{num_torn} of {len(subjects.counts)} values of the column "{name}" have images in '
            f"several parts of the split, so that figures may flatter; {mend}."
        )
        faults.append(Fault("W_GROUP_STRADDLES", table.source, message))
    return faults
