"""`polyhead init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyhead.errors import ConfigError

NAME = "init"
HELP = "Guess the tasks from a table; write a config."
EXAMPLE = "polyhead init photos/ labels.csv"

Images = Annotated[Path, typer.Argument(help="Folder of the pictures, or class folders.")]
Labels = Annotated[
    Path | None, typer.Argument(metavar="[TABLE]", help="csv, tsv, parquet or jsonl.")
]
Out = Annotated[Path, typer.Option(help="The config to write.")]


def run(
    images: Images,
    table: Labels = None,
    out: Out = Path("polyhead.yaml"),
    image_column: Annotated[str | None, typer.Option(help="Column that names pictures.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the config.")] = False,
) -> int:
    """Prints each column's reason on standard output."""
    from polyhead.preparation import propose, render_yaml, write_config

    if table is None and not images.is_dir():
        raise ConfigError(f"{images} is no folder; expected IMAGES TABLE, or class folders alone.")
    proposal = propose(images if table else None, table or images, image_column)
    for decision in proposal.decisions:
        task = f"task {decision.task} ({decision.type})" if decision.task else "no task"
        print(f"{', '.join(decision.columns)}: {task}: {decision.reason}")
    name = images.resolve().name
    write_config(out, render_yaml(proposal, name, out.parent), overwrite=force)
    print(f"wrote {out}; next: polyhead check {out}")
    return 0
