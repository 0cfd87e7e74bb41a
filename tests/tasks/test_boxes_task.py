"""The boxes task: its keys, batches, predictions, figures and entry in classes.json."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from object_rows import object_table, same_size, thing
from task_tables import resolve

from polyhead.config import validate
from polyhead.errors import CheckpointError
from polyhead.registry import Component
from polyhead.table import ImageBoxes
from polyhead.tasks import BoxesConfig, BoxesDecider, BoxesEncoder, decider_from_dict

CLASSES = ("car", "bus")
DECIDER = BoxesDecider("objects", CLASSES)
ENCODER = BoxesEncoder("objects", CLASSES, BoxesConfig(type="boxes"))
SIZES = np.array([[100, 200]])


def config(**keys):
    value = {"data": {"annotations": "x.json"}, "tasks": {"objects": {"type": "boxes", **keys}}}
    return validate(value, "test").tasks["objects"]


def dense(boxes, scores):
    """Arrays of one image."""
    return {"boxes": np.array([boxes], np.float32), "scores": np.array([scores], np.float32)}


def boxes_of(num, known=(True, True)):
    corners = np.arange(num * 4, dtype=np.float32).reshape(num, 4)
    return ImageBoxes(corners, np.arange(num) % 2, np.arange(num) == 0, np.array(known))


class TestKeys:
    def test_defaults(self):
        keys = config()
        assert (keys.head.name, keys.loss.name, keys.nms) == ("boxes", "detection", "greedy")
        assert keys.head.options == {}

    @pytest.mark.parametrize("head", ["boxes", {"name": "boxes"}, Component(name="boxes")])
    def test_without_suppression_the_head_has_the_branch(self, head):
        keys = config(nms="none", head=head, loss={"name": "detection", "gamma": "2"})
        assert keys.head.options == {"one_to_one": "true"}
        assert keys.loss.options == {"gamma": "2"}
        assert config(**keys.model_dump(exclude={"type"}, mode="json")) == keys

    def test_the_choice_is_kept(self):
        decider = resolve(
            object_table([[thing("car", 0, 0, 9, 9)]]), "objects", type="boxes", nms="none"
        ).decider()
        assert not decider.suppress
        assert decider_from_dict("objects", decider.to_dict()) == BoxesDecider(
            "objects", ("car",), thresholds=(0.3,), suppress=False
        )


class TestBatches:
    def test_images_are_padded_to_the_one_with_the_most(self):
        targets, known = ENCODER.stack([boxes_of(1), boxes_of(0, (False, False)), boxes_of(3)])
        assert targets.shape == (3, 3, 6)
        assert targets.dtype == np.float32
        assert targets[:, :, 4].tolist() == [[0, -1, -1], [-1, -1, -1], [0, 1, 0]]
        assert targets[2, 1].tolist() == [4, 5, 6, 7, 1, 0]
        assert targets[2, 0, 5] == 1
        assert known.tolist() == [[True, True], [False, False], [True, True]]

    def test_images_without_boxes_have_one_row_that_is_none(self):
        targets, _ = ENCODER.stack([boxes_of(0)])
        assert targets[:, :, 4].tolist() == [[-1]]


class TestPredictions:
    def test_boxes_above_the_threshold_in_pixels_of_the_displayed_image(self):
        found = dense([[0.1, 0.2, 0.5, 0.6], [0, 0, 1, 1]], [[0.2, 0.9], [0.31, 0.1]])
        (prediction,) = DECIDER.select(found, SIZES)
        assert prediction.labels == ["bus", "car"]
        np.testing.assert_allclose(prediction.boxes_xyxy, [[20, 20, 100, 60], [0, 0, 200, 100]])
        shown = json.loads(json.dumps(prediction.to_dict()))
        assert set(shown) == {"type", "boxes_xyxy", "labels", "scores"}
        assert str(prediction) == "1 × bus, 1 × car"

    def test_nothing_found(self):
        (prediction,) = DECIDER.select(dense([[0, 0, 1, 1]], [[0.1, 0.1]]), SIZES)
        assert prediction.to_dict() == {
            "type": "boxes",
            "boxes_xyxy": [],
            "labels": [],
            "scores": [],
        }
        assert str(prediction) == "(none)"

    @given(st.integers(0, 2**32 - 1))
    def test_what_is_shown_is_among_what_is_judged(self, seed):
        generator = np.random.default_rng(seed)
        corners = np.sort(generator.random((30, 2, 2)), 1).reshape(30, 4)
        found = dense(corners, generator.random((30, 2)))
        (shown,), (judged,) = DECIDER.select(found, SIZES), DECIDER.candidates(found, SIZES)
        pairs = list(zip(judged.labels.tolist(), judged.scores.tolist(), strict=True))
        shown_pairs = list(zip(map(DECIDER.classes.index, shown.labels), shown.scores, strict=True))
        assert shown_pairs == [pair for pair in pairs if pair[1] >= np.float32(0.3)]


class TestFigures:
    def truth(self):
        cells = [[thing("car", 10, 10, 60, 60)], [thing("bus", 0, 0, 150, 90)], [], None]
        rows = object_table(cells, ["car", "bus"], [7, 9], image_id=["40", "41", "42", "43"])
        encoder = resolve(rows, "objects", type="boxes")
        return encoder, encoder.encode(rows, same_size(4)).targets

    def found(self):
        boxes = [[[0.05, 0.1, 0.3, 0.6]], [[0, 0, 0.75, 0.9]], [[0, 0, 1, 1]], [[0, 0, 1, 1]]]
        scores = [[[0.8, 0.0]], [[0.0, 0.7]], [[0.0, 0.1]], [[0.9, 0.9]]]
        return {"boxes": np.array(boxes, np.float32), "scores": np.array(scores, np.float32)}

    def test_right_boxes_score_one_whatever_is_in_unknown_images(self):
        encoder, targets = self.truth()
        meter = encoder.decider().meter()
        meter.update({k: v[:2] for k, v in self.found().items()}, targets[np.arange(2)])
        meter.update({k: v[2:] for k, v in self.found().items()}, targets[np.arange(2, 4)])
        figures = meter.compute(intervals=False)
        assert figures["metrics"]["AP50"]["value"] == pytest.approx(1)
        assert figures["num_images"] == 4
        results = meter.result_files()["coco"]
        assert {(r["image_id"], r["category_id"]) for r in results} == {(40, 7), (41, 9), (42, 9)}

    def test_thresholds_are_fitted_and_kept(self):
        encoder, targets = self.truth()
        meter = encoder.decider().meter()
        meter.update(self.found(), targets)
        fitted = meter.fit(encoder.config)
        assert len(fitted.thresholds) == 2
        assert all(0.1 < value <= 0.8 for value in fitted.thresholds)
        entry = json.loads(json.dumps(fitted.to_dict()))
        assert decider_from_dict("objects", entry).thresholds == fitted.thresholds

    def test_classes_in_the_split_are_those_that_are_there(self):
        encoder, targets = self.truth()
        assert encoder.label_matrix(targets).tolist() == [[1, 0], [0, 1], [0, 0], [-1, -1]]


def test_a_class_seen_only_as_a_crowd_is_unknown_to_the_split():
    rows = object_table([[thing("car", 0, 0, 9, 9, crowd=True)], []])
    encoder = resolve(rows, "objects", type="boxes")
    assert encoder.label_matrix(encoder.encode(rows, same_size(2)).targets).tolist() == [[-1], [0]]


def test_an_entry_with_thresholds_amiss_is_refused():
    entry = {"type": "boxes", "classes": ["a"], "thresholds": [0.1, 0.2], "nms": "greedy"}
    with pytest.raises(CheckpointError, match="2 thresholds for 1 classes"):
        decider_from_dict("objects", entry)


def test_evaluation_reads_where_its_config_says():
    encoder = config(column="other").encoder("objects", CLASSES)
    assert (encoder.config.column, encoder.config.classes) == ("other", CLASSES)
    assert encoder.classes == CLASSES


class TestAugmentation:
    def sample(self, known=(True, True)):
        corners = np.array([[10, 20, 30, 40], [50, 60, 100, 100]], np.float32)
        return ImageBoxes(corners, np.array([1, 0]), np.array([False, True]), np.array(known))

    def test_a_sample_is_in_pixels_of_the_resized_image(self):
        rows = object_table([[], [thing("car", 20, 10, 60, 50)]], ["car", "bus"])
        encoder = resolve(rows, "objects", type="boxes")
        targets = encoder.encode(rows, same_size(2, height=100, width=200)).targets
        assert encoder.sample(targets, 1, (50, 400)).boxes_xyxy.tolist() == [[40, 5, 120, 25]]
        assert len(encoder.sample(targets, 0, (50, 400))) == 0

    def test_labels_in_are_those_of_the_boxes_that_are_left(self):
        before = np.array([1, 1], np.int8)
        assert ENCODER.labels_in(self.sample(), before).tolist() == [-1, 1]
        assert ENCODER.labels_in(self.sample((False, True)), before).tolist() == [-1, 1]
        none = boxes_of(0, (True, False))
        assert ENCODER.labels_in(none, before).tolist() == [0, -1]
        assert ENCODER.labels_in(none, before).dtype == np.int8

    def test_labels_in_agree_with_the_label_matrix(self):
        cells = [
            [thing("car", 0, 0, 9, 9), thing("bus", 0, 0, 9, 9, crowd=True)],
            [thing("bus", 0, 0, 9, 9, difficult=True), thing("bus", 5, 5, 9, 9)],
            [],
            None,
        ]
        rows = object_table(cells, ["car", "bus"])
        encoder = resolve(rows, "objects", type="boxes")
        targets = encoder.encode(rows, same_size(4)).targets
        matrix = encoder.label_matrix(targets)
        for row, labels in enumerate(matrix):
            sample = encoder.sample(targets, row, (100, 200))
            assert encoder.labels_in(sample, labels).tolist() == labels.tolist()


class TestStatements:
    def test_counts_of_the_training_part_are_images_with_the_class(self):
        cells = [[thing("car", 0, 0, 9, 9)] * 3, [thing("car", 0, 0, 9, 9)], [], None]
        rows = object_table(cells, ["car", "bus"])
        encoder = resolve(rows, "objects", type="boxes")
        counts = encoder.statistics(encoder.encode(rows, same_size(4)).targets)
        assert counts.positive.tolist() == [2, 0]
        assert counts.known.tolist() == [3, 3]
        assert counts.rows == 3

    def test_figures_count_boxes_of_annotated_images(self):
        entry = {"num_images": 1200, "num_images_known": 1100, "num_boxes": 4321}
        assert BoxesDecider.sample_size(entry) == "4,321 boxes"
        assert BoxesDecider.known_text(entry) == "1,100 of 1,200 images annotated, 4,321 boxes"
        assert "F1 at IoU 0.5" in BoxesDecider.reading

    def test_a_sheet_has_one_column_of_them_and_a_row_for_each_object(self):
        (prediction,) = DECIDER.select(dense([[0.1, 0.2, 0.5, 0.6]], [[0.2, 0.9]]), SIZES)
        assert DECIDER.columns() == ["objects"]
        assert prediction.cells() == ["1 × bus"]
        ((label, score, box),) = prediction.object_rows()
        assert (label, score) == ("bus", pytest.approx(0.9))
        np.testing.assert_allclose(box, [20, 20, 100, 60])
        assert (DECIDER.is_spatial, DECIDER.has_objects, ENCODER.is_spatial) == (True,) * 3
