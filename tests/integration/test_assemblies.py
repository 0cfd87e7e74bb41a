"""Any set of tasks, any number of each: trained, saved, loaded, asked; boxes and masks resumed."""

import signal

import pytest
from tiny_runs import CONFIG, QUIET, digests, records, render, signal_before_step

from polyhead.checkpoints import load_predictor
from polyhead.config import parse_yaml, validate
from polyhead.errors import Interrupted
from polyhead.runtime.run_folder import RunFolder
from polyhead.scenes import MASK_CLASSES
from polyhead.training import resume, train

BOXES = {"type": "boxes", "column": "objects"}
GROUND = {"type": "mask", "column": "mask", "classes": list(MASK_CLASSES)}
SETS = {
    "one boxes task": {"objects": BOXES},
    "two boxes tasks": {"objects": BOXES, "again": {**BOXES, "nms": "none"}},
    "two tags tasks": {
        "contents": {"type": "tags", "column": "tags"},
        "again": {"type": "tags", "column": "tags", "head": "mlp"},
    },
    "boxes and mask": {"objects": BOXES, "ground": GROUND},
    "tags of objects and mask": {
        "objects": BOXES,
        "ground": GROUND,
        "things": {"type": "tags", "from": "objects"},
        "places": {"type": "tags", "from": "ground"},
    },
}


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Eight scenes: one batch an epoch."""
    return render(tmp_path_factory.mktemp("few") / "scenes", 8)


def config_of(few, tasks, **train_keys):
    plain = parse_yaml(CONFIG.format(scenes=few), "test").value
    files = [{"path": str(few / name)} for name in ("labels.csv", "objects.json")]
    plain["data"] |= {"annotations": files}
    plain["model"] |= {"image_size": 64}
    plain["train"] |= {"epochs": 2, "workers": 0} | train_keys
    return validate({**plain, "tasks": tasks}, "test")


@pytest.mark.parametrize("tasks", SETS.values(), ids=SETS)
def test_it_trains_and_answers(few, tasks, tmp_path):
    run = train(config_of(few, tasks), runs=tmp_path, reporter=QUIET)
    (answer,) = load_predictor(run.path).predict([str(few / "images" / "000000.jpg")])
    entry = answer.to_dict()["tasks"]
    assert {name: part["type"] for name, part in entry.items()} == {
        name: keys["type"] for name, keys in tasks.items()
    }
    for record in records(run):
        assert set(record["train_loss"]) == set(record["val"]) == set(tasks)


@pytest.mark.parametrize("workers", [0, 1])
def test_boxes_and_masks_resume_exactly_whatever_the_number_of_workers(
    few, tmp_path, monkeypatch, workers
):
    tasks = SETS["boxes and mask"]
    keys = {"batch_size": 2, "augment": {"mosaic": 0.5, "mixup": 0.5}}
    whole = train(config_of(few, tasks, **keys), runs=tmp_path / "whole", reporter=QUIET)
    steps = records(whole)[0]["step"]
    config = config_of(few, tasks, **keys, workers=workers)
    with monkeypatch.context() as patched:
        signal_before_step(patched, steps + 1, signal.SIGTERM)
        with pytest.raises(Interrupted):
            train(config, runs=tmp_path / "cut", reporter=QUIET)
    cut = RunFolder.open(tmp_path / "cut" / "tiny-001")
    assert records(cut)[-1]["step"] == steps
    resume(cut.path, reporter=QUIET)
    assert digests(cut) == digests(whole)
    assert records(cut) == records(whole)
