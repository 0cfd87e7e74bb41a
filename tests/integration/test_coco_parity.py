"""The AP of `evaluate` is that of pycocotools on the exported boxes and the user's own file."""

import contextlib
import io
import json

import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from repeated_scenes import boxes_config, write_repeated
from tiny_runs import QUIET

from polyhead.data import read_split
from polyhead.evaluation.evaluate import evaluate
from polyhead.training import train

SIZE = 96
NAMES = ("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Of 8 scenes, so short that much is still found wrongly."""
    folder = tmp_path_factory.mktemp("parity")
    write_repeated(folder, num=8, size=SIZE, copies=6)
    complicate(folder / "boxes.json")
    keys = {"epochs": 5, "batch_size": 8, "learning_rate": 5e-3}
    model = {"backbone": "test_resnet", "pretrained": False}
    return train(
        boxes_config(folder, size=SIZE, model=model, train=keys), runs=folder, reporter=QUIET
    )


def complicate(path):
    """Of the judged images nobody annotated the first, the second is empty, some are crowded."""
    document = json.loads(path.read_text())
    judged = [image["id"] for image in document["images"] if "-0." in image["file_name"]]
    unknown, empty, *others = judged
    items = [a for a in document["annotations"] if a["image_id"] not in (unknown, empty)]
    for item in [item for item in items if item["image_id"] in others][::5]:
        item["iscrowd"] = 1
    images = [image for image in document["images"] if image["id"] != unknown]
    path.write_text(json.dumps({**document, "images": images, "annotations": items}))


def figures_of_coco(annotations, results, names):
    """What pycocotools says of the images of those names, overall and of each class."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(annotations))
        judge = COCOeval(truth, truth.loadRes(str(results)), "bbox")
        judge.params.imgIds = [i["id"] for i in truth.imgs.values() if i["file_name"] in names]
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    labels = [truth.cats[number]["name"] for number in judge.params.catIds]
    precision = judge.eval["precision"][..., 0, -1]  # all areas, 100 boxes an image
    classes = {
        label: float(column.mean())
        for label, column in zip(labels, precision.mean(1).T, strict=True)
        if column.min() > -1  # where no box of the class is there
    }
    overall = dict(zip(NAMES, judge.stats.tolist(), strict=False))
    return overall, classes, len(judge.params.imgIds)


@pytest.mark.parametrize("part", ["val", "train"])
def test_figures_are_those_of_pycocotools(run, part):
    found = evaluate(run.path, split=part, reporter=QUIET)["tasks"]["objects"]
    names, parts = read_split(run.split)
    chosen = {name for name, its in zip(names, parts.tolist(), strict=True) if its == part}
    annotations = run.path.parent / "boxes.json"
    results = run.predictions / f"objects-{part}.coco.json"
    overall, classes, num_images = figures_of_coco(annotations, results, chosen)
    assert num_images == found["num_images_known"] == len(chosen) - (part == "val")
    assert found["metrics"]["AP"]["value"] > 0.02
    for name, expected in overall.items():
        value = found["metrics"][name]["value"]
        assert (value is None and expected == -1) or value == pytest.approx(expected, abs=1e-6)
    entries = {label: entry["AP"] for label, entry in found["per_class"].items()}
    assert {k: v for k, v in entries.items() if v is not None} == pytest.approx(classes, abs=1e-6)
