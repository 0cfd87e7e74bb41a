"""Loader workers around the samples."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch.utils.data import DataLoader

from polyhead.config import Config
from polyhead.errors import ImageError, PolyheadError
from polyhead.loading import Batch
from polyhead.loading.dataset import Collate, ImageDataset
from polyhead.loading.sample_transform import SampleTransform
from polyhead.processors import num_processors
from polyhead.runtime.cache_folder import open_cache
from polyhead.table import Table
from polyhead.tasks import Targets, TaskEncoder

Keys = Iterable[list[tuple[int, int]]]


def choose_workers(workers: int | str, device: torch.device) -> int:
    """The number of loader processes: few on a CPU, whose cores also train."""
    if isinstance(workers, int):
        return workers
    cores = num_processors()
    return min(8, cores) if device.type != "cpu" else min(2, cores // 4)


class Batches:
    """Batches in the order of their keys, the same with any number of workers.

    Args:
        dataset: Samples by key.
        keys: One list of `(epoch, row)` a batch, iterated once an epoch.
        collate: Makes a batch.
        workers: Loader processes.
        pin: Whether the batches go to a GPU.
    """

    def __init__(
        self, dataset: ImageDataset, keys: Keys, collate: Collate, *, workers: int, pin: bool
    ) -> None:
        self._loader = DataLoader(
            dataset,
            batch_sampler=keys,
            collate_fn=collate,
            num_workers=workers,
            pin_memory=pin,
            persistent_workers=workers > 0,
            worker_init_fn=_leave_signals_to_parent,
        )

    def close(self) -> None:
        """End the loader processes; nothing can be loaded any more."""
        del self._loader

    def __iter__(self) -> Generator[Batch, None, None]:
        """Batches.

        Raises:
            ImageError: An image that could be read when it was checked no longer can.
        """
        for batch in self._loader:
            if isinstance(batch, ImageError):
                raise batch
            yield batch


@contextmanager
def worker_deaths_explained() -> Iterator[None]:
    """Name the death of a loader process, which torch raises wherever the main process is then.

    Raises:
        PolyheadError: `E_WORKER`; most often memory ran out.
    """
    try:
        yield
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise PolyheadError(
            f"a loader process died ({error}); most often memory ran out: lower train.workers or "
            "train.batch_size.",
            code="E_WORKER",
        ) from error


def _leave_signals_to_parent(_worker: int) -> None:
    """Ctrl-C and SIGTERM reach whole groups of processes; the main one still needs its batches.

    It ends its workers by a message, and only as a last resort by SIGTERM, a second one if need be.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _frame: signal.signal(number, signal.SIG_DFL))


def in_order(rows: Sequence[int], batch_size: int) -> list[list[tuple[int, int]]]:
    """Keys that show every row once, for validation and evaluation."""
    keys = [(0, int(row)) for row in rows]
    return [keys[i : i + batch_size] for i in range(0, len(keys), batch_size)]


@dataclass(frozen=True)
class Labelled:
    """What batches hold besides images.

    Attributes:
        encoders: Task name to encoder.
        targets: Task name to the targets of the whole table.
        transform: How an image differs each time it is shown; None shows it as it is.
    """

    encoders: Mapping[str, TaskEncoder] = field(default_factory=dict)
    targets: Mapping[str, Targets] = field(default_factory=dict)
    transform: SampleTransform | None = None


def load_batches(
    config: Config, table: Table, keys: Keys, device: torch.device, read: Labelled | None = None
) -> Batches:
    """Batches of a table's images, through the cache that the config asks for.

    Args:
        config: Of the run.
        table: Names the images.
        keys: One list of `(epoch, row)` a batch.
        device: Where the batches go.
        read: Targets and augmentation; None for the images alone.
    """
    read = read or Labelled()
    size, ranges = config.model.image_size, config.data.ranges()
    images = ImageDataset(
        table,
        read.targets,
        read.encoders,
        size,
        cache=open_cache(table, size, ranges) if config.data.cache else None,
        transform=read.transform,
        ranges=ranges,
    )
    workers, pin = choose_workers(config.train.workers, device), device.type == "cuda"
    return Batches(images, keys, Collate(read.encoders), workers=workers, pin=pin)
