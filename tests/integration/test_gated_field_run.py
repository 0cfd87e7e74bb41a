"""A run whose labels attract or repel each other as the image says, from table to answers."""

import re

import numpy as np
import pytest
from PIL import Image
from tiny_runs import QUIET, records

from polyhead.checkpoints import load_predictor
from polyhead.config import validate
from polyhead.evaluation.evaluate import evaluate
from polyhead.predictions import TagsPrediction
from polyhead.report.tables import print_evaluation
from polyhead.tasks import TagsDecider
from polyhead.training import train

NUM_IMAGES = 160


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Light images have a and b together or neither, dark ones one of them; which, none knows."""
    folder = tmp_path_factory.mktemp("gated")
    generator = np.random.default_rng(0)
    lines = ["image,a,b,c"]
    for place in range(NUM_IMAGES):
        is_light, a, c = (generator.random(3) < 0.5).tolist()
        shade = 220 if is_light else 30
        pixels = generator.integers(shade - 20, shade + 20, (16, 16, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{place}.png")
        lines.append(f"{place}.png,{int(a)},{int(a == is_light)},{int(c)}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    config = validate(
        {
            "data": {"images": str(folder), "annotations": str(folder / "labels.csv")},
            "tasks": {
                "tags": {
                    "type": "tags",
                    "columns": ["a", "b", "c"],
                    "field": {"name": "pairwise", "rank": "1"},
                }
            },
            "model": {"backbone": "test_resnet", "pretrained": "false", "image_size": "32"},
            "train": {"epochs": "6", "batch_size": "10", "learning_rate": "0.01"},
        },
        "test",
    )
    return folder, train(config, runs=folder / "runs", reporter=QUIET)


def test_the_field_is_kept_and_evidence_is_read_by_the_image(trained):
    folder, run = trained
    predictor = load_predictor(run.path)
    task = predictor.tasks["tags"]
    assert isinstance(task, TagsDecider)
    assert task.decision.is_coupled
    rows = (folder / "labels.csv").read_text().splitlines()[1:21]
    cells = [row.split(",") for row in rows]
    images = [folder / cell[0] for cell in cells]
    for told in (True, False):
        answers = predictor.predict(images, given={"a": told})
        assert isinstance(answers, list)
        for (_, a, b, _), answer in zip(cells, answers, strict=True):
            found, is_light = answer["tags"], a == b
            assert isinstance(found, TagsPrediction)
            assert (found.probabilities["b"] > 0.5) == (told == is_light)


def test_evaluation_says_what_the_gate_binds_and_agrees_with_the_best_epoch(trained):
    _, run = trained
    figures = evaluate(run.path, split="val", reporter=QUIET)["tasks"]["tags"]
    (direction,) = figures["field"]["directions"]
    assert set(list(direction["labels"])[:2]) == {"a", "b"}
    assert direction["gate_low"] < 0 < direction["gate_high"]
    best = [line for line in records(run) if line.get("best")][-1]
    expected = best["val"]["tags"]["mAP"]
    assert figures["metrics"]["mAP"]["value"] == pytest.approx(expected, abs=1e-9)


def test_evaluate_prints_the_gain_and_the_gate(trained, capsys):
    _, run = trained
    print_evaluation(evaluate(run.path, reporter=QUIET))
    lines = capsys.readouterr().out.splitlines()
    (gain,) = [line for line in lines if line.startswith("field: ")]
    assert re.fullmatch(
        r"field: log-likelihood -\S+ an image, -\S+ without couplings "
        r"\(standard error of the gain \S+\)",
        gain,
    )
    (gate,) = [line for line in lines if line.startswith("gate ")]
    assert re.fullmatch(r"gate 1, from -\S+ to \+\S+, times: [abc] \S+, [abc] \S+, [abc] \S+", gate)
