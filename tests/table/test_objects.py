"""Objects of an image: which columns hold them, and every spelling of the same boxes."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead.errors import DataError
from polyhead.table import (
    OBJECTS_TYPE,
    canonical_objects,
    category_ids_of,
    is_objects,
    labels_of,
    objects_field,
    units_of,
    unread_keys,
)

SIDES = ("x_min", "y_min", "x_max", "y_max")
NUMBER = st.floats(-1e4, 1e4, allow_nan=False)
OBJECT = st.tuples(st.sampled_from(["car", "ナンバー", "012", "no"]), st.tuples(*[NUMBER] * 4))
CELLS = st.lists(st.none() | st.lists(OBJECT, max_size=3), min_size=1, max_size=5).filter(
    lambda cells: any(cells)
)


def column(cells, kind=None):
    return pa.chunked_array([pa.array(cells, kind)])


def boxes_of(cells) -> list:
    """Label and box of each object, which the tests compare."""
    return [
        None if cell is None else [(o["label"], tuple(o[side] for side in SIDES)) for o in cell]
        for cell in canonical_objects(cells).to_pylist()
    ]


def refused(cells):
    with pytest.raises(DataError) as caught:
        canonical_objects(cells)
    assert caught.value.faults[0].code == "E_OBJECTS"
    return caught.value.faults[0]


def spell(cells, write):
    return column([None if c is None else [write(*each) for each in c] for c in cells])


SPELLINGS = {
    "box": lambda label, box: {"label": label, "box": list(box)},
    "xyxy": lambda label, box: {"class": label, "xyxy": list(box), "id": 1},
    "names": lambda label, box: {"category": label, **dict(zip(SIDES, box, strict=True))},
    "short": lambda label, box: {
        "name": label,
        **dict(zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)),
    },
    "from 1": lambda label, box: {
        "label": label,
        **dict(zip(("x1", "y1", "x2", "y2"), box, strict=True)),
    },
    "from 0": lambda label, box: {
        "label": label,
        **dict(zip(("x0", "y0", "x1", "y1"), box, strict=True)),
    },
}


@pytest.mark.parametrize("write", SPELLINGS.values(), ids=SPELLINGS)
@settings(max_examples=25, deadline=None)
@given(cells=CELLS)
def test_every_spelling_gives_the_same_boxes(write, cells):
    spelled = spell(cells, write)
    assert is_objects(spelled.type)
    canonical = canonical_objects(spelled)
    assert canonical.type == OBJECTS_TYPE
    assert boxes_of(spelled) == cells
    assert canonical_objects(canonical) is canonical


@settings(max_examples=25, deadline=None)
@given(cells=CELLS, first=st.integers(0, 3))
def test_lists_beside_each_other_give_the_same_boxes_also_sliced(cells, first):
    parallel = [
        None if c is None else {"category": [o[0] for o in c], "xyxy": [list(o[1]) for o in c]}
        for c in cells
    ]
    kind = pa.struct(
        {"category": pa.list_(pa.string()), "xyxy": pa.list_(pa.list_(pa.float64(), 4))}
    )
    assert boxes_of(column(parallel, kind).slice(first)) == cells[first:]
    listed = spell(cells, SPELLINGS["box"])
    assert boxes_of(listed.slice(first)) == cells[first:]


def test_a_corner_and_a_size_become_two_corners():
    cells = [[{"label": 7, "xywh": [1, 2, 3.5, 4]}], []]
    assert boxes_of(column(cells)) == [[("7", (1.0, 2.0, 4.5, 6.0))], []]


def test_flags_area_and_outline_are_read_and_absent_ones_are_reported():
    rle = {"size": [2, 2], "counts": "ab"}
    item = {"label": "a", "box": [0, 0, 1, 1], "iscrowd": 1, "area": 3, "segmentation": rle}
    found = canonical_objects(column([[item]])).to_pylist()[0][0]
    assert (found["crowd"], found["difficult"], found["area"]) == (True, False, 3.0)
    assert json.loads(found["segmentation"]) == rle
    bare = canonical_objects(column([[{"label": "a", "box": [0, 0, 1, 1]}]])).to_pylist()[0][0]
    assert (bare["crowd"], bare["area"], bare["segmentation"]) == (False, None, None)


def test_missing_numbers_are_nan_and_inverted_boxes_are_kept():
    cells = [[{"label": "a", "x1": 9, "y1": None, "x2": 3, "y2": 5}]]
    assert np.array_equal(boxes_of(column(cells))[0][0][1], (9, np.nan, 3, 5), equal_nan=True)


@pytest.mark.parametrize(
    ("cells", "row", "words"),
    [
        ([[{"label": "a", "bbox": [1, 2, 3, 4]}]], None, ('"xyxy"', '"xywh"', "rename")),
        ([{"category": [1], "bbox": [[1, 2, 3, 4]]}], None, ('"xyxy"', '"xywh"')),
        ([[{"what": "a", "box": [1, 2, 3, 4]}]], None, ("what", "label, class, category, name")),
        ([[], [{"label": "a", "box": [1, 2, 3]}]], 1, ("3 numbers", "four")),
        ([[{"label": "a", "box": None}]], None, ("holds nothing", "lists of four")),
        ([[{"label": "a", "box": [1, 2, 3, 4]}], [None]], 1, ("null",)),
        ([[{"label": "a", "box": "1 2 3 4"}]], None, ("lists of four",)),
        ([[{"label": "a", "box": ["x", "2", "3", "4"]}]], None, ("'x'",)),
        (
            [[{"label": "a", "class": "b", "box": [1, 2, 3, 4]}]],
            None,
            ('both "label" and "class"',),
        ),
        ([None, {"name": ["a", "b"], "box": [[1, 2, 3, 4]]}], 1, ("differ in length",)),
    ],
)
def test_what_cannot_be_read_names_row_and_mend(cells, row, words):
    assert is_objects(column(cells).type)
    fault = refused(column(cells))
    assert fault.row == row
    assert all(word in fault.message for word in words)


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.list_(pa.string()),
        pa.list_(pa.list_(pa.float64())),
        pa.list_(pa.struct({"label": pa.string(), "id": pa.int64()})),
        pa.struct({"bbox": pa.string()}),
    ],
)
def test_other_columns_hold_no_objects(kind):
    assert not is_objects(kind)


def test_a_field_carries_labels_ids_and_units():
    field = objects_field("o", ["é", "b"], [7, 2], "fraction")
    assert (labels_of(field), category_ids_of(field), units_of(field)) == (
        ["é", "b"],
        [7, 2],
        "fraction",
    )
    bare = pa.field("o", OBJECTS_TYPE)
    assert (labels_of(bare), category_ids_of(bare), units_of(bare)) == ([], None, "pixels")


def test_keys_without_a_meaning_are_named():
    kind = pa.list_(pa.struct({"label": pa.string(), "box": pa.null(), "colour": pa.string()}))
    assert unread_keys(kind) == ["colour"]


def test_no_rows_at_all_stay_none():
    empty = pa.chunked_array([], pa.list_(pa.struct({"label": pa.string(), "x0": pa.int8()})))
    assert not is_objects(empty.type)
    kind = pa.list_(pa.struct({"label": pa.string(), "box": pa.list_(pa.float32())}))
    assert len(canonical_objects(pa.chunked_array([], kind))) == 0
