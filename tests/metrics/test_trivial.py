"""How far a figure is above the answer that needs no image."""

import numpy as np
import pytest

from polyhead.metrics import ClassMeter, NumberMeter, compare_to_trivial

NEAR, FAR = True, False


@pytest.mark.parametrize(
    ("metrics", "is_near"),
    [
        ({"mAP": 0.112, "mAP_chance": 0.10}, NEAR),
        ({"mAP": 0.30, "mAP_chance": 0.10}, FAR),
        ({"accuracy": 0.951, "accuracy_majority": 0.95}, NEAR),
        ({"accuracy": 0.99, "accuracy_majority": 0.95}, FAR),
        ({"accuracy": 1.0, "accuracy_majority": 1.0}, FAR),
        ({"mIoU": 0.05, "mIoU_majority": 0.12}, NEAR),
        ({"MAE": 0.95, "RMSE": 2.0, "MAE_mean": 1.0}, NEAR),
        ({"MAE": 1.2, "MAE_mean": 1.0}, NEAR),
        ({"MAE": 0.7, "MAE_mean": 1.0}, FAR),
        ({"AP": 0.004, "AP50": 0.02}, NEAR),
        ({"AP": 0.05, "AP50": 0.2}, FAR),
    ],
)
def test_near_is_less_than_a_tenth_of_the_way_to_perfect(metrics, is_near):
    assert compare_to_trivial(metrics).is_near is is_near


@pytest.mark.parametrize(
    "metrics",
    [
        {"mAP": None, "mAP_chance": 0.1},
        {"accuracy": 0.5, "accuracy_majority": None},
        {"MAE": 0.0, "MAE_mean": 0.0},
        {"AP": None},
        {},
    ],
)
def test_what_is_undefined_is_not_judged(metrics):
    assert compare_to_trivial(metrics) is None


def test_it_is_described_in_words():
    near = compare_to_trivial({"mAP": 0.112, "mAP_chance": 0.1})
    assert str(near) == "hardly better than a random ranking (mAP 0.112 against 0.100)"
    worse = compare_to_trivial({"MAE": 1.2, "MAE_mean": 1.0})
    assert str(worse) == "worse than always the mean (MAE 1.200 against 1.000)"
    nothing = compare_to_trivial({"AP": 0.0})
    assert str(nothing) == "finds next to nothing (AP 0.000)"


def test_heads_that_answer_trivially_are_near():
    targets = np.array([0, 0, 0, 1])
    always = ClassMeter(["day", "night"])
    always.update(np.tile([0.75, 0.25], (4, 1)), targets)
    numbers = NumberMeter()
    numbers.update(np.full(4, targets.mean()), targets.astype(float))
    for meter in (always, numbers):
        metrics = {name: entry["value"] for name, entry in meter.compute()["metrics"].items()}
        compared = compare_to_trivial(metrics)
        assert compared.is_near
        assert compared.gained == 0
