"""`polyhead check`."""

from __future__ import annotations

import json
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyhead.cli.options import ALL_IN_JSON, Json, Quiet, Set, check_run
from polyhead.errors import ConfigError, DataError, Fault, PolyheadError, one_line

if TYPE_CHECKING:
    from polyhead.progress import Reporter

NAME = "check"
HELP = "Find every fault of the data before training."
EXAMPLE = "polyhead check polyhead.yaml"


@dataclass(frozen=True)
class Findings:
    """Results of a check.

    Attributes:
        faults: All faults.
        num_rows: Rows of the table; 0 when it cannot be read.
        num_images: Rows whose image decodes.
        split: Part to number of rows; empty when there is an error.
        split_basis: Where the split comes from, in words; empty when there is an error.
    """

    faults: Sequence[Fault]
    num_rows: int
    num_images: int
    split: dict[str, int]
    split_basis: str = ""

    @property
    def num_errors(self) -> int:
        """Faults that keep training from starting."""
        return sum(fault.is_error for fault in self.faults)


Checked = Annotated[
    Path | None,
    typer.Argument(help="The config, such as polyhead.yaml; with --labels the run's own."),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        metavar="RUN",
        help="List likely missing and wrong tags instead, by what this run's backbone sees.",
    ),
]


def run(
    config: Checked = None,
    set_: Set = None,
    labels: Labels = None,
    json_: Json = False,
    quiet: Quiet = False,
) -> int:
    """Exit code 3 when there is any error; doubtful labels are none."""
    from polyhead.progress import Reporter

    reporter = Reporter(quiet=quiet)
    if labels is not None:
        return _doubted_labels(config, set_ or [], labels, json_, reporter)
    if config is None:
        raise ConfigError("give a config to check, such as polyhead.yaml, or --labels RUN.")
    try:
        found = _examined(config, set_ or [], reporter)
    except PolyheadError as error:
        if not json_:
            raise
        faults = getattr(error, "faults", ()) or [Fault(error.code, str(config), error.message)]
        _print_json(Findings(faults, 0, 0, {}))
        return error.exit_code
    if json_:
        _print_json(found)
    else:
        from polyhead.formats.writers.conversion_loss import counted
        from polyhead.preparation import fault_lines

        for line in fault_lines(found.faults, full_list(config, set_ or [])):
            print(line, file=sys.stderr)
        parts = ", ".join(f"{count} {part}" for part, count in found.split.items())
        state = counted(found.num_errors, "error") if found.num_errors else f"no errors; {parts}"
        images = counted(found.num_images, "readable image")
        if found.split_basis:
            print(f"split: {found.split_basis}")
        sets = "".join(f" --set {shlex.quote(change)}" for change in set_ or [])
        then = (
            "" if found.num_errors else f"; next: polyhead train {shlex.quote(str(config))}{sets}"
        )
        print(f"{counted(found.num_rows, 'row')}, {images}: {state}{one_line(then)}")
    return 3 if found.num_errors else 0


def full_list(config: str | Path, changes: Sequence[str]) -> str:
    """The command that lists every fault, where the screen shows a few of each code."""
    sets = [word for change in changes for word in ("--set", change)]
    return f"{shlex.join(['polyhead', NAME, one_line(str(config)), *sets])} {ALL_IN_JSON}"


def _doubted_labels(
    path: Path | None, changes: Sequence[str], labels: Path, as_json: bool, reporter: Reporter
) -> int:
    from polyhead.config import load_config
    from polyhead.runtime.run_folder import RunFolder

    config = load_config(path, changes) if path else None
    check_run(labels)
    config = config or load_config(RunFolder.open(labels).resolved_config, changes)
    with reporter.waiting("loading PyTorch"):
        from polyhead.evaluation.label_doctor import examine_labels
    report = examine_labels(config, labels, reporter=reporter).to_dict()
    if as_json:
        print(json.dumps(report))
    else:
        from polyhead.cli.label_report import print_label_report

        print_label_report(report)
    return 0


def _examined(path: Path, changes: Sequence[str], reporter: Reporter) -> Findings:
    from polyhead.config import load_config
    from polyhead.preparation import divide, examine

    config = load_config(path, changes)
    with reporter.waiting("loading PyTorch"):
        from polyhead.network import check_components
    check_components(config)
    found = examine(config, reporter)
    rows, images = len(found.table), found.num_images
    if found.num_errors:
        return Findings(found.faults, rows, images, {})
    try:
        prepared = divide(config, found)
    except DataError as error:
        return Findings([*error.faults, *found.faults], rows, images, {})
    parts = {part: len(prepared.rows(part)) for part in ("train", "val", "test")}
    return Findings(prepared.faults, rows, images, parts, prepared.split_basis)


def _print_json(found: Findings) -> None:
    counts = Counter(fault.code for fault in found.faults)
    print(
        json.dumps(
            {
                "num_rows": found.num_rows,
                "num_errors": found.num_errors,
                "split": found.split,
                "counts": counts,
                "faults": [asdict(fault) for fault in found.faults],
            }
        )
    )
