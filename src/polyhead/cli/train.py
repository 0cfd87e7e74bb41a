"""`polyhead train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyhead.cli.options import Device, Quiet, Runs, Set, check_run
from polyhead.errors import ConfigError

NAME = "train"
HELP = "Train every head, or resume a run."
EXAMPLE = "polyhead train polyhead.yaml --set train.epochs=20"

Bad = Annotated[
    str | None, typer.Option("--bad-data", help="strict: stop at faults; skip: drop up to 1 %.")
]


def run(  # noqa: PLR0913 - each is an option of the command line
    config: Annotated[Path | None, typer.Argument(help="The config.")] = None,
    set_: Set = None,
    resume_: Annotated[Path | None, typer.Option("--resume", help="A run to resume.")] = None,
    init_from: Annotated[
        Path | None,
        typer.Option("--init-from", metavar="RUN", help="A run whose weights to start from."),
    ] = None,
    device: Device = "auto",
    bad_data: Bad = None,
    runs: Runs = Path("runs"),
    quiet: Quiet = False,
) -> int:
    """Prints the run folder on standard output."""
    if (config is None) == (resume_ is None):
        raise ConfigError("give either a config to train or --resume RUN.")
    if resume_ is not None and (set_ or bad_data or init_from):
        raise ConfigError(
            "--resume uses the run's own config and weights; leave --set, --bad-data and "
            "--init-from."
        )
    from polyhead.config import load_config
    from polyhead.progress import Reporter

    changes = [*(set_ or []), *([f"data.bad_data={bad_data}"] if bad_data else [])]
    if device != "auto":
        changes.append(f"train.device={device}")
    loaded = None if config is None else load_config(config, changes)
    for run_ in filter(None, (resume_, init_from)):
        check_run(run_)
    reporter = Reporter(quiet=quiet)
    with reporter.waiting("loading PyTorch"):
        from polyhead.training import resume, train
    if loaded is None:
        assert resume_ is not None
        folder = resume(resume_, device=device, reporter=reporter)
    else:
        folder = train(loaded, runs=runs, source=config, init_from=init_from, reporter=reporter)
    print(folder.path)
    return 0
