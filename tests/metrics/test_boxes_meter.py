import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_boxes import CLASSES, coco_evaluation, coco_file, fed, mean_above, random_boxes

from polyhead.errors import DivergedError
from polyhead.metrics import BoxesMeter
from polyhead.metrics.boxes.box_ranking import BoxRanking

over_seeds = settings(max_examples=20, deadline=None)
seeds = given(st.integers(0, 2**32 - 1))


def close(value):
    return None if value is None else pytest.approx(value, abs=1e-9)


def values(figures):
    return {name: metric["value"] for name, metric in figures["metrics"].items()}


def agrees(targets, found):
    meter = fed(targets, found)
    figures = meter.compute()
    precision, recall = coco_evaluation(coco_file(targets), json_round_trip(meter.coco_results()))
    expected = {
        "AP": precision[..., 0, -1],
        "AP50": precision[0, ..., 0, -1],
        "AP75": precision[5, ..., 0, -1],
        "AR100": recall[..., 0, -1],
        "AP_small": precision[..., 1, -1],
        "AP_medium": precision[..., 2, -1],
        "AP_large": precision[..., 3, -1],
    }
    assert values(figures) == {name: close(mean_above(part)) for name, part in expected.items()}
    by_id = np.argsort(targets.category_ids)
    for place, c in enumerate(by_id):
        entry = figures["per_class"][CLASSES[c]]
        assert entry["AP"] == close(mean_above(precision[:, :, place, 0, -1]))
        assert entry["AP50"] == close(mean_above(precision[0, :, place, 0, -1]))


def json_round_trip(results):
    return json.loads(json.dumps(results))


@over_seeds
@seeds
def test_figures_equal_those_of_coco(seed):
    agrees(*random_boxes(seed))


@over_seeds
@seeds
def test_only_known_classes_of_annotated_images_are_judged(seed):
    agrees(*random_boxes(seed, whole=False))


def test_a_class_counts_its_hundred_best_boxes_an_image():
    targets, found = random_boxes(3, num_images=4, num_classes=1)
    crowded = []
    for boxes, labels, scores in found:
        times = 150 // max(len(boxes), 1)
        parts = (np.repeat(boxes, times, 0), np.repeat(labels, times), np.repeat(scores, times))
        crowded.append(parts)
    agrees(targets, crowded)
    assert len(fed(targets, crowded).coco_results()) <= 400


@over_seeds
@seeds
def test_a_weight_is_how_often_an_image_is_there(seed):
    targets, found = random_boxes(seed, num_images=8)
    # Copies of an image rank box by box where scores differ, image by image where they are equal.
    generator = np.random.default_rng(seed)
    found = [(boxes, labels, generator.random(len(labels))) for boxes, labels, _ in found]
    times = generator.integers(0, 4, len(targets))
    meter = fed(targets, found)
    ranking = BoxRanking(meter.matched, targets.image_ids, len(CLASSES))
    average_precision, recall = ranking.evaluate(np.stack([times, np.ones(8)], 1))
    rows = np.repeat(np.arange(8), times)
    repeated = targets[rows]
    repeated.image_ids[:] = np.arange(len(rows))
    again = fed(repeated, [found[row] for row in rows])
    precision, recalled = coco_evaluation(coco_file(repeated), again.coco_results())
    by_id = np.argsort(targets.category_ids)
    for ours, theirs in (
        (average_precision, precision[..., 0, -1].mean(axis=1)),
        (recall, recalled[..., 0, -1]),
    ):
        assert np.nan_to_num(ours[by_id, :, 0], nan=-1) == pytest.approx(theirs.T, abs=1e-9)


def test_figures_have_the_shape_of_the_evaluation_file():
    targets, found = random_boxes(1, num_images=40, whole=False)
    figures = fed(targets, found).compute(intervals=True)
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert figures["num_images"] == 40
    assert figures["num_images_known"] == targets.known.any(axis=1).sum()
    assert figures["num_known"] == targets.known.sum()
    kept = targets.known[targets.rows, targets.labels] & ~targets.ignored
    assert figures["num_boxes"] == kept.sum()
    for name in ("AP", "AP50", "AP75", "AR100"):
        metric = figures["metrics"][name]
        assert metric["low"] < metric["value"] < metric["high"]
    assert figures["metrics"]["AP_small"].keys() == {"value"}
    assert list(figures["per_class"]) == list(CLASSES)
    assert figures["per_class"]["car"].keys() == {"AP", "AP50", "num_boxes", "num_known"}
    assert figures["per_class"]["car"]["num_boxes"] == (kept & (targets.labels == 0)).sum()


def test_a_class_without_a_box_is_left_out_and_counted():
    targets, found = random_boxes(2)
    targets.labels[targets.labels == 1] = 0
    figures = fed(targets, found).compute()
    expected = {"AP": None, "AP50": None, "num_boxes": 0, "num_known": len(targets)}
    assert figures["per_class"]["bus"] == expected
    assert (figures["num_classes"], figures["num_classes_evaluated"]) == (4, 3)


def test_what_is_found_where_nobody_annotated_never_matters():
    targets, found = random_boxes(4, whole=False)
    blank = ~targets.known.any(axis=1)
    changed = [
        (np.full_like(boxes, np.nan), labels, scores) if blank[row] else (boxes, labels, scores)
        for row, (boxes, labels, scores) in enumerate(found)
    ]
    assert blank.any()
    assert fed(targets, changed).compute() == fed(targets, found).compute()


def test_a_false_alarm_in_an_empty_image_costs():
    targets, found = random_boxes(5, num_classes=1)
    empty = np.flatnonzero(np.diff(targets.offsets) == 0)[0]
    quiet = [part if row != empty else [p[:0] for p in part] for row, part in enumerate(found)]
    loud = list(quiet)
    loud[empty] = (np.array([[0, 0, 9, 9]], np.float32), np.array([0]), np.array([1.0]))
    assert values(fed(targets, loud).compute())["AP"] < values(fed(targets, quiet).compute())["AP"]


@pytest.mark.parametrize("num_images", [0, 3])
def test_nothing_annotated_is_no_figure(num_images):
    targets, found = random_boxes(6, num_images=num_images)
    targets.known[:] = False
    meter = fed(targets, found)
    figures = meter.compute(intervals=True)
    assert figures["num_images"] == num_images
    assert figures["num_images_known"] == figures["num_classes_evaluated"] == 0
    assert figures["metrics"]["AP"] == {"value": None, "low": None, "high": None}
    assert meter.coco_results() == []
    assert meter.thresholds().values.tolist() == [0.5] * 4


def brute_force_f1(right, scores, total, threshold):
    shown = scores >= np.float32(threshold)
    return 2 * (right & shown).sum() / (shown.sum() + total)


@over_seeds
@seeds
def test_thresholds_are_of_best_f1_at_half_overlap(seed):
    targets, found = random_boxes(seed, num_images=20, num_classes=1)
    meter = fed(targets, found)
    matched = meter.matched
    judged = matched.outcomes[:, 0, 0] != 2
    right, scores = matched.outcomes[judged, 0, 0] == 1, matched.scores[judged].astype(np.float32)
    total = int((~targets.ignored).sum())
    fitted = meter.thresholds()
    every = [brute_force_f1(right, scores, total, cut) for cut in np.linspace(0, 1, 21)]
    assert brute_force_f1(right, scores, total, fitted.shared) == pytest.approx(max(every))
    assert fitted.values.tolist() == [np.float32(fitted.shared)]  # one class is all classes
    assert fitted.num_positive.tolist() == [total]


def test_thresholds_of_rare_classes_lean_on_the_shared_one():
    targets, found = random_boxes(8, num_images=60)
    targets.labels[:] = np.where(targets.labels == 3, 0, targets.labels)
    targets.labels[:2] = 3
    fitted = fed(targets, found).thresholds()
    assert fitted.num_positive[3] <= 2
    assert abs(fitted.values[3] - fitted.shared) <= 2 / 12
    assert ((fitted.values > 0) & (fitted.values < 1)).all()


def test_wrong_shapes_and_values_are_refused():
    targets, found = random_boxes(9, num_images=2)
    boxes, labels, scores = map(list, zip(*found, strict=True))
    meter = BoxesMeter(CLASSES)
    with pytest.raises(ValueError, match="as many images"):
        meter.update(boxes[:1], labels, scores, targets)
    with pytest.raises(ValueError, match="classes"):
        BoxesMeter(["car"]).update(boxes, labels, scores, targets)
    with pytest.raises(ValueError, match=r"boxes \(D, 4\)"):
        meter.update([boxes[0][:, :3], boxes[1]], labels, scores, targets)
    with pytest.raises(ValueError, match="between 0 and 3"):
        meter.update(boxes, [labels[0] + 4, labels[1]], scores, targets)
    with pytest.raises(DivergedError, match="not finite"):
        meter.update(boxes, labels, [scores[0] * np.nan, scores[1]], targets)
