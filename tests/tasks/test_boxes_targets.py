"""Boxes: from cells to targets, and what is wrong with them."""

import pickle
import time

import numpy as np
import pyarrow as pa
import pytest
from object_rows import object_table, same_size, thing
from task_tables import resolve, table

from polyhead.errors import ConfigError, DataError
from polyhead.table import OBJECTS_TYPE, Table

CAR = thing("car", 10, 20, 50, 60)
BUS = thing("bus", 0, 0, 100, 90)


def encode(rows, sizes=None, **keys):
    encoder = resolve(rows, "objects", type="boxes", **keys)
    return encoder, encoder.encode(rows, same_size(len(rows)) if sizes is None else sizes)


def codes(encoding):
    return [fault.code for fault in encoding.faults]


class TestTargets:
    def test_cells_become_boxes_and_null_is_unknown(self):
        encoder, encoding = encode(object_table([[CAR, BUS], None, [], [CAR]]))
        targets = encoding.targets
        assert encoder.classes == ("bus", "car")
        assert targets.offsets.tolist() == [0, 2, 2, 2, 3]
        assert targets.boxes_xyxy.dtype == np.float32
        assert targets.boxes_xyxy[0].tolist() == [10, 20, 50, 60]
        assert targets.labels.tolist() == [1, 0, 1]
        assert targets.known.tolist() == [[True] * 2, [False] * 2, [True] * 2, [True] * 2]
        assert targets.areas.tolist() == [1600, 9000, 1600]
        assert not encoding.faults

    def test_the_files_order_of_classes_stays_also_without_boxes(self):
        encoder, encoding = encode(object_table([[CAR]], labels=["zebra", "car", "ant"]))
        assert encoder.classes == ("zebra", "car", "ant")
        assert codes(encoding) == ["W_NO_POSITIVES"]

    def test_fractions_are_of_each_image(self):
        rows = object_table([[thing("car", 0.1, 0.2, 0.5, 0.6)]] * 2, units="fraction")
        _, encoding = encode(rows, np.array([[100, 200], [50, 60]], np.int32))
        np.testing.assert_allclose(
            encoding.targets.boxes_xyxy, [[20, 20, 100, 60], [6, 10, 30, 30]], rtol=1e-6
        )
        assert not encoding.faults

    def test_crowds_are_ignored_and_so_are_difficult_ones_unless_kept(self):
        cells = [
            [thing("car", 0, 0, 9, 9, crowd=True), thing("car", 0, 0, 9, 9, difficult=True), CAR]
        ]
        _, ignoring = encode(object_table(cells))
        _, keeping = encode(object_table(cells), difficult="keep")
        assert ignoring.targets.ignored.tolist() == [True, True, False]
        assert keeping.targets.ignored.tolist() == [True, False, False]

    def test_areas_are_those_annotated(self):
        cells = [[thing("car", 0, 0, 10, 10, area=42.0), thing("car", 0, 0, 10, 10, area=0.0)]]
        assert encode(object_table(cells))[1].targets.areas.tolist() == [42, 100]

    def test_a_row_may_be_known_for_some_labels(self):
        known = pa.array([["car"], None, [], ["bus", "none of ours"]], pa.list_(pa.string()))
        rows = object_table([[CAR, BUS], [], [CAR], [BUS]], objects__labels=known)
        targets = encode(rows)[1].targets
        assert targets.known.tolist() == [
            [False, True],
            [True, True],
            [False, False],
            [True, False],
        ]
        assert targets.labels.tolist() == [1, 0], "boxes of labels not looked for do not count"

    def test_numbers_of_images_and_categories_are_the_files(self):
        rows = object_table([[CAR], [BUS], []], ["car", "bus"], [3, 90], image_id=["12", None, "7"])
        _, encoding = encode(rows, classes=["bus", "car"])
        assert encoding.targets.category_ids.tolist() == [90, 3]
        assert encoding.targets.image_ids.tolist() == [12, 13, 7]

    @pytest.mark.parametrize("ids", [["a", "b"], ["1", "1"], ["9" * 30, "2"]])
    def test_numbers_that_are_none_become_rows(self, ids):
        rows = object_table([[CAR], []], ["car"], [3], image_id=ids)
        assert encode(rows)[1].targets.image_ids.tolist() == [1, 2]

    def test_a_sliced_table_is_read_from_its_offset(self):
        rows = object_table([[CAR], None, [BUS, CAR], []])
        sliced = Table(rows.data.slice(1, 2), "x", rows.root, rows.lines[1:3])
        targets = encode(sliced)[1].targets
        assert targets.offsets.tolist() == [0, 0, 2]
        assert targets.known.any(1).tolist() == [False, True]

    def test_an_empty_table_is_no_crash(self):
        rows = object_table([], labels=["car"])
        assert len(encode(rows)[1].targets) == 0

    def test_a_million_boxes_would_take_seconds(self):
        number = 100_000
        low = pa.array(np.random.default_rng(0).uniform(0, 90, number))
        high = pa.array(np.asarray(low) + 5)
        columns = {
            "label": pa.array(["car", "bus"] * (number // 2)),
            "x_min": low,
            "y_min": low,
            "x_max": high,
            "y_max": high,
            "crowd": pa.array([False] * number),
            "difficult": pa.array([False] * number),
            "area": pa.nulls(number, pa.float64()),
            "segmentation": pa.nulls(number, pa.string()),
        }
        structs = pa.StructArray.from_arrays(list(columns.values()), list(columns))
        offsets = pa.array(np.arange(0, number + 1, 10), pa.int32())
        cells = pa.ListArray.from_arrays(offsets, structs).cast(OBJECTS_TYPE)
        rows = table(objects=cells)
        started = time.process_time()
        _, encoding = encode(rows)
        assert time.process_time() - started < 1
        assert len(encoding.targets.labels) == number


class TestColumns:
    def test_the_column_is_the_name_else_objects(self):
        rows = object_table([[CAR]], name="cars")
        assert resolve(rows, "cars", type="boxes").classes == ("car",)
        assert resolve(object_table([[CAR]]), "things", type="boxes").classes == ("car",)

    def test_a_missing_column_is_an_error_with_the_nearest(self):
        rows = object_table([[CAR]], name="things")
        with pytest.raises(ConfigError, match='Did you mean "things"'):
            resolve(rows, "objects", type="boxes", column="thigs")

    def test_a_column_of_text_is_refused_with_the_ones_that_fit(self):
        rows = object_table([[CAR]], name="things", objects=["a"])
        with pytest.raises(ConfigError, match="columns of objects: things"):
            resolve(rows, "objects", type="boxes")

    def test_no_object_at_all_gives_no_classes(self):
        with pytest.raises(DataError, match="names no object"):
            resolve(object_table([[], None]), "objects", type="boxes")


class TestFaults:
    @pytest.mark.parametrize(
        ("sides", "code", "words"),
        [
            ((90, 20, 10, 60), "E_BOX_INVERTED", "box [90, 20, 10, 60] has x2 < x1"),
            ((10, 60, 90, 20), "E_BOX_INVERTED", "expected y1 < y2"),
            ((float("nan"), 20, 10, 60), "E_BOX_NOT_FINITE", "[nan, 20, 10, 60]"),
            ((0, 20, float("inf"), 60), "E_BOX_NOT_FINITE", "expected numbers"),
            ((10, 20, 10, 60), "E_BOX_ZERO_AREA", "has no area"),
            ((300, 20, 310, 60), "E_BOX_OUTSIDE", "its image of 200 × 100 pixels"),
            ((-9, 20, 0, 60), "E_BOX_OUTSIDE", "outside"),
            ((10, 120, 20, 190), "E_BOX_OUTSIDE", "turned as EXIF says"),
            ((0.1, 0.1, 0.5, 0.6), "E_BOX_NORMALISED", "multiply it by width and height"),
        ],
    )
    def test_a_box_that_is_none_is_an_error_and_left_out(self, sides, code, words):
        rows = object_table([[CAR], [CAR, thing("car", *sides)]])
        _, encoding = encode(rows)
        (fault,) = encoding.faults
        assert (fault.code, fault.row) == (code, 1)
        assert words in fault.message
        assert str(fault).startswith(f"{code} objects.json 1.jpg: ")
        assert len(encoding.targets.labels) == 2

    def test_a_box_that_reaches_out_is_clipped_and_reported_beyond_a_pixel(self):
        rows = object_table([[thing("car", -0.5, 0, 200.9, 50), thing("car", -20, 5, 30, 130)]])
        _, encoding = encode(rows)
        assert encoding.targets.boxes_xyxy.tolist() == [[0, 0, 200, 50], [0, 5, 30, 100]]
        assert codes(encoding) == ["W_BOX_CLIPPED"]
        assert encoding.targets.areas.tolist() == [200 * 50, 30 * 95]

    def test_fractions_in_all_of_a_file_are_one_error(self):
        cells = [[thing("car", 0.1, 0.1, 0.5, 0.6), thing("car", 0.7, 0.1, 1.02, 0.6)]] * 50
        (fault,) = encode(object_table(cells))[1].faults
        assert (fault.code, fault.row) == ("E_BOX_NORMALISED", None)
        assert "fractions" in fault.message

    def test_pixels_where_fractions_are_declared_are_one_error(self):
        (fault,) = encode(object_table([[CAR]] * 9, units="fraction"))[1].faults
        assert (fault.code, fault.row) == ("E_BOX_NORMALISED", None)
        assert "seem to be pixels" in fault.message

    def test_boxes_that_may_be_in_per_cent_are_warned_of(self):
        cells = [[thing("car", 12.5, 25, 62.5, 56.25)], [thing("car", 50, 50, 98.5, 100)]] * 4
        rows = object_table(cells)
        _, encoding = encode(rows, same_size(8, 480, 640))
        (fault,) = encoding.faults
        assert (fault.code, fault.row) == ("W_BOX_PER_CENT", None)
        assert "lie between 12.5 and 100 in images of 640 × 480 pixels" in fault.message
        assert "read as pixels" in fault.message
        assert encoding.targets.boxes_xyxy[0].tolist() == [12.5, 25, 62.5, 56.25]
        small = encode(rows, same_size(8, 48, 64))[1].faults
        assert "and many of them reach out" in small[0].message
        assert {fault.code for fault in small} > {"W_BOX_PER_CENT"}

    def test_what_cannot_be_per_cent_is_not_warned_of(self):
        cells = [[thing("car", 12.5, 25, 62.5, 56.25)]] * 8
        assert not encode(object_table(cells), same_size(8, 100, 120))[1].faults
        far = [*cells, [thing("car", 10, 10, 300, 30)]]
        assert not encode(object_table(far), same_size(9, 480, 640))[1].faults
        mended = [[thing("car", 80, 120, 400, 270)]] * 8
        assert not encode(object_table(mended), same_size(8, 480, 640))[1].faults

    def test_a_box_of_negative_size_names_the_size(self):
        fault = encode(object_table([[CAR, thing("car", 40, 50, 10, 90)]]))[1].faults[0]
        assert "x2 < x1, a width of -30" in fault.message
        assert not encode(object_table([[thing("car", 10, 50, 40, 90)]]))[1].faults

    def test_boxes_of_a_pixel_are_real_in_tiny_images(self):
        rows = object_table([[thing("car", 0, 0, 1, 1)]])
        assert not encode(rows, same_size(1, 4, 4))[1].faults

    def test_boxes_of_an_unreadable_image_are_checked_for_order_alone(self):
        rows = object_table([[thing("car", 900, 900, 990, 990), thing("car", 9, 1, 5, 2)]])
        assert codes(encode(rows, same_size(1, 0, 0))[1]) == ["E_BOX_INVERTED"]

    def test_each_of_many_faults_is_counted(self):
        cells = [[thing("car", 9, 1, 5, 2)]] * 1200 + [[CAR]]
        faults = encode(object_table(cells))[1].faults
        assert len(faults) == 1001
        assert faults[-1].message.startswith("200 more")


class TestLabels:
    def test_an_undeclared_label_is_an_error_with_the_nearest(self):
        rows = object_table([[CAR, thing("bsu", 0, 0, 9, 9)]])
        _, encoding = encode(rows, classes=["car", "bus"])
        fault = encoding.faults[0]
        assert (fault.code, fault.row) == ("E_LABEL_UNKNOWN", 0)
        assert 'Did you mean "bus"?' in fault.message
        assert encoding.targets.labels.tolist() == [0]

    def test_categories_of_a_file_may_be_left_out(self):
        rows = object_table([[CAR, BUS, BUS]], ["car", "bus"], [1, 2])
        _, encoding = encode(rows, classes=["car"])
        assert codes(encoding) == ["W_LABEL_LEFT_OUT"]
        message = encoding.faults[0].message
        assert message.startswith("2 boxes are left out, of 1 of the file's categories")
        assert "(bus)" in message
        assert encoding.targets.labels.tolist() == [0]

    def test_a_class_that_is_no_category_is_an_error_with_the_nearest(self):
        rows = object_table([[CAR, BUS]], ["car", "bus"], [1, 2])
        fault = encode(rows, classes=["car", "buss"])[1].faults[0]
        assert (fault.code, fault.row) == ("E_LABEL_UNKNOWN", None)
        assert 'Did you mean "bus"?' in fault.message

    def test_two_spellings_of_a_label_are_an_error_unless_declared(self):
        rows = object_table([[CAR, thing("Car", 0, 0, 9, 9)]])
        assert "E_LABEL_SPELLING" in codes(encode(rows)[1])
        assert codes(encode(rows, classes=["car", "Car"])[1]) == []

    def test_a_box_without_label_is_an_error(self):
        rows = object_table([[CAR, thing(None, 0, 0, 9, 9), thing("  ", 0, 0, 9, 9)]])
        _, encoding = encode(rows, classes=["car"])
        assert codes(encoding) == ["E_BOX_LABEL"] * 2

    def test_space_around_a_label_is_no_part_of_it(self):
        rows = object_table([[CAR, thing(" car ", 0, 0, 9, 9)]])
        assert encode(rows)[0].classes == ("car",)


def test_targets_travel_to_loader_workers():
    targets = encode(object_table([[CAR], None]))[1].targets
    copy = pickle.loads(pickle.dumps(targets))
    assert copy[0].boxes_xyxy.tolist() == targets[0].boxes_xyxy.tolist()


@pytest.mark.parametrize("cells", [[[], None, []], [None, None], ["[]", None], ["[]", "[]"]])
def test_a_column_without_any_object_is_reported(cells):
    lists = any(isinstance(cell, list) for cell in cells)
    column = pa.array(cells, pa.list_(pa.string()) if lists else pa.string())
    rows = table(objects=column)
    with pytest.raises(ConfigError, match='column "objects" has no object in any row'):
        resolve(rows, "objects", type="boxes")


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (pa.array(["a", "[]"]).dictionary_encode(), "text"),
        (pa.array([["a"], []]), "lists of text"),
        (pa.array([1, 2]), "whole numbers"),
        (pa.array([1.5, 2]), "numbers"),
        (pa.array([{"a": 1}, {"a": 2}]), "records with the keys a"),
        (pa.array([[[1]], []]), "lists of lists of whole numbers"),
    ],
)
def test_what_a_column_holds_instead_is_described_in_words(column, words):
    with pytest.raises(ConfigError, match=f'column "objects" holds {words}; expected objects'):
        resolve(table(objects=column), "objects", type="boxes")
