"""Ordinal: grades in an order, from cells to targets and from probabilities to answers."""

import json
from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.metrics import cohen_kappa_score
from task_tables import from_csv, table

from polyhead.errors import ConfigError, DataError
from polyhead.tasks.ordinal.config import OrdinalConfig
from polyhead.tasks.ordinal.decider import OrdinalDecider

SIZES = np.array([[48, 64]])  # these tasks do not read them
STAGE = OrdinalDecider("stage", ("0", "1", "2", "3"))
PAIN = OrdinalDecider("pain", ("none", "mild", "severe"))


def resolve(rows, **keys):
    config = OrdinalConfig.model_validate({"type": "ordinal", "column": "stage", **keys})
    return config.resolve("stage", rows)


def encode(cells, **keys):
    rows = table(stage=cells)
    encoder = resolve(rows, **keys)
    return encoder, encoder.encode(rows)


def codes(encoding):
    return [fault.code for fault in encoding.faults]


class TestGradesOfATable:
    def test_whole_numbers_are_found_in_their_order(self):
        encoder, encoding = encode(["10", " 2 ", None, "1", "", "2"], column="stage")
        assert encoder.classes == ("1", "2", "10")
        assert encoding.targets.dtype == np.int32
        assert encoding.targets.tolist() == [2, 1, -1, 0, -1, 1]

    def test_numbers_that_pandas_wrote_with_a_point_are_whole(self):
        encoder, encoding = encode(["1.0", "0.0", "nan", "2.0", ""])
        assert encoder.classes == ("0", "1", "2")
        assert encoding.targets.tolist() == [1, 0, -1, 2, -1]
        assert codes(encoding) == ["N_UNKNOWN_CELLS"]

    def test_integers_of_a_typed_table_are_read(self):
        encoder, encoding = encode(pa.array([3, None, 1, 2]))
        assert encoder.classes == ("1", "2", "3")
        assert encoding.targets.tolist() == [2, -1, 0, 1]

    def test_codes_with_leading_zeros_keep_their_spelling(self):
        encoder, encoding = encode(["02", "01", "10"])
        assert encoder.classes == ("01", "02", "10")
        assert encoding.targets.tolist() == [1, 0, 2]

    def test_grades_may_lie_on_both_sides_of_nought(self):
        encoder, _ = encode(["-1", "2", "-2", "0", "1"])
        assert encoder.classes == ("-2", "-1", "0", "1", "2")

    def test_a_csv_file_is_read(self, tmp_path):
        rows = from_csv(tmp_path, "image,stage\na.jpg,4\nb.jpg,\nc.jpg,0\n")
        encoder = resolve(rows)
        assert encoder.classes == ("0", "4")
        assert encoder.encode(rows).targets.tolist() == [1, -1, 0]

    def test_words_need_an_order(self):
        with pytest.raises(DataError, match=r"expected whole numbers.*under `classes`, the lowest"):
            encode(["low", "high", "medium"])

    def test_the_mend_for_words_works(self):
        encoder, encoding = encode(["low", "high", "medium"], classes=["low", "medium", "high"])
        assert encoder.classes == ("low", "medium", "high")
        assert encoding.targets.tolist() == [0, 2, 1]
        assert not encoding.faults

    @pytest.mark.parametrize(
        ("cells", "found"),
        [
            (["2", "2", None], "holds 1 different grades; expected at least 2"),
            ([None, ""], "holds 0 different grades"),
            (["1", "01", "2"], 'holds "01" and "1", which are one number'),
            (["0", "1", "-1", "2"], 'holds "-1" below grades from 0 on.*or mean unknown'),
            ([str(k) for k in range(40)], "40 different whole numbers.*type: number"),
            (["0.5", "1.5", "1"], 'holds "0.5", "1.5"; expected whole numbers'),
        ],
    )
    def test_what_is_no_plain_order_is_refused(self, cells, found):
        with pytest.raises(DataError, match=found):
            encode(cells)

    def test_declared_a_doubtful_number_is_what_it_is_declared(self):
        _, encoding = encode(["0", "1", "-1"], classes=["-1", "0", "1"])
        assert encoding.targets.tolist() == [1, 2, 0]
        _, encoding = encode(["0", "1", "-1"], classes=["0", "1"])
        assert encoding.targets.tolist() == [0, 1, -1]
        assert codes(encoding) == ["E_LABEL_UNKNOWN"]

    def test_a_gap_between_grades_is_questioned(self):
        encoder, encoding = encode(["0", "1", "3", "1"])
        assert encoder.classes == ("0", "1", "3")
        assert codes(encoding) == ["W_NO_POSITIVES"]
        assert "no row has 2" in encoding.faults[0].message
        assert not encode(["0", "2", "4"])[1].faults

    def test_the_mend_for_a_gap_works(self):
        encoder, encoding = encode(["0", "1", "3", "1"], classes=["0", "1", "2", "3"])
        assert encoding.targets.tolist() == [0, 1, 3, 1]
        assert codes(encoding) == ["W_NO_POSITIVES"]
        assert '1 of 4 classes have no positive row ("2")' in encoding.faults[0].message
        assert encoder.classes == ("0", "1", "2", "3")

    def test_a_column_that_is_not_there_names_the_nearest(self):
        with pytest.raises(ConfigError, match='Did you mean "stage"'):
            resolve(table(stage=["0", "1"]), column="stages")


class TestCellsThatAreNoGrade:
    @pytest.mark.parametrize("keys", [{}, {"classes": ["0", "1", "2"]}])
    @pytest.mark.parametrize("cell", ["ungradable", "1.5", "2+"])
    def test_each_is_an_error_that_names_row_and_grades(self, keys, cell):
        _, encoding = encode(["0", "1", cell, "2", "1"], **keys)
        assert encoding.targets.tolist() == [0, 1, -1, 2, 1]
        (fault,) = encoding.faults
        assert fault.code == "E_LABEL_UNKNOWN"
        assert fault.row == 2
        assert "labels.csv:4" in fault.where
        assert f'found "{cell}"; expected one of the grades 0, 1, 2, or an' in fault.message

    def test_a_number_beyond_the_declared_ones_is_one(self):
        _, encoding = encode(["0", "1", "7"], classes=["0", "1"])
        assert codes(encoding) == ["E_LABEL_UNKNOWN"]


class TestKeys:
    @pytest.mark.parametrize("order", [("0", "1", "2"), ("2", "1", "0"), ("b", "a", "c")])
    def test_any_order_that_may_be_meant_is_taken(self, order):
        keys = {"type": "ordinal", "classes": order}
        assert OrdinalConfig.model_validate(keys).classes == order

    @pytest.mark.parametrize("order", [("0", "2", "1"), ("3", "1", "2")])
    def test_whole_numbers_out_of_order_are_refused(self, order):
        with pytest.raises(ValidationError, match="whole numbers in their order, lowest first"):
            OrdinalConfig.model_validate({"type": "ordinal", "classes": order})

    def test_one_grade_is_refused(self):
        with pytest.raises(ValidationError, match="expected at least 2, lowest first"):
            OrdinalConfig.model_validate({"type": "ordinal", "classes": ["0"]})

    def test_known_classes_count_as_declared(self):
        config = OrdinalConfig.model_validate({"type": "ordinal"})
        encoder = config.encoder("stage", ("low", "high"))
        assert encoder.encode(table(stage=["high", "low"])).targets.tolist() == [1, 0]


class TestOffer:
    @pytest.mark.parametrize(
        ("column", "cells", "decided", "reason"),
        [
            ("KL_grade", "01234", "class", "grades from 0 to 4 in an order, by the name"),
            ("stars", "12345", "class", "grades from 1 to 5"),
            ("DiseaseSeverity", "0123", "number", "grades from 0 to 3"),
            ("score", [*map(str, range(11))], "class", "grades from 0 to 10"),
            ("rating", ["1.0", "2.0", "3.0"], "class", "grades from 1 to 3"),
            ("diagnosis", "01234", "class", "from 0 to 4 may be grades in an order"),
            ("people", "01234", "number", ""),
            ("class_id", "01234", "class", ""),
            ("label", "01234", "class", ""),
            ("grade", "01", "class", ""),
            ("grade", "0124", "class", ""),
            ("grade", "234", "class", ""),
            ("score", [*map(str, range(12))], "number", ""),
            ("grade", ["0", "1", "2", "3+"], "class", ""),
            ("stage", ["low", "high", "medium"], "class", ""),
            ("stage", [], "class", ""),
        ],
    )
    def test_init_offers_it_for_few_whole_numbers(self, column, cells, decided, reason):
        found = OrdinalConfig.offered_for(column, cells, decided)
        assert bool(found) == bool(reason)
        assert reason in found


class TestTargets:
    ENCODER = OrdinalConfig.model_validate({"type": "ordinal"}).encoder("stage", STAGE.classes)

    def test_stacked_they_know_what_is_known(self):
        targets, known = self.ENCODER.stack([np.int32(2), np.int32(-1), np.int32(0)])
        assert targets.tolist() == [2, -1, 0]
        assert known.tolist() == [True, False, True]

    def test_the_label_matrix_has_a_column_a_grade(self):
        found = self.ENCODER.label_matrix(np.array([2, -1, 0], np.int32))
        assert found.dtype == np.int8
        assert found.tolist() == [[0, 0, 1, 0], [-1] * 4, [1, 0, 0, 0]]

    def test_statistics_count_known_rows(self):
        found = self.ENCODER.statistics(np.array([2, -1, 0, 2], np.int32))
        assert found.positive.tolist() == [1, 0, 2, 0]
        assert found.known.tolist() == [3] * 4
        assert found.rows == 3

    @pytest.mark.parametrize(
        ("joined", "grade"), [([1, 1], 1), ([1, 2], -1), ([1, -1], -1), ([-1, -1], -1)]
    )
    @pytest.mark.parametrize("overlaid", [True, False])
    def test_joined_images_have_a_grade_where_all_agree(self, joined, grade, overlaid):
        found = self.ENCODER.join([np.int32(k) for k in joined], overlaid=overlaid)
        assert found == grade
        assert found.dtype == np.int32


class TestAnswers:
    def test_the_middle_grade_is_the_answer_and_not_the_likeliest(self):
        probabilities = np.array([[0.4, 0.15, 0.15, 0.3], [0.1, 0.2, 0.3, 0.4]], np.float32)
        first, second = STAGE.select({"probabilities": probabilities}, SIZES)
        assert (first.label, second.label) == ("1", "2")
        assert (first.expected, second.expected) == pytest.approx((1.35, 2.0))
        assert list(first.probabilities) == ["0", "1", "2", "3"]
        assert first.probabilities["3"] == pytest.approx(0.3)

    @pytest.mark.parametrize(
        ("classes", "values"),
        [
            (("1", "2", "5"), [1, 2, 5]),
            (("3", "2", "1"), [3, 2, 1]),
            (("none", "mild", "severe"), [0, 1, 2]),
            (("0", "1", "many"), [0, 1, 2]),
        ],
    )
    def test_the_mean_is_of_the_numbers_or_else_of_the_places(self, classes, values):
        decider = OrdinalDecider("stage", classes)
        shares = np.array([[0.5, 0.25, 0.25]], np.float32)
        (answer,) = decider.select({"probabilities": shares}, SIZES)
        assert answer.expected == pytest.approx(float(shares[0] @ values))

    def test_a_spreadsheet_has_a_column_for_each_cell(self):
        (answer,) = PAIN.select({"probabilities": np.array([[0.2, 0.7, 0.1]])}, SIZES)
        assert PAIN.columns() == ["pain", "pain/expected"]
        assert answer.cells() == ["mild", "0.9"]

    def test_a_decider_survives_json(self):
        entry = json.loads(json.dumps(STAGE.to_dict()))
        assert entry["type"] == "ordinal"
        assert OrdinalDecider.from_dict("stage", entry) == STAGE

    @given(st.integers(0, 2**32 - 1))
    def test_reversed_grades_have_the_reversed_answer_but_for_ties(self, seed):
        shares = np.random.default_rng(seed).dirichlet(np.ones(4), 9)
        turned = OrdinalDecider("stage", STAGE.classes[::-1])
        there = STAGE.select({"probabilities": shares}, SIZES)
        back = turned.select({"probabilities": shares[:, ::-1]}, SIZES)
        assert [answer.label for answer in there] == [answer.label for answer in back]
        assert [a.expected for a in there] == pytest.approx([a.expected for a in back])


class TestFigures:
    def test_the_meter_measures_the_answers_over_known_rows(self):
        probabilities = np.array([[0.4, 0.15, 0.15, 0.3], [0.1, 0.1, 0.1, 0.7], [1, 0, 0, 0]])
        meter = STAGE.meter()
        meter.update({"probabilities": probabilities}, np.array([0, 3, -1], np.int32))
        found = meter.compute()
        assert next(iter(found["metrics"])) == STAGE.score_name == "QWK"
        assert found["num_known"] == 2
        assert found["metrics"]["MAE"]["value"] == 0.5
        assert found["metrics"]["accuracy"]["value"] == 0.5
        expected = cohen_kappa_score([0, 3], [1, 3], weights="quadratic", labels=range(4))
        assert found["metrics"]["QWK"]["value"] == pytest.approx(expected)
        assert meter.fit(None) == STAGE
        assert STAGE.sample_size(found) == "2 images"

    def test_a_temperature_is_fitted_to_what_was_seen(self):
        generator = np.random.default_rng(0)
        logits = generator.normal(size=(4000, 4))
        true = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        targets = (generator.random((4000, 1)) > true.cumsum(1)).sum(1).astype(np.int32)
        sure = true**2 / (true**2).sum(1, keepdims=True)
        meter = STAGE.meter()
        meter.update({"probabilities": sure.astype(np.float32)}, np.minimum(targets, 3))
        assert meter.calibrate() == pytest.approx(2.0, rel=0.1)

    def test_a_table_of_scores_has_the_figures_of_grades(self):
        scores = np.eye(4, dtype=np.float32)
        targets = np.array([0, 1, 2, -1], np.int32)
        found = STAGE.scored(scores, targets, are_probabilities=True, protocol="default")
        assert found["metrics"]["QWK"]["value"] == 1
        assert STAGE.judged(targets, "default")[:, 0].tolist() == [True, True, True, False]
        with pytest.raises(DataError, match=r'ordinal task "stage": .*sum to 0.5'):
            STAGE.scored(scores / 2, targets, are_probabilities=True, protocol="default")


NUMBERS = st.lists(st.none() | st.integers(0, 12), min_size=2, max_size=12)


@given(NUMBERS)
def test_decoding_the_targets_gives_the_cells_back(numbers):
    cells = [None if number is None else str(number) for number in [*numbers, 5, 6]]
    encoder, encoding = encode(cells)
    assert [None if k < 0 else encoder.classes[k] for k in encoding.targets] == cells
    assert list(map(int, encoder.classes)) == sorted(map(int, encoder.classes))


@pytest.mark.parametrize("order", list(permutations(["low", "medium", "high"])))
def test_declared_words_keep_their_order(order):
    _, encoding = encode(["low", "medium", "high"], classes=order)
    assert encoding.targets.tolist() == [order.index(word) for word in ("low", "medium", "high")]
