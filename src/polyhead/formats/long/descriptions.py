"""Names of labels that a table writes as numbers of terms: Open Images' class descriptions."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
from pyarrow.compute import MatchSubstringOptions, call_function

from polyhead.errors import Fault, first_few
from polyhead.formats.column_builder import is_text
from polyhead.formats.faults import refusal
from polyhead.formats.long.spellings import LABELS, find_named
from polyhead.formats.raw_table import RawTable
from polyhead.table import IMAGE, Table

_TERM = r"^/[a-z]/[0-9a-z_]+$"
_IS_TERM = re.compile(_TERM)


def with_names(raw: RawTable, path: Path, chosen: Sequence[Path] = ()) -> RawTable:
    """The table with the names of its labels, where these are terms such as `/m/01g317`.

    Where the user gives no file of descriptions (`class-descriptions.csv`: term, name), it is
    searched beside the table and one folder up.

    Args:
        raw: The table.
        path: Its file.
        chosen: The files of descriptions that the user names.

    Returns:
        The table, with `N_CLASS_NAMES` on which file names them, or that none does.
    """
    column = _terms_column(raw.data)
    if column is None:
        return raw
    files, names = _find(path, chosen)
    if not files:
        message = (
            f'the labels in "{column}" are terms such as /m/01g317, and no class-descriptions.csv '
            "lies beside the table: put it there, or give it as one more annotation file, and they "
            "get their names."
        )
        return _with_note(raw, path, message)
    cells = raw.data.column(column).cast(pa.string()).combine_chunks().dictionary_encode()
    terms = cells.dictionary.to_pylist()
    unnamed = [term for term in terms if term not in names]
    index = raw.data.column_names.index(column)
    named = pa.array([names.get(term, term) for term in terms], pa.string()).take(cells.indices)
    data = raw.data.set_column(index, column, pa.chunked_array([named]))
    message = (
        f'the labels in "{column}" get their names from {first_few([f.name for f in files], 3)}'
    )
    if unnamed:
        message += f"; {len(unnamed)} have none there, such as {unnamed[0]}"
    return _with_note(replace(raw, data=data), path, f"{message}.")


def is_descriptions(path: Path) -> bool:
    """Whether a file lists terms and their names, and no images."""
    return path.suffix.lower() == ".csv" and path.is_file() and bool(_read(path))


def refuse_descriptions(path: Path) -> None:
    """Refuse a file of descriptions in place of a table of images.

    Raises:
        DataError: `E_NOT_TABLE`.
    """
    if is_descriptions(path):
        message = (
            "the file names the labels of other tables and lists no images; give the table of "
            f"labels before it (polyhead init IMAGES TABLE {path.name}), or leave it out: it is "
            "found by itself beside a table whose labels are such terms."
        )
        raise refusal("E_NOT_TABLE", path.name, message)


def unused_descriptions(files: Sequence[Path], table: Table) -> list[Fault]:
    """`N_CLASS_NAMES`, where no labels get their names from files that the user gives."""
    if not files or any(fault.code == "N_CLASS_NAMES" for fault in table.faults):
        return []
    message = (
        f"it names terms such as {next(iter(_read(files[0])))}, and no label is one: not used."
    )
    return [Fault("N_CLASS_NAMES", first_few([file.name for file in files], 3), message)]


def _with_note(raw: RawTable, path: Path, message: str) -> RawTable:
    fault = Fault("N_CLASS_NAMES", path.name, message)
    return replace(raw, faults=(*raw.faults, fault))


def _terms_column(data: pa.Table) -> str | None:
    name = find_named([n for n in data.column_names if n != IMAGE], LABELS)
    if name is None or not is_text(data.column(name).type):
        return None
    texts = data.column(name).cast(pa.string()).drop_null()
    are_terms = call_function("match_substring_regex", [texts], MatchSubstringOptions(_TERM))
    return name if len(texts) and call_function("all", [are_terms]).as_py() else None


def _find(path: Path, chosen: Sequence[Path]) -> tuple[list[Path], dict[str, str]]:
    """The files that name terms, and the names; of files that are found, the first alone."""
    if chosen:
        named = [_read(file) for file in reversed(chosen)]
        return list(chosen), dict(pair for names in named for pair in names.items())
    for folder in (path.absolute().parent, path.absolute().parent.parent):
        for file in sorted(folder.glob("*.csv")):
            names = {} if file.name == path.name else _read(file)
            if names:
                return [file], names
    return [], {}


def _read(file: Path) -> dict[str, str]:
    """Term to name; nothing where the lines are something else."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            names: dict[str, str] = {}
            for number, cells in enumerate(csv.reader(lines)):
                if len(cells) == 2 and _IS_TERM.match(cells[0]) and cells[1].strip():
                    names[cells[0]] = cells[1].strip()
                elif number > 0 or len(cells) != 2:  # the first line may be a header
                    return {}
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
    return names
