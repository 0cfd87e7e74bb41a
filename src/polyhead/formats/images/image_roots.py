"""Folders that the image names of an annotation file may start at."""

from __future__ import annotations

from pathlib import Path


def image_roots(path: Path, images: Path | None) -> list[Path]:
    """The folders, likeliest first.

    Beside COCO's `annotations/instances_val2017.json` the images are in `val2017/` or
    `images/val2017/`, one folder up.

    Args:
        path: The annotation file.
        images: The folder of images, where the user names one.
    """
    named = [] if images is None else [images]
    above = [path.parent] if images is None else [path.parent, images.parent]
    if path.suffix.lower() != ".json":
        return [*named, *above]
    part = path.stem.rpartition("_")[2]
    near = [path.parent, path.parent.parent]
    below = [folder / name for folder in near for name in ("images", part, f"images/{part}")]
    inside = [] if images is None else [images / part]
    return [*named, *inside, *above, path.parent.parent, *below]
