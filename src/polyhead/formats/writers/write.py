"""Write a table in another format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from polyhead.errors import ConfigError
from polyhead.formats.writers import coco, voc, yolo
from polyhead.formats.writers.conversion_loss import ConversionLoss
from polyhead.formats.writers.csv import write_csv
from polyhead.formats.writers.object_rows import objects_column, take_objects
from polyhead.formats.writers.parquet import write_parquet
from polyhead.progress import Reporter
from polyhead.table import Table

TargetKind = Literal["coco", "voc", "yolo", "csv", "parquet"]
KINDS: tuple[TargetKind, ...] = get_args(TargetKind)
MeasureImages = Callable[[Sequence[Path]], np.ndarray]

_SUFFIXES = {"coco": ".json", "csv": ".csv", "parquet": ".parquet"}
_OBJECT_FORMATS = {"coco": coco.OBJECT_FORMAT, "voc": voc.OBJECT_FORMAT, "yolo": yolo.OBJECT_FORMAT}
_IMAGES_AT_ONCE = 1000


def check_out(out: Path, kind: TargetKind) -> None:
    """Refuse a place that cannot be written, or could not be read again.

    Raises:
        ConfigError: `E_EXISTS`: there is something already; `E_FORMAT`: a wrong suffix;
            `E_NO_FILE`: its folder does not exist.
    """
    if out.exists() or out.is_symlink():
        raise ConfigError(f"{out} exists and is left as it is; give another name.", code="E_EXISTS")
    suffix = _SUFFIXES.get(kind)
    if suffix is not None and out.suffix.lower() != suffix:
        message = f"{kind} is written to a file that ends in {suffix}; found {out.name}; rename it."
        raise ConfigError(message, code="E_FORMAT")
    if not out.absolute().parent.is_dir():
        message = f"the folder {out.absolute().parent} does not exist; make it first."
        raise ConfigError(message, code="E_NO_FILE")


def write_table(
    table: Table, out: Path, kind: TargetKind, measure: MeasureImages, reporter: Reporter
) -> list[ConversionLoss]:
    """Write a table, and say what the format cannot hold of it.

    Images stay where they are; the new file names them from its own folder. VOC and YOLO want
    them in their own folders: these get links.

    Args:
        table: The annotations.
        out: The file, or the folder for VOC and YOLO.
        kind: The format.
        measure: Gives (N, 2) int32 height and width of displayed images; 0 where unreadable.
        reporter: Told how far it is.

    Returns:
        Everything that reading it again would not bring back; empty when that is nothing.

    Raises:
        ConfigError: As `check_out`; `E_COLUMN`: no objects, or a name that the format lacks;
            `E_LABEL_TEXT`.
        DataError: `E_EMPTY_TABLE`: no image can be written.
        PolyheadError: `E_WRITE`; nothing is left behind.
    """
    check_out(out, kind)
    if kind == "csv":
        return write_csv(table, out)
    if kind == "parquet":
        return write_parquet(table, out)
    objects_column(table)
    paths = table.paths()
    sizes = _sizes(paths, measure, reporter)
    there = np.array([path.is_file() for path in paths], bool)
    found, losses = take_objects(table, _OBJECT_FORMATS[kind], sizes, there)
    if kind == "coco":
        return [*losses, *coco.write_coco(table, found, sizes, out)]
    with reporter.work(f"writing {out.name}", len(found.rows), "images") as advance:
        if kind == "voc":
            return [*losses, *voc.write_voc(table, found, sizes, out, advance)]
        return [*losses, *yolo.write_yolo(table, found, out, advance)]


def _sizes(paths: Sequence[Path], measure: MeasureImages, reporter: Reporter) -> np.ndarray:
    parts = [np.zeros((0, 2), np.int32)]
    with reporter.work("measuring images", len(paths), "images") as advance:
        for start in range(0, len(paths), _IMAGES_AT_ONCE):
            batch = paths[start : start + _IMAGES_AT_ONCE]
            parts.append(measure(batch))
            advance(len(batch), "")
    return np.concatenate(parts)
