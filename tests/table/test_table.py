"""The table: rows, places and paths."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from polyhead.table import Table


def test_paths_are_those_of_the_single_rows():
    names = pa.chunked_array([["a.jpg", "b/c.png"], ["/elsewhere/d.jpg"]])
    table = Table(pa.table({"image": names}), "t.csv", Path("photos"), np.zeros(3, np.int32))
    assert table.paths() == [table.path(row) for row in range(3)]
    assert table.paths([2, 0]) == [Path("/elsewhere/d.jpg"), Path("photos/a.jpg")]
    assert table.paths(np.array([], np.int64)) == []
