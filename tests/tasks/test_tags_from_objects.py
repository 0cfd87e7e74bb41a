"""Tags that follow from boxes or masks, before and after augmentation."""

import numpy as np
import pytest
from object_rows import object_table, same_size, thing
from task_tables import resolve, table

from polyhead.config import validate
from polyhead.errors import ConfigError
from polyhead.table import Boxes, MaskTargets
from polyhead.table.mask_sources import MaskFiles
from polyhead.tasks import BoxesTask, MaskTask, TagsConfig, derive_tags, tags_from

BOXES = BoxesTask("objects", ("car", "bus", "dog"))
MASK = MaskTask("ground", ("road", "sky"))


def keys(**more):
    return TagsConfig.model_validate({"type": "tags", "from": "objects", **more})


def rules(source=BOXES, **more):
    return derive_tags(tags_from("contents", keys(**more), source), source)


class TestKeys:
    def test_classes_are_those_of_the_source_unless_declared(self):
        assert tags_from("contents", keys(), BOXES).classes == BOXES.classes
        assert tags_from("contents", keys(classes=["dog", "car"]), BOXES).classes == ("dog", "car")

    def test_a_class_the_source_lacks_is_an_error_with_the_nearest(self):
        with pytest.raises(ConfigError, match='Did you mean "bus"'):
            tags_from("contents", keys(classes=["buss"]), BOXES)

    @pytest.mark.parametrize("other", [{"column": "a"}, {"columns": ["a", "b"]}])
    def test_there_is_one_place_to_read_tags_from(self, other):
        value = {
            "data": {"annotations": "x.csv"},
            "tasks": {"contents": {"type": "tags", "from": "o"}},
        }
        value["tasks"]["contents"] |= other
        with pytest.raises(ConfigError, match="found both `from` and `column"):
            validate(value, "test")

    def test_the_key_is_written_as_it_is_read(self):
        value = {
            "data": {"annotations": "x.csv"},
            "tasks": {"contents": {"type": "tags", "from": "o"}},
        }
        config = validate(value, "test")
        written = config.model_dump(mode="json")["tasks"]["contents"]
        assert written["from"] == "o"
        assert TagsConfig.model_validate(written).source == "o"


class TestEncoding:
    def test_boxes_tell_yes_no_and_unknown(self):
        cells = [[thing("car", 0, 0, 9, 9)], [], None, [thing("dog", 0, 0, 9, 9, crowd=True)]]
        rows = object_table(cells, ["car", "bus", "dog"])
        targets = resolve(rows, "objects", type="boxes").encode(rows, same_size(4)).targets
        assert rules().encode(targets).tolist() == [
            [1, 0, 0],
            [0, 0, 0],
            [-1, -1, -1],
            [0, 0, -1],
        ]
        assert rules(classes=["dog", "car"]).encode(targets)[0].tolist() == [0, 1]

    def test_masks_tell_what_their_pixels_show(self):
        present = np.array([[1, 0], [-1, 1]], np.int8)
        source = MaskFiles(table(a=["x"]).root, np.zeros(2))
        targets = MaskTargets(source, np.ones((2, 2), np.int32), np.ones(2, bool), present)
        assert rules(MASK).encode(targets).tolist() == present.tolist()
        assert rules(MASK, classes=["sky"]).encode(targets).tolist() == [[0], [1]]


class TestAugmented:
    def test_boxes_that_survived_tell(self):
        sample = Boxes(
            np.zeros((3, 4), np.float32),
            np.array([0, 0, 1]),
            np.array([True, False, True]),
            np.array([True, True, False]),
        )
        assert rules().recompute(sample, np.array([1, 1, -1])).tolist() == [1, -1, -1]

    def test_nothing_left_is_no_where_it_was_looked_for(self):
        none = np.zeros(0, int)
        sample = Boxes(np.zeros((0, 4)), none, none.astype(bool), np.array([True, False, True]))
        assert rules().recompute(sample, np.array([1, -1, 0])).tolist() == [0, -1, 0]

    def test_masks_that_survived_tell(self):
        mask = np.full((4, 4), 255, np.uint8)
        rule = rules(MASK)
        assert rule.recompute(mask, np.array([1, -1])).tolist() == [-1, -1]
        mask[0, 0] = 1
        assert rule.recompute(mask, np.array([1, -1])).tolist() == [-1, 1]
        mask[:] = 1
        assert rule.recompute(mask, np.array([1, -1])).tolist() == [0, 1]
        assert rule.recompute(mask, np.array([1, 1])).dtype == np.int8


class TestLabelsLookedFor:
    def test_delimited_tags_are_unknown_for_labels_not_looked_for(self):
        rows = table(
            contents=["car", "[]", "car|bus", None],
            **{"contents:labels": [["car"], None, ["bus"], ["car"]]},
        )
        task = resolve(rows, type="tags", classes=["bus", "car"])
        assert task.encode(rows).targets.tolist() == [[-1, 1], [0, 0], [1, -1], [-1, -1]]
