"""`polyhead predict`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyhead.cli.options import Device, Json, Quiet, RunPath
from polyhead.errors import one_line

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
    from polyhead.progress import Reporter
    from polyhead.runtime.sources import expand

    # Answers on the screen are progress enough; a bar among them would only flicker.
    reporter = Reporter(quiet=quiet or sys.stdout.isatty())
    wanted, _ = expand(pictures)
    with Reporter(quiet=quiet).waiting("loading the model"):
        from polyhead.network import load_predictor

        predictor = load_predictor(run_, device=device)
    failed = 0
    with reporter.work("predicting", len(wanted), "pictures") as advance:
        for number, prediction in enumerate(predictor.stream(wanted, batch_size=batch_size)):
            failed += prediction.error is not None
            print(json.dumps(prediction.to_dict()) if json_ else one_line(str(prediction)))
            if save_images and prediction.error is None:
                save(prediction, save_images, number)
            advance(1, "")
    if failed:
        print(f"{failed} of {len(wanted)} pictures could not be read", file=sys.stderr)
    return 1 if failed else 0


def save(prediction: Prediction, folder: Path, number: int) -> Path:
    """Write the drawing under the picture's own name, made unique by its number."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:05d}-{Path(prediction.image).stem[:80]}.png"
    prediction.save(path)
    return path
