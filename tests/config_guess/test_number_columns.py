"""Which columns of numbers become number tasks, and of which kind."""

import numpy as np
import pytest
from label_tables import NUM_ROWS, cycle, decide

from polyhead.config_guess.count_columns import (
    are_counts,
    fall_off,
    is_amount_name,
    is_count_name,
)

MEASURED = [f"{row * 7.3 % 50:.2f}" for row in range(NUM_ROWS)]


def counts(rate, num_rows=400, seed=0):
    return [str(n) for n in np.random.default_rng(seed).poisson(rate, num_rows)]


def times(*rows):
    """So many rows of 0, of 1, of 2, …"""
    return [str(value) for value, num in enumerate(rows) for _ in range(num)]


@pytest.mark.parametrize("rate", [0.8, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_counts_are_a_poisson_number(tmp_path, rate, seed):
    decision = decide(tmp_path, "things", counts(rate, seed=seed))
    assert (decision.type, decision.task) == ("number", "things")
    assert decision.keys == {"column": "things", "distribution": "poisson"}
    assert "as counts are" in decision.reason


def test_measurements_are_a_plain_number(tmp_path):
    decision = decide(tmp_path, "price", MEASURED)
    assert (decision.type, decision.keys) == ("number", {"column": "price"})
    assert "numbers from 0.00 to" in decision.reason
    assert "an amount" in decision.reason
    assert decision.labels == ()


@pytest.mark.parametrize(
    "cells",
    [cycle(*map(str, range(1990, 2020))), cycle(*map(str, range(-9, 10))), ["0", "500", "90"] * 2],
)
def test_whole_numbers_that_are_no_counts_are_plain(tmp_path, cells):
    cells = cells + [str(1000 + 37 * row) for row in range(40)]
    assert decide(tmp_path, "height", cells).keys == {"column": "height"}


@pytest.mark.parametrize("rows", [(40, 40, 40), (20, 45, 20, 45), (200, 30, 110, 22, 80)])
def test_few_codes_are_classes_that_may_be_amounts(tmp_path, rows):
    decision = decide(tmp_path, "grade", times(*rows))
    assert decision.type == "class"
    assert "if they are amounts, write type: number" in decision.reason


def test_few_counts_may_be_classes(tmp_path):
    decision = decide(tmp_path, "things", times(80, 60, 30, 9))
    assert decision.keys["distribution"] == "poisson"
    assert "if they stand for classes, write type: class" in decision.reason


def test_the_name_decides_where_the_cells_do_not(tmp_path):
    cells = times(40, 40, 40)
    assert decide(tmp_path, "num_cars", cells).type == "number"
    assert decide(tmp_path, "car_class", cells).type == "class"
    assert decide(tmp_path, "class", times(80, 60, 30, 9)).type == "class"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("people", True), ("car_count", True), ("Num cars", True), ("n_dogs", True)),
        *(("number of cars", True), ("house_number", False), ("account", False)),
        *(("country", False), ("num", False), ("nose", False)),
    ],
)
def test_names_that_count(name, expected):
    assert is_count_name(name) is expected


@pytest.mark.parametrize("name", ["age", "Patient Age", "years", "bodyWeight", "HEIGHT", "size_cm"])
def test_few_whole_numbers_of_a_column_called_an_amount_are_one(tmp_path, name):
    decision = decide(tmp_path, name, cycle("41", "44", "45", "50"))
    assert (decision.type, decision.keys) == ("number", {"column": name})
    assert "by the name of the column; if they stand for classes, write type: class" in (
        decision.reason
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("Patient Age", True), ("age", True), ("age_years", True), ("patientAge", True)),
        *(("stage", False), ("image", False), ("agent", False), ("sizeable", False)),
        *(("age_group", False), ("Weight Class", True), ("grade", False), ("yearbook", False)),
    ],
)
def test_names_of_amounts(name, expected):
    assert is_amount_name(name) is expected


def test_two_numbers_or_a_name_of_classes_stay_classes(tmp_path):
    assert decide(tmp_path, "size", cycle("0", "1")).type != "number"
    assert decide(tmp_path, "weight class", cycle("1", "2", "3")).type == "class"


def test_unknown_and_odd_cells_are_told(tmp_path):
    decision = decide(tmp_path, "price", [*MEASURED, None, "nan", "inf"])
    assert decision.task == "price"
    assert '2 of 123 cells are empty or say "nan", read as unknown' in decision.reason
    assert "1 cells say inf: empty them if they mean unknown" in decision.reason


def test_a_comma_that_may_be_two_things_makes_no_task(tmp_path):
    decision = decide(tmp_path, "price", [f"{row % 9 + 1},{row:03d}" for row in range(NUM_ROWS)])
    assert (decision.type, decision.task) == ("number", None)
    assert '"1,000" may be 1.000 or 1000' in decision.reason
    clear = [f"{row % 9},{row % 100:02d}" for row in range(NUM_ROWS)]
    assert decide(tmp_path, "price", clear).task == "price"


def test_spellings_of_one_number_are_one_value(tmp_path):
    decision = decide(tmp_path, "grade", cycle("0", "1", "2", "0.0", "1.0", "2.0"))
    assert decision.labels == ("0", "1", "2")
    assert "3 different whole numbers" in decision.reason
    assert 'equal numbers are one class, such as "0.0" and "0"' in decision.reason


def test_numbers_from_no_to_yes_may_be_tags(tmp_path):
    decision = decide(tmp_path, "car", cycle("0", "1", "0.7"))
    assert decision.type == "number"
    assert "if 0 is no and 1 is yes, write type: tags" in decision.reason


def test_what_counts_are():
    assert are_counts(["0", "1", "3"])
    assert are_counts(["1", "2"])
    assert not are_counts(["0", "1.5"])
    assert not are_counts(["2", "3"])
    assert not are_counts(["0", "1", "90"])
    assert not are_counts(["-1", "0"])


def test_counts_fall_off():
    assert fall_off({"0": 50, "1": 70, "2": 20, "3": 3})
    assert not fall_off({"0": 50, "1": 50, "2": 50})
    assert not fall_off({"0": 90, "1": 10, "2": 90, "3": 2})
    assert not fall_off({"1": 50, "2": 10})
    assert fall_off({"0": 50, "1": 30, "3": 1})
    assert not fall_off({"0": 50, "9": 10})
