"""Tags: from probabilities to labels, thresholds and back from a file."""

import json

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.special import expit

from polyhead.errors import CheckpointError
from polyhead.field import PairwiseField, Rules
from polyhead.metrics import Conformal, ScoredTags, fit_thresholds, protocol_entry
from polyhead.tasks import TagsConfig, TagsDecider, decider_from_dict
from polyhead.tasks.tags.decision import TagDecision

SIZES = np.array([[48, 64]])  # these tasks do not read them

TASK = TagsDecider("contents", ("bus", "car", "dog"))


def with_thresholds(thresholds):
    return TagsDecider("contents", TASK.classes, decision=TagDecision(thresholds))


def dense(*rows):
    return {"probabilities": np.array(rows, np.float32)}


def test_labels_reach_one_half_unless_thresholds_are_fitted():
    (prediction,) = TASK.select(dense([0.5, 0.49, 0.9]), SIZES)
    assert prediction.labels == ["bus", "dog"]
    assert prediction.probabilities == pytest.approx({"bus": 0.5, "car": 0.49, "dog": 0.9})


def test_each_label_has_a_threshold_of_its_own():
    task = with_thresholds((0.625, 0.25, 0.875))
    assert [
        p.labels for p in task.select(dense([0.59, 0.25, 0.875], [0.625, 0.2, 0.8]), SIZES)
    ] == [
        ["car", "dog"],
        ["bus"],
    ]


def test_no_label_is_an_answer():
    assert TASK.select(dense([0.1, 0.1, 0.1]), SIZES)[0].labels == []


def test_no_image_gives_no_prediction():
    assert TASK.select({"probabilities": np.zeros((0, 3), np.float32)}, SIZES) == []


def test_predictions_hold_plain_python_values():
    (prediction,) = TASK.select(dense([0.5, 0.4, 0.9]), SIZES)
    assert json.loads(json.dumps(prediction.to_dict()))["labels"] == ["bus", "dog"]


def test_fitting_takes_the_thresholds_of_the_metrics_room():
    random = np.random.default_rng(0)
    targets = random.integers(-1, 2, (200, 3)).astype(np.int8)
    log_odds = random.normal(1.5 * targets).astype(np.float32)
    rows = {"logits": log_odds, "probabilities": expit(log_odds)}
    config = TagsConfig(type="tags", classes=TASK.classes)
    meter = config.encoder("contents", TASK.classes).decider().meter()
    meter.update(rows, targets)
    fitted = meter.fit(config)
    seen = (targets >= 0).any(1)
    expected = fit_thresholds(rows["probabilities"][seen], targets[seen]).values
    assert np.array_equal(fitted.decision.cuts(3), expected)
    predicted = rows["probabilities"] >= expected
    for row, prediction in zip(predicted, fitted.select(rows, SIZES), strict=True):
        assert prediction.labels == [TASK.classes[i] for i in np.flatnonzero(row)]


def test_intervals_of_thresholds_are_kept_and_reported():
    random = np.random.default_rng(0)
    targets = random.integers(-1, 2, (200, 3)).astype(np.int8)
    targets[:, 2] = np.where(np.arange(200) == 0, 1, 0)
    log_odds = random.normal(3.0 * targets).astype(np.float32)
    log_odds[0, 2] = -9  # below every no: no cut has a precision of 0.9
    rows = {"logits": log_odds, "probabilities": expit(log_odds)}
    keys = {"type": "tags", "classes": TASK.classes, "thresholds": "precision>=0.9"}
    config = TagsConfig.model_validate(keys)
    meter = config.encoder("contents", TASK.classes).decider().meter()
    meter.update(rows, targets)
    fitted = meter.fit(config)
    assert fitted.never_predicted == ["dog"]
    again = decider_from_dict("contents", json.loads(json.dumps(fitted.to_dict())))
    assert isinstance(again, TagsDecider)
    assert fitted.decision.intervals is not None
    assert again.decision.intervals == fitted.decision.intervals
    assert again.never_predicted == ["dog"]
    measured = again.meter()
    measured.update(rows, targets)
    entries = measured.compute()["per_class"]
    assert entries["dog"]["threshold_low"] is entries["dog"]["threshold_high"] is None
    for label in ("bus", "car"):
        entry = entries[label]
        assert entry["threshold_low"] <= entry["threshold"] <= entry["threshold_high"]
    assert sum(fitted.decision.intervals.num_known) == (targets >= 0).sum()


@pytest.mark.parametrize("decoder", ["map", "expected_f1"])
def test_decoders_that_ask_no_thresholds_show_and_take_none(decoder):
    with pytest.raises(ValidationError, match=f"`thresholds` beside `decoder: {decoder}`"):
        TagsConfig.model_validate({"type": "tags", "decoder": decoder, "thresholds": "recall>=0.9"})
    config = TagsConfig(type="tags", classes=TASK.classes, decoder=decoder)
    assert TagsConfig.model_validate(config.model_dump()) == config  # as a run writes it
    targets = np.random.default_rng(0).integers(-1, 2, (40, 3)).astype(np.int8)
    rows = {"logits": 2.0 * targets, "probabilities": expit(2.0 * targets)}
    meter = config.encoder("contents", TASK.classes).decider().meter()
    meter.update(rows, targets)
    fitted = meter.fit(config)
    assert fitted.to_dict()["thresholds"] == [0.5] * 3
    again = decider_from_dict("contents", json.loads(json.dumps(fitted.to_dict()))).meter()
    again.update(rows, targets)
    for entry in again.compute()["per_class"].values():
        assert "AP" in entry
        assert not [figure for figure in entry if "threshold" in figure]


def test_the_meter_decides_by_the_thresholds():
    targets = np.array([[1, 0, 1], [0, 1, -1]], np.int8)
    probabilities = np.array([[0.3, 0.2, 0.3], [0.1, 0.3, 0.9]], np.float32)
    for thresholds, expected in (((0.25,) * 3, 1.0), ((), 0.0)):
        meter = with_thresholds(thresholds).meter()
        meter.update({"probabilities": probabilities}, targets)
        assert meter.compute()["metrics"]["OF1"]["value"] == expected


@pytest.mark.parametrize("thresholds", [(), (0.25, 0.5, 0.125)])
def test_a_task_survives_json(thresholds):
    task = with_thresholds(thresholds)
    entry = json.loads(json.dumps(task.to_dict()))
    again = decider_from_dict("contents", entry)
    rows = dense([0.3, 0.3, 0.3], [0.6, 0.6, 0.6])
    assert again.select(rows, SIZES) == task.select(rows, SIZES)
    assert again.to_dict() == entry


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"type": "tag", "classes": []}, 'Did you mean "tags"'),
        ({}, 'has type "None"'),
        ({"type": "tags", "thresholds": []}, "but no 'classes'"),
        ({"type": "tags", "classes": ["a"]}, "but no 'thresholds'"),
        ({"type": "tags", "classes": ["a", "b"], "thresholds": [0.5]}, "1 thresholds"),
        ({"type": "class"}, "but no 'classes'"),
    ],
)
def test_a_spoilt_entry_is_refused(entry, expected):
    with pytest.raises(CheckpointError, match=expected):
        decider_from_dict("contents", entry)


def test_the_label_matrix_is_the_targets_themselves():
    targets = np.array([[1, 0, -1]], np.int8)
    encoder = TagsConfig(type="tags").encoder("contents", TASK.classes)
    assert encoder.label_matrix(targets) is targets


@pytest.mark.parametrize("num_known", [0, 1])
def test_figures_of_a_field_on_hardly_any_images_are_json(num_known):
    couplings = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    field = PairwiseField(couplings, np.full(3, 0.5), Rules())
    decision = TagDecision((0.5,) * 3, field=field, conformal=Conformal(0.1, 0.2, 50))
    meter = TagsDecider("contents", TASK.classes, decision=decision).meter()
    targets = np.full((2, 3), -1, np.int8)
    targets[:num_known] = 1
    log_odds = np.zeros((2, 3), np.float32)
    meter.update({"logits": log_odds, "probabilities": expit(log_odds)}, targets)
    json.dumps(meter.compute(), allow_nan=False)


@pytest.mark.parametrize("decoder", ["marginals", "map"])
@pytest.mark.parametrize("protocol", ["unknown_negative", "raw"])
def test_a_protocol_sees_the_probabilities_of_unknown_cells(protocol, decoder):
    random = np.random.default_rng(1)
    targets = random.integers(-1, 2, (60, 3)).astype(np.int8)
    log_odds = random.normal(targets, 1.0).astype(np.float32)
    rows = {"logits": log_odds, "probabilities": expit(log_odds)}
    thresholds = (0.3, 0.5, 0.7)
    meter = TagsDecider("contents", TASK.classes, TagDecision(thresholds, decoder)).meter()
    for half in np.array_split(np.arange(60), 2):
        meter.update({key: array[half] for key, array in rows.items()}, targets[half])
    predicted = rows["probabilities"] >= (0.5 if decoder == "map" else np.float32(thresholds))
    cuts = np.array(thresholds, np.float32)
    scored = ScoredTags(TASK.classes, rows["probabilities"], targets, cuts, predicted)
    assert meter.protocol(protocol) == protocol_entry(protocol, scored)
