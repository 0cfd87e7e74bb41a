"""Number: one quantity, from cells to targets and from dense arrays to answers."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from task_tables import from_csv, resolve, table

from polyhead.errors import ConfigError
from polyhead.formats import read_table
from polyhead.predictions import NumberPrediction
from polyhead.tasks import NumberDecider, decider_from_dict
from polyhead.tasks.number.number_cells import parse_number

SIZES = np.array([[48, 64]])  # these tasks do not read them

HEIGHT = NumberDecider("height", range=(0.0, 10.0))


def encode(rows, **keys):
    task = resolve(rows, "height", type="number", **keys)
    return task, task.encode(rows)


def codes(encoding):
    return [fault.code for fault in encoding.faults]


def test_cells_become_numbers_and_blanks_unknown():
    task, encoding = encode(table(height=["3", " -2.5 ", None, "1e3", "", "  ", "+.5"]))
    assert encoding.targets.dtype == np.float64
    nan = np.nan
    np.testing.assert_array_equal(encoding.targets, [3, -2.5, nan, 1000, nan, nan, 0.5])
    assert task.known(encoding.targets).tolist() == [True, True, False, True, False, False, True]
    assert not encoding.faults
    assert task.classes == ()


@pytest.mark.parametrize(
    "cell", ["inf", "-Infinity", "1e31", "many", "1_000", "3 m", "1.234,5", "1,2,3"]
)
def test_what_is_no_number_is_an_error_and_unknown(cell):
    _, encoding = encode(table(height=["1", cell, "2"]))
    (fault,) = encoding.faults
    assert (fault.code, fault.row, fault.where) == ("E_NUMBER", 1, "labels.csv:3 1.jpg")
    assert f'found "{cell}"; expected a number' in fault.message
    assert np.isnan(encoding.targets[1])


@pytest.mark.parametrize("word", ["nan", "NaN", "N/A", "None", "null", "-", "#N/A"])
def test_a_word_for_unknown_is_unknown_and_reported(word):
    _, encoding = encode(table(height=["1", word, f" {word} ", "2"]))
    np.testing.assert_array_equal(encoding.targets, [1, np.nan, np.nan, 2])
    assert codes(encoding) == ["N_UNKNOWN_CELLS"]
    assert f'"{word}"' in encoding.faults[0].message


@pytest.mark.parametrize("cell", ["1,234,567", "1.234.567", "1 234", "1'234.5", "1,234.5"])
def test_marks_between_thousands_are_refused_by_name(cell):
    _, encoding = encode(table(height=["1", cell]))
    assert codes(encoding) == ["E_NUMBER"]
    assert "without marks between thousands" in encoding.faults[0].message


def test_a_decimal_comma_is_understood():
    _, encoding = encode(table(height=["3,5", "0,125", "12,3456", "1234,567", "-0,5"]))
    assert not [fault for fault in encoding.faults if fault.is_error]
    np.testing.assert_allclose(encoding.targets, [3.5, 0.125, 12.3456, 1234.567, -0.5], rtol=1e-6)


@pytest.mark.parametrize("cell", ["1,234", "-12,500", "+999,000"])
def test_a_comma_that_may_be_two_things_is_an_error(cell):
    _, encoding = encode(table(height=[cell, "2"]))
    (fault,) = encoding.faults
    assert fault.code == "E_NUMBER"
    assert f"may be {cell.replace(',', '.')} or {cell.replace(',', '')}" in fault.message
    assert np.isnan(encoding.targets[0])


def test_numbers_outside_the_range_are_errors():
    task, encoding = encode(table(height=["0", "10", "10.1", "-1"]), range=["0", "10"])
    assert task.decider().range == (0.0, 10.0)
    assert codes(encoding) == ["E_NUMBER", "E_NUMBER"]
    assert encoding.faults[0].message.startswith('found "10.1"; expected 0 to 10 as `range`')
    assert task.known(encoding.targets).tolist() == [True, True, False, False]


def test_poisson_takes_counts_alone():
    _, encoding = encode(table(height=["0", "7", "2.0", "1.5", "-1"]), distribution="poisson")
    assert [fault.row for fault in encoding.faults] == [3, 4]
    assert "expected a count (0, 1, 2, …)" in encoding.faults[0].message
    _, encoding = encode(table(height=["1.5"]), loss="poisson")
    assert codes(encoding) == ["E_NUMBER"]


def test_many_wrong_cells_are_counted():
    _, encoding = encode(table(height=["bad"] * 1500))
    assert len(encoding.faults) == 1001
    assert encoding.faults[-1].message.startswith("500 more cells hold no number")
    assert encoding.faults[-1].row is None


def test_another_unit_is_a_warning():
    cells = [f"{1.5 + row / 100:.2f}" for row in range(40)]
    _, encoding = encode(table(height=[*cells, "180", None]))
    (fault,) = encoding.faults
    assert (fault.code, fault.row) == ("W_NUMBER_OUTLIER", 40)
    assert "holds 180, while half of it lies between 1.6" in fault.message
    assert encoding.targets[40] == 180
    _, encoding = encode(table(height=["0"] * 40 + ["7"]))
    assert not encoding.faults


def test_many_outliers_are_counted():
    _, encoding = encode(table(height=[f"{row % 10}" for row in range(400)] + ["1e6"] * 25))
    assert codes(encoding) == ["W_NUMBER_OUTLIER"] * 21
    assert "5 more numbers" in encoding.faults[-1].message


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["3.5", None, "3.5"]).dictionary_encode(),
        pa.chunked_array([pa.array(["3.5", None]), pa.array(["3.5"])]),
        pa.array([3.5, None, 3.5], pa.float32()),
    ],
    ids=["dictionary", "chunked", "float"],
)
def test_any_storage_reads_the_same(column):
    _, encoding = encode(table(height=column))
    np.testing.assert_array_equal(encoding.targets, np.array([3.5, np.nan, 3.5], np.float32))


@pytest.mark.parametrize("kind", [pa.int8(), pa.int64(), pa.float32(), pa.float64(), pa.string()])
def test_columns_of_parquet(tmp_path, kind):
    cells = pa.array([3, None, 120, 0], pa.int64()).cast(kind)
    images = [f"{row}.jpg" for row in range(4)]
    pq.write_table(pa.table({"image": images, "height": cells}), tmp_path / "t.parquet")
    _, encoding = encode(read_table(tmp_path / "t.parquet"))
    np.testing.assert_array_equal(encoding.targets, [3, np.nan, 120, 0])
    assert not encoding.faults


def test_a_table_of_text(tmp_path):
    rows = from_csv(tmp_path, "image;height\na.jpg;3,5\nb.jpg;\nc.jpg;4\n")
    np.testing.assert_array_equal(encode(rows)[1].targets, [3.5, np.nan, 4])


def test_lists_are_refused():
    with pytest.raises(ConfigError, match="expected text or numbers"):
        encode(table(height=[["1"], ["2"]]))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"range": ["5", "1"]}, "expected the lowest first"),
        ({"range": ["1", "1"]}, "expected the lowest first"),
        ({"range": ["1"]}, "tasks.height.range"),
        ({"range": ["0", "inf"]}, "finite number"),
        ({"range": "5"}, "expected a list"),
        ({"distribution": "gamma"}, 'is "gamma"'),
        ({"distribution": "poisson", "loss": "huber"}, "distribution poisson and loss huber"),
        ({"classes": ["a"]}, "unknown key `tasks.height.classes`"),
    ],
)
def test_wrong_keys_are_refused(keys, expected):
    with pytest.raises(ConfigError) as caught:
        resolve(table(height=["1"]), "height", type="number", **keys)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "loss", "options"),
    [
        ({}, "huber", {}),
        ({"distribution": "normal"}, "normal", {}),
        ({"distribution": ""}, "huber", {}),
        ({"loss": "poisson"}, "poisson", {}),
        ({"distribution": "normal", "loss": {"name": "normal", "beta": "0"}}, "normal", "beta"),
    ],
)
def test_the_distribution_chooses_the_loss(keys, loss, options):
    config = resolve(table(height=["1"]), "height", type="number", **keys).config
    assert config.loss.name == loss
    assert list(config.loss.options) == ([options] if options else [])
    again = resolve(table(height=["1"]), "height", **config.model_dump(exclude_none=True)).config
    assert again == config


def test_answers_stay_inside_the_range():
    dense = {
        "value": np.array([3.0, 12.0, -1.0], np.float32),
        "low": np.array([1.0, 9.0, -4.0], np.float32),
        "high": np.array([5.0, 15.0, 2.0], np.float32),
    }
    answers = HEIGHT.select(dense, SIZES)
    assert answers == [
        NumberPrediction(3.0, 1.0, 5.0),
        NumberPrediction(10.0, 9.0, 10.0),
        NumberPrediction(0.0, 0.0, 2.0),
    ]
    narrow = NumberDecider("height", range=(0.1, 0.3)).select(
        {"value": np.float32([0.0, 9.0])}, SIZES
    )
    assert narrow == [NumberPrediction(0.1), NumberPrediction(0.3)]
    (free,) = NumberDecider("height").select({"value": np.array([12.0])}, SIZES)
    assert free == NumberPrediction(12.0)


def test_answers_have_the_shape_of_json():
    assert json.dumps(NumberPrediction(3.2).to_dict()) == '{"type": "number", "value": 3.2}'
    entry = NumberPrediction(3.0, 1.0, 5.0).to_dict()
    assert entry == {"type": "number", "value": 3.0, "low": 1.0, "high": 5.0}
    assert str(NumberPrediction(3.25)) == "3.25"
    assert str(NumberPrediction(3.0, 1.0, 5.0)) == "3.00 (1.00 to 5.00)"


def test_the_meter_sees_the_values_as_predicted():
    meter = HEIGHT.meter()
    meter.update({"value": np.array([25.0, 3.0, 7.0])}, np.array([10.0, 4.0, np.nan]))
    found = meter.compute()
    assert found["num_known"] == 2
    assert found["metrics"]["MAE"]["value"] == pytest.approx(0.5)
    assert HEIGHT.score_name in found["metrics"]
    dense = {"value": np.zeros(50)}
    assert HEIGHT.fit(dense, np.zeros(50)) is HEIGHT
    ends = {"low": np.zeros(19), "high": np.ones(19)}
    assert HEIGHT.fit({"value": np.zeros(19), **ends}, np.zeros(19)) is HEIGHT


@pytest.mark.parametrize("width", [0.2, 1.0, 5.0])
def test_intervals_are_fitted_to_hold_80_percent(width):
    generator = np.random.default_rng(0)

    def rows(num):
        centre, spread = generator.normal(0, 5, num), generator.uniform(0.5, 4, num)
        half = width * 1.2815515655446004 * spread
        targets = generator.normal(centre, spread)
        targets[::7] = np.nan
        return {"value": centre, "low": centre - half, "high": centre + half}, targets

    task = NumberDecider("height").fit(*rows(4000))
    assert task.interval_scale == pytest.approx(1 / width, rel=0.05)
    meter = task.meter()
    meter.update(*rows(4000))
    assert meter.compute()["metrics"]["interval_coverage"]["value"] == pytest.approx(0.8, abs=0.02)


@given(st.integers(20, 60), st.integers(0, 99))
def test_fitted_intervals_hold_the_share_on_the_rows_they_were_fitted_on(num_rows, seed):
    generator = np.random.default_rng(seed)
    value = generator.normal(size=num_rows)
    dense = {"value": value, "low": value - 1, "high": value + 1}
    targets = generator.normal(size=num_rows)
    scale = NumberDecider("height").fit(dense, targets).interval_scale
    inside = int((np.abs(targets - value) <= scale * (1 + 1e-12)).sum())
    assert inside == int(np.ceil(0.8 * (num_rows + 1) - 1e-9))


def test_answers_are_scaled_before_they_are_kept_inside():
    task = NumberDecider("height", range=(0.0, 10.0), interval_scale=2.0)
    dense = {key: np.array([x], np.float32) for key, x in [("value", 6), ("low", 5), ("high", 9)]}
    assert task.select(dense, SIZES) == [NumberPrediction(6.0, 4.0, 10.0)]


def test_stratification_has_a_column_a_band():
    targets = np.array([*range(10), np.nan], np.float32)
    encoder = resolve(table(height=["1"]), "height", type="number")
    found = encoder.label_matrix(targets)
    assert found.shape == (11, 5)
    assert (found[:10].sum(0) == 2).all()
    assert (found[:10].sum(1) == 1).all()
    assert (found[10] == -1).all()
    assert encoder.label_matrix(np.full(3, np.nan)).shape == (3, 0)
    assert encoder.label_matrix(np.zeros(3)).shape[0] == 3


@pytest.mark.parametrize(
    "task", [HEIGHT, NumberDecider("height"), NumberDecider("height", interval_scale=2.5)]
)
def test_a_task_survives_json(task):
    assert decider_from_dict("height", json.loads(json.dumps(task.to_dict()))) == task


def test_a_trained_task_reads_where_its_config_says():
    rows = table(tall=["3", "4"])
    config = resolve(rows, "height", type="number", column="tall", range=["0", "10"]).config
    assert config.encoder("height", ()).encode(rows).targets.tolist() == [3, 4]


@given(st.lists(st.none() | st.floats(-1e30, 1e30), min_size=1, max_size=20))
def test_any_float_comes_back(values):
    rows = table(height=[None if value is None else repr(value) for value in values])
    _, encoding = encode(rows)
    assert not [fault for fault in encoding.faults if fault.is_error]
    expected = np.array([np.nan if value is None else value for value in values])
    np.testing.assert_array_equal(encoding.targets, expected)


def test_numbers_are_rounded_where_the_network_begins_and_nowhere_else():
    cells = ["1732982400.5", "52.520006583", "16777217", None]
    task, encoding = encode(table(height=cells))
    assert encoding.targets[:3].tolist() == [1732982400.5, 52.520006583, 16777217]
    stacked, known = task.stack(list(encoding.targets))
    assert stacked.dtype == np.float32
    assert known.tolist() == [True, True, True, False]
    meter = task.decider().meter()
    meter.update({"value": np.float32([2**24, 2**24])}, np.array([16777217.0, np.nan]))
    assert meter.compute()["metrics"]["MAE"]["value"] == 1


@given(st.text(max_size=8))
@example("-")
@example(" N/A ")
def test_any_text_is_read_or_refused(cell):
    task, encoding = encode(table(height=[cell, "1"]))
    known = task.known(encoding.targets)[0]
    is_error = [fault.row for fault in encoding.faults if fault.is_error] == [0]
    notes = [fault.message for fault in encoding.faults if fault.code == "N_UNKNOWN_CELLS"]
    is_reported = [f'"{cell.strip()}" (1)' in message for message in notes] == [True]
    assert known + is_error + is_reported + (not cell.strip()) == 1
    assert len(notes) == is_reported
    assert not known or encoding.targets[0] == parse_number(cell)
