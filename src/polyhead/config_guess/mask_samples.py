"""Values or colours in some masks of a column, with their shares of the pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from polyhead.errors import ImageError
from polyhead.table import Table
from polyhead.table.mask_map import UNKNOWN_PIXEL, MaskMap, colour_text
from polyhead.table.mask_pixels import read_mask
from polyhead.table.mask_sources import MaskFiles
from polyhead.tasks.mask.mask_cells import mask_files

MAX_MASKS = 40  # that are read
MAX_CODES = 64  # that are classes rather than grey levels or shades
_MIN_SHARE = 1e-3  # of the pixels that a value has that is more than an edge's
_MIN_CLEAR = 0.9  # of the pixels that hold values of classes, where the rest are edges
_APART = 16  # greys that are classes after packing by JPEG


@dataclass(frozen=True, eq=False)
class MaskSample:
    """Distinct values or colours of some masks.

    Attributes:
        codes: (M,) int64, distinct and in order: values, or packed colours.
        shares: (M,) of all pixels.
        num_masks: How many masks were read.
        is_colour: Whether codes are colours.
        is_lossy: Whether any mask is a JPEG, whose values moved.
        folders: Where the masks lie, the innermost folder first, up to the folder of the table.
        palette: Value to packed colour, where the masks have one palette.
    """

    codes: np.ndarray
    shares: np.ndarray
    num_masks: int
    is_colour: bool
    is_lossy: bool
    folders: tuple[Path, ...]
    palette: Mapping[int, int]

    def clear_codes(self) -> list[int] | None:
        """The codes that classes have, where others are those of smoothed edges or JPEG's packing.

        None where there are too many for classes, as of photos.
        """
        if self.is_lossy:
            return self._peaks()
        if len(self.codes) <= MAX_CODES:
            return self.codes.tolist()
        is_clear = self.shares >= _MIN_SHARE
        few = int(is_clear.sum()) <= MAX_CODES and self.shares[is_clear].sum() >= _MIN_CLEAR
        return self.codes[is_clear].tolist() if few else None

    @property
    def has_edges(self) -> bool:
        """Whether there are more codes than classes, which edges between them leave."""
        return not self.is_lossy and len(self.codes) > MAX_CODES

    def shown(self, codes: Sequence[int] | None = None) -> str:
        """The first codes, as a reader sees them."""
        codes = [*(self.codes.tolist() if codes is None else codes)]
        texts = [f'"{colour_text(c)}"' if self.is_colour else str(c) for c in codes[:16]]
        return ", ".join(texts) + (f", … ({len(codes):,} in all)" if len(codes) > 16 else "")

    def _peaks(self) -> list[int] | None:
        """Greys that many pixels have and that lie apart, as long as nearly all are near one."""
        chosen: list[int] = []
        order = np.argsort(-self.shares, kind="stable")
        for place in order[self.shares[order] >= _MIN_SHARE].tolist():
            code = int(self.codes[place])
            if all(abs(code - other) >= _APART for other in chosen):
                chosen.append(code)
        chosen = [255 if code >= 255 - _APART else 0 if code <= _APART else code for code in chosen]
        chosen = sorted(set(chosen))
        if len(chosen) < 2:
            return None
        meaning = MaskMap.of({code: place for place, code in enumerate(chosen)})
        near = meaning.nearest(self.codes.astype(np.uint8)) != UNKNOWN_PIXEL
        return chosen if self.shares[near].sum() >= _MIN_CLEAR else None


def sample_masks(table: Table, column: str) -> MaskSample:
    """Read some masks, spread over the rows.

    Colours are read where a file is coloured or transparent, and where palettes give one index
    several colours, so that an index says nothing.

    Raises:
        ImageError: As `read_mask`.
    """
    files = mask_files(table, column)
    known = np.flatnonzero(files.names.is_valid().to_numpy(zero_copy_only=False))
    places = np.linspace(0, len(known) - 1, min(len(known), MAX_MASKS)).round().astype(int)
    paths = [files.path(row) for row in known[places].tolist()]
    palette = _common_palette(paths)
    in_colours = palette is None or _need_colours(paths)
    counts: Counter[int] = Counter()
    is_lossy = False
    for path in paths:
        pixels = read_mask(path, in_colours=in_colours, lossy=True)
        codes, numbers = np.unique(pixels.codes, return_counts=True)
        counts.update(dict(zip(codes.tolist(), numbers.tolist(), strict=True)))
        is_lossy |= pixels.is_lossy
    codes = np.array(sorted(counts), np.int64)
    shares = np.array([counts[code] for code in codes.tolist()]) / counts.total()
    folders = _folders(files, paths[0])
    return MaskSample(codes, shares, len(paths), in_colours, is_lossy, folders, palette or {})


def _need_colours(paths: Sequence[Path]) -> bool:
    """Whether a mask cannot be read as values, but as colours."""
    for path in paths:
        try:
            read_mask(path, lossy=True)
        except ImageError:
            try:
                read_mask(path, in_colours=True)
            except ImageError:
                continue  # the error of reading it as values says more
            return True
    return False


def _common_palette(paths: Sequence[Path]) -> dict[int, int] | None:
    """The packed colours of the indices in use; None where one index has several."""
    colours: dict[int, int] = {}
    for path in paths:
        try:
            with Image.open(path) as image:
                palette = image.getpalette("RGB") if image.mode == "P" else None
                used = np.unique(np.asarray(image)).tolist() if palette else []
        except (OSError, SyntaxError, ValueError):  # which `read_mask` reports
            continue
        for index in used:
            red, green, blue = (palette or [])[3 * index : 3 * index + 3]
            colour = red << 16 | green << 8 | blue
            if colours.setdefault(index, colour) != colour:
                return None
    return colours


def _folders(files: MaskFiles, path: Path) -> tuple[Path, ...]:
    parents = path.parents
    inside = [folder for folder in parents if folder.is_relative_to(files.folder)]
    return tuple(inside) or (path.parent,)
