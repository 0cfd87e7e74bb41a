"""Tables written in another format and read again: equal, but for what is said to be lost."""

import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from faster_coco_eval import COCO
from formats.object_tables import LABELS, by_image, measure, object_cells, object_table
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead.errors import ConfigError, DataError
from polyhead.formats import read_table
from polyhead.formats.writers import ConversionLoss, check_out, describe, write_table
from polyhead.progress import Reporter
from polyhead.table import category_ids_of, labels_of, units_of

OUT = {"coco": "out.json", "voc": "out", "yolo": "out", "csv": "out.csv", "parquet": "out.parquet"}
SIDES = ("x_min", "y_min", "x_max", "y_max")
KEYS = {
    "crowd flag": "crowd",
    "difficult flag": "difficult",
    "area": "area",
    "segmentation": "segmentation",
}
IDS = [7, 1, 90, 4, 33]
QUIET = Reporter(quiet=True)


@pytest.fixture(scope="module")
def convert(tmp_path_factory):
    """`convert(make, kind)`: the table that `make(folder)` gives, read again, and the losses."""

    def run(make, kind, sizes=measure):
        folder = tmp_path_factory.mktemp("convert")
        table = make(folder)
        (folder / "new").mkdir()
        out = folder / "new" / OUT[kind]
        losses = write_table(table, out, kind, sizes, QUIET)
        back = read_table(out)
        assert [fault for fault in back.faults if fault.is_error] == []
        assert [path.name for path in (folder / "new").iterdir()] == [out.name]
        return table, back, losses

    return run


def boxes(cell, size):
    """Corners in pixels of an image, and labels."""
    height, width = size
    factors = (width, height, width, height) if size != (0, 0) else (1, 1, 1, 1)
    return [
        (found["label"], *(found[s] * f for s, f in zip(SIDES, factors, strict=True)))
        for found in cell
    ]


def cells_of(table):
    return table.column("objects").to_pylist()


def num(losses, noun):
    return sum(loss.num for loss in losses if loss.noun == noun)


def differing(first, second, key):
    """How many objects of two cells differ under a key, where the first has something to lose."""
    return sum(a[key] != b[key] and a[key] is not None for a, b in zip(first, second, strict=True))


class TestRoundTrip:
    @pytest.mark.parametrize("kind", ["coco", "voc", "yolo"])
    @given(cells=object_cells(), has_ids=st.booleans())
    @settings(max_examples=25, deadline=None)
    def test_boxes_labels_and_unknown_images_come_back_and_losses_are_what_differs(
        self, convert, kind, cells, has_ids
    ):
        ids = IDS if has_ids else None
        table, back, losses = convert(lambda f: object_table(f, cells, ids=ids), kind)
        rows, scale = by_image(back), units_of(back.data.schema.field("objects"))
        counts = dict.fromkeys(KEYS, 0)
        for path, row in by_image(table).items():
            if cells[row] is None:
                assert path not in rows
                continue
            found, size = cells_of(back)[rows[path]], tuple(measure([path])[0].tolist())
            expected = boxes(cells[row], (0, 0))
            given_back = boxes(found, size if scale == "fraction" else (0, 0))
            assert [b[0] for b in given_back] == [b[0] for b in expected]
            for a, b in zip(given_back, expected, strict=True):
                assert np.allclose(a[1:], b[1:], rtol=0, atol=1e-6 * min(size))
            for noun, key in KEYS.items():
                counts[noun] += differing(cells[row], found, key)
        assert {noun: num(losses, noun) for noun in KEYS} == counts
        assert num(losses, "image") == sum(cell is None for cell in cells)
        field, new = (t.data.schema.field("objects") for t in (table, back))
        lost_ids = has_ids and category_ids_of(new) != ids
        assert num(losses, "category id") == lost_ids * len(IDS)
        lost_labels = set(labels_of(field)) - set(labels_of(new))
        assert num([x for x in losses if x.rest == "without an object"], "label") == len(
            lost_labels
        )

    @given(cells=object_cells(), units=st.sampled_from(["pixels", "fraction"]), data=st.data())
    @settings(max_examples=25, deadline=None)
    def test_parquet_loses_nothing(self, convert, cells, units, data):
        label_lists = st.lists(st.sampled_from(["car", "a|b", "ü"]), max_size=2)
        size = len(cells)
        some = data.draw(st.lists(st.none() | label_lists, min_size=size, max_size=size))
        text = data.draw(
            st.lists(st.none() | st.text("ab|[] 01", min_size=1), min_size=size, max_size=size)
        )

        def make(folder):
            tags = pa.array(some, pa.list_(pa.string()))
            known = pa.array([None, ["car"], [], None][:size], pa.list_(pa.string()))
            written = object_table(
                folder,
                cells,
                ids=IDS,
                units=units,
                tags=tags,
                day=pa.array(text, pa.string()),
                objects__labels=known,
            )
            pq.write_table(written.data, folder / "t.parquet")
            return read_table(folder / "t.parquet")

        table, back, losses = convert(make, "parquet")
        assert losses == []
        assert list(by_image(back)) == list(by_image(table))
        for written, again in zip(
            table.data.drop(["image"]).columns, back.data.columns[1:], strict=True
        ):
            assert written.to_pylist() == again.to_pylist()
        assert table.data.schema.equals(back.data.schema, check_metadata=True)

    @given(
        st.lists(
            st.tuples(
                st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0\r")),
                st.none()
                | st.lists(
                    st.sampled_from(["car", "a|b", 'say "x"', "1"]), max_size=3, unique=True
                ),
            ),
            min_size=1,
            max_size=5,
        )
    )
    @settings(max_examples=50, deadline=None)
    def test_csv_keeps_text_and_lists(self, convert, rows):
        text = [None if cell is None or not cell.strip() else cell for cell, _ in rows]

        def make(folder):
            table = object_table(folder, [[] for _ in rows])
            columns = {"image": table.data.column("image"), "a;b\tc": pa.array(text, pa.string())}
            columns["tags"] = pa.array([tags for _, tags in rows], pa.list_(pa.string()))
            pq.write_table(pa.table(columns), folder / "t.parquet")
            return read_table(folder / "t.parquet")

        table, back, losses = convert(make, "csv")
        assert losses == []
        assert list(by_image(back)) == list(by_image(table))
        assert back.column("a;b\tc").to_pylist() == text
        lists = [
            None if cell is None else json.loads(cell) for cell in back.column("tags").to_pylist()
        ]
        assert lists == [tags for _, tags in rows]

    @pytest.mark.parametrize("kind", ["voc", "yolo"])
    def test_splits_come_back(self, convert, kind):
        cells, splits = [[], [], []], ["train", "val", "train"]
        table, back, losses = convert(lambda f: object_table(f, cells, split=splits), kind)
        assert not any(loss.is_column for loss in losses)
        rows = by_image(back)
        found = back.column("split").to_pylist()
        assert [found[rows[path]] for path in by_image(table)] == splits

    def test_fractions_become_pixels_of_the_image(self, convert):
        one = {"label": "car", "x_min": 0.25, "y_min": 0.5, "x_max": 0.5, "y_max": 1.0}
        one |= {"crowd": False, "difficult": False, "area": None}
        one |= {"segmentation": "[[0.25, 0.5, 0.5, 1.0, 0.25, 1.0]]"}
        _, back, _ = convert(lambda f: object_table(f, [[one]], units="fraction"), "coco")
        found = cells_of(back)[0][0]
        assert [found[side] for side in SIDES] == [16, 24, 32, 48]
        assert json.loads(found["segmentation"]) == [[16, 24, 32, 48, 16, 48]]


class TestLosses:
    def test_images_that_are_unknown_are_left_out_not_denied(self, convert):
        def make(folder):
            known = [["car"], LABELS, None, None]
            table = object_table(folder, [[], [], [], []], objects__labels=known)
            (folder / "p" / "3.jpg").unlink()
            return table

        _, back, losses = convert(
            make, "yolo", lambda paths: measure(paths) * (np.arange(4) != 2)[:, None]
        )
        assert [path.stem for path in by_image(back)] == ["1"]
        assert {loss.rest: loss.num for loss in losses if loss.noun == "image"} == {
            "annotated for some labels only": 1,
            "whose size cannot be read": 1,
            "whose file is not there": 1,
        }

    def test_objects_without_label_or_numbers_are_counted(self, convert):
        good = {"label": "car", "x_min": 1.0, "y_min": 1.0, "x_max": 5.0, "y_max": 6.0}
        cells = [
            [
                good,
                {**good, "x_max": math.nan},
                {**good, "label": None},
                {**good, "y_min": math.inf},
            ]
        ]
        _, back, losses = convert(lambda f: object_table(f, cells), "coco")
        assert len(cells_of(back)[0]) == 1
        assert [(str(loss)) for loss in losses] == [
            "1 object without a label",
            "2 objects with a coordinate that is no finite number",
        ]

    def test_csv_leaves_cells_empty_that_cover_some_labels_only(self, convert):
        known = pa.array([["car"], None], pa.list_(pa.string()))
        make = lambda f: object_table(f, [[], None], tags=["car|bus", "bus"], tags__labels=known)  # noqa: E731
        _, back, losses = convert(make, "csv")
        assert back.column("tags").to_pylist() == [None, "bus"]
        assert describe(losses) == (
            "1 cell of tags known for some labels only, the column objects (1 cell)"
        )

    def test_columns_are_reported_together(self):
        losses = [ConversionLoss("crowd flag", 3), ConversionLoss("area", 1)]
        losses += [ConversionLoss(name, 60, is_column=True) for name in ("daytime", "people")]
        assert describe(losses) == "3 crowd flags, 1 area, the columns daytime, people (120 cells)"

    def test_image_ids_stay_and_repeated_ones_are_counted(self, convert):
        ids = ["12", "12", "abc", None]
        _, back, losses = convert(lambda f: object_table(f, [[]] * 4, image_id=ids), "coco")
        assert back.column("image_id").to_pylist() == ["12", "13", "abc", "14"]
        assert [str(loss) for loss in losses] == ["1 image id used twice"]


class TestFiles:
    def test_another_reader_of_coco_finds_the_same(self, tmp_path, capsys):
        one = {
            "label": "012",
            "x_min": 1.0,
            "y_min": 2.0,
            "x_max": 5.5,
            "y_max": 6.0,
            "crowd": True,
        }
        table = object_table(tmp_path, [[one], [], None], ids=IDS)
        write_table(table, tmp_path / "o.json", "coco", measure, QUIET)
        coco = COCO(str(tmp_path / "o.json"))
        assert [image["file_name"] for image in coco.imgs.values()] == ["p/0.jpg", "p/1.jpg"]
        assert [(image["height"], image["width"]) for image in coco.imgs.values()] == [
            (48, 64),
            (100, 30),
        ]
        (found,) = coco.anns.values()
        assert (found["bbox"], found["area"], found["iscrowd"]) == ([1, 2, 4.5, 4], 18, 1)
        assert coco.cats[found["category_id"]]["name"] == "012"

    def test_images_stay_and_folders_that_hold_one_name_twice_are_kept_apart(self, tmp_path):
        table = object_table(tmp_path / "in", [[], []])
        names = pa.array(["a/1.jpg", "b/1.png"])
        table = type(table)(
            table.data.set_column(0, "image", names), "t", tmp_path / "in", table.lines
        )
        for row in range(2):
            table.path(row).parent.mkdir()
            table.path(row).write_bytes(b"x")
        write_table(table, tmp_path / "out", "yolo", lambda p: np.ones((len(p), 2), int), QUIET)
        links = sorted((tmp_path / "out" / "images").iterdir())
        assert [link.name for link in links] == ["a_1.jpg", "b_1.png"]
        assert all(link.is_symlink() and not Path(link.readlink()).is_absolute() for link in links)
        assert sorted(p.name for p in (tmp_path / "out" / "labels").iterdir()) == [
            "a_1.txt",
            "b_1.txt",
        ]

    def test_nothing_is_overwritten_and_names_must_be_readable_again(self, tmp_path):
        (tmp_path / "a.csv").write_text("x")
        for out, kind, code in (
            ("a.csv", "csv", "E_EXISTS"),
            ("a.txt", "coco", "E_FORMAT"),
            ("no/a", "voc", "E_NO_FILE"),
        ):
            with pytest.raises(ConfigError) as caught:
                check_out(tmp_path / out, kind)
            assert caught.value.code == code

    def test_a_failure_leaves_nothing_behind(self, tmp_path):
        table = object_table(tmp_path / "in", [[], []])
        (tmp_path / "new").mkdir()

        class Stopped(Reporter):
            def work(self, title, total, unit=""):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_table(table, tmp_path / "new" / "out", "voc", measure, Stopped(quiet=True))
        assert list((tmp_path / "new").iterdir()) == []

    @pytest.mark.parametrize("label", [" car", "a\nb"])
    def test_labels_that_would_change_are_refused(self, tmp_path, label):
        table = object_table(tmp_path / "in", [[]], labels=[label])
        for kind in ("voc", "yolo"):
            with pytest.raises(ConfigError, match="rename it"):
                write_table(table, tmp_path / "out", kind, measure, QUIET)
        assert not (tmp_path / "out").exists()

    def test_no_objects_or_none_known_is_refused(self, tmp_path):
        table = object_table(tmp_path / "in", [None])
        with pytest.raises(DataError, match="no image can be written"):
            write_table(table, tmp_path / "a.json", "coco", measure, QUIET)
        bare = type(table)(table.data.select(["image"]), "t", tmp_path, table.lines)
        with pytest.raises(ConfigError, match="no column of objects"):
            write_table(bare, tmp_path / "a.json", "coco", measure, QUIET)
