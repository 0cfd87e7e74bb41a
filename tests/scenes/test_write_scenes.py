import csv
import json

import numpy as np
import pytest
from PIL import Image

from polyhead.errors import ConfigError
from polyhead.scenes import (
    MASK_CLASSES,
    OBJECT_LABELS,
    TAGS,
    SceneOptions,
    render_scene,
    street_distribution,
    write_scenes,
)

NUM = 10


def rows_of(table):
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("scenes") / "street"
    done = []
    table = write_scenes(out, NUM, SceneOptions(size=64, seed=3), done.append)
    assert done == list(range(1, NUM + 1))
    assert table == out / "labels.csv"
    return out


@pytest.fixture(scope="module")
def truth():
    return [render_scene(index, 3, 64) for index in range(NUM)]


def test_table_holds_the_truth(written, truth):
    rows = rows_of(written / "labels.csv")
    assert list(rows[0]) == ["image", "tags", "daytime", "people", "visibility_m", "mask"]
    assert len(rows) == NUM
    for index, (row, scene) in enumerate(zip(rows, truth, strict=True)):
        assert row["image"] == f"images/{index:06d}.jpg"
        labels = [] if row["tags"] == "[]" else row["tags"].split("|")
        assert labels == [tag for tag in TAGS if scene.tags[tag]]
        assert row["daytime"] == scene.daytime
        assert int(row["people"]) == scene.people
        assert float(row["visibility_m"]) == pytest.approx(scene.visibility_m, abs=0.05)


def test_images_and_masks_are_those_of_the_scenes(written, truth):
    for row, scene in zip(rows_of(written / "labels.csv"), truth, strict=True):
        with Image.open(written / row["image"]) as image:
            assert image.format == "JPEG"
            assert image.size == (64, 64)
            difference = np.asarray(image).astype(int) - scene.image
        assert np.abs(difference).mean() < 12
        with Image.open(written / row["mask"]) as mask:
            assert mask.mode == "L"
            np.testing.assert_array_equal(np.asarray(mask), scene.mask)


def test_coco_file_holds_the_truth(written, truth):
    document = json.loads((written / "objects.json").read_text())
    names = {category["id"]: category["name"] for category in document["categories"]}
    assert tuple(names.values()) == OBJECT_LABELS
    assert len({a["id"] for a in document["annotations"]}) == len(document["annotations"])
    for index, (image, scene) in enumerate(zip(document["images"], truth, strict=True)):
        assert image["file_name"] == f"images/{index:06d}.jpg"
        assert (image["width"], image["height"]) == (64, 64)
        own = [a for a in document["annotations"] if a["image_id"] == image["id"]]
        assert [names[a["category_id"]] for a in own] == scene.box_labels
        corners = [[x, y, x + w, y + h] for x, y, w, h in (a["bbox"] for a in own)]
        np.testing.assert_allclose(np.reshape(corners, (-1, 4)), scene.boxes_xyxy)
        assert all(a["iscrowd"] == 0 and a["area"] <= a["bbox"][2] * a["bbox"][3] for a in own)


def test_record_holds_options_and_distribution(written):
    record = json.loads((written / "scenes.json").read_text())
    assert record["options"]["seed"] == 3
    assert record["mask_classes"] == list(MASK_CLASSES)
    assert record["pairwise"][TAGS.index("rain")][TAGS.index("snow")] is None


def test_the_same_options_give_the_same_files_also_over_a_broken_run(written, tmp_path):
    class Stop(Exception):
        pass

    def stop(done):
        if done == 4:
            raise Stop

    out = tmp_path / "again"
    with pytest.raises(Stop):
        write_scenes(out, NUM + 5, SceneOptions(size=64), stop)
    assert not (out / "labels.csv").exists()
    write_scenes(out, NUM, SceneOptions(size=64, seed=3))
    assert contents(out) == contents(written)


def test_an_empty_tag_set_is_written_as_brackets(tmp_path):
    street = street_distribution()
    seed = next(
        s for s in range(10_000) if not street.sample(np.random.default_rng([s, 0]), 1).any()
    )
    (row,) = rows_of(write_scenes(tmp_path / "s", 1, SceneOptions(size=64, seed=seed)))
    assert row["tags"] == "[]"
    assert row["people"] == "0"
    document = json.loads((tmp_path / "s" / "objects.json").read_text())
    assert len(document["images"]) == 1
    assert document["annotations"] == []


@pytest.mark.parametrize("pattern", ["random", "per_class", "single_positive"])
def test_partly_known_tags_take_a_column_each(tmp_path, pattern, truth):
    options = SceneOptions(size=64, seed=3, unknown_fraction=0.5, unknown_pattern=pattern)
    rows = rows_of(write_scenes(tmp_path / "s", NUM, options))
    columns = [f"tag:{tag}" for tag in TAGS]
    assert list(rows[0]) == ["image", *columns, "daytime", "people", "visibility_m", "mask"]
    cells = np.array([[row[column] for column in columns] for row in rows])
    expected = np.array([[str(int(value)) for value in scene.tags.values()] for scene in truth])
    assert np.all((cells == "") | (cells == expected))
    assert 0.1 < (cells == "").mean() < 0.9
    assert all(row["daytime"] and row["people"] and row["mask"] for row in rows)


def test_per_task_leaves_whole_cells_masks_and_coco_images_out(tmp_path):
    out = tmp_path / "s"
    options = SceneOptions(size=64, unknown_fraction=0.4, unknown_pattern="per_task")
    rows = rows_of(write_scenes(out, 30, options))
    for column in ("tags", "daytime", "people", "visibility_m", "mask"):
        known = [row[column] != "" for row in rows]
        assert 5 < sum(known) < 28
    masks = {f"masks/{path.name}" for path in (out / "masks").iterdir()}
    assert masks == {row["mask"] for row in rows if row["mask"]}
    document = json.loads((out / "objects.json").read_text())
    assert 5 < len(document["images"]) < 28
    listed = {image["id"]: image["file_name"] for image in document["images"]}
    assert {a["image_id"] for a in document["annotations"]} <= set(listed)
    for image_id, name in listed.items():
        scene = render_scene(int(name[7:13]), 0, 64)
        own = [a for a in document["annotations"] if a["image_id"] == image_id]
        assert len(own) == len(scene.box_labels)


def test_label_noise_flips_tags_only(tmp_path, truth):
    options = SceneOptions(size=64, seed=3, label_noise=1.0)
    for row, scene in zip(rows_of(write_scenes(tmp_path / "s", NUM, options)), truth, strict=True):
        assert row["tags"].split("|") == [tag for tag in TAGS if not scene.tags[tag]]
        assert int(row["people"]) == scene.people


def test_a_foreign_folder_is_left_alone(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(ConfigError, match="name a new or empty folder"):
        write_scenes(tmp_path, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_files_of_the_user_inside_our_folder_stay(tmp_path):
    options = SceneOptions(size=64)
    write_scenes(tmp_path, 3, options)
    (tmp_path / "notes.txt").write_text("mine")
    write_scenes(tmp_path, 1, options)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert len(list((tmp_path / "images").iterdir())) == 1


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="is a file"):
        write_scenes(tmp_path / "file", 1)


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"unknown_fraction": 1.2}, "unknown_fraction"),
        ({"label_noise": -0.1}, "label_noise"),
        ({"unknown_pattern": "per-class"}, 'Did you mean "per_class"'),
        ({"seed": -1}, "at least 0"),
    ],
)
def test_bad_options_are_refused(knobs, message):
    with pytest.raises(ConfigError, match=message):
        SceneOptions(**knobs)


def test_no_scenes_at_all_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ConfigError, match="at least 1"):
        write_scenes(tmp_path / "s", 0)
    assert not (tmp_path / "s").exists()
