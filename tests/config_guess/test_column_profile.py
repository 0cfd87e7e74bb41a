"""Counting the cells of columns, all of them or a sample."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st
from label_tables import write

from polyhead.config_guess import propose
from polyhead.config_guess.column_profile import MAX_ROWS, profile_columns, spread_rows
from polyhead.formats import read_table


def test_large_tables_are_judged_by_a_sample(tmp_path):
    num_rows = 3 * MAX_ROWS
    table = {
        "image": [f"{row}.jpg" for row in range(num_rows)],
        "serial": np.arange(num_rows) * 3,
        "kind": [f"kind {row % 300:03d}x" for row in range(num_rows)],
        "rare": ["1" if row == 1 else "0" for row in range(num_rows)],
        "other": ["1" if row % 2 else "0" for row in range(num_rows)],
    }
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    proposal = propose(None, [tmp_path / "t.parquet"])
    assert (proposal.num_rows, proposal.num_sampled) == (num_rows, MAX_ROWS)
    kinds = {decision.columns: decision.type for decision in proposal.decisions}
    assert kinds == {("serial",): "identifier", ("kind",): "class", ("rare", "other"): "tags"}
    kind = next(task for task in proposal.tasks if task.task == "kind")
    assert len(kind.labels) == 300


@given(st.integers(1, 10**7))
def test_spread_rows_are_one_of_each_stretch(num_rows):
    rows = spread_rows(num_rows)
    assert len(rows) == min(num_rows, MAX_ROWS)
    stretch = num_rows / len(rows)
    even = np.arange(len(rows)) * stretch
    assert (rows >= np.floor(even)).all()
    assert (rows < even + stretch).all()
    assert (np.diff(rows) > 0).all()


def test_a_profile_counts_every_row(tmp_path):
    path = write(tmp_path, thing=[" a", "a ", None, "b"], items=[["x"], None, [], ["x"]])
    thing, items = profile_columns(read_table(path))
    assert (thing.texts, thing.num_rows, thing.num_unknown) == ({"a": 2, "b": 1}, 4, 1)
    assert (items.lists, items.num_known) == ({("x",): 2, (): 1}, 3)
