"""Small tables with a column of objects, as the readers of COCO, VOC and YOLO give it."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from polyhead.table import OBJECTS_TYPE, Table, objects_field

BLANK = {"crowd": False, "difficult": False, "area": None, "segmentation": None}


def thing(label, *sides, **more):
    """One object: a label, four sides and whatever else."""
    names = ("x_min", "y_min", "x_max", "y_max")
    return {**BLANK, "label": label, **dict(zip(names, sides, strict=True)), **more}


def object_table(cells, labels=(), category_ids=None, units="pixels", name="objects", **columns):
    """A table of lists of objects; None is unknown."""
    found = {item["label"]: None for cell in cells for item in cell or []}
    names = list(labels) or sorted(label for label in found if label)
    fields = [pa.field("image", pa.string()), objects_field(name, names, category_ids, units)]
    arrays = [pa.array([f"{i}.jpg" for i in range(len(cells))]), pa.array(cells, OBJECTS_TYPE)]
    for key, values in columns.items():
        array = values if isinstance(values, pa.Array) else pa.array(values)
        fields.append(pa.field(key.replace("__", ":"), array.type))
        arrays.append(array)
    data = pa.table(arrays, pa.schema(fields))
    return Table(data, "objects.json", Path("images"), np.zeros(len(cells), np.int32))


def same_size(num_rows, height=100, width=200):
    return np.tile(np.array([[height, width]], np.int32), (num_rows, 1))
