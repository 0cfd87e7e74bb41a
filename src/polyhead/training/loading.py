"""Loader workers around the samples."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterable, Sequence

import torch
from torch.utils.data import DataLoader

from polyhead.errors import ImageError, PolyheadError
from polyhead.structures import Batch
from polyhead.training.pictures import Collate, Pictures

WORKER_DIED = "E_WORKER"

Keys = Iterable[list[tuple[int, int]]]


def choose_workers(workers: int | str, device: torch.device) -> int:
    """How many loader processes: a CPU that also trains keeps its cores to itself."""
    if isinstance(workers, int):
        return workers
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return min(8, cores) if device.type != "cpu" else min(2, cores // 4)


class Batches:
    """Batches in the order of their keys, the same with any number of workers.

    Args:
        pictures: Samples by key.
        keys: One list of `(epoch, row)` a batch, iterated anew each time.
        collate: Makes a batch.
        workers: Loader processes.
        pin: Whether the batches go to a GPU.
    """

    def __init__(
        self, pictures: Pictures, keys: Keys, collate: Collate, *, workers: int, pin: bool
    ) -> None:
        self._loader = DataLoader(
            pictures,
            batch_sampler=keys,
            collate_fn=collate,
            num_workers=workers,
            pin_memory=pin,
            persistent_workers=workers > 0,
            worker_init_fn=_ignore_interrupts,
        )

    def close(self) -> None:
        """End the loader processes; nothing can be loaded any more."""
        del self._loader

    def __iter__(self) -> Generator[Batch, None, None]:
        """Batches.

        Raises:
            ImageError: A picture that could be read when it was checked no longer can.
            PolyheadError: `E_WORKER`; a loader process died, for want of memory most often.
        """
        batches = iter(self._loader)
        while True:
            try:
                batch = next(batches)
            except StopIteration:
                return
            except RuntimeError as error:
                if "DataLoader worker" not in str(error):
                    raise
                raise PolyheadError(
                    f"a loader process died ({error}); most often memory ran out: lower "
                    "train.workers or train.batch_size.",
                    code=WORKER_DIED,
                ) from error
            if isinstance(batch, ImageError):
                raise batch
            yield batch


def _ignore_interrupts(_worker: int) -> None:
    """Ctrl-C reaches every process of a terminal; what it means is for the main one to decide."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def in_order(rows: Sequence[int], batch_size: int) -> list[list[tuple[int, int]]]:
    """Keys that show every row once, for validation and evaluation."""
    keys = [(0, int(row)) for row in rows]
    return [keys[i : i + batch_size] for i in range(0, len(keys), batch_size)]
