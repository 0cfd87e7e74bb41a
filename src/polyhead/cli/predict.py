"""`polyhead predict`."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyhead.cli.options import Device, Json, ModelPath, Quiet, check_model
from polyhead.errors import ConfigError, first_few, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from polyhead.predictions import Prediction
    from polyhead.runtime.answer_tables import AnswerTables
    from polyhead.tasks import TaskDecider

NAME = "predict"
HELP = "Answer every task for images."
EXAMPLE = "polyhead predict runs/street-001 photo.jpg --json"

LONGEST_STEM = 200  # bytes: file names may have 255

Images = Annotated[list[str], typer.Argument(help="Files, folders or quoted globs.")]
Save = Annotated[
    Path | None, typer.Option("--save-images", help="Write each image with its answers here.")
]
Csv = Annotated[
    Path | None, typer.Option("--csv", help="Write a table for spreadsheets: a column a task.")
]
CsvBoxes = Annotated[
    Path | None, typer.Option("--csv-boxes", help="Write such a table with a row for each box.")
]
Given = Annotated[
    str | None,
    typer.Option(help="What is known of every image, such as person=yes,bus=no."),
]


def run(  # noqa: PLR0913 - each is an option of the command line
    model: ModelPath,
    images: Images,
    json_: Json = False,
    save_images: Save = None,
    csv_: Csv = None,
    csv_boxes: CsvBoxes = None,
    given: Given = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images per pass.")] = 32,
    device: Device = "auto",
    quiet: Quiet = False,
) -> int:
    """One line an image on standard output; exit code 1 when any could not be read."""
    from polyhead.formats.writers.conversion_loss import counted
    from polyhead.progress import Reporter
    from polyhead.runtime.answer_tables import AnswerTables
    from polyhead.runtime.evidence import parse_evidence
    from polyhead.runtime.sources import expand

    # Answers on the screen are progress enough; a bar among them would only flicker.
    reporter = Reporter(quiet=quiet or sys.stdout.isatty())
    check_model(model)
    evidence = parse_evidence(given) if given else None
    wanted, _ = expand(images)
    check_outputs(save_images, csv_, csv_boxes)
    with Reporter(quiet=quiet).waiting("loading the model"):
        from polyhead.opening import load

        predictor = load(model, device=device)
    tables = AnswerTables(predictor.tasks, csv_, csv_boxes)
    notes = () if quiet else weak_notes(model, predictor.tasks)
    fonts = font_notes(predictor.tasks) if save_images else ()
    for line in (*notes, *evidence_notes(predictor.tasks, evidence or {}), *fonts):
        print(line, file=sys.stderr)
    failed, doubts = 0, Doubts()
    answers = predictor.stream(wanted, batch_size=batch_size, given=evidence)
    work = reporter.work("predicting", len(wanted), "images")
    with work as advance, reporting_tables(tables, len(wanted)):
        for number, prediction in enumerate(answers):
            failed += prediction.error is not None
            doubts.add(prediction)
            tables.add(prediction)
            print(json.dumps(prediction.to_dict()) if json_ else one_line(str(prediction)))
            if save_images and prediction.error is None:
                save(prediction, save_images, number)
            advance(1, "")
    for line in doubts.lines(len(wanted)):
        print(one_line(line), file=sys.stderr)
    if failed:
        found = f"{failed} of {counted(len(wanted), 'image')}"
        print(f"{found} could not be read", file=sys.stderr)
    return 1 if failed else 0


class Doubts:
    """The warnings of many answers, one line a code."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}

    def add(self, prediction: Prediction) -> None:
        """Take the warnings of one answer."""
        for warning in prediction.warnings:
            first = f"{prediction.image} {warning['message']}"
            self._found.setdefault(warning["code"], []).append(first)

    def lines(self, num_images: int) -> Iterator[str]:
        """Code, how many images, and the first of them with its reason."""
        for code, found in self._found.items():
            yield f"{code}: {len(found):,} of {num_images:,} images: {found[0]}"


def check_outputs(save_images: Path | None, csv_: Path | None, csv_boxes: Path | None) -> None:
    """Make the folders that answers go to, before the model is loaded.

    Raises:
        ConfigError: A table is no .csv, is there already, or both are one file.
        PolyheadError: `E_WRITE`, a folder cannot be made.
    """
    from polyhead.runtime.answer_tables import check_table_path

    if csv_ is not None and csv_ == csv_boxes:
        raise ConfigError(f"--csv and --csv-boxes both name {csv_}; expected two files.")
    for option, path in (("--csv", csv_), ("--csv-boxes", csv_boxes)):
        if path is not None:
            check_table_path(path, option)
            make_folder(path.parent)
    if save_images:
        make_folder(save_images)


@contextmanager
def reporting_tables(tables: AnswerTables, num_images: int) -> Iterator[None]:
    """Keep tables open while the body runs, then print their contents, after Ctrl-C too."""
    try:
        with tables:
            yield
    finally:
        for path, content in tables.contents(num_images):
            print(f"wrote {one_line(str(path))}: {content}", file=sys.stderr)


def font_notes(tasks: Mapping[str, TaskDecider]) -> Iterator[str]:
    """One line where labels have characters that no installed font can draw."""
    from polyhead.predictions.drawing import missing_fonts, undrawable

    texts = [text for name, task in tasks.items() for text in (name, *task.classes)]
    if labels := undrawable(texts):
        packages = " ".join(missing_fonts(labels))
        yield (
            f"drawings show {first_few(labels, 3)} as codes such as \\u65e5: no installed font has "
            f"their characters; install one, such as Noto (Debian, Ubuntu: apt install {packages})"
        )


def weak_notes(run: Path, tasks: Mapping[str, TaskDecider]) -> Iterator[str]:
    """A line for each head whose validation figure is near that of a constant prediction.

    Args:
        run: The run folder.
        tasks: Task name to decider of the model.
    """
    from polyhead.runtime.run_folder import RunFolder
    from polyhead.runtime.weak_heads import weak_heads

    for name, compared in weak_heads(RunFolder(run)).items():
        heavier = f"raise tasks.{name}.weight, " if len(tasks) > 1 else ""
        yield (
            f"{name}: on validation {compared}: do not rely on it; train longer, {heavier}or label "
            "more images"
        )


def evidence_notes(tasks: Mapping[str, TaskDecider], evidence: Mapping[str, bool]) -> Iterator[str]:
    """A line for each task that uses the evidence less than a reader may expect.

    Args:
        tasks: Task name to decider of the model.
        evidence: Label, or `task/label`, to whether it holds.

    Raises:
        ConfigError: No tags task has such a label, or the evidence breaks a rule.
    """
    from polyhead.runtime.evidence import conditioned

    for name, task in conditioned(tasks, evidence).items():
        if note := task.evidence_note():
            yield f"{name}: {note}"


def make_folder(folder: Path) -> None:
    """Make the folder that drawings go to, with those above it.

    Raises:
        PolyheadError: `E_WRITE`, it cannot be made, such as where a file has its name.
    """
    from polyhead.files import explained

    with explained("create the folder", folder):
        folder.mkdir(parents=True, exist_ok=True)


def save(prediction: Prediction, folder: Path, number: int) -> Path:
    """Write the drawing under the image's own name, made unique by its number; whole or not.

    Raises:
        PolyheadError: `E_WRITE`, the disk is full or may not be written to.
    """
    from polyhead.files import write_bytes

    make_folder(folder)
    path = folder / f"{number:05d}-{_stem(prediction.image)}.png"
    drawn = BytesIO()
    prediction.plot().save(drawn, "PNG")
    write_bytes(path, drawn.getvalue())
    return path


def _stem(image: str) -> str:
    """The file name without suffix, cut to what every file system has room for."""
    # A cut may leave half a character.
    return os.fsencode(Path(image).stem)[:LONGEST_STEM].decode(errors="ignore")
