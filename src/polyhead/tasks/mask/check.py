"""Every fault of the masks, found by decoding each in full before any training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from polyhead.errors import Fault, ImageError
from polyhead.processors import num_processors
from polyhead.table import MaskTargets
from polyhead.table.mask_sources import UNKNOWN_PIXEL, MaskFiles, MaskSegments
from polyhead.tasks.labels import support_faults
from polyhead.tasks.targets import UNKNOWN

MIN_KNOWN = 0.9  # share of known pixels at which a class without any counts as absent

_BLOCK = 128  # masks handed to the threads at once: bounds the memory, whatever N


@dataclass(frozen=True, eq=False)
class MaskCheck:
    """What the check found.

    Attributes:
        targets: The targets, with `present` found in the pixels.
        faults: In the order of rows, general ones last: `E_MASK_MISSING`, `E_MASK_FORMAT`,
            `E_MASK_SIZE`, `E_MASK_VALUE`, `W_NO_POSITIVES`,
            `E_NO_POSITIVES`.
    """

    targets: MaskTargets
    faults: tuple[Fault, ...]


def check_masks(
    targets: MaskTargets,
    classes: Sequence[str],
    where: Callable[[int], str],
    *,
    workers: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> MaskCheck:
    """Decode the mask of every row that has one, in threads, and say all that is wrong.

    Rows whose image is unreadable have a fault of their own and are passed over.

    Args:
        targets: N rows.
        classes: Their K classes.
        where: How messages name a row, such as `Table.where`.
        workers: Number of threads; by default one a core.
        progress: Called with the number of masks done, after each.
    """
    rows = np.flatnonzero(targets.known & (targets.sizes > 0).all(1)).tolist()
    pixels = np.zeros((len(targets), len(classes) + 1), np.int64)
    faults = []
    findings = _findings(targets, rows, workers or num_processors())
    for done, (row, found) in enumerate(zip(rows, findings, strict=True), start=1):
        if isinstance(found, ImageError):
            faults.append(Fault(found.code, where(row), found.message, row))
        else:
            pixels[row] = found
        if progress is not None:
            progress(done)
    if rows:
        faults += _lossy_faults(targets.source, rows, pixels, where)
        faults += _general_faults(classes, pixels, where(rows[0]))
    return MaskCheck(replace(targets, present=_present(pixels)), tuple(faults))


def _findings(
    targets: MaskTargets, rows: Sequence[int], workers: int
) -> Iterator[np.ndarray | ImageError]:
    """Pixels of each class and, last, of none; or the error. Pillow lets other threads run."""
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(rows), _BLOCK):
            yield from pool.map(lambda row: _examine(targets, row), rows[start : start + _BLOCK])


def _examine(targets: MaskTargets, row: int) -> np.ndarray | ImageError:
    try:
        counts = np.bincount(targets[row].ravel(), minlength=UNKNOWN_PIXEL + 1)
    except ImageError as error:
        return error
    return np.append(counts[: targets.present.shape[1]], counts[UNKNOWN_PIXEL])


def _present(pixels: np.ndarray) -> np.ndarray:
    """(N, K) int8, 1 yes, 0 no, -1 unknown, from (N, K + 1) pixels of each class and of none."""
    total = pixels.sum(1)
    is_whole = (total > 0) & (total - pixels[:, -1] >= MIN_KNOWN * total)
    absent = np.where(is_whole, 0, UNKNOWN)[:, None]
    return np.where(pixels[:, :-1] > 0, 1, absent).astype(np.int8)


def _lossy_faults(
    source: MaskFiles | MaskSegments,
    rows: Sequence[int],
    pixels: np.ndarray,
    where: Callable[[int], str],
) -> list[Fault]:
    """`N_MASK_LOSSY`: masks that are JPEGs are read, but not as exactly as they were drawn."""
    if not isinstance(source, MaskFiles):
        return []
    lossy = [row for row in rows if pixels[row].any() and source.is_lossy(row)]
    if not lossy:
        return []
    unknown = pixels[lossy, -1].sum() / pixels[lossy].sum()
    message = (
        f"{len(lossy):,} masks are JPEG images, whose packing changes values: each pixel is "
        f"read as the nearest of `values`, and as unknown where none is near ({unknown:.1%} of "
        "the pixels)."
    )
    return [Fault("N_MASK_LOSSY", where(lossy[0]), message)]


def _general_faults(classes: Sequence[str], pixels: np.ndarray, first: str) -> list[Fault]:
    """Faults that only all masks together show."""
    seen = pixels.sum(0)
    if seen[0] and seen[-1] and not seen[1:-1].any():
        message = (
            f"the masks hold no values but 0 and {UNKNOWN_PIXEL}, which means unknown; expected "
            f"0 to {len(classes) - 1} for the classes; where it means the second class, say "
            f"`values: {{0: {classes[0]}, {UNKNOWN_PIXEL}: {classes[1]}}}` or write "
            f"{UNKNOWN_PIXEL} as 1."
        )
        return [Fault("E_MASK_VALUE", first, message)]
    if not seen.any():  # each mask has a fault of its own
        return []
    rows_with = (pixels[:, :-1] > 0).sum(0)
    return support_faults(classes, rows_with, first)
