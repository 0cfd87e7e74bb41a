"""Targets of boxes and masks, written in every format, read and encoded again, are the same."""

import json

import numpy as np
import pyarrow as pa
import pytest
from formats.object_tables import LABELS, SIZES, measure, object_table, touch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tasks.task_tables import resolve

from polyhead.formats import read_table
from polyhead.formats.writers import write_table
from polyhead.progress import Reporter
from polyhead.table import IMAGE, Table
from polyhead.table.run_lengths import encode_region

OUT = {
    "coco": "out.json",
    "voc": "out",
    "yolo": "out",
    "parquet": "out.parquet",
    "jsonl": "out.jsonl",
}
KEPT = {
    "coco": {"crowd", "area"},
    "voc": {"difficult"},
    "yolo": set(),
    "parquet": {"crowd", "difficult", "area"},
    "jsonl": {"crowd", "difficult", "area"},
}
MASK_FILES = {"csv": "out.csv", "parquet": "out.parquet", "jsonl": "out.jsonl"}
CLASSES = ["road", "sky", "tree"]
WITH_UNKNOWN = np.array([0, 1, 2, 255], np.uint8)
QUIET = Reporter(quiet=True)


def convert(table, kind, folder):
    """The table in another format, read from a new folder."""
    folder.mkdir()
    out = folder / OUT[kind]
    if kind == "jsonl":
        write_json_lines(table, out)
    else:
        write_table(table, out, kind, measure, QUIET)
    return read_table(out)


def write_json_lines(table, out):
    """Nested objects as a user's own program writes them; what is unknown is null."""
    lines = []
    for row, cells in enumerate(table.data.drop([IMAGE]).to_pylist()):
        lines.append(json.dumps({IMAGE: str(table.path(row).resolve()), **cells}))
    out.write_text("\n".join(lines) + "\n")


def encoded(table, name, **keys):
    """The targets of a task whose classes are declared."""
    sizes = measure([table.path(row) for row in range(len(table))])
    encoding = resolve(table, name, **keys).encode(table, sizes)
    assert [fault for fault in encoding.faults if fault.is_error] == []
    return encoding.targets


def by_image(table, targets):
    """The number of each image to its target."""
    stems = [table.path(row).resolve().stem for row in range(len(table))]
    return {stem: targets[row] for row, stem in enumerate(stems)}


@st.composite
def sides(draw, length):
    """Two ends within a length, half pixels, at least two pixels apart."""
    first = draw(st.integers(0, 2 * length - 4))
    last = draw(st.integers(first + 4, 2 * length))
    return first / 2, last / 2


@st.composite
def real_object(draw, row, kept):
    """A box that is in the image of a row, with what a format keeps of it."""
    height, width = SIZES[row % len(SIZES)]
    (x_min, x_max), (y_min, y_max) = draw(sides(width)), draw(sides(height))
    return {
        "label": draw(st.sampled_from(LABELS)),
        "x_min": x_min,
        "y_min": y_min,
        "x_max": x_max,
        "y_max": y_max,
        "crowd": "crowd" in kept and draw(st.booleans()),
        "difficult": "difficult" in kept and draw(st.booleans()),
        "area": draw(st.none() | st.floats(1, 50, width=32)) if "area" in kept else None,
        "segmentation": None,
    }


@st.composite
def images(draw, kept):
    """One list of objects an image, None where nobody looked; the first has a plain one."""
    num = draw(st.integers(1, 4))
    cells = [draw(st.lists(real_object(row, kept), max_size=4)) for row in range(num)]
    unknown = [draw(st.booleans()) for _ in range(num - 1)]
    others = [None if gone else cell for cell, gone in zip(cells[1:], unknown, strict=True)]
    return [[draw(real_object(0, set())), *cells[0]], *others]


def assert_same_boxes(before, after):
    """Images that are not told again were unknown; the others have the same boxes."""
    for stem, first in before.items():
        if stem not in after:
            assert not first.known.any()
            continue
        second = after[stem]
        assert second.known.tolist() == first.known.tolist()
        assert second.labels.tolist() == first.labels.tolist()
        assert second.ignored.tolist() == first.ignored.tolist()
        assert np.allclose(second.boxes_xyxy, first.boxes_xyxy, rtol=0, atol=1e-4)


def boxes_of(table):
    targets = encoded(table, "objects", type="boxes", classes=LABELS)
    return by_image(table, targets), targets.areas


@pytest.mark.parametrize("kind", OUT)
@given(data=st.data())
@settings(max_examples=15)
def test_boxes_survive_every_format(tmp_path_factory, kind, data):
    folder = tmp_path_factory.mktemp("boxes")
    table = object_table(folder, data.draw(images(KEPT[kind])))
    back = convert(table, kind, folder / "new")
    (before, areas), (after, new_areas) = boxes_of(table), boxes_of(back)
    assert_same_boxes(before, after)
    assert new_areas == pytest.approx(areas, rel=1e-5)


@given(cells=images(set()), kinds=st.permutations(list(OUT)))
@settings(max_examples=8)
def test_boxes_survive_all_formats_one_after_the_other(tmp_path_factory, cells, kinds):
    folder = tmp_path_factory.mktemp("chain")
    table = object_table(folder, cells)
    back = table
    for kind in kinds:
        if kind == "jsonl":  # which cannot say that its boxes are fractions, as YOLO's are
            back = convert(back, "coco", folder / "pixels")
        back = convert(back, kind, folder / kind)
    assert_same_boxes(boxes_of(table)[0], boxes_of(back)[0])


@st.composite
def outlines(draw, size):
    """Run lengths of any region, or a polygon."""
    height, width = size
    if draw(st.booleans()):
        corners = st.tuples(st.integers(0, 2 * width), st.integers(0, 2 * height))
        drawn = draw(st.lists(corners, min_size=3, max_size=5))
        return json.dumps([[value / 2 for corner in drawn for value in corner]])
    region = draw(regions(size, 2)) == 1
    return json.dumps({"size": list(size), "counts": encode_region(region)})


@st.composite
def regions(draw, size, num_values):
    """(H, W) blocks of values below a number."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    coarse = generator.integers(0, num_values, [-(-side // 4) for side in size], np.uint8)
    return coarse.repeat(4, 0).repeat(4, 1)[: size[0], : size[1]]


@pytest.mark.parametrize("kind", ["coco", "parquet", "jsonl"])
@given(data=st.data())
@settings(max_examples=15)
def test_masks_of_segments_survive_every_format_that_keeps_them(tmp_path_factory, kind, data):
    folder, cells = tmp_path_factory.mktemp("segments"), data.draw(images(set()))
    for row, cell in enumerate(cells):
        for item in cell or []:
            item["segmentation"] = data.draw(st.none() | outlines(SIZES[row % len(SIZES)]))
    table = object_table(folder, cells)
    keys = {"type": "mask", "column": "objects", "classes": ["background", *LABELS]}
    before = by_image(table, encoded(table, "ground", **keys))
    back = convert(table, kind, folder / "new")
    after = by_image(back, encoded(back, "ground", **keys))
    for stem, mask in before.items():
        assert np.array_equal(after[stem], mask) if stem in after else (mask == 255).all()


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
@given(data=st.data(), num=st.integers(1, 3))
@settings(max_examples=15)
def test_masks_in_files_survive_every_table(tmp_path_factory, kind, data, num):
    folder = tmp_path_factory.mktemp("files")
    masks = [data.draw(st.none() | regions(SIZES[row], 4)) for row in range(num)]
    table = mask_table(folder, [mask if mask is None else WITH_UNKNOWN[mask] for mask in masks])
    out = folder / MASK_FILES[kind]
    if kind == "jsonl":
        write_json_lines(table, out)
    else:
        write_table(table, out, kind, measure, QUIET)
    back = read_table(out)
    found = by_image(back, encoded(back, "ground", type="mask", classes=CLASSES))
    for row, mask in enumerate(masks):
        expected = np.full(SIZES[row], 255) if mask is None else WITH_UNKNOWN[mask]
        assert np.array_equal(found[str(row)], expected)


def mask_table(folder, masks):
    """A table whose column `ground` names PNG files, below the folder of the images."""
    names = [None if mask is None else f"masks/{row}.png" for row, mask in enumerate(masks)]
    (folder / "masks").mkdir()
    for name, mask in zip(names, masks, strict=True):
        if name is not None:
            Image.fromarray(mask).save(folder / name)
    images = [f"p/{row}.jpg" for row in range(len(masks))]
    for image in images:
        touch(folder / image)
    data = pa.table({IMAGE: images, "ground": pa.array(names, pa.string())})
    return Table(data, "t.csv", folder, np.zeros(len(masks), np.int32))
