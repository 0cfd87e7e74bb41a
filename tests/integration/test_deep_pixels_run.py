"""A run on images of 12 bits in 16: one scale from the check to the answer."""

import numpy as np
import pytest
from data.image_files import encoded, grey16_png
from PIL import Image
from tiny_runs import QUIET

import polyhead
from polyhead.cli.predict import Doubts
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
    """An image of its own, darker than any other, is not stretched to white."""
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


def warnings_of(run, *sources):
    answers = polyhead.load(run.path).predict(list(sources))
    return [" ".join(each["message"] for each in answer.warnings) for answer in answers]


def bits(number):
    """An image of the run, with as many bits."""
    return (values(1).astype(np.uint32) * 2**number // 2**12).astype(np.uint16)


def test_images_of_other_depths_are_warned_of(run):
    eight = np.full((32, 32, 3), 90, np.uint8)
    deep = [grey16_png(bits(number)) for number in (12, 10, 14)]
    fits, ten, fourteen, of_file, of_array = warnings_of(run, *deep, encoded(eight), eight)
    assert fits == ""
    assert "while 4095 is white in training" in ten
    assert "beyond the range of training, [0, 4095]" in fourteen
    assert of_file == of_array
    assert "holds 8 bits a channel, while training read deeper images by the range" in of_file


def test_the_mend_of_each_depth_works(run):
    """Scaled to the range of training, nothing is warned of and the answer is that of 12 bits."""
    predictor = polyhead.load(run.path)
    mended = [bits(12), bits(10) * np.uint16(4), bits(14) // np.uint16(4)]
    answers = predictor.predict([grey16_png(each) for each in mended])
    assert [answer.warnings for answer in answers] == [(), (), ()]
    for answer in answers[1:]:
        expected = answers[0]["grade"].probabilities
        assert answer["grade"].probabilities == pytest.approx(expected, abs=0.01)


def test_answers_and_standard_error_report_it(run):
    answer = polyhead.load(run.path).predict(grey16_png(bits(14)))
    (told,) = answer.to_dict()["warnings"]
    assert told["code"] == "W_PIXEL_RANGE"
    doubts = Doubts()
    for each in (answer, polyhead.load(run.path).predict(grey16_png(bits(12)))):
        doubts.add(each)
    (line,) = doubts.lines(2)
    assert line.startswith("W_PIXEL_RANGE: 1 of 2 images: bytes-0 holds whole numbers from ")


def test_tiff_and_pillow_images_are_warned_of_likewise(run, tmp_path):
    fourteen = bits(14)
    Image.fromarray(fourteen).save(tmp_path / "a.tif")
    found = warnings_of(run, tmp_path / "a.tif", Image.fromarray(fourteen))
    assert found[0] == found[1]
    assert "beyond the range of training" in found[0]


def test_deep_images_on_a_run_of_eight_bits(tmp_path):
    for number in range(NUM):
        shown = (values(number) // 16).astype(np.uint8)
        Image.fromarray(shown).save(tmp_path / f"{number}.png")
    rows = "".join(f"{number}.png,{('low', 'high')[number % 2]}\n" for number in range(NUM))
    (tmp_path / "labels.csv").write_text(f"image,grade\n{rows}")
    (tmp_path / "polyhead.yaml").write_text(CONFIG)
    run = polyhead.train(tmp_path / "polyhead.yaml", runs=tmp_path / "runs", reporter=QUIET)
    deep, floats = grey16_png(values(0)), tmp_path / "f.tif"
    Image.fromarray(values(0).astype(np.float32) / 4095).save(floats)
    of_whole, of_floats, none = warnings_of(run, deep, floats, tmp_path / "0.png")
    assert "no image of training held whole numbers of more than 8 bits" in of_whole
    assert "the bits that its file declares" in of_whole
    assert "its own least and greatest" in of_floats
    assert none == ""
