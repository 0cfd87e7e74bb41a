"""Tags that follow from boxes or masks, before and after augmentation."""

import numpy as np
import pytest
from object_rows import object_table, same_size, thing
from task_tables import resolve, table

from polyhead.config import validate
from polyhead.errors import ConfigError
from polyhead.table import ImageBoxes, MaskTargets
from polyhead.table.mask_sources import MaskFiles
from polyhead.tasks import BoxesConfig, MaskConfig, TagsConfig

BOXES = BoxesConfig(type="boxes").encoder("objects", ("car", "bus", "dog"))
MASK = MaskConfig(type="mask").encoder("ground", ("road", "sky"))


def keys(**more):
    return TagsConfig.model_validate({"type": "tags", "from": "objects", **more})


def rules(source=BOXES, **more):
    return keys(**more).derive("contents", source).derivation(source)


class TestKeys:
    def test_classes_are_those_of_the_source_unless_declared(self):
        assert keys().derive("contents", BOXES).classes == BOXES.classes
        assert keys(classes=["dog", "car"]).derive("contents", BOXES).classes == ("dog", "car")

    def test_a_class_the_source_lacks_is_an_error_with_the_nearest(self):
        with pytest.raises(ConfigError, match='Did you mean "bus"'):
            keys(classes=["buss"]).derive("contents", BOXES)

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
    def test_boxes_give_yes_no_and_unknown(self):
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

    def test_masks_give_what_their_pixels_show(self):
        present = np.array([[1, 0], [-1, 1]], np.int8)
        source = MaskFiles(table(a=["x"]).root, np.zeros(2))
        targets = MaskTargets(source, np.ones((2, 2), np.int32), np.ones(2, bool), present)
        assert rules(MASK).encode(targets).tolist() == present.tolist()
        assert rules(MASK, classes=["sky"]).encode(targets).tolist() == [[0], [1]]


class TestAugmented:
    def test_boxes_that_survived_tell(self):
        sample = ImageBoxes(
            np.zeros((3, 4), np.float32),
            np.array([0, 0, 1]),
            np.array([True, False, True]),
            np.array([True, True, False]),
        )
        assert rules().recompute(sample, np.array([1, 1, -1])).tolist() == [1, -1, -1]

    def test_nothing_left_is_no_where_it_was_looked_for(self):
        none = np.zeros(0, int)
        sample = ImageBoxes(
            np.zeros((0, 4)), none, none.astype(bool), np.array([True, False, True])
        )
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

    def test_some_classes_of_the_source_in_an_order_of_their_own(self):
        sample = ImageBoxes(
            np.zeros((2, 4), np.float32),
            np.array([2, 1]),
            np.array([False, True]),
            np.array([True, True, True]),
        )
        rule = rules(classes=["dog", "car"])
        assert rule.recompute(sample, np.array([0, 1])).tolist() == [1, 0]
        mask = np.zeros((4, 4), np.uint8)
        assert rules(MASK, classes=["sky"]).recompute(mask, np.array([1])).tolist() == [0]
        mask[0] = 255
        assert rules(MASK, classes=["sky"]).recompute(mask, np.array([1])).tolist() == [-1]
        assert rules(MASK, classes=["sky"]).recompute(mask, np.array([0])).tolist() == [0]


IMPLIES = {"car": ["vehicle"], "bus": ["vehicle"], "vehicle": ["thing"], "dog": ["thing"]}


def by_hand(cells, known, label):
    """The tag of one image: its own objects and those of every label that leads to it."""
    below = {"vehicle": "car bus vehicle", "thing": "car bus dog vehicle"}.get(label, label).split()
    if any(name in below and not crowd for name, crowd in cells):
        return 1
    if any(name in below for name, _ in cells):
        return -1
    looked = [name in known for name in below if name != "thing"]
    return 0 if (label in known if label != "thing" else all(looked)) else -1


class TestImplied:
    """`vehicle` is a class of boxes of its own, `thing` none."""

    source = BoxesConfig(type="boxes").encoder("objects", ("car", "bus", "dog", "vehicle"))
    labels = ("car", "bus", "dog", "vehicle", "thing")

    def derive(self, **more):
        given = {"classes": list(self.labels), "rules": {"implies": IMPLIES}, **more}
        return rules(self.source, **given)

    def test_an_object_is_also_one_of_what_its_label_implies(self):
        cases = [
            [],
            [("car", False)],
            [("car", True)],
            [("car", True), ("bus", False)],
            [("dog", False)],
            [("dog", True)],
            [("vehicle", False)],
            [("vehicle", True), ("dog", False)],
        ]
        cells = [[thing(name, 0, 0, 9, 9, crowd=crowd) for name, crowd in case] for case in cases]
        rows = object_table([*cells, None], self.source.classes)
        task = resolve(rows, "objects", type="boxes")
        found = self.derive().encode(task.encode(rows, same_size(len(rows))).targets)
        names = self.source.classes
        expected = [[by_hand(case, names, label) for label in self.labels] for case in cases]
        assert found.tolist() == [*expected, [-1] * 5]
        assert found.dtype == np.int8

    def test_it_holds_for_what_survives_augmentation(self):
        for labels, ignored in (([], []), ([0], [0]), ([0], [1]), ([0, 1], [1, 0]), ([2], [0])):
            for known in ([1, 1, 1, 1], [1, 0, 1, 1], [0, 0, 1, 1], [1, 1, 1, 0]):
                case = [(self.labels[k], bool(i)) for k, i in zip(labels, ignored, strict=True)]
                looked = [name for name, k in zip(self.labels, known, strict=False) if k]
                if not {name for name, _ in case} <= set(looked):
                    continue
                sample = ImageBoxes(
                    np.zeros((len(labels), 4)),
                    np.array(labels, int),
                    np.array(ignored, bool),
                    np.array(known, bool),
                )
                found = self.derive().recompute(sample, np.full(5, -1)).tolist()
                assert found == [by_hand(case, looked, label) for label in self.labels]

    def test_masks_likewise(self):
        mask = MaskConfig(type="mask").encoder("ground", ("road", "grass"))
        given = {"classes": ["road", "grass", "floor"], "rules": {"implies": {"road": ["floor"]}}}
        rule = rules(mask, **given)
        assert rule.recompute(np.zeros((2, 2), np.uint8), np.array([1, 0, 1])).tolist() == [1, 0, 1]
        assert rule.recompute(np.ones((2, 2), np.uint8), np.array([1, 1, 1])).tolist() == [0, 1, 0]
        half = np.array([[1, 255]], np.uint8)
        assert rule.recompute(half, np.array([1, 1, 1])).tolist() == [-1, 1, -1]
        present = np.array([[1, 0], [0, 1], [-1, -1]], np.int8)
        source = MaskFiles(table(a=["x"]).root, np.zeros(3))
        targets = MaskTargets(source, np.ones((3, 2), np.int32), np.ones(3, bool), present)
        assert rule.encode(targets)[:, 2].tolist() == [1, 0, -1]

    def test_a_class_that_nothing_implies_is_still_refused(self):
        with pytest.raises(ConfigError, match="none of these implies it"):
            keys(classes=["car", "wheels"]).derive("contents", BOXES)
        turned = {"implies": {"vehicle": ["car"]}}
        with pytest.raises(ConfigError, match='"vehicle" is none of the 3 classes'):
            keys(classes=["car", "vehicle"], rules=turned).derive("contents", BOXES)
        with pytest.raises(ConfigError, match='names "thing", which is no label'):
            keys(rules={"implies": {"car": ["thing"]}}).derive("contents", BOXES)


class TestLabelsLookedFor:
    def test_delimited_tags_are_unknown_for_labels_not_looked_for(self):
        rows = table(
            contents=["car", "[]", "car|bus", None],
            **{"contents:labels": [["car"], None, ["bus"], ["car"]]},
        )
        task = resolve(rows, type="tags", classes=["bus", "car"])
        assert task.encode(rows).targets.tolist() == [[-1, 1], [0, 0], [1, -1], [-1, -1]]
