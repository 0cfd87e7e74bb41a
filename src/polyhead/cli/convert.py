"""`polyhead convert`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from polyhead.cli.options import ALL_IN_JSON, Json, Quiet, ReadingKeys, reading_keys
from polyhead.errors import DataError, one_line

if TYPE_CHECKING:
    from polyhead.progress import Reporter
    from polyhead.table import Table

NAME = "convert"
HELP = "Write annotations in another format; list what it cannot hold."
EXAMPLE = "polyhead convert objects.json boxes --to yolo"

In = Annotated[Path, typer.Argument(metavar="IN", help="What `annotations:` may name.")]
Out = Annotated[Path, typer.Argument(metavar="OUT", help="A new file; for voc, yolo a new folder.")]


def run(
    source: In,
    out: Out,
    to: Annotated[
        Literal["coco", "voc", "yolo", "csv", "parquet"],
        typer.Option(help="parquet loses nothing."),
    ],
    images: Annotated[Path | None, typer.Option(help="Folder of the images.")] = None,
    sets: ReadingKeys = None,
    json_: Json = False,
    quiet: Quiet = False,
) -> int:
    """Images stay where they are; the losses go to standard output."""
    from polyhead.data import image_sizes
    from polyhead.formats import read_table
    from polyhead.formats.writers import check_out, describe, write_table
    from polyhead.progress import Reporter

    check_out(out, to)
    reading = reading_keys(sets)
    reporter = Reporter(quiet=quiet)
    try:
        with reporter.waiting(f"reading {source.name}"):
            table = read_table(source, images, **reading)
        _print_faults(table)
    except DataError as error:
        if json_:
            print(json.dumps({"faults": [asdict(fault) for fault in error.faults]}))
        raise
    _say_missing(table, reporter)
    losses = write_table(table, out, to, image_sizes, reporter)
    if json_:
        found = [{"what": loss.what, "num": loss.num} for loss in losses]
        faults = [asdict(fault) for fault in table.faults]
        summary = {"out": str(out), "to": to, "num_rows": len(table)}
        print(json.dumps({**summary, "losses": found, "faults": faults}))
    else:
        print(one_line(f"wrote {out} from {len(table)} rows"))
        if losses:
            print(one_line(f"{to}: loses {describe(losses)}"))
    return 0


def _print_faults(table: Table) -> None:
    """Warnings and notes go to standard error; errors, such as rows left out, stop the command."""
    from polyhead.preparation import fault_lines

    errors = [fault for fault in table.faults if fault.is_error]
    if errors:
        message = (
            f"{table.source} has {len(errors)} errors; expected none, so that nothing is lost "
            "unseen; mend them, then convert."
        )
        raise DataError(message, table.faults)
    for line in fault_lines(table.faults, ALL_IN_JSON):
        print(line, file=sys.stderr)


def _say_missing(table: Table, reporter: Reporter) -> None:
    """Warn of image names without a file, which the new file would inherit."""
    missing = [path for path in table.paths() if not path.is_file()]
    if missing:
        reporter.say(
            f"{len(missing):,} of {len(table):,} images are not where {table.source} names them "
            f"(the first: {one_line(str(missing[0]))}); name their folder with --images."
        )
