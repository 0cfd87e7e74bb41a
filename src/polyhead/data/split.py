"""The split of rows into train, validation (chooses epochs and thresholds) and test."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

from polyhead.data.stratify import stratify
from polyhead.data.units import merge_rows
from polyhead.errors import ConfigError, DataError, Fault
from polyhead.table.split_spellings import PARTS, part_of

TRAIN, VAL = 0, 1


@dataclass(frozen=True)
class SplitPlan:
    """Method and shares of a split.

    Attributes:
        method: `stratified`: every part alike in all labels. `hash`: by SHA-256 of the image name
            or group, so that a row keeps its part when others are added. `column`: the user's own
            parts; when these have no validation rows, they are drawn from the training rows,
            stratified.
        val: Share of the validation rows.
        test: Share of the held-out rows.
        seed: Another seed gives another split.
    """

    method: Literal["stratified", "hash", "column"] = "stratified"
    val: float = 0.15
    test: float = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.val, self.test) < 0 or self.val + self.test >= 1:
            raise ConfigError(
                f"found split shares val {self.val} and test {self.test}; expected both at least "
                "0 and their sum below 1; lower them so that rows are left for training"
            )


@dataclass(frozen=True)
class SplitKeys:
    """Values of the rows that a split depends on besides the image names; N each.

    Attributes:
        labels: (N, L) int8: 1 yes, 0 no, −1 unknown; for `stratified`.
        groups: Rows with the same value stay together; None or "" is no group.
        digests: Digest of each image's content; equal images stay together, empty is none.
        column: The user's own parts; for `column`.
        copies: Augmented copies of one source have the same value; kept together where parts are
            drawn, while the user's own parts stay as they are.
    """

    labels: np.ndarray | None = None
    groups: Sequence[str | None] | None = None
    digests: np.ndarray | None = None
    column: Sequence[str | None] | None = None
    copies: Sequence[str | None] | None = None


def split_rows(images: Sequence[str], plan: SplitPlan, keys: SplitKeys) -> np.ndarray:
    """Split rows into `train`, `val` and `test`.

    Groups and equal images never straddle parts. With `stratified` no part that has a share is
    empty as long as there are enough groups.

    Args:
        images: N image names, as written in the annotations.
        plan: Method, shares and seed.
        keys: Labels, groups, digests, column.

    Returns:
        (N,) array of strings of `PARTS`.

    Raises:
        DataError: `column` holds an unknown value or parts one group or image (with one fault a
            row), or `hash` left a part empty.
    """
    units = merge_rows(len(images), keys.groups, keys.digests, keys.copies)
    labels = np.zeros((len(images), 0), np.int8) if keys.labels is None else keys.labels
    if plan.method == "column":
        parts = _column_parts(images, keys.column or [None] * len(images))
        _refuse_straddling(images, parts, merge_rows(len(images), keys.groups, keys.digests))
        if not (parts == VAL).any():
            _draw_validation(parts, labels, units, plan)
        return np.array(PARTS)[parts]
    shares = np.array([1 - plan.val - plan.test, plan.val, plan.test])
    if plan.method == "hash":
        parts = _hash_parts(images, units, shares, keys.groups, plan.seed)
        _refuse_empty(parts, shares)
        return np.array(PARTS)[parts]
    return np.array(PARTS)[stratify(labels, units, shares, plan.seed)[units]]


def write_split(
    path: Path, images: Sequence[str], split: np.ndarray, digests: np.ndarray | None = None
) -> None:
    """Write a split as parquet, columns `image` and `split`.

    Args:
        path: The file.
        images: N image names.
        split: (N,) parts.
        digests: (N,) of the images' content, for a column `digest`, which identifies
            images under other names.
    """
    import pyarrow.parquet as pq

    columns = {"image": pa.array(images, pa.string()), "split": split}
    if digests is not None:
        columns["digest"] = pa.array([digest.decode() for digest in digests.tolist()], pa.string())
    pq.write_table(pa.table(columns), path)


def read_digests(path: Path) -> dict[str, str]:
    """Digest of each image's content to its part, from a file of `write_split`.

    Where several images have the same digest, `train` takes precedence over `val` and `test`. Empty
    for a split without digests; errors as `read_split`.
    """
    import pyarrow.parquet as pq

    _, split = read_split(path)
    if "digest" not in pq.read_schema(path).names:
        return {}
    digests = pq.read_table(path, columns=["digest"])["digest"].to_pylist()
    ranked = sorted(zip(digests, split.tolist(), strict=True), key=lambda row: -PARTS.index(row[1]))
    return {digest: part for digest, part in ranked if digest}


def read_split(path: Path) -> tuple[list[str], np.ndarray]:
    """Read a file of `write_split`: the image names and their parts.

    Raises:
        DataError: With the fault `E_SPLIT`; the file is no split or holds another part.
    """
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, columns=["image", "split"])
    except (OSError, pa.ArrowException) as error:
        raise _unusable(path, f"cannot be read ({error})") from error
    split = np.array(table["split"].to_pylist(), dtype=str)
    if not np.isin(split, PARTS).all():
        raise _unusable(path, f"holds other values than {', '.join(PARTS)}")
    return table["image"].to_pylist(), split


def _unusable(path: Path, found: str) -> DataError:
    expected = "expected parquet with the columns image and split; restore it or split again"
    return _data_error([Fault("E_SPLIT", str(path), f"{found}; {expected}")])


def _data_error(faults: list[Fault]) -> DataError:
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return DataError(f"{faults[0]}{more}", faults)


def _column_parts(images: Sequence[str], column: Sequence[str | None]) -> np.ndarray:
    found = {value: part_of(value or "") for value in set(column)}
    known = {value: PARTS.index(part) if part else -1 for value, part in found.items()}
    parts = np.array([known[value] for value in column], dtype=np.int64)
    faults = [
        Fault(
            "E_SPLIT_VALUE",
            images[row],
            f'found split "{column[row] or ""}"; expected train, val or test; correct the '
            "cell, or list what the cells mean in data.split.parts",
            row=row,
        )
        for row in np.flatnonzero(parts < 0).tolist()
    ]
    if faults:
        raise _data_error(faults)
    return parts


def _draw_validation(
    parts: np.ndarray, labels: np.ndarray, units: np.ndarray, plan: SplitPlan
) -> None:
    """Take validation rows out of the user's training rows, in place; test rows stay theirs."""
    rows = np.flatnonzero(parts == TRAIN)
    own = np.unique(units[rows], return_inverse=True)[1]
    shares = np.array([1 - plan.val, plan.val])
    chosen = stratify(labels[rows], own, shares, plan.seed)[own]
    parts[rows[chosen == 1]] = VAL


def _refuse_straddling(images: Sequence[str], parts: np.ndarray, units: np.ndarray) -> None:
    """Report every row whose group or equal image came first in another part."""
    first = np.unique(units, return_index=True)[1][units]
    faults = [
        Fault(
            "E_LEAK",
            images[row],
            f"is in {PARTS[parts[row]]}, but {images[first[row]]}, of the same group or the same "
            f"image, is in {PARTS[parts[first[row]]]}; put both into one part, or split the "
            "rows again (split: {method: stratified})",
            row=row,
        )
        for row in np.flatnonzero(parts != parts[first]).tolist()
    ]
    if faults:
        raise _data_error(faults)


def _hash_parts(
    images: Sequence[str],
    units: np.ndarray,
    shares: np.ndarray,
    groups: Sequence[str | None] | None,
    seed: int,
) -> np.ndarray:
    """Parts by the smallest hash in each unit, as a number from 0 to 1: test, then val, train."""
    names = images if groups is None else [g or i for g, i in zip(groups, images, strict=True)]
    hashes = np.fromiter((_hash(f"{seed}\0{name}") for name in names), np.uint64, len(names))
    smallest = np.full(int(units.max(initial=-1)) + 1, np.iinfo(np.uint64).max)
    np.minimum.at(smallest, units, hashes)
    position = smallest[units] / 2.0**64
    test, val = shares[2], shares[1]
    return np.where(position < test, 2, np.where(position < test + val, 1, 0))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8])


def _refuse_empty(parts: np.ndarray, shares: np.ndarray) -> None:
    sizes = np.bincount(parts, minlength=len(PARTS))
    for part in np.flatnonzero((sizes == 0) & (shares > 0)).tolist():
        mend = "use the method stratified, another seed or a larger share"
        found = f"the hash of {len(parts)} rows leaves it empty; expected at least one row; {mend}"
        raise _data_error([Fault("E_SPLIT_EMPTY", f"split {PARTS[part]}", found)])
