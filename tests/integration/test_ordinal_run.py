"""Grades of bright and dark images, some unknown: trained for one epoch, evaluated, predicted."""

import json

import numpy as np
import pytest
from PIL import Image
from tiny_runs import QUIET, records

from polyhead.checkpoints import load_predictor
from polyhead.checkpoints.weights import read_weights
from polyhead.config import load_config
from polyhead.evaluation.evaluate import evaluate
from polyhead.report.tables import print_evaluation
from polyhead.training import train

CONFIG = """\
name: grades
data:
  images: {folder}
  annotations: {folder}/labels.csv
  split: {{val: 0.2, test: 0.4}}
  cache: false
tasks:
  stage: {{type: ordinal}}
  severity: {{type: ordinal, classes: [none, mild, moderate, severe]}}
model: {{backbone: test_resnet, pretrained: false, image_size: 64}}
train: {{epochs: 1, batch_size: 4, workers: 0, ema: 0.9, augment: none}}
"""
WORDS = ["none", "mild", "moderate", "severe"]


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Images whose brightness says, up to chance, which grade they have; each ninth has none."""
    folder = tmp_path_factory.mktemp("graded")
    generator = np.random.default_rng(3)
    brightness = generator.normal(size=480)
    hidden = brightness + 0.35 * generator.logistic(size=480)
    stages = np.searchsorted([-0.9, -0.2, 0.5, 1.2], hidden)
    lines = ["image,stage,severity"]
    for row, (light, stage) in enumerate(zip(brightness, stages, strict=True)):
        noise = generator.normal(0, 12, (64, 64, 3))
        pixels = np.clip(125 + 45 * light + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{row}.png")
        known = "," if row % 9 == 0 else f"{stage},{WORDS[min(stage, 3)]}"
        lines.append(f"{row}.png,{known}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    (folder / "grades.yaml").write_text(CONFIG.format(folder=folder))
    return folder


@pytest.fixture(scope="module")
def run(graded, tmp_path_factory):
    config = load_config(graded / "grades.yaml")
    return train(config, runs=tmp_path_factory.mktemp("runs"), reporter=QUIET)


@pytest.fixture(scope="module")
def result(run):
    return evaluate(run.path, reporter=QUIET)


def test_an_epoch_is_scored_by_the_weighted_kappa(run):
    (record,) = records(run)
    kappas = [record["val"][task]["QWK"] for task in ("stage", "severity")]
    assert record["score"] == pytest.approx(np.mean(kappas))
    assert all(0 < loss < np.log(5) for loss in record["train_loss"].values())


def test_one_epoch_is_far_ahead_of_the_best_answer_without_a_look(result):
    for task in ("stage", "severity"):
        entry = result["tasks"][task]
        metrics = {name: figure["value"] for name, figure in entry["metrics"].items()}
        assert metrics["QWK"] > 0.4
        assert metrics["MAE"] < 0.8 * metrics["MAE_median"]
        assert metrics["log_loss"] < np.log(entry["num_classes"])
        assert entry["num_known"] < entry["num_images"]


def test_its_figures_are_printed_by_their_names(result, capsys):
    print_evaluation(result)
    printed = capsys.readouterr().out
    for name in ("QWK", "MAE", "accuracy", "log_loss", "severity (ordinal)"):
        assert name in printed


def test_an_image_has_a_grade_and_a_mean(run, graded):
    predictor = load_predictor(run.path)
    answers = list(predictor.predict([graded / "1.png", graded / "2.png"]))
    written = json.loads(json.dumps(answers[0].to_dict()))["tasks"]
    assert list(written["severity"]["probabilities"]) == WORDS
    assert written["stage"]["label"] in "01234"
    shares = np.array(list(written["stage"]["probabilities"].values()))
    assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert written["stage"]["expected"] == pytest.approx(shares @ np.arange(5), abs=1e-4)
    drawing = answers[0].plot()
    assert drawing.width > 64


def test_calibration_and_cutpoints_are_part_of_the_weights(run):
    best, _ = read_weights(run.best_weights)
    temperatures = [value.item() for key, value in best.items() if key.endswith("temperature")]
    assert len(temperatures) == 2
    assert all(value > 0 and value != 1 for value in temperatures)
    gaps = {key: value for key, value in best.items() if key.endswith("raw_gaps")}
    assert sorted(len(value) for value in gaps.values()) == [2, 3]


def test_a_head_goes_on_with_the_same_grades_and_starts_from_scratch_with_others(
    run, graded, tmp_path, capsys
):
    changes = ["tasks.stage.classes=[0, 1, 2, 3, 4, 5]", "train.sampler=class_aware"]
    config = load_config(graded / "grades.yaml", changes)
    later = train(config, runs=tmp_path, init_from=run.path)
    said = capsys.readouterr()
    text = said.out + said.err
    assert "kept backbone, severity" in text
    assert "stage (its layers have no rows of classes, and its outputs differ)" in text
    stage, severity = (load_predictor(later.path).tasks[task] for task in ("stage", "severity"))
    assert stage.classes == ("0", "1", "2", "3", "4", "5")
    assert severity.classes == tuple(WORDS)
