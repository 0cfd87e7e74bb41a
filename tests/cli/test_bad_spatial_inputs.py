"""Bad boxes, masks and sources through the command line: code, exit code, and how to mend it."""

import json
import re

import bad_spatial
import numpy as np
import pytest
from bad_spatial import BOXES, MASK, coco, each, label, masks, one, saved, sources, voc, yolo
from PIL import Image

MEND = re.compile(
    r"(?i)\b(mend|add|remove|write|swap|multiply|divide|give|declare|replace|rename|scale|turn|"
    r"name|say|more|clipped|did you mean|expected|choices|check|keep)\b"
)
FROM = BOXES + ", t: {type: tags, from: %s}"
UNKNOWN_LABEL = "{path: other.json, labels_only: [cta]}"
LAST = 2**63 - 1

CASES = {
    "good coco": coco(None, 0),
    "good masks": masks(None, 0),
    "good voc": voc(None, 0),
    "good yolo": yolo(None, 0),
    "the same file twice": sources(None, 0),
    # COCO: boxes
    "box inverted": one("E_BOX_INVERTED", bbox=[10, 10, -5, 5]),
    "box without area": one("E_BOX_ZERO_AREA", bbox=[10, 10, 0, 5]),
    "box of NaN": one("E_BOX_NOT_FINITE", bbox=[10, 10, float("nan"), 5]),
    "box of infinity": one("E_BOX_NOT_FINITE", bbox=[10, float("-inf"), 5, 5]),
    "NaN as text": one("E_BOX_NOT_FINITE", bbox=["nan", 10, 5, 5]),
    "overflow": one("E_BOX_NOT_FINITE", bbox=[1e308, 10, 1e308, 5]),
    "beyond all floats": one("E_ANNOTATION", bbox=[10**400, 10, 5, 5]),
    "huge": one("W_BOX_CLIPPED", 0, bbox=[-1e30, 0, 2e30, 30]),
    "a null among the sides": one("E_BOX_NOT_FINITE", bbox=[None, 10, 5, 5]),
    "five numbers": one("E_ANNOTATION", bbox=[1, 2, 3, 4, 5]),
    "words for numbers": one("E_ANNOTATION", bbox=["a", "b", "c", "d"]),
    "neither box nor outline": one("E_ANNOTATION", bbox=[], segmentation=[]),
    "box outside": one("E_BOX_OUTSIDE", bbox=[100, 10, 5, 5]),
    "box partly outside": one("W_BOX_CLIPPED", 0, bbox=[50, 10, 50, 5]),
    "one box in fractions": one("E_BOX_NORMALISED", bbox=[0.1, 0.1, 0.2, 0.2]),
    "all in fractions": each("E_BOX_NORMALISED", bbox=lambda a: [v / 60 for v in a["bbox"]]),
    "numbers in quotes": each(
        None, 0, bbox=lambda a: [str(v) for v in a["bbox"]], area=lambda _: "600"
    ),
    "a crowd by word": one("E_COCO", iscrowd="maybe"),
    "area by word": one("E_COCO", area="big"),
    "no box at all": coco("E_NO_POSITIVES", change=lambda c: c.update(annotations=[])),
    "crowds alone": each("E_NO_POSITIVES", iscrowd=lambda _: 1),
    # COCO: ids, names, lists
    "category of id 0": coco(None, 0, lambda c: _renumber(c, -1)),
    "category id too large": coco("E_COCO", change=lambda c: _renumber(c, LAST)),
    "category id unknown": one("E_UNKNOWN_CATEGORY", category_id=99),
    "category id as text": one("E_UNKNOWN_CATEGORY", category_id="1"),
    "image id unknown": one("E_UNKNOWN_IMAGE", image_id=999),
    "image id a list": one("E_COCO", image_id=[1]),
    "image twice": coco("E_DUPLICATE_ROW", change=lambda c: c["images"][3].update(file_name=P2)),
    "no images": coco("E_EMPTY_TABLE", change=lambda c: c.update(images=[])),
    "no categories": coco("E_UNKNOWN_CATEGORY", change=lambda c: c.update(categories=[])),
    "no list of annotations": coco("E_COCO", change=lambda c: c.pop("annotations")),
    "file name empty": coco(
        "E_IMAGE_MISSING_NAME", change=lambda c: c["images"][3].update(file_name="")
    ),
    "windows file names": each(None, 0, part="images", file_name=lambda i: f"..\\images\\{_n(i)}"),
    "names elsewhere": each(
        "E_IMAGE_MISSING", part="images", file_name=lambda i: f"C:\\x\\other-{_n(i)}"
    ),
    "made at another size": each("E_IMAGE_SIZE", part="images", width=lambda _: 600),
    "size unknown": each(None, 0, part="images", width=lambda _: 0, height=lambda _: None),
    "turned by EXIF": (bad_spatial.turned, "E_IMAGE_SIZE", 3),
    # Labels
    "label empty": label("", "E_COCO", 3),
    "label no text": label(5, "E_COCO", 3),
    "label half a character": label("\ud800", "E_COCO", 3),
    "label with comma": label('a, "b"'),
    "label with emoji": label("🚗 car"),
    "label with line break": label("a\nb"),
    "label with dot": label(".hidden"),
    "label with slash": label("../a/b"),
    "label of 5000": label("x" * 5000),
    "label by case": coco(
        "E_LABEL_SPELLING",
        change=lambda c: c.update(categories=bad_spatial.categories("Dog", "dog")),
    ),
    "300 classes": coco(
        "W_NO_POSITIVES", 0, lambda c: c.update(categories=bad_spatial.categories(*map(str, TEENS)))
    ),
    "class misspelt": coco("E_LABEL_UNKNOWN", tasks="objects: {type: boxes, classes: [cat, dgo]}"),
    # Tasks
    "column misspelt": coco("E_COLUMN", 2, tasks="a: {type: boxes, column: objecs}"),
    "two tasks of a column": coco(
        None, 0, tasks="a: {type: boxes, column: objects}, b: {type: boxes, column: objects}"
    ),
    "from misspelt": coco("E_CONFIG", 2, tasks=FROM % "objcets"),
    "from itself": coco("E_CONFIG", 2, tasks=FROM % "t"),
    "from a list": coco("E_CONFIG", 2, tasks=FROM % "[objects]"),
    "from each other": coco(
        "E_CONFIG", 2, tasks="t: {type: tags, from: u}, u: {type: tags, from: t}"
    ),
    "boxes of text": masks("E_COLUMN", tasks="a: {type: boxes, column: mask}", exit_code=2),
    "a mask of outlines": coco(None, 0, tasks="ground: {type: mask, column: objects}"),
    # Masks
    "16 bits": masks(None, 0, saved(lambda v: v.astype("u2"))),
    "16 bits, other values": masks("E_MASK_VALUE", 3, saved(lambda v: v.astype("u2") + 999), 3),
    "palette": masks(None, 0, bad_spatial.with_palette),
    "colours": masks("E_MASK_FORMAT", 3, saved(lambda v: np.stack([v * 99, v, v], 2)), 3),
    "one bit": masks("W_NO_POSITIVES", 0, saved(lambda v: v > 0)),
    "cut": masks("E_MASK_SIZE", 3, saved(lambda v: v[:9]), 3),
    "on its side": masks("E_MASK_SIZE", 3, saved(lambda v: v.T.copy()), 3),
    "0 and 255": masks("E_MASK_VALUE", 3, saved(lambda v: ((v > 0) * 255).astype("u1"))),
    "unknown alone": masks("E_NO_POSITIVES", 3, saved(lambda v: v * 0 + 255)),
    "one unknown alone": masks(None, 0, saved(lambda v: v * 0 + 255), 3),
    "jpeg": masks("E_MASK_FORMAT", 3, lambda v, p: Image.fromarray(v).save(p, "JPEG"), 3),
    "text": masks("E_MASK_FORMAT", 3, lambda _, p: p.write_text("mask"), 3),
    "gone": masks("E_MASK_MISSING", 3, lambda _, __: None, 3),
    "a folder": masks("E_MASK_MISSING", 3, lambda _, p: p.mkdir(), 3),
    "name too long": masks("E_MASK_MISSING", cells={3: "x" * 500 + ".png"}),
    "first name too long": masks("E_MASK_MISSING", cells={0: "x" * 500 + ".png"}),
    "windows mask names": masks(None, 0, cells={0: "masks\\p00.png", 3: "masks\\p03.png"}),
    "some unknown": masks(None, 0, cells={3: "", 4: ""}),
    "nothing known": masks("E_NOTHING_KNOWN", cells=dict.fromkeys(range(bad_spatial.NUM), "")),
    "one class": masks("E_CONFIG", 2, tasks=MASK.replace("a, b, c", "a")),
    "class twice": masks("E_CONFIG", 2, tasks=MASK.replace("a, b, c", "a, b, a")),
    "classes undeclared": masks("E_CONFIG", 2, tasks="ground: {type: mask, column: mask}"),
    # VOC
    "voc floats": voc(None, 0, "<xmin>6<", "<xmin>6.25<"),
    "voc without difficult": voc(None, 0, "<difficult>0</difficult>", ""),
    "voc namespace": voc(None, 0, "<annotation>", '<annotation xmlns="http://a.b/c">'),
    "voc no number": voc("E_ANNOTATION", 3, "<xmin>6<", "<xmin>n/a<"),
    "voc NaN": voc("E_BOX_NOT_FINITE", 3, "<xmin>6<", "<xmin>nan<"),
    "voc inverted": voc("E_BOX_INVERTED", 3, "<xmin>6<", "<xmin>46<"),
    "voc no name": voc("E_ANNOTATION", 3, "<name>dog</name>", ""),
    "voc torn": voc("E_XML", 3, "</annotation>", ""),
    "voc entities": voc("E_XML", 3, "<annotation>", "<!DOCTYPE a []><annotation>"),
    "voc utf-16": voc(None, 0, encoding="utf-16"),
    "voc latin-1": voc("E_XML", 3, "dog", "dög", encoding="latin-1"),
    "voc made at another size": voc("E_IMAGE_SIZE", 3, "<width>60<", "<width>600<"),
    "voc size swapped": voc(
        "E_IMAGE_SIZE",
        3,
        "<width>60</width><height>40<",
        "<width>40</width><height>60<",
    ),
    "voc size 0": voc(None, 0, "<width>60<", "<width>0<"),
    # YOLO
    "yolo of windows": yolo(None, 0, b"\xef\xbb\xbf1 0.4 0.5 0.2 0.3\r\n"),
    "yolo in pixels": yolo("E_BOX_OUTSIDE", 3, "1 40 50 20 30"),
    "yolo class unknown": yolo("E_CLASS_NUMBER", 3, "7 0.4 0.5 0.2 0.3"),
    "yolo class by name": yolo("E_YOLO_LINE", 3, "dog 0.4 0.5 0.2 0.3"),
    "yolo with a score": yolo("E_YOLO_LINE", 3, "1 0.4 0.5 0.2 0.3 0.9"),
    "yolo with commas": yolo("E_YOLO_LINE", 3, "1,0.4,0.5,0.2,0.3"),
    "yolo NaN": yolo("E_BOX_NOT_FINITE", 3, "1 nan 0.5 0.2 0.3"),
    "yolo negative": yolo("E_BOX_INVERTED", 3, "1 0.4 0.5 -0.2 0.3"),
    "yolo binary": yolo("E_YOLO_LINE", 3, b"\xff\xfe\0"),
    "yolo empty": yolo(None, 0, ""),
    "yolo names twice": yolo("E_YOLO_NAMES", 3, names="names: [cat, cat]"),
    "yolo names torn": yolo("E_YOLO_NAMES", 3, names="names: [cat"),
    # Several sources
    "labels_only unknown": sources("E_LABEL_UNKNOWN", second=UNKNOWN_LABEL),
    "labels_only of one": sources(None, 0, "{path: other.json, labels_only: [cat]}"),
    "columns unknown": sources("E_COLUMN", 2, "{path: other.json, columns: [objetcs]}"),
    "other objects": sources(
        "W_OBJECTS_DIFFER", 0, change=lambda c: c["annotations"][0].update(bbox=[1, 1, 9, 9])
    ),
    "second file gone": sources("E_NO_FILE", 2, "gone.json"),
    "second file a mapping of nothing": sources("E_CONFIG", 2, "{}"),
}
P2 = bad_spatial.name(2)
TEENS = range(300)
# What an image that is missing entails.
FOLLOWING = {"E_DATA", "E_IMAGE_MISSING"}


def _n(image):
    return bad_spatial.name(image["id"] - 1)


def _renumber(content, shift):
    for category in content["categories"]:
        category["id"] += shift
    for annotation in content["annotations"]:
        annotation["category_id"] += shift


@pytest.mark.parametrize("name", CASES)
def test_check_finds_the_fault_says_how_to_mend_it_and_finds_no_other(shell, tmp_path, name):
    build, code, exit_code = CASES[name]
    bad_spatial.write_images(tmp_path)
    build(tmp_path)
    assert shell("check", tmp_path / "c.yaml", "--quiet") == exit_code, shell.err
    assert "Traceback" not in shell.err
    assert "E_INTERNAL" not in shell.err
    quiet = {found for found in shell.codes if found[0] == "N"} | {"W_IMAGE_ORPHAN"}
    errors = {found for found in shell.codes if found.startswith("E_")}
    if code is None:
        assert shell.codes - quiet == set(), shell.err
    else:
        assert code in shell.codes, shell.err
        assert errors <= {code, *FOLLOWING}, shell.err
    silent = [line for line in shell.err.splitlines() if line[1:2] == "_" and not MEND.search(line)]
    assert silent == []


@pytest.mark.parametrize("name", ["box inverted", "turned by EXIF", "0 and 255", "voc torn"])
def test_train_refuses_with_the_same_code_and_leaves_no_run(shell, tmp_path, name):
    build, code, exit_code = CASES[name]
    bad_spatial.write_images(tmp_path)
    build(tmp_path)
    assert shell("train", tmp_path / "c.yaml", "--runs", tmp_path / "runs") == exit_code
    assert code in shell.codes
    assert not (tmp_path / "runs").exists()


def test_convert_refuses_what_it_would_lose_unseen(shell, tmp_path):
    content = bad_spatial.document()
    content["annotations"][3]["category_id"] = 99
    bad_spatial.write_json(tmp_path, content)
    out = tmp_path / "out.parquet"
    assert shell("convert", tmp_path / "o.json", out, "--to", "parquet") == 3
    assert "E_UNKNOWN_CATEGORY" in shell.codes
    assert not out.exists()


def test_json_lists_every_fault(shell, tmp_path):
    bad_spatial.write_images(tmp_path)
    build, code, _ = CASES["made at another size"]
    build(tmp_path)
    assert shell("check", tmp_path / "c.yaml", "--json") == 3
    assert json.loads(shell.out)["counts"] == {code: bad_spatial.NUM}
