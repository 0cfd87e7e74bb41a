"""A head that learnt next to nothing: `train` and `predict` say so, and what to do."""

import json
import re
import shlex
import shutil

import pytest
from PIL import Image

from polyhead.config import load_config
from polyhead.runtime.run_folder import RunFolder
from polyhead.runtime.weak_heads import weak_heads

CONFIG = """\
name: blank
data: {annotations: labels.csv, images: ., split: {val: 0.4, test: 0.1}}
tasks: {size: {type: number}, colour: {type: class}}
model: {backbone: test_resnet, pretrained: false, image_size: 32}
train: {epochs: 1, batch_size: 4}
"""


@pytest.fixture
def blank(tmp_path):
    """Images that differ by a pixel, and labels that have nothing to do with them."""
    lines = ["image,size,colour"]
    for number in range(20):
        image = Image.new("RGB", (40, 32), "white")
        image.putpixel((number, 0), (0, 0, 0))
        image.save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{100 * (number % 3)},{('red', 'blue')[number % 2]}")
    (tmp_path / "labels.csv").write_text("\n".join([*lines, ""]))
    (tmp_path / "blank.yaml").write_text(CONFIG)
    return tmp_path


def test_train_and_predict_say_which_heads_know_nothing(polyhead, blank):
    code, out, err = polyhead("train", blank / "blank.yaml", "--runs", blank / "runs")
    assert code == 0
    run = out.strip()
    assert re.search(r"size: on validation (hardly better|worse) than always the mean \(MAE", err)
    assert "what helps such heads: more epochs" in err
    assert "what helps such heads" in (blank / "runs" / "blank-001" / "log.txt").read_text()
    _, out, err = polyhead("predict", run, blank / "0.png")
    assert re.search(r"size: on validation .* do not rely on it; train longer, raise", err)
    assert "size: " in out


def test_the_mend_it_names_can_be_typed(polyhead, blank):
    err = polyhead("train", blank / "blank.yaml", "--runs", blank / "runs").err
    line = next(line for line in err.splitlines() if line.startswith("what helps"))
    words = shlex.split(line[line.index("--set") : line.index("), more labelled")])
    changes = [word for word in words if word != "--set"]
    config = load_config(blank / "blank.yaml", changes)
    assert config.train.epochs == 3
    weak = weak_heads(RunFolder(blank / "runs" / "blank-001"))
    expected = {name: 4 if name in weak and len(weak) < 2 else 1 for name in config.tasks}
    assert {name: task.weight for name, task in config.tasks.items()} == expected


def test_heads_that_learnt_are_not_named(polyhead, trained, scenes, tmp_path):
    run = RunFolder(tmp_path / "run")
    shutil.copytree(trained.path, run.path)
    good = {"contents": {"mAP": 0.9, "mAP_chance": 0.3}, "daytime": {"accuracy": 0.9}}
    bad = {"contents": {"mAP": 0.3, "mAP_chance": 0.3}, "daytime": {"accuracy": 0.9}}
    lines = [{"val": good, "best": True}, {"step": 3, "skipped": ""}, {"val": bad, "best": False}]
    run.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert weak_heads(run) == {}
    assert "do not rely" not in polyhead("predict", run.path, scenes / "images").err
    run.metrics.unlink()
    assert weak_heads(run) == {}
