"""Where the split of a config comes from, and what is told of it."""

import json

import numpy as np
import pytest
from PIL import Image

from polyhead.config import load_config
from polyhead.errors import ConfigError, DataError
from polyhead.preparation import divide, examine
from polyhead.progress import Reporter


@pytest.fixture
def divided(tmp_path):
    """The rows of a table, as a config with these keys of `split` shares them out."""

    def run(images, split="{}", kind=None, **columns):
        generator = np.random.default_rng(0)
        rows = []
        for row, image in enumerate(images):
            path = tmp_path / image
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(generator.integers(0, 255, (8, 8, 3), np.uint8)).save(path)
            cells = {name: cells[row] for name, cells in columns.items()}
            rows.append({"image": image, "kind": (kind or ["a", "b"])[row % 2], **cells})
        (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, rows)))
        config = tmp_path / "polyhead.yaml"
        config.write_text(
            f"data: {{annotations: labels.jsonl, split: {split}}}\n"
            "tasks: {kind: {type: class}}\n"
        )
        loaded = load_config(config)
        return divide(loaded, examine(loaded, Reporter(quiet=True)))

    return run


def plain(num):
    return [f"{row}.png" for row in range(num)]


def codes(prepared):
    return [fault.code for fault in prepared.faults]


def test_the_users_own_split_is_taken_without_a_word(divided):
    images = [f"{part}/{k}.png" for part in ("train", "valid", "test") for k in range(4)]
    prepared = divided(images)
    assert prepared.split.tolist() == ["train"] * 4 + ["val"] * 4 + ["test"] * 4
    assert prepared.split_basis == "your own, from the names of folders"


def test_shares_do_not_draw_it_again_but_a_method_does(divided):
    cells = ["0"] * 8 + ["1"] * 2
    prepared = divided(plain(10), "{val: .4, test: .2}", is_valid=cells)
    assert prepared.split.tolist() == ["train"] * 8 + ["val"] * 2
    prepared = divided(plain(10), "{method: stratified, val: .4, test: .2}", is_valid=cells)
    assert (prepared.split == "val").sum() == 4
    assert prepared.split_basis == "shared out (stratified; val 0.4, test 0.2)"


def test_validation_rows_are_drawn_from_train_where_only_test_is_told(divided):
    prepared = divided(plain(20), is_test=["0"] * 15 + ["1"] * 5)
    assert prepared.split[15:].tolist() == ["test"] * 5
    assert set(prepared.split[:15]) == {"train", "val"}
    assert prepared.split_basis.endswith('"is_test", val drawn from its train rows')


def test_a_learnt_column_is_no_split(divided):
    prepared = divided(plain(40), kind=["train", "test"])
    assert set(prepared.split) == {"train", "val", "test"}
    assert "shared out" in prepared.split_basis


def test_folds_are_taken_as_the_user_lists_them(divided):
    folds = [str(row % 5) for row in range(20)]
    prepared = divided(plain(20), "{column: fold, parts: {val: [0], test: [1]}}", fold=folds)
    expected = ["val", "test", "train", "train", "train"]
    assert prepared.split.tolist() == expected * 4


def test_the_mends_for_a_split_with_other_words_work(divided):
    cells = ["train", "val", "extra", "train"] * 3
    with pytest.raises(DataError, match='"extra" is none of train, val and test'):
        divided(plain(12), subset=cells)
    prepared = divided(plain(12), "{column: subset, parts: {val: [val]}}", subset=cells)
    assert prepared.split.tolist() == ["train", "val", "train", "train"] * 3
    prepared = divided(plain(12), "{method: stratified}", subset=cells)
    assert "shared out" in prepared.split_basis


def test_parts_need_a_column(divided):
    with pytest.raises(ConfigError, match="add `column: NAME`"):
        divided(plain(4), "{parts: {val: [0]}}")


def test_copies_of_one_source_stay_together(divided):
    images = [f"s{k}_jpg.rf.{copy:032x}.png" for k in range(12) for copy in range(3)]
    prepared = divided(images)
    parts = prepared.split.reshape(12, 3)
    assert (parts == parts[:, :1]).all()
    assert set(prepared.split) == {"train", "val", "test"}
    assert "N_COPIES" in codes(prepared)


def test_own_parts_that_tear_copies_stay_and_are_warned_of(divided):
    images = [f"{part}/s{k}_jpg.rf.{k:032x}.png" for part in ("train", "valid") for k in range(4)]
    prepared = divided(images)
    assert prepared.split.tolist() == ["train"] * 4 + ["val"] * 4
    (warning,) = [fault for fault in prepared.faults if fault.code == "W_GROUP_STRADDLES"]
    assert "4 sources, such as s0_jpg" in warning.message


def test_subjects_in_several_parts_are_warned_of_and_the_mend_works(divided):
    patients = [f"p{row // 3}" for row in range(60)]
    prepared = divided(plain(60), patient_id=patients)
    (warning,) = [fault for fault in prepared.faults if fault.code == "W_GROUP_STRADDLES"]
    assert 'of 20 values of the column "patient_id"' in warning.message
    assert "split: {group_by: patient_id}" in warning.message
    prepared = divided(plain(60), "{group_by: patient_id}", patient_id=patients)
    assert "W_GROUP_STRADDLES" not in codes(prepared)
    assert '"patient_id"' in prepared.split_basis
    parts = prepared.split.reshape(20, 3)
    assert (parts == parts[:, :1]).all()
