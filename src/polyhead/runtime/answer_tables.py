"""Predictions as CSV files for spreadsheets: a row an image, and a row a box."""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, Self

from polyhead.errors import ConfigError
from polyhead.files import BINARY, explained, sync_folder, write_all
from polyhead.predictions import Prediction
from polyhead.table import IMAGE
from polyhead.table.number_text import decimal_text
from polyhead.tasks import TaskDecider

ERROR = "image/error"  # no task has a name with a slash
BOX_COLUMNS = (IMAGE, "task", "label", "score", "x_min", "y_min", "x_max", "y_max")
_FORMULA = ("=", "+", "-", "@")


def check_table_path(path: Path, option: str) -> None:
    """Refuse a file that no spreadsheet would open, or that is there already.

    Raises:
        ConfigError: It does not end in .csv; or `E_EXISTS`.
    """
    if path.suffix.lower() != ".csv":
        raise ConfigError(f"{option} {path}: expected a name that ends in .csv.")
    if path.exists() or path.is_symlink():
        message = f"{path} exists and is left as it is; give another name, or remove it."
        raise ConfigError(message, code="E_EXISTS")


class AnswerTables:
    """CSV tables to which predictions are appended; a context manager.

    Args:
        tasks: Task name to decider.
        answers: File with one row for each image, if wanted.
        boxes: File with one row for each box, if wanted.

    Raises:
        ConfigError: Boxes are asked for, and no task has any.
    """

    def __init__(
        self, tasks: Mapping[str, TaskDecider], answers: Path | None, boxes: Path | None
    ) -> None:
        if boxes and not any(task.has_objects for task in tasks.values()):
            raise ConfigError(f"--csv-boxes {boxes}: the run has no boxes task; leave it out.")
        self._tasks = tasks
        self._answers = GrowingTable(answers, answer_columns(tasks)) if answers else None
        self._boxes = GrowingTable(boxes, BOX_COLUMNS) if boxes else None
        self._num_images = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        for table in filter(None, (self._answers, self._boxes)):
            self._stack.enter_context(table)
        return self

    def __exit__(self, *failure: Any) -> None:
        self._stack.close()

    def add(self, prediction: Prediction) -> None:
        """Write one answer.

        Raises:
            PolyheadError: `E_WRITE`; what was written before stays.
        """
        if self._boxes:
            self._boxes.add(box_rows(prediction))
        if self._answers:
            self._answers.add([answer_row(prediction, self._tasks)])
        self._num_images += 1

    def contents(self, num_asked: int) -> Iterator[tuple[Path, str]]:
        """Each file and its contents, in words."""
        share = f"{self._num_images:,} of {num_asked:,} images"
        if self._answers:
            yield self._answers.path, share
        if self._boxes:
            yield self._boxes.path, f"{self._boxes.num_rows:,} boxes ({share})"


class GrowingTable:
    """A CSV file to which rows are appended; it gets its final name when closed, even after errors.

    Until then it is `<name>.part`: a killed process leaves whole rows there.

    Args:
        path: The file; its folder must exist.
        header: Names of the columns.
    """

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.path, self.num_rows, self._header = path, 0, header
        self._part = path.with_name(f"{path.name}.part")
        self._descriptor = -1

    def __enter__(self) -> Self:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | BINARY
        with explained("write", self.path):
            self._descriptor = os.open(self._part, flags, 0o666)
        # Without the mark Excel takes the file for the machine's code page. Other separators than
        # the comma are recognised in the header, where quotes hide them.
        self._append(codecs.BOM_UTF8 + _csv([self._header], csv.QUOTE_ALL))
        return self

    def __exit__(self, *failure: Any) -> None:
        with explained("write", self.path):
            os.fsync(self._descriptor)
            os.close(self._descriptor)
            os.replace(self._part, self.path)
        sync_folder(self.path.parent)

    def add(self, rows: Iterable[Sequence[str]]) -> None:
        """Write rows at once: all of them or none.

        Raises:
            PolyheadError: `E_WRITE`.
        """
        rows = list(rows)
        self._append(_csv(rows, csv.QUOTE_MINIMAL))
        self.num_rows += len(rows)

    def _append(self, data: bytes) -> None:
        with explained("write", self._part, "The rows before are there."):
            end = os.lseek(self._descriptor, 0, os.SEEK_END)
            try:
                write_all(self._descriptor, data)
            except BaseException:
                os.ftruncate(self._descriptor, end)
                raise


def answer_columns(tasks: Mapping[str, TaskDecider]) -> list[str]:
    """Column names for the rows of `answer_row`."""
    return [IMAGE, *(column for task in tasks.values() for column in task.columns()), ERROR]


def answer_row(prediction: Prediction, tasks: Mapping[str, TaskDecider]) -> list[str]:
    """The cells of one image: blank, which is unknown, where it could not be read."""
    cells: list[str] = []
    for name, task in tasks.items():
        is_read = prediction.error is None
        cells += prediction[name].cells() if is_read else [""] * len(task.columns())
    fault = "" if prediction.error is None else "{code}: {message}".format(**prediction.error)
    return [_image_name(prediction.image), *cells, fault]


def box_rows(prediction: Prediction) -> Iterator[list[str]]:
    """A row for each box, surest first, under `BOX_COLUMNS`; corners in pixels."""
    for name, answer in () if prediction.error is not None else prediction.items():
        for label, score, box in answer.object_rows():
            numbers = map(decimal_text, (score, *box))
            yield [_image_name(prediction.image), name, label, *numbers]


def _image_name(image: str) -> str:
    """The name of an image, with `./` before it where a spreadsheet would take it for a formula."""
    return f".{os.sep}{image}" if image.startswith(_FORMULA) else image


def _csv(rows: Iterable[Sequence[str]], quoting: Literal[0, 1]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting).writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")
