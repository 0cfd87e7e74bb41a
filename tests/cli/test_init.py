"""`polyhead init` on tables of any format, several of them, and recipes."""

import json

import numpy as np
import pytest
from PIL import Image

from polyhead.config import load_config
from polyhead.config_guess import read_recipe, recipe_names


def test_several_tables_become_one_config(polyhead, scenes, tmp_path):
    out = tmp_path / "p.yaml"
    tables = (scenes / "labels.csv", scenes / "objects.json")
    code, printed, err = polyhead("init", scenes, *tables, "--out", out)
    assert code == 0, err
    assert "objects: task objects (boxes): " in printed
    assert "mask: task mask (mask): names masks in 36 cells" in printed
    assert {keys.type for keys in load_config(out).tasks.values()} == {
        "tags",
        "class",
        "number",
        "boxes",
        "mask",
    }
    code, printed, err = polyhead("check", out)
    assert code == 0, err


@pytest.mark.parametrize("kind", ["voc", "yolo"])
def test_a_folder_alone(polyhead, scenes, tmp_path, kind):
    folder, out = tmp_path / kind, tmp_path / "p.yaml"
    assert polyhead("convert", scenes / "objects.json", folder, "--to", kind).code == 0
    code, printed, err = polyhead("init", folder, "--out", out)
    assert code == 0, err
    assert "objects: task objects (boxes): " in printed
    assert f"  annotations: {kind}/\n" in out.read_text()
    assert polyhead("check", out).code == 0


@pytest.mark.parametrize("image_ids", [(1, 1, "2"), ("1", "1", "2")])
def test_what_could_not_be_read_is_said(polyhead, tmp_path, image_ids):
    boxes = [
        {"id": k, "image_id": image, "category_id": 1, "bbox": [1, 1, 5, 5]}
        for k, image in enumerate(image_ids)
    ]
    images = [{"id": k, "file_name": f"{k}.jpg"} for k in (1, 2)]
    document = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "car"}]}
    (tmp_path / "o.json").write_text(json.dumps(document))
    code, _, err = polyhead("init", tmp_path, tmp_path / "o.json", "--out", tmp_path / "p")
    assert code == (3 if image_ids[0] == "1" else 0)
    assert "E_UNKNOWN_IMAGE o.json annotations[2]: image_id '2'" in err
    assert code or "check lists all" in err


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_alone_is_written_as_it_is(polyhead, tmp_path, name):
    out = tmp_path / "p.yaml"
    code, printed, _ = polyhead("init", "--recipe", name, "--out", out)
    assert (code, out.read_text()) == (0, read_recipe(name).text)
    assert "it describes the data that it expects" in printed
    assert polyhead("init", "--recipe", name, "--out", out).code == 2


def test_a_recipe_for_a_table(polyhead, scenes, tmp_path):
    out = tmp_path / "p.yaml"
    words = (scenes, scenes / "objects.json", "--recipe", "detect-only", "--out", out)
    assert polyhead("init", *words).code == 0
    config = load_config(out)
    assert (list(config.tasks), config.model.image_size) == (["objects"], (320, 320))
    words = (scenes, scenes / "objects.json", "--recipe", "tags-fast", "--out", out)
    code, _, err = polyhead("init", *words)
    assert (code, "E_NO_TASK" in err) == (3, True)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "expected IMAGES TABLE"),
        (("--recipe", "street"), "choose one of detect-only, street-five"),
        (("none",), "none is no folder"),
        (("{scenes}/labels.csv", "{scenes}"), "the folder of images first"),
        (("{scenes}", "{scenes}/none.csv"), "E_NO_FILE"),
    ],
)
def test_wrong_words(polyhead, scenes, words, problem, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = polyhead("init", *(word.format(scenes=scenes) for word in words))
    assert code == 2
    assert problem in err
    assert not (tmp_path / "polyhead.yaml").exists()


def write_images(folder, *names):
    noise = np.random.default_rng(0)
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        top = 2 if "mask" in name else 256
        Image.fromarray(noise.integers(0, top, (16, 16)).astype(np.uint8)).save(path)


def test_a_folder_of_masks_behind_one_of_images(polyhead, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pairs = [f"{kind}/{name}.png" for name in range(12) for kind in ("images", "masks")]
    write_images(tmp_path, *pairs)
    assert polyhead("init", ".", "--out", "parent.yaml").code == 0
    code, printed, err = polyhead("init", "images/", "masks/", "--out", "two.yaml")
    assert (code, "mask: task mask (mask)" in printed) == (0, True), err
    one, two = load_config(tmp_path / "parent.yaml"), load_config(tmp_path / "two.yaml")
    assert one.tasks == two.tasks
    assert polyhead("check", "two.yaml").code == 0
    code, _, err = polyhead("init", "masks", "images", "--out", "swapped.yaml")
    assert (code, "polyhead init images masks" in err) == (2, True)
    (tmp_path / "labels.csv").write_text(
        "image,kind\n" + "".join(f"{name}.png,{'ab'[name % 2]}\n" for name in range(12))
    )
    code, printed, err = polyhead("init", "images", "masks", "labels.csv", "--out", "three.yaml")
    assert code == 0, err
    assert set(load_config(tmp_path / "three.yaml").tasks) == {"mask", "kind"}
    code, printed, err = polyhead("check", "three.yaml")
    assert code == 0, printed + err


def test_a_table_alone_and_in_another_order(polyhead, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [f"{name}.png" for name in range(12)]
    write_images(tmp_path, *(f"shots/{name}" for name in names))
    rows = "".join(f"{name},{'ab'[k % 2]}\n" for k, name in enumerate(names))
    (tmp_path / "shots" / "labels.csv").write_text(f"image,kind\n{rows}")
    code, _, err = polyhead("init", "shots/labels.csv")
    assert code == 0, err
    assert load_config(tmp_path / "polyhead.yaml").name == "shots"
    assert polyhead("check", "polyhead.yaml").code == 0
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "labels.csv").write_text(f"image,kind\n{rows}")
    code, _, err = polyhead("init", "tables/labels.csv", "--force")
    assert (code, "polyhead init IMAGES tables/labels.csv" in err) == (2, True)
    code, _, err = polyhead("init", "tables/labels.csv", "shots", "--force")
    assert (code, "polyhead init shots tables/labels.csv" in err) == (2, True)
    assert polyhead("init", "shots", "tables/labels.csv", "--force").code == 0
    assert polyhead("check", "polyhead.yaml").code == 0
