"""Every fault of the images, found by decoding each in full before any training."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from polyhead.data.decode import NOTES, LoadedImage, is_misnamed, read_image
from polyhead.data.depth import PixelSpan, choose_ranges, depth_faults
from polyhead.data.image_names import NameHints
from polyhead.data.source import digest_of, opened
from polyhead.errors import Fault, ImageError, first_few
from polyhead.processors import num_processors
from polyhead.table.deep_pixels import NO_RANGES, PixelRanges

MIN_SIDE = 8
"""Pixels; a shorter side gets a warning."""
MAX_ASPECT = 50
"""Longer to shorter side; more gets a warning."""

_BLOCK = 512  # images in the queue of the threads: bounds the memory for any N
_NUM_NAMED = 3
_FULL = "write the folder before the name"
_REMOVABLE = ("E_NOT_IMAGE", "E_TRUNCATED", "E_IMAGE_MISSING")


@dataclass(frozen=True, eq=False)
class ImageCheck:
    """Faults, sizes and digests of N images.

    Attributes:
        faults: In the order of rows; when every image is missing, a summary comes first.
        sizes: (N, 2) int32 height and width of the displayed images; 0 when unreadable.
        digests: (N,) S32, digest of the decoded pixels for the splitter; empty when unreadable.
        ranges: Black and white of images with more than 8 bits a channel.
    """

    faults: tuple[Fault, ...]
    sizes: np.ndarray
    digests: np.ndarray
    ranges: PixelRanges = NO_RANGES


@dataclass(frozen=True)
class _Finding:
    """Result for one image: its error, or its size, digests and notes."""

    error: ImageError | None = None
    size: tuple[int, int] = (0, 0)
    file_digest: bytes = b""
    pixel_digest: bytes = b""
    notes: tuple[str, ...] = ()
    span: PixelSpan | None = None


def check_images(
    paths: Sequence[Path],
    where: Callable[[int], str],
    *,
    configured: PixelRanges | None = None,
    workers: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> ImageCheck:
    """Decode every image in full, in threads, and collect all faults.

    Args:
        paths: N files.
        where: How messages name a row, such as `Table.where`.
        configured: Black and white of deep images as the config sets them; measured when None.
        workers: Number of threads; by default one a processor.
        progress: Called with the number of images done, after each.

    Returns:
        Faults, sizes, digests and ranges. Codes: those of `decode`, `E_IMAGE_AMBIGUOUS`,
        `W_IMAGE_EXTREME`, `W_IMAGE_DUPLICATE`, `W_DEPTH`, and the notes of `NOTES`.
    """
    configured = configured or NO_RANGES
    collected = _Collected(paths, where)
    for row, finding in enumerate(_findings(paths, workers or num_processors())):
        collected.add(row, finding)
        if progress is not None:
            progress(row + 1)
    faults, ranges = collected.all_faults(configured), choose_ranges(collected.spans, configured)
    return ImageCheck(faults, collected.sizes, collected.digests, ranges)


def _findings(paths: Sequence[Path], workers: int) -> Iterator[_Finding]:
    """One finding an image, in order; Pillow lets other threads run while it decodes."""
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(paths), _BLOCK):
            block = [paths[row] for row in range(start, min(start + _BLOCK, len(paths)))]
            yield from pool.map(_examine, block)


def _examine(path: Path) -> _Finding:
    try:
        with opened(path) as stream:
            loaded = read_image(stream)
            file_digest = digest_of(stream)
    except ImageError as error:
        return _Finding(error)
    misnamed = ("N_EXTENSION",) if is_misnamed(path, loaded.format) else ()
    return _Finding(
        size=(loaded.width, loaded.height),
        file_digest=file_digest[:16],
        pixel_digest=_digest(loaded),
        notes=loaded.notes + misnamed,
        span=loaded.span,
    )


def _digest(loaded: LoadedImage) -> bytes:
    """Digest of the pixels, before scaling to 8 bits, where different dark images may be equal."""
    pixels = hashlib.sha256(f"{loaded.pixels.size}".encode())
    if loaded.deep is None:
        pixels.update(np.asarray(loaded.pixels).data)
    else:
        native = loaded.deep.dtype.newbyteorder("=")
        pixels.update(np.ascontiguousarray(loaded.deep, native).data)
    return pixels.hexdigest()[:32].encode()


class _Collected:
    """Turns findings, row by row, into faults and arrays."""

    def __init__(self, paths: Sequence[Path], where: Callable[[int], str]) -> None:
        self.sizes = np.zeros((len(paths), 2), np.int32)
        self.digests = np.zeros(len(paths), "S32")
        self.spans: list[PixelSpan | None] = [None] * len(paths)
        self._paths = paths
        self._where = where
        self._faults: list[Fault] = []
        self._missing: list[int] = []
        self._hints = NameHints()
        self._file_digests = np.zeros((len(paths), 16), np.uint8)

    def add(self, row: int, finding: _Finding) -> None:
        """Add the finding of one image."""
        if finding.error is not None:
            self._add_error(row, finding.error)
            return
        self.sizes[row] = finding.size[::-1]
        self.digests[row] = finding.pixel_digest
        self._file_digests[row] = np.frombuffer(finding.file_digest, np.uint8)
        self._add_extreme(row, *finding.size)
        self.spans[row] = finding.span
        for note in finding.notes:
            if note != "N_DEPTH":  # reported once for all images
                self._fault(note, row, NOTES[note])

    def all_faults(self, configured: PixelRanges) -> tuple[Fault, ...]:
        """Every fault, after a summary if no image was found at all."""
        self._add_duplicates()
        self._faults += depth_faults(self.spans, self._where, configured)
        self._faults.sort(key=lambda fault: fault.row or 0)
        if not self._missing or len(self._missing) < len(self._paths):
            return tuple(self._faults)
        folder = os.path.commonpath([os.path.dirname(os.path.abspath(p)) for p in self._paths])
        first = [self._paths[row] for row in self._missing[:_NUM_NAMED]]
        summary = Fault(
            "E_IMAGE_MISSING",
            folder,
            f"none of the {len(self._paths)} images is in this folder; first looked for "
            f"{', '.join(map(str, first))}; write the folder that holds them under data.images",
        )
        return (summary, *self._faults)

    def _add_error(self, row: int, error: ImageError) -> None:
        path = self._paths[row]
        message = error.message.removeprefix(f"{path}: ")
        if error.code in _REMOVABLE:
            message += " or remove its row"
        if error.code == "E_IMAGE_MISSING":
            below = self._hints.below(path)
            if len(below) > 1:
                shown = first_few(below, 5)
                message = f"several images below {path.parent} have this name: {shown}; {_FULL}"
                self._fault("E_IMAGE_AMBIGUOUS", row, message)
                return
            self._missing.append(row)
            found = f'Found "{below[0]}" there; {_FULL}.' if below else self._hints.hint(path)
            message = f"{message}. {found}"
        self._fault(error.code, row, message)

    def _add_extreme(self, row: int, width: int, height: int) -> None:
        short, long = sorted((width, height))
        if short < MIN_SIDE or long > MAX_ASPECT * short:
            self._fault(
                "W_IMAGE_EXTREME",
                row,
                f"found {width} × {height} pixels; expected sides of at least {MIN_SIDE} and an "
                f"aspect up to {MAX_ASPECT}:1, as every image is stretched to one size; "
                "crop it or remove its row",
            )

    def _add_duplicates(self) -> None:
        """Compare every image with the first of equal pixels."""
        readable = np.flatnonzero(self.digests != b"")
        _, first, inverse = np.unique(
            self.digests[readable], return_index=True, return_inverse=True
        )
        firsts = readable[first[inverse]]
        for row, original in zip(readable.tolist(), firsts.tolist(), strict=True):
            if row != original:
                equal = (self._file_digests[row] == self._file_digests[original]).all()
                self._fault(
                    "W_IMAGE_DUPLICATE",
                    row,
                    f"has the same {'bytes' if equal else 'pixels'} as {self._where(original)}; "
                    "a split keeps them together; remove one of the rows",
                )

    def _fault(self, code: str, row: int, message: str) -> None:
        self._faults.append(Fault(code, self._where(row), message, row=row))
