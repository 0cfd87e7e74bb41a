"""Small tables, and tables read from CSV text as users write it."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from polyhead.config import validate
from polyhead.formats import read_table
from polyhead.table import Table
from polyhead.tasks import TaskEncoder


def table(**columns) -> Table:
    """A table of Python lists or Arrow arrays; images are numbered."""
    arrays = {
        name: c if isinstance(c, pa.Array | pa.ChunkedArray) else text(c)
        for name, c in columns.items()
    }
    num_rows = len(next(iter(arrays.values())))
    images = [f"{i}.jpg" for i in range(num_rows)]
    lines = np.arange(2, num_rows + 2, dtype=np.int32)
    return Table(pa.table({"image": images, **arrays}), "labels.csv", Path("images"), lines)


def text(cells) -> pa.Array:
    kind = pa.list_(pa.string()) if any(isinstance(c, list) for c in cells) else pa.string()
    return pa.array(cells, kind)


def from_csv(folder: Path, content: str) -> Table:
    path = folder / "labels.csv"
    path.write_text(content, encoding="utf-8")
    return read_table(path)


def resolve(rows: Table, name: str = "contents", **keys) -> TaskEncoder:
    """The encoder of these keys over this table."""
    value = {"data": {"annotations": "labels.csv"}, "tasks": {name: keys}}
    return validate(value, "test").tasks[name].resolve(name, rows)
