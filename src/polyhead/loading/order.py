"""Which rows make up which batch: a function of seed and epoch alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from polyhead.loading.sampler import Sampler

SHOWN_AGAIN = 1 << 32  # beyond all epochs: a row that comes twice in one looks different each time


def stable_seed(*parts: int | str) -> int:
    """A 63-bit seed from integers and words, equal on every machine and in every process."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def epoch_order(rows: np.ndarray, seed: int, epoch: int) -> np.ndarray:
    """The training rows of one epoch, shuffled by (seed, epoch)."""
    generator = np.random.default_rng(stable_seed("order", seed, epoch))
    return rows[generator.permutation(len(rows))]


class EpochBatchSampler:
    """Batches of `(epoch, row)` keys, from any batch of any epoch on.

    Where a sampler shows a row n times before in the same epoch, its key has the epoch plus
    n · `SHOWN_AGAIN`. The last batch of an epoch is dropped when it is smaller than half the batch
    size, unless it is the only one: batch statistics of a few images do harm.

    Args:
        rows: (M,) training rows.
        batch_size: B.
        seed: Of the run.
        sampler: Draws from the rows; each is shown once where there is none.
    """

    def __init__(
        self, rows: np.ndarray, batch_size: int, seed: int, sampler: Sampler | None = None
    ) -> None:
        self.rows, self.batch_size, self.seed, self.sampler = rows, batch_size, seed, sampler
        self.epoch_rows = sampler.num_rows if sampler else len(rows)
        self.epoch, self.first_batch = 0, 0

    def __len__(self) -> int:
        whole, rest = divmod(self.epoch_rows, self.batch_size)
        return max(1, whole + (2 * rest >= self.batch_size))

    def num_rows(self) -> int:
        """Rows from the batch that the next iteration starts at, to the end of the epoch."""
        shown = min(len(self) * self.batch_size, self.epoch_rows)
        return max(0, shown - self.first_batch * self.batch_size)

    def start(self, epoch: int, first_batch: int = 0) -> None:
        """Choose the epoch, and the batch in it, that the next iteration starts at."""
        self.epoch, self.first_batch = epoch, first_batch

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        order = epoch_order(self.drawn(), self.seed, self.epoch)
        keys = [
            (self.epoch + int(before) * SHOWN_AGAIN, int(row))
            for before, row in zip(_times_before(order), order, strict=True)
        ]
        for batch in range(self.first_batch, len(self)):
            yield keys[batch * self.batch_size : (batch + 1) * self.batch_size]

    def drawn(self) -> np.ndarray:
        """The rows of the epoch, in random order."""
        if self.sampler is None:
            return self.rows
        generator = np.random.default_rng(stable_seed("sampler", self.seed, self.epoch))
        return self.rows[self.sampler.draw(generator)]


def _times_before(order: np.ndarray) -> np.ndarray:
    """The number of earlier occurrences of each entry."""
    by_row = np.argsort(order, kind="stable")
    _, first, counts = np.unique(order[by_row], return_index=True, return_counts=True)
    before = np.empty(len(order), np.int64)
    before[by_row] = np.arange(len(order)) - np.repeat(first, counts)
    return before
