"""`polyhead predict`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyhead.cli.options import Device, Json, Quiet, RunPath

if TYPE_CHECKING:
    from polyhead.structures import Prediction

NAME = "predict"
HELP = "Answer every task for pictures."
EXAMPLE = "polyhead predict runs/street-001 photo.jpg --json"

Pictures = Annotated[list[str], typer.Argument(help="Files, folders or quoted globs.")]
Save = Annotated[
    Path | None, typer.Option("--save-images", help="Write each picture with its answers here.")
]


def run(
    run_: RunPath,
    pictures: Pictures,
    json_: Json = False,
    save_images: Save = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures per pass.")] = 32,
    device: Device = "auto",
    quiet: Quiet = False,
) -> int:
    """One line a picture on standard output; exit code 1 when any could not be read."""
    from polyhead.network import load_predictor
    from polyhead.progress import Reporter
    from polyhead.runtime.sources import expand

    predictor = load_predictor(run_, device=device)
    wanted, _ = expand(pictures)
    failed = 0
    reporter = Reporter(quiet=quiet)
    with reporter.work("predicting", len(wanted), "pictures") as advance:
        for number, prediction in enumerate(predictor.stream(wanted, batch_size=batch_size)):
            failed += prediction.error is not None
            print(json.dumps(prediction.to_dict()) if json_ else prediction)
            if save_images and prediction.error is None:
                save(prediction, save_images, number)
            advance(1, "")
    if failed:
        reporter.say(f"{failed} of {len(wanted)} pictures could not be read")
    return 1 if failed else 0


def save(prediction: Prediction, folder: Path, number: int) -> Path:
    """Write the drawing under the picture's own name, made unique by its number."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:05d}-{Path(prediction.image).stem[:80]}.png"
    prediction.save(path)
    return path
