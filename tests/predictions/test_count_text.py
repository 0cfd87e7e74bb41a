"""Counts are shown with one decimal at most, other numbers as before."""

import pytest

from polyhead.predictions import NumberPrediction
from polyhead.tasks import NumberConfig, NumberDecider


@pytest.mark.parametrize(
    ("value", "shown"), [(3.2449, "3.2"), (2.96, "3"), (0.0145, "0"), (0.38, "0.4"), (0.0, "0")]
)
def test_a_count_is_drawn_and_reported_with_one_decimal(value, shown):
    count = NumberPrediction(value, is_count=True)
    assert count.section({}).answer == shown
    assert str(count) == shown
    assert count.to_dict() == {"type": "number", "value": value}  # programs get all digits


def test_an_amount_keeps_its_digits():
    amount = NumberPrediction(3.2449)
    assert amount.section({}).answer == "3.245"
    assert str(amount) == "3.24"


def test_the_interval_of_a_count_is_written_like_it():
    count = NumberPrediction(3.2449, 1.01, 5.61, is_count=True)
    assert str(count) == "3.2 (1 to 5.6)"
    assert count.section({}).remark == "80 % interval: 1 to 5.6"


@pytest.mark.parametrize("keys", [{"distribution": "poisson"}, {"loss": "poisson"}])
def test_a_poisson_task_counts(keys):
    config = NumberConfig.model_validate({"type": "number", **keys})
    assert config.resolve("people", None).decider().is_count
    assert not NumberConfig(type="number").resolve("people", None).decider().is_count


def test_a_run_remembers_that_it_counts():
    decider = NumberDecider("people", is_count=True)
    assert NumberDecider.from_dict("people", decider.to_dict()) == decider
    older = {"type": "number", "range": None, "interval_scale": 1.0}
    assert not NumberDecider.from_dict("people", older).is_count
