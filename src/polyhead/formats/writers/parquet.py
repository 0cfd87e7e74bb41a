"""Parquet: everything that a table holds."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from polyhead.files import write_bytes
from polyhead.formats.column_builder import NARROW
from polyhead.formats.writers.conversion_loss import ConversionLoss
from polyhead.formats.writers.names import names_from
from polyhead.table import IMAGE, Table


def write_parquet(table: Table, out: Path) -> list[ConversionLoss]:
    """Write a table with all its columns; text as plain strings.

    Returns:
        Nothing: unknown cells, empty lists, units, labels and ids all come back.

    Raises:
        PolyheadError: `E_WRITE`.
    """
    names = pa.array(names_from(table, out.parent), pa.string())
    data = table.data.set_column(table.data.column_names.index(IMAGE), IMAGE, names)
    fields = [f.with_type(pa.string()) if f.type == NARROW else f for f in data.schema]
    sink = pa.BufferOutputStream()
    pq.write_table(data.cast(pa.schema(fields)), sink)
    write_bytes(out, sink.getvalue().to_pybytes())
    return []
