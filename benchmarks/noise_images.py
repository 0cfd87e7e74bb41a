"""Images of noise with labels, for benchmarks of a step's speed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from polyhead.config import Config
from polyhead.loading import Batch
from polyhead.loading.batches import Batches, in_order
from polyhead.loading.dataset import Collate, ImageDataset
from polyhead.preparation import Prepared, prepare
from polyhead.progress import Reporter


def write_noise(folder: Path, *, num: int, side: int, num_tags: int, num_kinds: int) -> Path:
    """PNG files and `labels.csv` with the columns image, tags and kind."""
    generator = np.random.default_rng(0)
    lines = ["image,tags,kind"]
    for index in range(num):
        pixels = generator.integers(0, 256, (side, side, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
        tags = "|".join(f"t{tag}" for tag in range(num_tags) if generator.random() < 0.5)
        lines.append(f"{index}.png,{tags or '[]'},k{index % num_kinds}")
    path = folder / "labels.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def first_batch(config: Config) -> tuple[Prepared, Batch]:
    """The prepared data, and its first rows as one batch."""
    prepared = prepare(config, Reporter(quiet=True))
    size = config.model.image_size
    images = ImageDataset(prepared.table, prepared.targets, prepared.tasks, size)
    keys = in_order(range(config.train.batch_size), config.train.batch_size)
    loaded = Batches(images, keys, Collate(prepared.tasks), workers=0, pin=False)
    return prepared, next(iter(loaded))
