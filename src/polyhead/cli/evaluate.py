"""`polyhead evaluate`."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from polyhead.cli.options import Device, Json, Quiet, check_run
from polyhead.errors import ConfigError

NAME = "evaluate"
HELP = "Held-out figures with intervals, of a run or of a table of scores."
EXAMPLE = "polyhead evaluate runs/street-001"

Subject = Annotated[
    Path, typer.Argument(metavar="RUN", help="The run folder; the config with --predictions.")
]
Part = Annotated[
    Literal["test", "val", "train"] | None,
    typer.Option(help="Part of the split: test, or with --predictions every scored image."),
]
Protocol = Annotated[
    str, typer.Option(help="Figures of tags under this protocol as well, such as voc07.")
]
Predictions = Annotated[
    Path | None,
    typer.Option(
        help="Evaluate this table against the config: image, and <task>/<label> for every label."
    ),
]
SaveScores = Annotated[
    Path | None, typer.Option(help="Write the run's probabilities into such a table (.parquet).")
]
NewAnnotations = Annotated[
    list[Path] | None,
    typer.Option(help="Evaluate other labelled images: a csv, COCO json, folder …; repeatable."),
]
NewImages = Annotated[
    Path | None, typer.Option(help="Folder that the image names of --annotations start at.")
]


def run(  # noqa: PLR0913 - each is an option of the command line
    run_: Subject,
    split: Part = None,
    protocol: Protocol = "default",
    predictions: Predictions = None,
    save_scores: SaveScores = None,
    annotations: NewAnnotations = None,
    images: NewImages = None,
    device: Device = "auto",
    json_: Json = False,
    quiet: Quiet = False,
) -> int:
    """Writes evaluation.json into the run and prints it; --predictions only prints.

    With --annotations, images that are new to the run are evaluated, and the figures go into
    evaluation-new-<name>.json beside it: the held-out figures stay.
    """
    from polyhead.progress import Reporter

    reporter = Reporter(quiet=quiet)
    if annotations and split is not None:
        raise ConfigError("--annotations names new images, which are in no --split; leave one out.")
    if images is not None and not annotations:
        raise ConfigError("--images says where the images of --annotations are; give these too.")
    if predictions is not None:
        if annotations:
            raise ConfigError(
                "--predictions evaluates a table against the labels of the config; name the new "
                "labels in its data.annotations, and leave --annotations out."
            )
        if save_scores is not None:
            raise ConfigError("--save-scores needs a run; leave --predictions out.")
        result = _of_scores(run_, predictions, protocol, split, reporter)
    else:
        check_run(run_)
        if save_scores is not None and save_scores.suffix.lower() != ".parquet":
            raise ConfigError(
                f"--save-scores {save_scores}: expected a name that ends in .parquet."
            )
        with reporter.waiting("loading PyTorch"):
            from polyhead.evaluation.evaluate import evaluate
        result = evaluate(
            run_,
            split=split or "test",
            device=device,
            protocol=protocol,
            save_scores=save_scores,
            reporter=reporter,
            **({"annotations": annotations, "images": images} if annotations else {}),
        )
    if json_:
        print(json.dumps(result))
    else:
        _print(result)
        if predictions is None:
            reporter.say(_next(run_))
    return 0


def _print(result: dict[str, Any]) -> None:
    from polyhead.report.tables import print_evaluation

    print_evaluation(result)


def _next(run_: Path) -> str:
    return f"next: polyhead predict {shlex.quote(str(run_))} photo.jpg --save-images answers"


def _of_scores(
    config: Path, predictions: Path, protocol: str, split: str | None, reporter: Any
) -> dict[str, Any]:
    """Evaluate a table of scores, without PyTorch."""
    from polyhead.config import load_config
    from polyhead.evaluation.score_predictions import score_predictions

    if config.is_dir():
        raise ConfigError(
            f"{config} is a folder; --predictions expects a config, such as polyhead.yaml."
        )
    return score_predictions(
        load_config(config), predictions, protocol=protocol, split=split, reporter=reporter
    )
