"""Several annotation files as one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from polyhead.formats.labels_only import restrict, unknown_labels
from polyhead.formats.merge.tables import merge_tables
from polyhead.formats.source import Source, take_columns
from polyhead.formats.split_names import file_parts
from polyhead.table import Table


def unite_sources(sources: Sequence[Source], tables: Sequence[Table]) -> Table:
    """One table of the columns and labels taken from each source.

    Args:
        sources: One or more files.
        tables: What each of them holds.

    Returns:
        As `merge_tables`; a lone source without `labels_only` and `columns` stays as it is.

    Raises:
        ConfigError: As `take_columns` and `merge_tables`.
    """
    named = _with_distinct_names(sources, tables)
    tables = [take_columns(t, s.columns) for s, t in zip(sources, named, strict=True)]
    faults = unknown_labels(sources, tables)
    tables = [restrict(t, s.labels_only) for s, t in zip(sources, tables, strict=True)]
    table = _with_parts(merge_tables(tables), sources) if len(tables) > 1 else tables[0]
    return replace(table, faults=(*table.faults, *faults)) if faults else table


def _with_parts(table: Table, sources: Sequence[Source]) -> Table:
    """The table, each of whose files has its part of the split where its name shows it."""
    parts = file_parts([source.path for source in sources])
    origins = [replace(o, part=part) for o, part in zip(table.origins, parts, strict=True)]
    return replace(table, origins=tuple(origins))


def _with_distinct_names(sources: Sequence[Source], tables: Sequence[Table]) -> list[Table]:
    """Add the folder to the names of files of the same name, in faults as well."""
    counts = Counter(table.source for table in tables)
    return [
        _renamed(table, f"{source.path.absolute().parent.name}/{table.source}")
        if counts[table.source] > 1
        else table
        for source, table in zip(sources, tables, strict=True)
    ]


def _renamed(table: Table, name: str) -> Table:
    faults = tuple(
        replace(fault, where=f"{name}{fault.where.removeprefix(table.source)}")
        if fault.where.startswith(table.source)
        else fault
        for fault in table.faults
    )
    return replace(table, source=name, faults=faults)
