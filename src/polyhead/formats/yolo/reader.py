"""YOLO: one text file an image, one line an object, in fractions of the image's sides.

`labels/train/a.txt` for `images/train/a.jpg`, `train/labels/a.txt` for `train/images/a.jpg`, or
both in one folder; classes in `data.yaml`, `classes.txt` or `obj.names`. The columns are `image`,
`objects` and, where `data.yaml` or the folders have it, `split`. By convention an image without a
label file has no objects, if its folder has labels at all; otherwise they are unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from polyhead.errors import Fault
from polyhead.formats.faults import MAX_ROW_FAULTS, refusal
from polyhead.formats.images.image_folder import ImageFolder
from polyhead.formats.object_cells import ObjectCells
from polyhead.formats.raw_table import RawTable
from polyhead.formats.split_names import split_field
from polyhead.formats.yolo.labels import LabelFiles
from polyhead.formats.yolo.lines import YoloObjects
from polyhead.formats.yolo.names import YoloNames, find_names, is_names_file
from polyhead.formats.yolo.splits import yolo_splits
from polyhead.table import IMAGE, OBJECTS, objects_field

_CORNER_COMMAS = 7  # between the eight numbers of four corners


def recognise(path: Path, files: Sequence[str]) -> bool:
    """Whether a folder holds label files, or a list of classes beside some.

    Args:
        path: The folder.
        files: What lies below it.
    """
    texts = [name for name in files if name.endswith(".txt") and not is_names_file(name)]
    if path.name == "labels" and texts:
        return True
    if any("labels" in name.split("/")[:-1] for name in texts):
        return True
    stems = {name.rpartition(".")[0] for name in ImageFolder(path, files).names}
    has_labels = any(name.rpartition(".")[0] in stems for name in texts)
    return has_labels and find_names(path).source is not None


def read(path: Path, files: Sequence[str], images: Path | None) -> RawTable:
    """Read all images of a folder with their label files.

    Args:
        path: The folder: of the data set, or its labels.
        files: What lies below it.
        images: The folder of images, where they are elsewhere.

    Returns:
        A row for each image, with `E_YOLO_LINE` and `E_CLASS_NUMBER` for single lines,
        `W_NO_LABEL_FILE`, `W_NO_PICTURE` and notes for whole folders.

    Raises:
        DataError: `E_EMPTY_TABLE`: no image is found; `E_YOLO_NAMES`: the classes are no names.
    """
    folder = ImageFolder.find(path, files, images)
    if not folder.names:
        message = "there are labels but no images; give their folder as images."
        raise refusal("E_EMPTY_TABLE", f"{path.name}/", message)
    names = find_names(path)
    labels = LabelFiles(path, folder.root)
    objects, known, faults = _read_all(path, folder.names, labels, names)
    cells, listed = _column(objects, known, names)
    splits, split_source, notes = yolo_splits(path, folder.root, folder.names, names)
    columns: list[pa.Array] = [pa.array(folder.names, pa.string()), cells]
    fields = [pa.field(IMAGE, pa.string()), objects_field(OBJECTS, listed, units="fraction")]
    if splits is not None:
        columns.append(pa.array(splits, pa.string()))
        fields.append(split_field(split_source))
    notes += [*_about_lines(path, objects), *_about_names(path, names)]
    notes += _about_orphans(path, labels)
    data = pa.table(columns, schema=pa.schema(fields))
    return RawTable(data, np.zeros(len(data), np.int32), (*faults, *notes), folder.root)


def _read_all(
    path: Path, images: Sequence[str], labels: LabelFiles, names: YoloNames
) -> tuple[YoloObjects, np.ndarray, list[Fault]]:
    """The objects, (N,) bool whether they are known, and the faults."""
    objects, faults = YoloObjects(names.names, names.num_key_values), list[Fault]()
    known = np.ones(len(images), bool)
    without: list[str] = []
    for row, image in enumerate(images):
        file, has_labels = labels.find(image)
        if file is None:
            objects.counts.append(0)
            known[row] = has_labels
            without += [image] if has_labels else []
        else:
            faults += _read_one(path, file, row, objects)
    return objects, known, [*faults[:MAX_ROW_FAULTS], *_about_missing(path, without, known)]


def _read_one(path: Path, file: Path, row: int, objects: YoloObjects) -> list[Fault]:
    resolved = path.resolve()
    inside = file.is_relative_to(resolved)
    where = f"{path.name}/{file.relative_to(resolved)}" if inside else str(file)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        objects.counts.append(0)
        message = f"byte {error.start} is not UTF-8; expected a label file: lines of numbers."
        return [Fault("E_YOLO_LINE", where, message, row)]
    return [
        Fault(code, f"{where}:{number}", f"{message}; mend or remove the line.", row)
        for number, code, message in objects.add_file(text)
    ]


def _column(
    objects: YoloObjects, known: np.ndarray, names: YoloNames
) -> tuple[pa.Array, list[str]]:
    numbers = sorted(names.names or set(objects.classes))
    listed = [names.names.get(number, str(number)) for number in numbers]
    cells = ObjectCells(
        np.repeat(np.arange(len(known)), objects.counts),
        np.searchsorted(numbers, objects.classes).astype(np.int64),
        np.array(objects.boxes_xyxy, np.float64).reshape(-1, 4),
        segmentations=pa.array(objects.segmentations, pa.string()),
    )
    return cells.column(listed, known), listed


def _about_missing(path: Path, without: Sequence[str], known: np.ndarray) -> list[Fault]:
    faults = []
    if without:
        message = (
            f"{len(without)} images have no label file, such as {without[0]}, and count as "
            "without objects, as YOLO has it; leave out those that nobody annotated."
        )
        faults.append(Fault("W_NO_LABEL_FILE", f"{path.name}/", message))
    unknown = int(np.count_nonzero(~known))
    if unknown:
        message = f"{unknown} images are in folders without labels; their objects are unknown."
        faults.append(Fault("N_NO_ANNOTATION", f"{path.name}/", message))
    return faults


def _about_lines(path: Path, objects: YoloObjects) -> list[Fault]:
    """What lines longer than a box were taken for."""
    if objects.num_posed:
        message = f"key points of {objects.num_posed} objects (kpt_shape) are not read, boxes are."
        return [Fault("N_OBJECT_KEYS", f"{path.name}/", message)]
    outlines = [text for text in objects.segmentations if text is not None]
    if not outlines:
        return []
    num_corners = sum(text.count(",") == _CORNER_COMMAS for text in outlines)
    message = (
        f"{len(outlines)} lines are outlines, read with the box around them; {num_corners} of them "
        "have four corners, as oriented boxes have; if they are boxes with key points, name "
        "kpt_shape in data.yaml."
    )
    return [Fault("N_YOLO_LINES", f"{path.name}/", message)]


def _about_names(path: Path, names: YoloNames) -> list[Fault]:
    if names.source is not None:
        return []
    message = "no data.yaml, classes.txt or obj.names: the classes are named by their numbers."
    return [Fault("N_CLASS_NAMES", f"{path.name}/", message)]


def _about_orphans(path: Path, labels: LabelFiles) -> list[Fault]:
    orphans = labels.unused()
    if not orphans:
        return []
    message = f"{len(orphans)} label files have no image, such as {orphans[0].name}; not read."
    return [Fault("W_NO_PICTURE", f"{path.name}/", message)]
