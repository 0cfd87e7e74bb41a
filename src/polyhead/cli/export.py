"""`polyhead export`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from polyhead.cli.options import Quiet, RunPath, check_run

NAME = "export"
HELP = "Write a run as a bundle, which answers without PyTorch."
EXAMPLE = "polyhead export runs/street-001 street.bundle"


def run(
    run_: RunPath,
    bundle: Annotated[Path, typer.Argument(help="The folder to make, such as street.bundle.")],
    tolerance: Annotated[
        float,
        typer.Option(min=0.0, help="What a head's figure may lose; relative for an MAE."),
    ] = 0.01,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a bundle there.")] = False,
    quiet: Quiet = False,
) -> int:
    """Prints the bundle on standard output; fails when a head answers worse than in PyTorch."""
    from polyhead.progress import Reporter
    from polyhead.runtime.bundle import check_target

    check_run(run_)
    check_target(bundle, replace=replace)
    reporter = Reporter(quiet=quiet)
    with reporter.waiting("loading PyTorch"):
        from polyhead.export import export
    written = export(run_, bundle, tolerance=tolerance, replace=replace, reporter=reporter)
    print(written)
    reporter.say(f"next: polyhead predict {shlex.quote(str(written))} photo.jpg")
    return 0
