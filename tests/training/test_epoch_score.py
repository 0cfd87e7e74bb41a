"""The score that chooses the best epoch, where a number's R2 has no lowest value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyhead.tasks import ClassDecider, NumberDecider
from polyhead.training.metrics_log import epoch_record
from polyhead.training.state import Position

TASKS = {"daytime": ClassDecider("daytime", ("a", "b")), "people": NumberDecider("people")}


def score(accuracy, r2):
    figures = {
        "daytime": {"metrics": {"accuracy": {"value": accuracy}}},
        "people": {"metrics": {"MAE": {"value": 1.0}, "R2": {"value": r2}}},
    }
    return epoch_record(Position(), TASKS, figures)["score"]


def test_it_is_the_mean_of_accuracy_and_r2_where_that_is_defined():
    assert score(0.5, 0.7) == pytest.approx(0.6)
    assert score(0.5, None) == 0.5
    assert score(None, None) == 0.0


@given(st.lists(st.floats(-1e6, 1), min_size=2, max_size=9, unique=True))
def test_a_better_number_is_a_better_score_and_a_bad_one_costs_at_most_1(values):
    values = sorted(values)
    scores = [score(0.5, value) for value in values]
    assert (np.diff(scores) >= 0).all()
    assert -0.25 < scores[0] <= scores[-1] <= 0.75
