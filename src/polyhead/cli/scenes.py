"""`polyhead scenes`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyhead.errors import ConfigError

NAME = "scenes"
HELP = "Render street scenes with exact labels."
EXAMPLE = "polyhead scenes street --num 1000"


def run(
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    num: Annotated[int, typer.Option(min=1, help="Number of images.")] = 1000,
    size: Annotated[int, typer.Option(min=64, help="Side in pixels.")] = 160,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    correlation: Annotated[float, typer.Option(min=0, help="Strength of label couplings.")] = 1.0,
    unknown: Annotated[
        str, typer.Option(help="Labels to hide: random, per_class, single_positive or per_task.")
    ] = "random:0",
    label_noise: Annotated[float, typer.Option(help="Share of tag labels to flip.")] = 0.0,
) -> int:
    """Images, labels.csv, objects.json (COCO) and masks."""
    from polyhead.progress import Reporter
    from polyhead.scenes import SceneOptions, write_scenes

    pattern, _, share = unknown.partition(":")
    try:
        fraction = float(share or 0)
    except ValueError:
        raise ConfigError(f'--unknown "{unknown}": expected such as random:0.3.') from None
    options = SceneOptions(size, seed, correlation, fraction, pattern, label_noise)
    with Reporter().work("rendering", num, "scenes") as advance:
        write_scenes(out, num, options, lambda _done: advance(1, ""))
    print(f"{num} scenes: {out / 'labels.csv'}, {out / 'objects.json'}, {out / 'masks'}")
    return 0
