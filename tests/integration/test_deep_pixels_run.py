"""A run on pictures of 12 bits in 16: one scale from the check to the answer."""

import numpy as np
import pytest
from data.picture_files import encoded, grey16_png
from tiny_runs import QUIET

import polyhead
from polyhead.config import load_config
from polyhead.evaluation.evaluate import evaluate
from polyhead.training import resume

CONFIG = """\
name: deep
data: {images: ., annotations: labels.csv, split: {val: 0.25, test: 0.25}, cache: true}
tasks: {grade: {type: class}}
model: {backbone: test_resnet, pretrained: false, image_size: 32}
train: {epochs: 1, batch_size: 4, workers: 0, device: cpu}
"""
NUM = 12


def values(number):
    """Bright or dark by the grade, at most 4000 as cameras of 12 bits give."""
    least = (100, 2500)[number % 2]
    generator = np.random.default_rng(number)
    return generator.integers(least, least + 1500, (32, 32)).astype(np.uint16)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deep")
    for number in range(NUM):
        (folder / f"{number}.png").write_bytes(grey16_png(values(number)))
    rows = "".join(f"{number}.png,{('low', 'high')[number % 2]}\n" for number in range(NUM))
    (folder / "labels.csv").write_text(f"image,grade\n{rows}")
    (folder / "polyhead.yaml").write_text(CONFIG)
    return polyhead.train(folder / "polyhead.yaml", runs=folder / "runs", reporter=QUIET)


def test_the_range_is_kept_with_the_run(run):
    assert load_config(run.resolved_config).data.pixel_range == (0, 4095)
    assert "0 is black and 4095 white" in run.readme.read_text()
    assert "W_DEPTH" in run.log.read_text()


def test_prediction_reads_by_the_range_of_training(run):
    """A picture of its own, darker than any other, is not stretched to white."""
    predictor = polyhead.load(run.path)
    for least in (0, 1000, 3000):
        deep = values(0) // 4 + np.uint16(least)
        shown = np.rint(deep * (255 / 4095)).astype(np.uint8)
        answers = predictor.predict([grey16_png(deep), encoded(shown), shown])
        expected = answers[2]["grade"].probabilities
        for answer in answers[:2]:
            assert answer["grade"].probabilities == pytest.approx(expected, abs=1e-6)


def test_figures_and_resuming_take_the_same_range(run):
    assert evaluate(run.path, reporter=QUIET)["num_images"] == 3
    assert resume(run.path, reporter=QUIET).path == run.path
    assert load_config(run.resolved_config).data.pixel_range == (0, 4095)
