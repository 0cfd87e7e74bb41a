"""Images that look the same: perceptual hashes, compared where a stretch of bits agrees."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

SIDE = 32  # of the grey thumbnails that hashes are taken of
MAX_BITS = 6  # of 64 that may differ; resizing and JPEG change about 0 to 4
MAX_DIFFERENCE = 5.0  # grey levels, root mean square after both have the same mean
ROWS_AT_ONCE = 256
# One more stretch of bits than may differ: two near hashes agree in one stretch at least.
STRETCHES = np.linspace(0, 64, MAX_BITS + 2).astype(int)
PAIRS_AT_ONCE = 4096


def image_hashes(thumbnails: np.ndarray) -> np.ndarray:
    """64 bits an image: which of its 8 × 8 lowest frequencies lie above their median.

    Args:
        thumbnails: (N, 32, 32) grey levels.

    Returns:
        (N,) uint64.
    """
    hashes = np.empty(len(thumbnails), np.uint64)
    for start in range(0, len(thumbnails), 4096):
        block = slice(start, start + 4096)
        waves = np.asarray(dctn(thumbnails[block].astype(np.float32), axes=(1, 2)))
        waves = waves[:, :8, :8].reshape(-1, 64)
        # The first is the mean brightness, which does not depend on the content.
        above = waves > np.median(waves[:, 1:], axis=1, keepdims=True)
        hashes[block] = np.packbits(above, axis=1).view(np.uint64)[:, 0]
    return hashes


def near_duplicate_pairs(thumbnails: np.ndarray) -> np.ndarray:
    """Pairs of images whose hashes nearly agree and whose thumbnails do as well.

    Hashes that differ in 6 bits at most agree in one of 7 stretches of 9 or 10 bits, so that only
    hashes of one bucket are compared: all pairs are found, by a seventieth of the comparisons.
    An image that equals an earlier one is paired with the first of its kind alone: a thousand
    equal ones make no million pairs.

    Source: Norouzi, Punjani, Fleet, *Fast search in Hamming space with multi-index hashing*, 2012.

    Args:
        thumbnails: (N, 32, 32) uint8 grey levels.

    Returns:
        (M, 2) int64, first < second; copies before others, each in the order of the rows.
    """
    first: dict[bytes, int] = {}
    originals = np.array(
        [first.setdefault(image.tobytes(), row) for row, image in enumerate(thumbnails)], int
    )
    kept = np.flatnonzero(originals == np.arange(len(thumbnails)))
    copies = np.flatnonzero(originals != np.arange(len(thumbnails)))
    found = [np.stack([originals[copies], copies], axis=1)]
    hashes = image_hashes(thumbnails[kept])
    near = [np.zeros((0, 2), np.int64)]
    for bucket in _buckets(hashes):
        for pairs in _close_pairs(hashes[bucket]):
            pairs = kept[bucket[pairs]]
            near.append(pairs[_look_alike(thumbnails, pairs)])
    return np.concatenate([*found, np.unique(np.concatenate(near), axis=0)])


def _buckets(hashes: np.ndarray) -> Iterator[np.ndarray]:
    """Places, rising, of hashes that agree in a stretch of bits; two or more."""
    for low, high in pairwise(STRETCHES.tolist()):
        keys = (hashes >> np.uint64(low)) & np.uint64(2 ** (high - low) - 1)
        order = np.argsort(keys, kind="stable")
        ends = np.flatnonzero(np.diff(keys[order])) + 1
        yield from (bucket for bucket in np.split(order, ends) if len(bucket) > 1)


def _close_pairs(hashes: np.ndarray) -> Iterator[np.ndarray]:
    """(M, 2) places, first < second, of hashes that nearly agree, some at a time."""
    for start in range(0, len(hashes), ROWS_AT_ONCE):
        rows = hashes[start : start + ROWS_AT_ONCE]
        bits = np.bitwise_count(rows[:, None] ^ hashes[None, start:])
        pairs = np.argwhere(bits <= MAX_BITS)
        pairs = pairs[pairs[:, 0] < pairs[:, 1]] + start
        for block in range(0, len(pairs), PAIRS_AT_ONCE):
            yield pairs[block : block + PAIRS_AT_ONCE]


def duplicate_groups(num_images: int, pairs: np.ndarray) -> np.ndarray:
    """(N,) number of the group of each image; images linked by pairs share one."""
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (num_images,) * 2)
    return connected_components(links, directed=False)[1]


def _look_alike(thumbnails: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(M,) bool; pairs of flat images, such as all black, agree in any hash: they must here."""
    first, second = (thumbnails[pairs[:, side]].astype(np.float32) for side in (0, 1))
    difference = first - second
    difference -= difference.mean(axis=(1, 2), keepdims=True)
    return (difference**2).mean(axis=(1, 2)) <= MAX_DIFFERENCE**2
