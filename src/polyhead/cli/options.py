"""Options that several verbs share, spelled once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[Path, typer.Argument(help="The config, such as polyhead.yaml.")]
RunPath = Annotated[
    Path, typer.Argument(metavar="RUN", help="The run folder, such as runs/street-001.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Runs = Annotated[Path, typer.Option(help="Folder that run folders are made in.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change one key, such as train.epochs=20; may be repeated."),
]

ALL_IN_JSON = "--json lists all of them"  # of faults, where the screen shows a few


def check_run(run: Path) -> None:
    """Tell of a wrong folder before PyTorch loads; what is named as a file, the loader judges.

    Raises:
        CheckpointError: `E_RUN`, it is no run folder.
    """
    from polyhead.runtime.run_folder import RunFolder

    if not run.suffix:
        RunFolder.open(run)
