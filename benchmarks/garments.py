"""Fashion-MNIST as data sets for polyhead: single garments, and canvases of several garments.

The images come from Debian's package `dataset-fashion-mnist` (Expat licence, 60,000 training
and 10,000 test images of 28 px). It is unpacked without root by

    apt-get download dataset-fashion-mnist && dpkg-deb -x dataset-fashion-mnist_*.deb DIR
"""

from __future__ import annotations

import csv
import gzip
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

PACKAGE = "dataset-fashion-mnist"
LABELS = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "boot",
)
NUM_VALIDATION = 5_000
VISIBLE = 24  # of 255: what is darker can hardly be told from the canvas


@dataclass(frozen=True)
class Garments:
    """One part of Fashion-MNIST.

    Attributes:
        images: (N, 28, 28) uint8.
        labels: (N,) indices into `LABELS`.
    """

    images: np.ndarray
    labels: np.ndarray

    def take(self, rows: np.ndarray) -> Garments:
        """Some of the garments."""
        return Garments(self.images[rows], self.labels[rows])


def fetch(folder: Path) -> None:
    """Download Debian's package into a folder and unpack it there."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", PACKAGE], cwd=folder, check=True)
    package = next(folder.glob(f"{PACKAGE}_*.deb"))
    subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True)


def read_garments(folder: Path) -> tuple[Garments, Garments]:
    """The 60,000 training and 10,000 test images.

    Args:
        folder: Where the package was unpacked, or the folder of its four `.gz` files.
    """
    found = sorted(folder.rglob("train-images-idx3-ubyte.gz"))
    if not found:
        raise SystemExit(f"{folder} holds no train-images-idx3-ubyte.gz; see --fetch.")
    return _read(found[0].parent, "train"), _read(found[0].parent, "t10k")


def _read(folder: Path, part: str) -> Garments:
    images = gzip.decompress((folder / f"{part}-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / f"{part}-labels-idx1-ubyte.gz").read_bytes())
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28)
    return Garments(pixels, np.frombuffer(labels, np.uint8, offset=8))


def write_garments(out: Path, train: Garments, test: Garments) -> Path:
    """PNG files and `labels.csv` with the columns image, kind and split.

    The last `NUM_VALIDATION` training images are held out for validation.
    """
    split = ["train"] * (len(train.labels) - NUM_VALIDATION) + ["val"] * NUM_VALIDATION
    split += ["test"] * len(test.labels)
    rows = [
        (_save(out, index, image), LABELS[label], part)
        for index, (image, label, part) in enumerate(
            zip([*train.images, *test.images], [*train.labels, *test.labels], split, strict=True)
        )
    ]
    return _write_table(out, ("image", "kind", "split"), rows)


def write_canvases(out: Path, garments: dict[str, Garments], sizes: dict[str, int]) -> Path:
    """Canvases of 2 to 4 garments and `labels.csv` with the columns image, tags and split.

    Args:
        out: The folder.
        garments: Part of the split to the garments that its canvases show.
        sizes: Part of the split to its number of canvases.
    """
    generator = np.random.default_rng(0)
    rows = []
    for part, num in sizes.items():
        for _ in range(num):
            canvas, labels = draw_canvas(garments[part], generator)
            tags = "|".join(LABELS[label] for label in sorted(labels))
            rows.append((_save(out, len(rows), canvas), tags, part))
    return _write_table(out, ("image", "tags", "split"), rows)


def draw_canvas(garments: Garments, generator: np.random.Generator) -> tuple[np.ndarray, set[int]]:
    """One canvas of 64 to 96 px with 2 to 4 garments of 20 to 36 px, which may overlap."""
    side = int(generator.integers(64, 97))
    canvas = np.zeros((side, side), np.uint8)
    chosen = generator.integers(0, len(garments.labels), int(generator.integers(2, 5)))
    for index in chosen:
        size = int(generator.integers(20, 37))
        top, left = generator.integers(0, side - size + 1, 2).tolist()
        _paste(canvas, garments.images[index], size, top, left)
    return canvas, {int(garments.labels[index]) for index in chosen}


@dataclass(frozen=True)
class BoxedCanvas:
    """A canvas and where its garments are.

    Attributes:
        image: (H, W) uint8.
        labels: Indices into `LABELS`.
        boxes_xyxy: Of each garment, the pixels that are brighter than the canvas.
    """

    image: np.ndarray
    labels: list[int]
    boxes_xyxy: list[tuple[int, int, int, int]]


def draw_boxed_canvas(garments: Garments, generator: np.random.Generator) -> BoxedCanvas:
    """One canvas with sides of 96 to 128 px and 1 to 4 garments of 24 to 48 px, a quarter each."""
    height, width = generator.integers(96, 129, 2).tolist()
    image = np.zeros((height, width), np.uint8)
    chosen = generator.integers(0, len(garments.labels), int(generator.integers(1, 5)))
    boxes = []
    for index, quarter in zip(chosen, generator.permutation(4).tolist(), strict=False):
        size = int(generator.integers(24, 49))
        top = quarter // 2 * (height // 2) + int(generator.integers(0, height // 2 - size + 1))
        left = quarter % 2 * (width // 2) + int(generator.integers(0, width // 2 - size + 1))
        boxes.append(_paste(image, garments.images[index], size, top, left))
    return BoxedCanvas(image, garments.labels[chosen].tolist(), boxes)


def _paste(
    canvas: np.ndarray, garment: np.ndarray, size: int, top: int, left: int
) -> tuple[int, int, int, int]:
    """Draw a garment at a size and place; the box of what can be seen of it alone."""
    pasted = np.asarray(Image.fromarray(garment).resize((size, size)))
    place = canvas[top : top + size, left : left + size]
    np.maximum(place, pasted, out=place)
    rows, columns = (np.flatnonzero((pasted > VISIBLE).any(axis)) for axis in (1, 0))
    x_min, y_min = left + int(columns[0]), top + int(rows[0])
    return x_min, y_min, left + int(columns[-1]) + 1, top + int(rows[-1]) + 1


def _save(out: Path, index: int, image: np.ndarray) -> str:
    """Write one image, a thousand a folder; its name in the table."""
    name = f"images/{index // 1000:03d}/{index:06d}.png"
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(out / name, compress_level=1)
    return name


def _write_table(out: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> Path:
    path = out / "labels.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path
