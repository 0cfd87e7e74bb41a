"""Which rows make up which batch: a function of seed and epoch alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np


def stable_seed(*parts: int | str) -> int:
    """A 63-bit seed from integers and words, equal on every machine and in every process."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def epoch_order(rows: np.ndarray, seed: int, epoch: int) -> np.ndarray:
    """The training rows of one epoch, shuffled by (seed, epoch)."""
    generator = np.random.default_rng(stable_seed("order", seed, epoch))
    return rows[generator.permutation(len(rows))]


class EpochBatches:
    """Batches of `(epoch, row)` keys, from any batch of any epoch on.

    The last batch of an epoch is dropped when it is smaller than half the batch size, unless it
    is the only one: batch statistics of a few pictures do harm.

    Args:
        rows: (M,) training rows.
        batch_size: B.
        seed: Of the run.
    """

    def __init__(self, rows: np.ndarray, batch_size: int, seed: int) -> None:
        self.rows, self.batch_size, self.seed = rows, batch_size, seed
        self.epoch, self.first_batch = 0, 0

    def __len__(self) -> int:
        whole, rest = divmod(len(self.rows), self.batch_size)
        return max(1, whole + (2 * rest >= self.batch_size))

    def num_rows(self) -> int:
        """Rows from the batch that the next iteration starts at, to the end of the epoch."""
        shown = min(len(self) * self.batch_size, len(self.rows))
        return max(0, shown - self.first_batch * self.batch_size)

    def start(self, epoch: int, first_batch: int = 0) -> None:
        """Choose the epoch, and the batch in it, that the next iteration starts at."""
        self.epoch, self.first_batch = epoch, first_batch

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        order = epoch_order(self.rows, self.seed, self.epoch)
        for batch in range(self.first_batch, len(self)):
            chosen = order[batch * self.batch_size : (batch + 1) * self.batch_size]
            yield [(self.epoch, int(row)) for row in chosen]
