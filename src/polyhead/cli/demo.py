"""`polyhead demo`: train, evaluate and predict in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyhead.cli.options import Device

NAME = "demo"
HELP = "Train a model on rendered street scenes, start to end."
EXAMPLE = "polyhead demo"

RECIPE = "street-five"
NUM_SCENES, NUM_NEW, NEW_SEED = 800, 6, 1


def run(
    out: Annotated[Path, typer.Option(help="Folder for everything.")] = Path("demo"),
    device: Device = "auto",
) -> int:
    """Prints the paths of all results."""
    from polyhead.cli.predict import save
    from polyhead.config import load_config
    from polyhead.config_guess import read_recipe
    from polyhead.files import write_text
    from polyhead.progress import Reporter
    from polyhead.report.tables import print_evaluation
    from polyhead.runtime.sources import expand

    reporter = Reporter()
    with reporter.waiting("loading PyTorch"):
        from polyhead.checkpoints import load_predictor
        from polyhead.evaluation.evaluate import evaluate
        from polyhead.training import train

    _render(out / "street", NUM_SCENES, 0)
    _render(out / "new", NUM_NEW, NEW_SEED)
    config = out / "polyhead.yaml"
    write_text(config, read_recipe(RECIPE).text)
    changes = [] if device == "auto" else [f"train.device={device}"]
    finished = train(load_config(config, changes), runs=out / "runs", source=config)
    print_evaluation(evaluate(finished.path, device=device, reporter=reporter))
    predictor = load_predictor(finished.path, device=device)
    images, _ = expand(out / "new" / "images")
    answers = list(predictor.stream(images))
    drawings = [save(answer, out / "drawings", i) for i, answer in enumerate(answers)]
    print("\nAnswers on new images:")
    for answer in answers:
        print(f"  {answer}")
    print(
        f"\nscenes and labels   {out / 'street'}\nconfig              {config}\n"
        f"model and figures   {finished.path}\ndrawn answers       {drawings[0].parent}\n"
        f"try it yourself     polyhead predict {finished.path} your-photo.jpg"
    )
    return 0


def _render(folder: Path, num: int, seed: int) -> None:
    from polyhead.progress import Reporter
    from polyhead.scenes import SceneOptions, write_scenes

    if (folder / "labels.csv").exists():
        return
    with Reporter().work(f"rendering {folder}", num, "scenes") as advance:
        write_scenes(folder, num, SceneOptions(size=160, seed=seed), lambda _: advance(1, ""))
