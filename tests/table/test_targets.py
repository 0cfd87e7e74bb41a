"""Targets of boxes and masks: one image, some rows, files and segments, run lengths."""

import json
import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from faster_coco_eval import mask as coco_mask
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from polyhead.errors import ImageError
from polyhead.predictions import BoxesPrediction, MaskPrediction
from polyhead.table import BoxTargets, ImageBoxes, MaskTargets
from polyhead.table.mask_sources import MaskFiles, MaskSegments
from polyhead.table.ragged import take_ragged
from polyhead.table.run_lengths import encode_region, fill_region

regions = arrays.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))


def box_targets(counts):
    """Rows with so many boxes each, numbered by their first side."""
    total = sum(counts)
    return BoxTargets(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.arange(total, dtype=np.float32)[:, None] + np.zeros(4, np.float32),
        np.arange(total) % 2,
        np.arange(total) % 3 == 0,
        np.arange(total, dtype=float),
        np.arange(len(counts))[:, None] % 2 == np.arange(2),
        np.full((len(counts), 2), 10, np.int32),
        np.arange(len(counts)) + 100,
        np.array([5, 6]),
    )


class TestBoxTargets:
    @given(st.lists(st.integers(0, 3), min_size=1, max_size=6), st.data())
    def test_some_rows_hold_what_each_row_holds(self, counts, data):
        targets = box_targets(counts)
        rows = data.draw(st.lists(st.integers(-len(counts), len(counts) - 1), max_size=8))
        part = targets[np.array(rows, np.int64)]
        assert len(part) == len(rows)
        assert part.image_ids.tolist() == [targets.image_ids[row] for row in rows]
        for place, row in enumerate(rows):
            assert part[place].boxes_xyxy.tolist() == targets[row].boxes_xyxy.tolist()
            assert part[place].labels.tolist() == targets[row].labels.tolist()
            assert part[place].ignored.tolist() == targets[row].ignored.tolist()
            assert part[place].known.tolist() == targets[row].known.tolist()

    def test_rows_may_be_chosen_by_a_mask_or_a_numpy_number(self):
        targets = box_targets([1, 0, 2])
        assert targets[np.array([True, False, True])].rows.tolist() == [0, 1, 1]
        assert len(targets[np.int64(2)]) == 2
        assert len(targets[-1]) == 2

    def test_a_row_that_is_not_there_is_an_index_error(self):
        with pytest.raises(IndexError):
            box_targets([1])[1]


def test_boxes_are_stretched_with_their_image():
    boxes = ImageBoxes(
        np.array([[1, 2, 3, 4]], np.float32), *(np.zeros(1, kind) for kind in (int, bool, bool))
    )
    resized = boxes.resized((10, 20), (20, 10))
    assert resized.boxes_xyxy.tolist() == [[0.5, 4, 1.5, 8]]
    assert resized.boxes_xyxy.dtype == np.float32


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.data())
def test_ragged_rows_keep_their_items(counts, data):
    offsets = np.concatenate([[0], np.cumsum(counts)])
    rows = np.array(data.draw(st.lists(st.integers(0, len(counts) - 1), max_size=6)), np.int64)
    taken, items = take_ragged(offsets, rows)
    for place, row in enumerate(rows):
        expected = list(range(offsets[row], offsets[row + 1]))
        assert items[taken[place] : taken[place + 1]].tolist() == expected


def files(folder: Path, names, size=(4, 6), num_classes=3):
    known = np.array([name is not None for name in names])
    source = MaskFiles(folder, pa.array(names, pa.string()))
    present = np.full((len(names), num_classes), -1, np.int8)
    return MaskTargets(source, np.tile(np.array(size, np.int32), (len(names), 1)), known, present)


MASK = (np.arange(24) % 3).reshape(4, 6).astype(np.uint8)
MASK[0, 0] = 255


class TestMaskFiles:
    @pytest.mark.parametrize("mode", ["L", "P", "I;16", "I"])
    def test_indices_are_read_as_they_are(self, tmp_path, mode):
        image = Image.fromarray(MASK)
        if mode == "P":
            image.putpalette([7 * k % 256 for k in range(768)])
        elif mode != "L":
            image = Image.fromarray(MASK.astype(np.uint16 if mode == "I;16" else np.int32))
        path = tmp_path / ("mask.tif" if mode == "I" else "mask.png")
        image.save(path)
        found = files(tmp_path, [path.name])[0]
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, MASK)

    def test_one_bit_masks_hold_zero_and_one(self, tmp_path):
        Image.fromarray(MASK == 1).save(tmp_path / "mask.png")
        np.testing.assert_array_equal(files(tmp_path, ["mask.png"])[0], MASK == 1)

    def test_a_row_without_mask_is_unknown(self, tmp_path):
        found = files(tmp_path, [None])[0]
        assert found.shape == (4, 6)
        assert (found == 255).all()

    @pytest.mark.parametrize(
        ("image", "code", "words"),
        [
            (
                Image.new("RGB", (6, 4), (128, 0, 0)),
                "E_MASK_FORMAT",
                "is a colour image (mode RGB)",
            ),
            (Image.new("LA", (6, 4)), "E_MASK_FORMAT", "mode LA"),
            (Image.new("L", (4, 6)), "E_MASK_SIZE", "EXIF"),
            (Image.new("L", (3, 2)), "E_MASK_SIZE", "has 3 × 2 pixels; expected 6 × 4"),
            (Image.new("L", (6, 4), 3), "E_MASK_VALUE", "holds the value 3; expected 0 to 2"),
            (Image.new("I;16", (6, 4), 40000), "E_MASK_VALUE", "value 40000"),
        ],
    )
    def test_a_mask_that_is_none_is_reported(self, tmp_path, image, code, words):
        image.save(tmp_path / "mask.png")
        with pytest.raises(ImageError) as caught:
            files(tmp_path, ["mask.png"])[0]
        assert caught.value.code == code
        assert words in caught.value.message

    def test_a_missing_or_damaged_file_is_reported(self, tmp_path):
        (tmp_path / "text.png").write_text("no image")
        Image.fromarray(np.random.default_rng(0).integers(0, 3, (400, 600), np.uint8)).save(
            tmp_path / "whole.png"
        )
        (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:5000])
        Image.new("L", (6, 4)).save(tmp_path / "lossy.jpg")
        expected = {
            "none.png": "E_MASK_MISSING",
            ".": "E_MASK_MISSING",
            "text.png": "E_MASK_FORMAT",
            "cut.png": "E_MASK_FORMAT",
            "lossy.jpg": "E_MASK_FORMAT",
        }
        for name, code in expected.items():
            with pytest.raises(ImageError) as caught:
                files(tmp_path, [name], (400, 600))[0]
            assert caught.value.code == code, name

    def test_some_rows_travel_to_loader_workers(self, tmp_path):
        Image.fromarray(MASK).save(tmp_path / "a.png")
        targets = files(tmp_path, [None, "a.png", None])
        part = pickle.loads(pickle.dumps(targets[np.array([1, 0])]))
        np.testing.assert_array_equal(part[0], MASK)
        assert part.known.tolist() == [True, False]


def segments(objects, uncovered=0, *, fractions=False, size=(10, 20)):
    """Targets of one row of (label, segmentation, box)."""
    texts = [None if s is None else json.dumps(s) for _, s, _ in objects]
    source = MaskSegments(
        np.array([0, len(objects)]),
        np.array([label for label, _, _ in objects], np.uint8),
        pa.array(texts, pa.string()),
        np.array([box for _, _, box in objects], float).reshape(-1, 4),
        np.array([uncovered], np.uint8),
        fractions,
    )
    known, present = np.ones(1, bool), np.full((1, 3), -1, np.int8)
    return MaskTargets(source, np.array([size], np.int32), known, present)


class TestMaskSegments:
    def test_polygons_and_runs_are_filled_small_ones_on_top(self):
        large = [[2, 1, 12, 1, 12, 9, 2, 9]]
        small = {"size": [10, 20], "counts": encode_region(np.pad([[True]], ((4, 5), (5, 14))))}
        mask = segments([(2, small, [5, 4, 6, 5]), (1, large, [2, 1, 12, 9])])[0]
        expected = np.zeros((10, 20), np.uint8)
        expected[1:9, 2:12] = 1
        expected[4, 5] = 2
        np.testing.assert_array_equal(mask, expected)

    def test_fractions_are_of_the_image(self):
        polygon = [[0.1, 0.1, 0.6, 0.1, 0.6, 0.9, 0.1, 0.9]]
        mask = segments([(1, polygon, [0.1, 0.1, 0.6, 0.9])], fractions=True)[0]
        expected = np.zeros((10, 20), np.uint8)
        expected[1:9, 2:12] = 1
        np.testing.assert_array_equal(mask, expected)

    def test_the_box_of_an_object_without_segment_is_unknown(self):
        mask = segments([(1, None, [2, 1, 4, 3])])[0]
        assert np.argwhere(mask == 255).tolist() == [[1, 2], [1, 3], [2, 2], [2, 3]]

    def test_what_no_object_covers_is_as_declared(self):
        assert (segments([], uncovered=255)[0] == 255).all()

    def test_rows_keep_their_objects(self):
        one, two = segments([(1, None, [0, 0, 1, 1])]), segments([])
        taken = one[np.array([0, 0])]
        np.testing.assert_array_equal(taken[1], one[0])
        assert (two[0] == 0).all()


class TestRunLengths:
    @given(regions)
    def test_encoding_and_filling_undo_each_other(self, region):
        text = json.dumps({"size": region.shape, "counts": encode_region(region)})
        np.testing.assert_array_equal(fill_region(text, region.shape), region)

    @given(regions)
    def test_plain_counts_run_down_the_columns(self, region):
        flat = region.T.ravel()
        edges = (
            np.flatnonzero(np.diff(np.concatenate([[False], flat]).astype(int)))
            if len(flat)
            else []
        )
        counts = np.diff(np.concatenate([[0], edges, [flat.size]])).astype(int).tolist()
        text = json.dumps({"size": region.shape, "counts": counts})
        np.testing.assert_array_equal(fill_region(text, region.shape), region)

    @pytest.mark.parametrize(
        "text",
        [
            "nonsense",
            "[]",
            "[[]]",
            "[[1, 2, 3, 4]]",
            "[[1, 2, 3, 4, 5, NaN]]",
            '[["a", 1, 2, 3, 4, 5]]',
            '{"size": [5, 6]}',
            '{"size": [5, 6], "counts": [1, 2]}',
            '{"size": [5, 6], "counts": [-1, 31]}',
            '{"size": [5, 6], "counts": "zzzzz"}',
            '{"size": "no", "counts": "0n0"}',
            "7",
        ],
    )
    def test_what_is_no_segmentation_is_reported(self, text):
        with pytest.raises(ImageError, match="expected polygons") as caught:
            fill_region(text, (5, 6))
        assert caught.value.code == "E_MASK_FORMAT"

    def test_runs_of_another_size_are_reported(self):
        with pytest.raises(ImageError, match="expected the same") as caught:
            fill_region('{"size": [6, 5], "counts": [30]}', (5, 6))
        assert caught.value.code == "E_MASK_SIZE"

    def test_corners_far_away_take_no_time(self):
        assert fill_region("[[-1e12, -1e12, 1e12, -1e12, 1e12, 1e12, -1e12, 1e12]]", (50, 60)).all()


class TestPredictions:
    def test_a_mask_is_annotated_in_run_lengths(self):
        mask = np.zeros((4, 6), np.uint8)
        mask[1:, 2:4] = 2
        prediction = MaskPrediction(("road", "sky", "tree"), mask)
        shown = json.loads(json.dumps(prediction.to_dict()))
        assert (shown["type"], shown["size"]) == ("mask", [4, 6])
        assert [region["label"] for region in shown["rle"]] == ["road", "tree"]
        for region in shown["rle"]:
            decoded = coco_mask.decode({"size": shown["size"], "counts": region["counts"].encode()})
            np.testing.assert_array_equal(decoded, mask == shown["classes"].index(region["label"]))
        assert str(prediction) == "road 75%, tree 25%"

    def test_boxes_are_annotated_one_by_one(self):
        prediction = BoxesPrediction([[0.0, 1.0, 2.0, 3.0]] * 2, ["car", "car"], [0.9, 0.8])
        assert prediction.to_dict() == {
            "type": "boxes",
            "boxes_xyxy": [[0.0, 1.0, 2.0, 3.0]] * 2,
            "labels": ["car", "car"],
            "scores": [0.9, 0.8],
        }
        assert str(prediction) == "2 × car"
