"""The mask task: where masks are, their pixels checked, predictions, figures, entry."""

import json
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from object_rows import object_table, same_size, thing
from PIL import Image
from task_tables import resolve, table

from polyhead.errors import ConfigError, DataError
from polyhead.progress import Reporter
from polyhead.table import Table
from polyhead.tasks import MaskConfig, MaskDecider, MaskEncoder, decider_from_dict
from polyhead.tasks.mask.check import check_masks
from polyhead.tasks.mask.decider import likeliest_classes

CLASSES = ["road", "sky", "tree"]
DECIDER = MaskDecider("ground", tuple(CLASSES))
CONFIG = MaskConfig(type="mask")
ENCODER = MaskEncoder("ground", tuple(CLASSES), CONFIG)
SIZE = (4, 6)


def mask_table(folder: Path, masks, **columns) -> Table:
    """Rows whose masks are written as PNG files; None is unknown, text is the name of a file."""
    names = []
    for index, mask in enumerate(masks):
        if mask is None or isinstance(mask, str):
            names.append(mask)
            continue
        names.append(f"masks/{index}.png")
        (folder / "masks").mkdir(exist_ok=True)
        Image.fromarray(np.asarray(mask, np.uint8)).save(folder / names[-1])
    rows = table(**(columns or {"ground": names}))
    return Table(rows.data, rows.source, folder, rows.lines)


def flat(value, size=SIZE):
    return np.full(size, value, np.uint8)


def encode(rows, size=SIZE, **keys):
    encoder = resolve(rows, "ground", type="mask", **keys)
    return encoder, encoder.encode(rows, same_size(len(rows), *size)).targets


def examined(rows, size=SIZE, **keys):
    encoder, targets = encode(rows, size, **keys)
    return check_masks(targets, encoder.classes, rows.where, workers=2)


class TestColumns:
    def test_files_are_read_when_asked_for(self, tmp_path):
        rows = mask_table(tmp_path, [flat(1), None, flat(2)])
        encoder, targets = encode(rows, classes=CLASSES)
        assert encoder.known(targets).tolist() == [True, False, True]
        assert [np.unique(targets[row]).tolist() for row in range(3)] == [[1], [255], [2]]

    def test_the_column_is_the_name_else_mask(self, tmp_path):
        rows = mask_table(tmp_path, [flat(0)])
        renamed = Table(
            rows.data.rename_columns(["image", "mask"]), rows.source, rows.root, rows.lines
        )
        assert encode(renamed, classes=CLASSES)[1].known.all()

    def test_masks_may_lie_beside_the_folder_of_images(self, tmp_path):
        rows = mask_table(tmp_path, [flat(1)])
        inside = Table(rows.data, rows.source, tmp_path / "images", rows.lines)
        assert (encode(inside, classes=CLASSES)[1][0] == 1).all()

    def test_a_missing_column_is_an_error_with_the_nearest(self, tmp_path):
        rows = mask_table(tmp_path, [], grond=["a.png"])
        with pytest.raises(ConfigError, match='Did you mean "grond"'):
            encode(rows, classes=CLASSES)

    def test_without_classes_the_error_names_the_values(self, tmp_path):
        rows = mask_table(tmp_path, [None, flat(0), flat(7), flat(255)])
        with pytest.raises(ConfigError, match=r"found 0, 7, 255 in the first.*declare `classes`"):
            encode(rows)

    def test_without_classes_a_missing_mask_is_reported(self, tmp_path):
        with pytest.raises(DataError, match="does not exist"):
            encode(mask_table(tmp_path, ["none.png"]))

    @pytest.mark.parametrize("classes", [["road"], [f"c{k}" for k in range(256)]])
    def test_the_number_of_classes_is_bounded(self, tmp_path, classes):
        with pytest.raises(ConfigError, match="expected 2 to 255"):
            encode(mask_table(tmp_path, [flat(0)]), classes=classes)


SQUARE = "[[1, 1, 3, 1, 3, 3, 1, 3]]"


class TestSegments:
    def cells(self):
        return [[thing("car", 1, 1, 3, 3, segmentation=SQUARE)], [], None]

    def test_objects_have_classes_and_pixels_under_none_are_background(self):
        encoder, targets = encode(object_table(self.cells(), ["car", "bus"]))
        assert encoder.classes == ("background", "car", "bus")
        assert np.bincount(targets[0].ravel()).tolist() == [20, 4]
        assert (targets[1] == 0).all()
        assert (targets[2] == 255).all()

    def test_without_a_background_class_the_rest_is_unknown(self):
        _, targets = encode(object_table(self.cells(), ["car", "bus"]), classes=["car", "bus"])
        assert np.unique(targets[0]).tolist() == [0, 255]

    def test_rows_looked_through_for_some_labels_have_no_background(self):
        known = pa.array([["car"], None, None], pa.list_(pa.string()))
        rows = object_table(self.cells(), ["car", "bus"], objects__labels=known)
        assert np.unique(encode(rows)[1][0]).tolist() == [1, 255]

    def test_undeclared_labels_are_errors(self):
        rows = object_table(self.cells())
        encoder = resolve(rows, "ground", type="mask", classes=["background", "cat"])
        (fault,) = encoder.encode(rows, same_size(3)).faults
        assert fault.code == "E_LABEL_UNKNOWN"
        assert 'Did you mean "cat"?' in fault.message

    def test_boxes_alone_make_no_mask(self):
        with pytest.raises(DataError, match="has a segmentation"):
            encode(object_table([[thing("car", 1, 1, 3, 3)]]))

    def test_a_broken_segment_is_a_fault_of_its_row(self):
        cells = [*self.cells(), [thing("car", 1, 1, 3, 3, segmentation="[[1]]")]]
        (fault,) = [fault for fault in examined(object_table(cells)).faults if fault.is_error]
        assert (fault.code, fault.row) == ("E_MASK_FORMAT", 3)


class TestCheck:
    def test_every_fault_is_reported_with_its_row(self, tmp_path):
        masks = [flat(0), flat(3), flat(1, (3, 3)), "none.png", flat(2), flat(1)]
        found = examined(mask_table(tmp_path, masks), classes=CLASSES)
        assert [(fault.code, fault.row) for fault in found.faults] == [
            ("E_MASK_VALUE", 1),
            ("E_MASK_SIZE", 2),
            ("E_MASK_MISSING", 3),
        ]

    def test_pixels_show_which_classes_are_there(self, tmp_path):
        partly = flat(0)
        partly[2:] = 255
        found = examined(mask_table(tmp_path, [flat(1), partly, None]), classes=CLASSES)
        assert found.targets.present.tolist() == [[0, 1, 0], [1, -1, -1], [-1, -1, -1]]
        assert ENCODER.label_matrix(found.targets).tolist() == found.targets.present.tolist()

    def test_masks_of_unreadable_images_are_passed_over(self, tmp_path):
        assert not examined(mask_table(tmp_path, ["none.png"]), (0, 0), classes=CLASSES).faults

    def test_a_class_that_no_mask_has_is_reported(self, tmp_path):
        (fault,) = examined(mask_table(tmp_path, [flat(0), flat(1)]), classes=CLASSES).faults
        assert fault.code == "W_NO_POSITIVES"
        assert '"tree"' in fault.message

    def test_masks_of_black_and_white_are_an_error(self, tmp_path):
        black_and_white = flat(0)
        black_and_white[2:] = 255
        found = examined(mask_table(tmp_path, [black_and_white]), classes=["no", "yes"])
        assert [fault.code for fault in found.faults] == ["E_MASK_VALUE"]
        assert "write 255 as 1" in found.faults[0].message

    def test_progress_is_reported(self, tmp_path):
        rows = mask_table(tmp_path, [flat(0), None, flat(1)])
        encoder, targets = encode(rows, classes=CLASSES)
        done = []
        check_masks(targets, encoder.classes, rows.where, progress=done.append)
        assert done == [1, 2]


class TestPredictions:
    @given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
    def test_the_likeliest_class_is_that_of_torchs_interpolation(self, k, height, width, seed):
        generator = np.random.default_rng(seed)
        logits = generator.normal(size=(k, height, width)).astype(np.float32)
        size = (height + int(generator.integers(0, 40)), width + int(generator.integers(0, 40)))
        reference = torch.nn.functional.interpolate(
            torch.from_numpy(logits)[None], size=size, mode="bilinear", align_corners=False
        )[0].numpy()
        found = likeliest_classes(logits, size)
        chosen = np.take_along_axis(reference, found[None].astype(int), 0)[0]
        assert found.shape == size
        assert np.abs(reference.max(0) - chosen).max() < 1e-4

    def test_equal_logits_give_the_first_class(self):
        assert (likeliest_classes(np.zeros((3, 2, 2), np.float32), (5, 7)) == 0).all()

    def test_masks_have_the_size_of_each_displayed_image(self):
        logits = np.zeros((2, 3, 2, 2), np.float32)
        logits[1, 2] = 1
        first, second = DECIDER.select({"logits": logits}, np.array([[5, 7], [9, 3]]))
        assert (first.mask.shape, second.mask.shape) == ((5, 7), (9, 3))
        assert second.to_dict()["rle"] == [
            {"label": "tree", "counts": second.to_dict()["rle"][0]["counts"]}
        ]


def test_right_masks_score_one_and_unknown_images_do_not_count(tmp_path):
    truth = flat(0)
    truth[:, 3:] = 1
    _, targets = encode(mask_table(tmp_path, [truth, None]), classes=CLASSES)
    logits = np.zeros((2, 3, *SIZE), np.float32)
    logits[:, 1, :, 3:] = 1
    meter = DECIDER.meter()
    meter.update({"logits": logits}, targets)
    figures = meter.compute()
    assert figures["metrics"]["mIoU"]["value"] == 1
    assert (figures["num_images"], figures["num_pixels"]) == (2, 24)
    assert meter.fit(CONFIG) == DECIDER


def test_a_batch_is_stacked_with_what_is_known():
    targets, known = ENCODER.stack([flat(1), flat(255)])
    assert targets.shape == (2, *SIZE)
    assert targets.dtype == np.uint8
    assert known.all((1, 2)).tolist() == [True, False]
    assert known.dtype == bool


def test_the_entry_of_a_run_is_enough_to_predict():
    entry = json.loads(json.dumps(DECIDER.to_dict()))
    assert decider_from_dict("ground", entry) == DECIDER


class Noting(Reporter):
    """Notes what is worked on, of how many, and how many are done."""

    def __init__(self):
        super().__init__(quiet=True)
        self.noted = []

    @contextmanager
    def work(self, what, total, unit):
        done = []
        yield lambda number, _note: done.append(number)
        self.noted.append((what, total, unit, sum(done)))


def test_examining_finds_faults_and_classes_and_shows_how_far_it_is(tmp_path):
    rows = mask_table(tmp_path, [flat(0), flat(3), None, flat(2)])
    encoder, targets = encode(rows, classes=CLASSES)
    examined_targets, faults = encoder.examine(targets, rows, reporter := Noting())
    assert [fault.code for fault in faults] == ["E_MASK_VALUE", "W_NO_POSITIVES"]
    assert encoder.label_matrix(examined_targets).tolist() == [
        [1, 0, 0],
        [-1, -1, -1],
        [-1, -1, -1],
        [0, 0, 1],
    ]
    assert (encoder.label_matrix(targets) == -1).all()
    assert reporter.noted == [("checking masks", 3, "masks", 3)]


def test_a_sample_is_resized_without_new_values(tmp_path):
    mask = flat(0)
    mask[:, 3:], mask[3] = 2, 255
    encoder, targets = encode(mask_table(tmp_path, [mask, None]), classes=CLASSES)
    height, width = SIZE
    sample = encoder.sample(targets, 0, (2 * height, 3 * width))
    assert np.array_equal(sample, mask.repeat(2, 0).repeat(3, 1))
    assert (encoder.sample(targets, 1, (5, 7)) == np.full((5, 7), 255)).all()


def test_labels_in_are_those_of_known_pixels():
    mask = flat(0)
    assert ENCODER.labels_in(mask, np.array([1, 1, -1])).tolist() == [1, 0, -1]
    mask[0] = 255
    assert ENCODER.labels_in(mask, np.array([1, 1, 0])).tolist() == [1, -1, 0]
    assert ENCODER.labels_in(mask, np.array([1, 1, 0])).dtype == np.int8


def test_pixels_are_not_counted_for_the_loss(tmp_path):
    encoder, targets = encode(mask_table(tmp_path, [flat(1)]), classes=CLASSES)
    counts = encoder.statistics(targets)
    assert (counts.positive.tolist(), counts.known.tolist(), counts.rows) == ([0] * 3, [0] * 3, 0)
    assert counts.prior.tolist() == MaskDecider.no_statistics(3).prior.tolist() == [0.5] * 3


def test_figures_count_pixels_of_annotated_images():
    entry = {"num_images": 1200, "num_images_known": 1100, "num_pixels": 54321}
    assert MaskDecider.sample_size(entry) == "54,321 pixels"
    assert MaskDecider.known_text(entry) == "1,100 of 1,200 images annotated, 54,321 pixels"
    assert "coarser grid" in MaskDecider.reading


def test_a_sheet_has_a_column_for_the_share_of_each_class():
    logits = np.zeros((1, 3, 2, 2), np.float32)
    logits[0, 2, :, 1] = 1
    (prediction,) = DECIDER.select({"logits": logits}, np.array([[2, 2]]))
    assert DECIDER.columns() == ["ground", "ground/road", "ground/sky", "ground/tree"]
    assert prediction.cells() == ["road 50%, tree 50%", "0.5", "0", "0.5"]
    assert list(prediction.object_rows()) == []


def test_evaluation_reads_where_its_config_says():
    encoder = MaskConfig(type="mask", column="other").encoder("ground", tuple(CLASSES))
    assert (encoder.config.column, encoder.config.classes) == ("other", tuple(CLASSES))
