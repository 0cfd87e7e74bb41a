"""What `propose` makes of objects, masks and several tables; the config that comes of it."""

import json

import pytest
from spatial_tables import coco, images, masks, save, table

from polyhead.config import load_config
from polyhead.config_guess import propose, render_yaml, write_config
from polyhead.errors import ConfigError, DataError
from polyhead.preparation import examine
from polyhead.progress import Reporter


def written(proposal, folder):
    path = folder / "polyhead.yaml"
    write_config(path, render_yaml(proposal, "x", folder), overwrite=True)
    return load_config(path)


def one(proposal, column):
    return next(decision for decision in proposal.decisions if column in decision.columns)


def assert_clean(config):
    found = examine(config, Reporter(quiet=True))
    assert [str(fault) for fault in found.faults if fault.is_error] == []


def test_coco_becomes_boxes_and_its_ids_no_task(tmp_path):
    proposal = propose(None, [coco(images(tmp_path))])
    (task,) = proposal.tasks
    assert (task.task, task.type, task.keys) == ("objects", "boxes", {"column": "objects"})
    assert task.labels == ("car", "dog", "cow")
    assert "12 labelled boxes in 8 of 12 images" in task.reason
    assert "the commonest car (8), the rarest dog (4)" in task.reason
    assert "no box says cow" in task.reason
    assert "4 images have none" in task.reason
    assert (one(proposal, "image_id").task, one(proposal, "image_id").type) == (None, "identifier")
    assert not proposal.offers
    assert_clean(written(proposal, tmp_path))


@pytest.mark.parametrize(("outlined", "rest"), [(12, False), (5, True)])
def test_outlines_are_the_offer_of_a_mask(tmp_path, outlined, rest):
    proposal = propose(None, [coco(images(tmp_path), outlined=outlined)])
    (offer,) = proposal.offers
    assert (offer.task, offer.type) == ("objects_mask", "mask")
    assert f"{outlined} of 12 objects have outlines" in offer.reason
    assert ("any other is unknown" in offer.reason) == rest
    assert list(written(proposal, tmp_path).tasks) == ["objects"]
    path = tmp_path / "polyhead.yaml"
    start, _, end = path.read_text().partition("  # objects_mask:")
    path.write_text(f"{start}  objects_mask:{end.replace('  # ', '  ', 2)}")
    config = load_config(path)
    assert {name: keys.type for name, keys in config.tasks.items()} == {
        "objects": "boxes",
        "objects_mask": "mask",
    }
    assert_clean(config)


def test_nested_objects_and_rows_that_nobody_looked_at(tmp_path):
    box = {"label": "cat", "xyxy": [1, 2, 30, 40]}
    path = table(images(tmp_path), things=[[box], [], None])
    proposal = propose(None, [path])
    things = one(proposal, "things")
    assert (things.task, things.type, things.labels) == ("things", "boxes", ("cat",))
    assert "all cat" in things.reason
    assert "in 4 no one annotated" in things.reason
    assert_clean(written(proposal, tmp_path))


def test_objects_that_nowhere_are(tmp_path):
    path = coco(images(tmp_path))
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"annotations": []}))
    with pytest.raises(DataError, match="no column can be learnt") as caught:
        propose(None, [path])
    assert "no object in any of 12 rows" in " ".join(fault.message for fault in caught.value.faults)


def test_several_tables_are_joined(tmp_path):
    path = table(masks(images(tmp_path), 0, 1, 2), light=["day", "night"], split=["train", "val"])
    proposal = propose(tmp_path, [path, coco(tmp_path)])
    assert {task.task: task.type for task in proposal.tasks} == {
        "mask": "mask",
        "light": "class",
        "objects": "boxes",
    }
    assert proposal.split_column == "split"
    text = render_yaml(proposal, "x", tmp_path)
    assert "  annotations:\n    - labels.jsonl\n    - objects.json\n" in text
    config = written(proposal, tmp_path)
    assert config.data.split.column == "split"
    assert [item.path.name for item in config.data.annotations] == ["labels.jsonl", "objects.json"]
    assert_clean(config)


def test_labels_looked_through_are_no_task(tmp_path):
    first, second = coco(images(tmp_path)), tmp_path / "more" / "objects.json"
    second.parent.mkdir()
    document = json.loads(first.read_text())
    for image in document["images"]:
        image["file_name"] = f"../{image['file_name']}"
    second.write_text(
        json.dumps(document | {"categories": [{"id": k, "name": f"l{k}"} for k in (1, 2)]})
    )
    proposal = propose(None, [first, second])
    assert [d.columns for d in proposal.decisions] == [("image_id",), ("objects",)]
    assert "for some labels only" in one(proposal, "objects").reason


@pytest.mark.parametrize("values", [(0, 1, 2), (0, 1, 2, 255), (1, 2), (2, 255)])
def test_masks_get_a_class_for_each_value(tmp_path, values):
    path = table(masks(images(tmp_path), *values))
    proposal = propose(None, [path])
    task = one(proposal, "mask")
    assert (task.task, task.type) == ("mask", "mask")
    assert task.keys == {"column": "mask", "classes": ("class_0", "class_1", "class_2")}
    assert f"values {', '.join(map(str, values))} in 12 that were read" in task.reason
    assert "write one for each value" in task.reason
    assert_clean(written(proposal, tmp_path))


def test_masks_of_one_value_have_two_classes(tmp_path):
    path = table(masks(images(tmp_path), 0))
    assert one(propose(None, [path]), "mask").labels == ("class_0", "class_1")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ((255,), "255 is read as unknown"),
    ],
)
def test_values_that_are_no_classes(tmp_path, values, problem):
    path = table(masks(images(tmp_path), *values), light=["day", "night"])
    decision = one(propose(None, [path]), "mask")
    assert (decision.task, decision.type) == (None, "mask")
    assert problem in decision.reason


def test_colour_images_and_missing_files_are_no_masks(tmp_path):
    images(tmp_path)
    for cell, problem in (("images/{}.png", "colour image"), ("m/{}.png", "does not exist")):
        path = table(tmp_path, cell=cell, light=["day", "night"])
        decision = one(propose(None, [path]), "mask")
        assert (decision.task, problem in decision.reason) == (None, True)
    path = table(tmp_path, name="ground", cell="images/{}.png", light=["day", "night"])
    assert "if these are masks: the mask" in one(propose(None, [path]), "ground").reason


def test_grey_photos_are_images_and_masks_of_any_name_masks(tmp_path):
    images(tmp_path)
    for number in range(12):
        save(tmp_path / "masks" / f"{number}.png", [range(100), range(100)])
    path = table(tmp_path, name="depth", light=["day", "night"])
    assert one(propose(None, [path]), "depth").type == "image"
    masks(tmp_path, 0, 1)
    assert one(propose(None, [path]), "depth").task == "depth"


def test_a_folder_of_images_and_masks_of_one_name_is_a_mask_task(tmp_path):
    masks(images(tmp_path), 0, 1)
    proposal = propose(None, [tmp_path])
    (task,) = proposal.tasks
    assert (task.type, task.keys) == (
        "mask",
        {"column": "mask", "classes": ("class_0", "class_1")},
    )
    assert_clean(written(proposal, tmp_path))


def test_a_folder_of_masks_is_no_class(tmp_path):
    masks(images(tmp_path), 0, 1)
    for path in (tmp_path / "masks").iterdir():
        path.rename(path.with_stem(f"of {path.stem}"))
    with pytest.raises(DataError, match="no column can be learnt") as caught:
        propose(None, [tmp_path])
    assert "write a table" in caught.value.faults[0].message


def test_folders_among_several_keep_their_own_images(tmp_path):
    for name in ("cat", "dog"):
        for number in range(6):
            save(tmp_path / "own" / name / f"{number}.png", [[number] * 20] * 20)
    path = table(images(tmp_path), light=["day", "night"])
    proposal = propose(tmp_path, [path, tmp_path / "own"])
    assert [source.images for source in proposal.sources] == [tmp_path, None]
    assert {task.task for task in proposal.tasks} >= {"light", "class"}
    written(proposal, tmp_path)


def test_labels_away_from_their_images(tmp_path):
    yolo = tmp_path / "yolo" / "labels"
    yolo.mkdir(parents=True)
    (yolo / "classes.txt").write_text("cat\n")
    for number in range(12):
        (yolo / f"{number}.txt").write_text("0 0.5 0.5 0.4 0.4\n")
    path = table(images(tmp_path), light=["day", "night"])
    proposal = propose(tmp_path / "images", [path, yolo])
    text = render_yaml(proposal, "x", tmp_path)
    assert "    - {path: yolo/labels/, images: images/}" in text
    assert "in fractions of their sides" in one(proposal, "objects").reason
    assert_clean(written(proposal, tmp_path))


def test_a_file_that_is_missing(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        propose(None, [coco(images(tmp_path)), tmp_path / "more.json"])


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ((0, 255), {"0": "background", "255": "foreground"}),
        ((0, 100, 200), {"0": "class_0", "100": "class_100", "200": "class_200"}),
    ],
)
def test_values_that_are_no_places_are_proposed_with_a_name_each(tmp_path, values, names):
    proposal = propose(None, [table(masks(images(tmp_path), *values))])
    (task,) = proposal.tasks
    assert (task.type, task.keys) == ("mask", {"column": "mask", "values": names})
    assert_clean(written(proposal, tmp_path))
