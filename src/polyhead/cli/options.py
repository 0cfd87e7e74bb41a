"""Options that several verbs share, spelled once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict, cast, get_args

import typer

from polyhead.errors import CheckpointError, ConfigError, nearest

if TYPE_CHECKING:
    from polyhead.formats import BoxFormat, Rows

ConfigFile = Annotated[Path, typer.Argument(help="The config, such as polyhead.yaml.")]
RunPath = Annotated[
    Path, typer.Argument(metavar="RUN", help="The run folder, such as runs/street-001.")
]
ModelPath = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A run folder or a bundle, such as runs/street-001.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Runs = Annotated[Path, typer.Option(help="Folder that run folders are made in.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change one key, such as train.epochs=20; may be repeated."),
]
ReadingKeys = Annotated[
    list[str] | None,
    typer.Option("--set", help="data.rows=label or data.box_format=xywh: how tables are read."),
]

ALL_IN_JSON = "--json lists all of them"  # of faults, where the screen shows a few


class Reading(TypedDict, total=False):
    """Keys of `data` that say how a table is read."""

    rows: Rows
    box_format: BoxFormat


def reading_keys(settings: Sequence[str] | None) -> Reading:
    """The keys of `data` that change how a table is read, as written with `--set`.

    Raises:
        ConfigError: Another key, or a value that it cannot have.
    """
    from polyhead.formats import BoxFormat, Rows

    choices = {"rows": get_args(Rows), "box_format": get_args(BoxFormat)}
    found: dict[str, str] = {}
    for setting in settings or ():
        name, _, value = setting.partition("=")
        key = name.strip().removeprefix("data.")
        if key not in choices:
            raise ConfigError(f"--set {setting}: expected data.rows or data.box_format.")
        if value.strip() not in choices[key]:
            raise ConfigError(f"--set {setting}: {nearest(value.strip(), choices[key])}")
        found[key] = value.strip()
    return cast("Reading", found)


def check_run(run: Path) -> None:
    """Refuse a wrong run folder before PyTorch loads; the loader checks paths of files.

    Raises:
        CheckpointError: `E_RUN`, it is no run folder.
    """
    from polyhead.runtime.bundle import is_bundle
    from polyhead.runtime.run_folder import RunFolder

    if run.is_dir() and is_bundle(run):
        raise CheckpointError(
            f"{run} is a bundle, which only predicts; expected the run that it was exported from.",
            code="E_RUN",
        )
    if not run.suffix:
        RunFolder.open(run)


def check_model(model: Path) -> None:
    """Refuse what is neither a run nor a bundle, before PyTorch loads; errors as `check_run`."""
    from polyhead.runtime.bundle import is_bundle

    if not is_bundle(model):
        check_run(model)
