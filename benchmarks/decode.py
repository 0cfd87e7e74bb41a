"""Decode and preprocess 640×480 JPEGs to 224 px: polyhead against Pillow with torchvision.

Compared is work for work, on one core: JPEG bytes in memory to a normalised float (B, 3, 224, 224)
batch. The peer runs the usual recipe an image: `Image.open().convert("RGB")`, Resize (bicubic,
antialiased), ToTensor, Normalize, then stacks. Polyhead decodes and resizes to uint8, stacks, and
normalises the whole batch in torch, as its network does. The two alternate in one run; medians.

    python benchmarks/decode.py
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torchvision import transforms

from polyhead.data import load_image

NUM_IMAGES, BATCH, ROUNDS, SIDE = 64, 32, 9, 224
MEAN, SPREAD = 127.0, 128.0

peer_transform = transforms.Compose(
    [
        transforms.Resize(
            (SIDE, SIDE), interpolation=transforms.InterpolationMode.BICUBIC, antialias=True
        ),
        transforms.ToTensor(),
        transforms.Normalize([MEAN / 255] * 3, [SPREAD / 255] * 3),
    ]
)


def photographs() -> list[bytes]:
    """JPEGs of 640×480 with the detail of a photograph: smooth regions, edges and grain."""
    generator = np.random.default_rng(0)
    files = []
    for _ in range(NUM_IMAGES):
        coarse = generator.integers(0, 255, (12, 16, 3), dtype=np.uint8)
        image = np.asarray(Image.fromarray(coarse).resize((640, 480), Image.Resampling.BICUBIC))
        grain = generator.normal(0, 6, image.shape)
        file = io.BytesIO()
        noisy = np.clip(image + grain, 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(file, "JPEG", quality=85)
        files.append(file.getvalue())
    return files


def with_polyhead(batch: list[bytes]) -> torch.Tensor:
    """Uint8 images, normalised as one batch."""
    images = np.stack([load_image(data, (SIDE, SIDE)).image for data in batch])
    return (torch.from_numpy(images).permute(0, 3, 1, 2).float() - MEAN) / SPREAD


def with_torchvision(batch: list[bytes]) -> torch.Tensor:
    """Float images, normalised one by one."""
    images = [Image.open(io.BytesIO(data)).convert("RGB") for data in batch]
    return torch.stack([torch.as_tensor(peer_transform(image)) for image in images])


def images_per_second(run: Callable[[list[bytes]], torch.Tensor], files: list[bytes]) -> float:
    """Images a second of processor time, in one pass over the files."""
    started = time.process_time()
    for start in range(0, len(files), BATCH):
        run(files[start : start + BATCH])
    return len(files) / (time.process_time() - started)


def main() -> None:
    """Print both speeds, their ratio and how far the pixels are apart."""
    torch.set_num_threads(1)
    files = photographs()
    speeds = [
        (images_per_second(with_polyhead, files), images_per_second(with_torchvision, files))
        for _ in range(ROUNDS + 1)
    ][1:]
    ours, peers = (statistics.median(column) for column in zip(*speeds, strict=True))
    ratio = statistics.median(a / b for a, b in speeds)
    apart = (with_polyhead(files[:BATCH]) - with_torchvision(files[:BATCH])).abs().mean() * SPREAD
    kilobytes = sum(map(len, files)) / len(files) / 1000
    print(f"{NUM_IMAGES} JPEGs of 640×480, {kilobytes:.0f} kB each, to {SIDE} px, one thread")
    print(f"polyhead              {ours:7.0f} images/s")
    print(f"Pillow + torchvision  {peers:7.0f} images/s")
    print(f"ratio                 {ratio:7.2f}×   (median of {ROUNDS} paired rounds)")
    print(f"mean difference of a pixel: {apart:.2f} of 255")


if __name__ == "__main__":
    main()
