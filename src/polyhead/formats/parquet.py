"""Parquet: one row an image; typed cells become the text that a person would write.

Booleans become `true` and `false`, whole numbers have no `.0`, other numbers are as short as they
can be read back, NaN is `NaN` and null is unknown. Lists of such cells become `list<string>`.
Lists of lists, structs and binary columns are kept as they are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.compute import call_function

from polyhead.formats.column_builder import ColumnBuilder
from polyhead.formats.faults import refusal
from polyhead.formats.raw_table import RawTable, check_column_names
from polyhead.formats.recognise import HEAD_BYTES, recognise
from polyhead.table import is_objects

KINDS = (".parquet",)

_BATCH_ROWS = 32_768
_MAGIC = b"PAR1"


def read(path: Path) -> RawTable:
    """Read one file.

    Raises:
        DataError: It is no parquet file, or a damaged one.
    """
    _check_magic(path)
    builder = ColumnBuilder()
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            names = schema.names
            check_column_names(names, path.name)
            for batch in file.iter_batches(_BATCH_ROWS):
                texts = [as_text(column) for column in batch.columns]
                builder.add(dict(zip(names, texts, strict=True)), batch.num_rows)
        data = with_metadata(builder.finish(names), schema)
    except (pa.ArrowException, OSError) as error:
        message = f"the parquet file is damaged or of an unknown kind ({error}); write it again."
        raise refusal("E_PARQUET", path.name, message) from error
    return RawTable(data, np.zeros(len(data), np.int32))


def as_text(cells: pa.Array) -> pa.Array:
    """Cells as text or lists of text; other nested and binary cells as they are."""
    if isinstance(cells, pa.ExtensionArray):
        cells = cells.storage
    kind = cells.type
    if _is_list(kind) and not _is_opaque(kind.value_type):
        return cells.cast(pa.list_(pa.string()))
    if _is_opaque(kind):
        return cells
    if pa.types.is_floating(kind):
        wide = cells.cast(pa.float32()) if pa.types.is_float16(kind) else cells
        return call_function(
            "if_else", [call_function("is_nan", [wide]), "NaN", wide.cast(pa.string())]
        )
    return cells.cast(pa.string())


def with_metadata(data: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the metadata of a schema on its columns of objects.

    Args:
        data: As read.
        schema: Of the file, with the same columns.
    """
    fields = [
        field.with_metadata(schema.field(field.name).metadata) if is_objects(field.type) else field
        for field in data.schema
    ]
    return data.cast(pa.schema(fields))


def _is_list(kind: pa.DataType) -> bool:
    types = pa.types
    tests = (types.is_list, types.is_large_list, types.is_fixed_size_list, types.is_list_view)
    return any(test(kind) for test in tests)


def _is_opaque(kind: pa.DataType) -> bool:
    types = pa.types
    binary = (types.is_binary, types.is_large_binary, types.is_fixed_size_binary)
    return types.is_nested(kind) or any(test(kind) for test in (*binary, types.is_binary_view))


def _check_magic(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise refusal("E_EMPTY_TABLE", path.name, "the file is empty; expected a parquet file.")
    if not head.startswith(_MAGIC):
        meaning = recognise(head) or "text; name it .csv or .jsonl"
        raise refusal("E_NOT_TABLE", path.name, f"expected a parquet file; this is {meaning}.")
