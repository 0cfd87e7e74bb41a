"""The README of a run says of each task what its answers mean."""

import numpy as np
import pyarrow as pa
import pytest

from polyhead.config import load_config, validate
from polyhead.field import PairwiseField, Rules
from polyhead.metrics import Conformal
from polyhead.preparation import Prepared
from polyhead.report.model_card import model_card
from polyhead.runtime.run_folder import RunFolder
from polyhead.table import Table
from polyhead.tasks import TagsDecider
from polyhead.tasks.tags.decision import TagDecision

CLASSES = ("car", "a|b\nc")
KEYS = validate(
    {
        "data": {"annotations": "labels.csv"},
        "tasks": {
            "contents": {"type": "tags"},
            "daytime": {"type": "class"},
            "objects": {"type": "boxes"},
            "ground": {"type": "mask"},
            "people": {"type": "number", "range": ["0", "20"]},
        },
    },
    "test",
).tasks
TASKS = {name: keys.encoder(name, CLASSES) for name, keys in KEYS.items()}


@pytest.fixture
def card(tmp_path):
    """The card of a run with some of the tasks."""
    path = tmp_path / "polyhead.yaml"
    path.write_text(
        "data: {images: photos, annotations: [labels.csv, objects.json]}\n"
        "tasks: {contents: {type: tags}}\n"
        "model: {backbone: tf_efficientnet_lite0, image_size: [96, 160]}\n"
    )

    def written(*names, changes=(), **decision):
        split = np.array(["train", "val", "test", "train"])
        tasks = {name: TASKS[name] for name in names}
        table = Table(pa.table({"image": []}), "labels.csv", tmp_path, np.zeros(0, np.int32))
        prepared = Prepared(table, tasks, {}, split, (), (), np.zeros(4))
        fitted = {name: task.decider() for name, task in tasks.items()}
        if "contents" in tasks:
            fitted["contents"] = TagsDecider("contents", CLASSES, TagDecision(**decision))
        return model_card(
            RunFolder(tmp_path / "street-001"), load_config(path, changes), prepared, fitted
        )

    return written


def test_every_type_of_task_has_a_row_and_a_way_to_read_it(card):
    text = card(*TASKS)
    for name, task in TASKS.items():
        assert f"| {name} | {task.type} |" in text
        assert text.count(f"\n- {task.type}: ") == 1
    assert "| people | number | – | a number from 0 to 20 |" in text
    assert "`labels.csv`, `objects.json`" in text
    assert "2 train, 1 val, 1 test; stretched to 160×96 pixels (width × height)" in text


def test_the_range_of_deep_images_is_reported(card):
    changes = ["data.pixel_range=[0, 4095]", "data.float_range=[-0.5, 1]"]
    text = card("daytime", changes=changes)
    assert "0 is black and 4095 white (`data.pixel_range`)" in text
    assert "-0.5 is black and 1 white (`data.float_range`)" in text


def test_nothing_is_said_of_types_that_the_model_lacks(card):
    assert "8 bits" not in card("daytime")
    text = card("daytime")
    assert "coco" not in text
    assert "IoU" not in text
    assert "threshold" not in text


def test_boxes_tell_where_they_are_written_for_other_programs(card):
    assert "`predictions/objects.coco.json`" in card("contents", "objects")


def test_names_cannot_break_the_table(card):
    assert r"car, a\|b c |" in card("contents")


def test_how_tags_are_chosen_is_said_as_it_was_fitted(card):
    plain = card("contents")
    assert "\n- contents: the labels whose probability reaches their threshold.\n" in plain
    assert "rules" not in plain
    field = PairwiseField(np.array([[0.0, 1.0], [1.0, 0.0]]), np.full(2, 0.5), Rules())
    text = card("contents", decoder="map", field=field, conformal=Conformal(0.05, 0.2, 90))
    assert "- contents: the likeliest set of labels, by a field of couplings" in text
    assert "at most 5 % of an image's true labels are missing, in the mean" in text
    rules = Rules.of(CLASSES, exclusive=[CLASSES])
    bound = card("contents", field=PairwiseField.independent(2, rules))
    assert "their threshold, under the rules in `classes.json`, which every answer obeys." in bound
