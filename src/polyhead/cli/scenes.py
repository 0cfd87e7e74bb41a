"""`polyhead scenes`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyhead.cli.options import Quiet

NAME = "scenes"
HELP = "Render street scenes with exact labels."
EXAMPLE = "polyhead scenes street --num 1000"


def run(
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    num: Annotated[int, typer.Option(min=1, help="Number of pictures.")] = 1000,
    size: Annotated[int, typer.Option(min=32, help="Side in pixels.")] = 160,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    correlation: Annotated[float, typer.Option(min=0, help="Strength of label couplings.")] = 1.0,
    unknown_fraction: Annotated[float, typer.Option(help="Share of labels to hide.")] = 0.0,
    unknown_pattern: Annotated[
        str, typer.Option(help="random, per_class, single_positive or per_task.")
    ] = "random",
    label_noise: Annotated[float, typer.Option(help="Share of tag labels to flip.")] = 0.0,
    quiet: Quiet = False,
) -> int:
    """Images, labels.csv, objects.json (COCO) and masks."""
    from polyhead.progress import Reporter
    from polyhead.scenes import SceneOptions, write_scenes

    options = SceneOptions(size, seed, correlation, unknown_fraction, unknown_pattern, label_noise)
    with Reporter(quiet=quiet).work("rendering", num, "scenes") as advance:
        write_scenes(out, num, options, lambda _done: advance(1, ""))
    print(f"{num} scenes: {out / 'labels.csv'}, {out / 'objects.json'}, {out / 'masks'}")
    return 0
