import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead.data import (
    PARTS,
    SplitKeys,
    SplitPlan,
    read_digests,
    read_split,
    split_rows,
    write_split,
)
from polyhead.data.units import merge_rows
from polyhead.errors import ConfigError, DataError


def names(num):
    return [f"img/{row}.jpg" for row in range(num)]


def sizes(split):
    return [int((split == part).sum()) for part in PARTS]


def tags(num, num_labels, seed=0, unknown=0.2):
    generator = np.random.default_rng(seed)
    rates = np.geomspace(0.01, 0.5, num_labels)
    labels = (generator.random((num, num_labels)) < rates).astype(np.int8)
    labels[generator.random(labels.shape) < unknown] = -1
    return labels


def test_every_label_is_spread_like_the_shares():
    labels = tags(4000, 20)
    split = split_rows(names(4000), SplitPlan(), SplitKeys(labels=labels))
    np.testing.assert_allclose(sizes(split), [2800, 600, 600], atol=25)
    positives = labels == 1
    for part, share in zip(PARTS, (0.7, 0.15, 0.15), strict=True):
        lacking = positives[split == part].sum(0) - share * positives.sum(0)
        assert np.abs(lacking).max() <= 3


def test_rare_labels_are_spread_better_than_at_random():
    labels = np.zeros((1000, 30), np.int8)
    generator = np.random.default_rng(1)
    for label in range(30):
        labels[generator.choice(1000, 7, replace=False), label] = 1
    split = split_rows(names(1000), SplitPlan(), SplitKeys(labels=labels))
    for part in ("val", "test"):
        assert (labels[split == part].sum(0) >= 1).all()


def test_unknown_cells_count_for_nothing():
    labels = tags(500, 5, unknown=0)
    unknown = np.where(labels == 1, 1, -1).astype(np.int8)
    split = split_rows(names(500), SplitPlan(), SplitKeys(labels=labels))
    again = split_rows(names(500), SplitPlan(), SplitKeys(labels=unknown))
    np.testing.assert_array_equal(split, again)


def test_the_seed_decides():
    keys = SplitKeys(labels=tags(300, 5))
    split = split_rows(names(300), SplitPlan(seed=1), keys)
    np.testing.assert_array_equal(split, split_rows(names(300), SplitPlan(seed=1), keys))
    assert (split != split_rows(names(300), SplitPlan(seed=2), keys)).any()


@settings(max_examples=100, deadline=None)
@given(
    num=st.integers(1, 60),
    num_labels=st.integers(0, 4),
    num_groups=st.integers(1, 70),
    shares=st.sampled_from([(0.15, 0.15), (0.0, 0.2), (0.4, 0.4), (0.0, 0.0), (0.01, 0.01)]),
    seed=st.integers(0, 5),
)
def test_groups_and_equal_images_never_straddle(num, num_labels, num_groups, shares, seed):
    generator = np.random.default_rng(seed)
    groups = [f"g{g}" if g else "" for g in generator.integers(0, num_groups, num)]
    digests = np.array([f"{d:032x}" for d in generator.integers(0, 90, num)], dtype="S32")
    labels = generator.integers(-1, 2, (num, num_labels)).astype(np.int8)
    keys = SplitKeys(labels=labels, groups=groups, digests=digests)
    split = split_rows(names(num), SplitPlan(val=shares[0], test=shares[1], seed=seed), keys)
    assert set(split) <= set(PARTS)
    for key in ([g or None for g in groups], digests.tolist()):
        parts = {}
        for value, part in zip(key, split, strict=True):
            assert value is None or parts.setdefault(value, part) == part
    wanted = 1 + (shares[0] > 0) + (shares[1] > 0)
    num_units = len(np.unique(merge_rows(num, groups, digests)))
    assert len(set(split)) == min(wanted, num_units)


def test_units_are_connected_components():
    """Reference: merge by repeated sweeps over pairs of rows."""
    generator = np.random.default_rng(0)
    for _ in range(20):
        first = [str(v) if v else None for v in generator.integers(0, 15, 30)]
        second = np.array([b"%d" % v if v else b"" for v in generator.integers(0, 25, 30)])
        expected = np.arange(30)
        for _ in range(30):
            for a in range(30):
                for b in range(30):
                    same = (first[a] and first[a] == first[b]) or (
                        second[a] and second[a] == second[b]
                    )
                    if same:
                        expected[a] = expected[b] = min(expected[a], expected[b])
        units = merge_rows(30, first, None, second)
        pairs = units[:, None] == units[None]
        np.testing.assert_array_equal(pairs, expected[:, None] == expected[None])
    assert merge_rows(0, []).shape == (0,)
    assert merge_rows(3, ["", None, ""]).tolist() == [0, 1, 2]


def test_hash_keeps_its_parts_when_rows_are_added():
    plan = SplitPlan("hash")
    few = split_rows(names(500), plan, SplitKeys())
    many = split_rows(names(5000)[::-1], plan, SplitKeys())[::-1]
    np.testing.assert_array_equal(few, many[:500])
    np.testing.assert_allclose(sizes(many), [3500, 750, 750], atol=100)
    assert (many != split_rows(names(5000), SplitPlan("hash", seed=1), SplitKeys())).any()


def test_hash_of_groups_is_stable_too():
    groups = [f"g{row // 5}" for row in range(1000)]
    few = split_rows(names(300), SplitPlan("hash"), SplitKeys(groups=groups[:300]))
    many = split_rows(names(1000), SplitPlan("hash"), SplitKeys(groups=groups))
    np.testing.assert_array_equal(few, many[:300])
    assert all(len(set(many[start : start + 5])) == 1 for start in range(0, 1000, 5))


def test_hash_is_fixed_for_good():
    """Splits must stay the same across releases."""
    split = split_rows(names(50), SplitPlan("hash", 0.3, 0.2, seed=4), SplitKeys())
    for name, part in zip(names(50), split, strict=True):
        place = int(hashlib.sha256(f"4\0{name}".encode()).hexdigest(), 16) / 2**256
        assert part == ("test" if place < 0.2 else "val" if place < 0.5 else "train")


def test_hash_refuses_to_leave_a_part_empty():
    with pytest.raises(DataError) as caught:
        split_rows(names(1), SplitPlan("hash"), SplitKeys())
    assert caught.value.faults[0].code == "E_SPLIT_EMPTY"


def test_column_takes_the_users_parts():
    column = ["train", "Training", " VAL ", "valid", "validation", "dev", "test", "testing"]
    split = split_rows(names(8), SplitPlan("column"), SplitKeys(column=column))
    assert split.tolist() == ["train"] * 2 + ["val"] * 4 + ["test"] * 2


def test_column_lists_every_unknown_value():
    column = ["train", "tset", None, "val"]
    with pytest.raises(DataError) as caught:
        split_rows(names(4), SplitPlan("column"), SplitKeys(column=column))
    assert [(f.code, f.row) for f in caught.value.faults] == [
        ("E_SPLIT_VALUE", 1),
        ("E_SPLIT_VALUE", 2),
    ]
    assert 'found split "tset"' in str(caught.value)


def test_column_that_leaks_is_refused():
    keys = SplitKeys(column=["train", "val", "test"], digests=np.array([b"a", b"b", b"a"]))
    with pytest.raises(DataError) as caught:
        split_rows(names(3), SplitPlan("column"), keys)
    assert [(f.code, f.row) for f in caught.value.faults] == [("E_LEAK", 2)]


@pytest.mark.parametrize(("val", "test"), [(-0.1, 0.2), (0.5, 0.5), (0.2, 1.0)])
def test_impossible_shares_are_refused(val, test):
    with pytest.raises(ConfigError, match="below 1"):
        SplitPlan(val=val, test=test)


def test_written_splits_read_back(tmp_path):
    images = ["a.jpg", "é\n😀.jpg", "b,c.jpg"]
    write_split(tmp_path / "split.parquet", images, np.array(PARTS))
    read, split = read_split(tmp_path / "split.parquet")
    assert read_digests(tmp_path / "split.parquet") == {}
    assert read == images
    assert split.tolist() == list(PARTS)


def test_what_is_no_split_is_refused(tmp_path):
    path = tmp_path / "split.parquet"
    for write in (
        lambda: None,
        lambda: path.write_bytes(b"text"),
        lambda: write_split(path, ["a"], np.array(["tset"])),
    ):
        write()
        with pytest.raises(DataError) as caught:
            read_split(path)
        assert caught.value.faults[0].code == "E_SPLIT"


def test_a_column_without_validation_rows_draws_them_from_its_training_rows():
    generator = np.random.default_rng(0)
    column = np.array(["train"] * 160 + ["test"] * 40)
    labels = (generator.random((200, 3)) < [0.5, 0.2, 0.05]).astype(np.int8)
    groups = [f"g{row // 2}" for row in range(200)]
    images = [f"{row}.jpg" for row in range(200)]
    keys = SplitKeys(labels=labels, groups=groups, column=column.tolist())
    parts = split_rows(images, SplitPlan("column", val=0.25), keys)
    assert (parts[160:] == "test").all()
    assert (parts == "val").sum() == pytest.approx(40, abs=2)
    assert (parts[:160:2] == parts[1:160:2]).all()
    assert set(parts[:160]) == {"train", "val"}
