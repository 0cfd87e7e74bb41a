"""A table of anybody's scores: a column `image`, and one column a label, `<task>/<label>`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from polyhead.errors import ConfigError, nearest
from polyhead.formats.csv.header import detect_separator
from polyhead.formats.faults import refusal
from polyhead.table import IMAGE

KINDS = (".parquet", ".csv", ".tsv")


@dataclass(frozen=True)
class ScoreTable:
    """Scores of M images.

    Attributes:
        source: The file, as messages name it.
        images: M names, each once.
        scores: Task name to (M, L) float32 or float64, NaN where the cell is empty.
    """

    source: str
    images: Sequence[str]
    scores: Mapping[str, np.ndarray]


def read_score_table(path: Path, classes: Mapping[str, Sequence[str]]) -> ScoreTable:
    """Read a table of scores.

    Args:
        path: A parquet, CSV or TSV file.
        classes: Task name to its labels; a task without any column is left out.

    Raises:
        ConfigError: `E_NO_FILE`, `E_FORMAT`; `E_COLUMN` for a column that is missing, that
            belongs to no label, or that occurs twice: names the nearest.
        DataError: `E_SCORES`, the file cannot be read, a cell is no number, or an image occurs
            twice.
    """
    data = _read(path)
    _check_columns(path.name, data.column_names, classes)
    images = _images(path.name, data)
    scores = {
        task: _matrix(path.name, data, [f"{task}/{label}" for label in labels])
        for task, labels in classes.items()
        if f"{task}/{labels[0]}" in data.column_names
    }
    return ScoreTable(path.name, images, scores)


def write_score_table(
    path: Path,
    images: Sequence[str],
    scores: Mapping[str, np.ndarray],
    classes: Mapping[str, Sequence[str]],
) -> None:
    """Write what `read_score_table` reads, as parquet.

    Args:
        path: The file.
        images: M names.
        scores: Task name to (M, L).
        classes: Task name to its L labels.
    """
    columns = {
        f"{task}/{label}": pa.array(np.ascontiguousarray(values[:, place]))
        for task, values in scores.items()
        for place, label in enumerate(classes[task])
    }
    pq.write_table(pa.table({IMAGE: pa.array(images, pa.string()), **columns}), path)


def _read(path: Path) -> pa.Table:
    if not path.is_file():
        raise ConfigError(f"{path} does not exist; expected a table of scores.", code="E_NO_FILE")
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise ConfigError(
            f'{path} is of the kind "{kind}"; a table of scores is one of {", ".join(KINDS)}.',
            code="E_FORMAT",
        )
    try:
        if kind == ".parquet":
            return pq.read_table(path)
        return _read_text(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        found = " ".join(str(error).split())
        raise refusal(
            "E_SCORES", path.name, f"cannot be read ({found}); write it again."
        ) from error


def _read_text(path: Path) -> pa.Table:
    with path.open(encoding="utf-8-sig") as file:
        delimiter = detect_separator(file.readline())
    parse = pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    convert = pyarrow.csv.ConvertOptions(column_types={IMAGE: pa.string()})
    return pyarrow.csv.read_csv(path, parse_options=parse, convert_options=convert)


def _check_columns(source: str, found: Sequence[str], classes: Mapping[str, Sequence[str]]) -> None:
    expected = [f"{task}/{label}" for task, labels in classes.items() for label in labels]
    if IMAGE not in found:
        raise _wrong_column(f'{source} has no column "{IMAGE}"; it names the image of each row.')
    twice = (
        [name for name in found if found.count(name) > 1] if len(set(found)) < len(found) else []
    )
    if twice:
        raise _wrong_column(f'{source} has two columns "{twice[0]}"; expected one; remove one.')
    unknown = [name for name in found if name != IMAGE and name not in set(expected)]
    if unknown:
        raise _wrong_column(
            f'{source} column "{unknown[0]}" ({len(unknown)} such) belongs to no label of the '
            f"config; expected <task>/<label>. {nearest(unknown[0], expected)} "
            "Rename it or remove it."
        )
    for task, labels in classes.items():
        missing = [label for label in labels if f"{task}/{label}" not in found]
        if 0 < len(missing) < len(labels):
            shown = ", ".join(f'"{task}/{label}"' for label in missing[:8])
            raise _wrong_column(
                f"{source} lacks {len(missing)} of the {len(labels)} columns of the task {task}: "
                f"{shown}; expected all; add them, or set `classes` to the labels that are scored."
            )
    if len(found) == 1:
        shown = ", ".join(f'"{name}"' for name in expected[:4])
        raise _wrong_column(f"{source} has no column of scores; expected such as {shown}.")


def _images(source: str, data: pa.Table) -> list[str]:
    images = [str(name) for name in data.column(IMAGE).to_pylist()]
    if not images:
        raise refusal("E_SCORES", source, "the table has no rows; expected one an image.")
    if len(set(images)) < len(images):
        seen: set[str] = set()
        double = next(name for name in images if name in seen or seen.add(name))
        message = f"{double} occurs twice; expected one row an image; remove one."
        raise refusal("E_SCORES", source, message)
    return images


def _matrix(source: str, data: pa.Table, names: Sequence[str]) -> np.ndarray:
    """(M, L), column by column in memory, as average precision reads it."""
    kinds = {data.schema.field(name).type for name in names}
    narrow = all(pa.types.is_float16(kind) or pa.types.is_float32(kind) for kind in kinds)
    dtype = np.float32 if narrow else np.float64
    values = np.empty((len(names), data.num_rows), dtype)
    for place, name in enumerate(names):
        values[place] = _numbers(source, name, data.column(name))
    return values.T


def _numbers(source: str, name: str, column: pa.ChunkedArray) -> Any:
    kind = column.type
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)):
        text = next((str(cell) for cell in column.to_pylist() if not _is_number(cell)), str(kind))
        message = f'column "{name}" holds "{text[:80]}"; expected numbers alone; mend the cell.'
        raise refusal("E_SCORES", source, message)
    if pa.types.is_null(kind):
        return np.nan
    return column.to_numpy()


def _is_number(cell: Any) -> bool:
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return True


def _wrong_column(message: str) -> ConfigError:
    return ConfigError(message, code="E_COLUMN")
