"""Tables of objects of every sort, and files that stand for images."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from polyhead.table import IMAGE, OBJECTS_TYPE, Table, objects_field

LABELS = ["car", "traffic light", "número 1", "a:b", "012"]
SIZES = [(48, 64), (100, 30), (7, 7)]  # height, width

corner = st.floats(-5, 120, width=32) | st.integers(0, 60).map(float)
outline = st.sampled_from([None, None, "[[1.0, 2.0, 9.5, 2.0, 5.0, 8.25]]"])
box = st.tuples(corner, corner, corner, corner)


@st.composite
def found_object(draw, rich):
    x_min, y_min, x_max, y_max = draw(box)
    return {
        "label": draw(st.sampled_from(LABELS)),
        "x_min": x_min,
        "y_min": y_min,
        "x_max": x_max,
        "y_max": y_max,
        "crowd": rich and draw(st.booleans()),
        "difficult": rich and draw(st.booleans()),
        "area": draw(st.none() | st.floats(0, 1e4, width=32)) if rich else None,
        "segmentation": draw(outline) if rich else None,
    }


@st.composite
def object_cells(draw, rich=True, unknown=True):
    """One list of objects an image; None where nobody looked."""
    lists = st.lists(found_object(rich), max_size=3)
    cell = lists | st.none() if unknown else lists
    return draw(
        st.lists(cell, min_size=1, max_size=4).filter(lambda c: any(x is not None for x in c))
    )


def object_table(root, cells, *, ids=None, labels=LABELS, units="pixels", **columns):
    """A table of those cells, its images `p/0.jpg`, … below the root, and other columns."""
    names = [f"p/{row}.jpg" for row in range(len(cells))]
    for name in names:
        touch(Path(root) / name)
    fields = [pa.field(IMAGE, pa.string()), objects_field("objects", labels, ids, units)]
    arrays = [pa.array(names, pa.string()), pa.array(cells, OBJECTS_TYPE)]
    for name, values in columns.items():
        arrays.append(pa.array(values))
        fields.append(pa.field(name.replace("__", ":"), arrays[-1].type))
    data = pa.table(arrays, schema=pa.schema(fields))
    return Table(data, "t.parquet", Path(root), np.zeros(len(cells), np.int32))


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")


def measure(paths):
    """Sizes by the number in the name."""
    return np.array([SIZES[int(path.stem) % len(SIZES)] for path in paths], np.int32)


def by_image(table):
    """The file that each row names, links resolved, to its row."""
    return {table.path(row).resolve(): row for row in range(len(table))}
