"""COCO's run lengths (RLE) and polygons of a region, to pixels and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from polyhead.errors import ImageError

MIN_POLYGON = 6  # coordinates: three corners


def encode_region(region: np.ndarray) -> str:
    """Compressed COCO run lengths of a (H, W) bool region, column by column."""
    # Its import costs a tenth of a second, which `polyhead --help` need not pay.
    from faster_coco_eval import mask as coco_mask

    return coco_mask.encode(np.asfortranarray(region, np.uint8))["counts"].decode("ascii")


def fill_region(text: str, size: tuple[int, int], *, fractions: bool = False) -> np.ndarray:
    """The pixels of a segmentation.

    Args:
        text: JSON of COCO's polygons (lists of x, y, x, y, …) or of run lengths.
        size: Height and width of the displayed image.
        fractions: Whether polygons are in fractions of the image.

    Returns:
        (H, W) bool.

    Raises:
        ImageError: `E_MASK_FORMAT`, it is neither; `E_MASK_SIZE`, run lengths of another size.
    """
    from faster_coco_eval import mask as coco_mask

    height, width = size
    segmentation = _parsed(text)
    if isinstance(segmentation, dict):
        if list(segmentation["size"]) != [height, width]:
            found = " × ".join(map(str, reversed(segmentation["size"])))
            raise ImageError(
                f"run lengths of {found} pixels, while the image has {width} × {height} as it is "
                "displayed; expected the same; annotate the displayed image",
                code="E_MASK_SIZE",
            )
        runs = _runs(segmentation)
    else:
        corners = [_corners(polygon, size, fractions) for polygon in segmentation]
        parts = [coco_mask.frPyObjects([polygon], height, width)[0] for polygon in corners]
        runs = coco_mask.merge(parts)
    try:
        return coco_mask.decode(runs).astype(bool)
    except ValueError as error:
        raise _malformed(f"run lengths that are none ({error})") from error


def _runs(segmentation: dict[str, Any]) -> dict[str, Any]:
    """Compressed run lengths, whichever way they are written."""
    from faster_coco_eval import mask as coco_mask

    counts, (height, width) = segmentation["counts"], segmentation["size"]
    if isinstance(counts, str):
        return {**segmentation, "counts": counts.encode("ascii")}
    if sum(counts) != height * width:
        raise _malformed(f"run lengths that sum to {sum(counts)}, not to {height} · {width}")
    return coco_mask.frPyObjects([segmentation], height, width)[0]


def _corners(polygon: list[float], size: tuple[int, int], fractions: bool) -> list[float]:
    """The corners in pixels, none so far away that walking there takes long."""
    limits = np.array([size[1], size[0]], float)
    pixels = np.reshape(polygon, (-1, 2)) * (limits if fractions else 1.0)
    return np.clip(pixels, -9 * limits, 10 * limits).ravel().tolist()


def _parsed(text: str) -> dict[str, Any] | list[list[float]]:
    try:
        found = json.loads(text)
    except ValueError:
        raise _malformed(f'"{text[:60]}"') from None
    is_runs = isinstance(found, dict) and {"size", "counts"} <= set(found)
    if is_runs and _is_size(found["size"]) and _are_counts(found["counts"]):
        return found
    if isinstance(found, list) and found and all(_is_polygon(item) for item in found):
        return found
    raise _malformed(f'"{text[:60]}"')


def _is_size(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(n, int) for n in value)


def _are_counts(value: Any) -> bool:
    plain = isinstance(value, list) and all(isinstance(n, int) and n >= 0 for n in value)
    return plain or (isinstance(value, str) and value.isascii())


def _is_polygon(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= MIN_POLYGON
        and len(value) % 2 == 0
        and all(isinstance(n, int | float) and np.isfinite(n) for n in value)
    )


def _malformed(found: str) -> ImageError:
    return ImageError(
        f"found a segmentation of {found}; expected polygons of at least 3 corners "
        '([[x, y, x, y, x, y]]) or run lengths ({"size": [height, width], "counts": …}); mend or '
        "remove it",
        code="E_MASK_FORMAT",
    )
