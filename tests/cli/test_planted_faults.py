"""One folder with a fault of every kind at once: `check` lists each, in its row, with a mend."""

import json
import os
import re
from collections import Counter

import pytest
from data.image_files import NOT_IMAGES, bomb, encoded, frames, grey16_png, scene
from PIL import Image

NUM_GOOD = 40
MEND = re.compile(
    r"(?i)\b(add|change|check|choose|convert|copy|correct|crop|delete|download|did you mean|"
    r"export|extract|fill|install|keep|merge|mend|move|name|put|re-?save|remove|rename|replace|restore|"
    r"run|save|scale|unpack|write)\b"
)
CONFIG = """\
name: planted
data: {annotations: labels.csv, images: .}
tasks:
  contents: {type: tags, column: tags, classes: [car, bus]}
  daytime: {type: class, column: daytime, classes: [day, night]}
model: {backbone: test_resnet, pretrained: false, image_size: 32}
"""
JPEG, PNG = encoded(scene(), "JPEG"), encoded(scene())
SPOILT_IMAGES = {
    **{f"{name}.jpg": (data, "E_NOT_IMAGE") for name, (data, _) in NOT_IMAGES.items()},
    "half.jpg": (JPEG[: len(JPEG) // 2], "E_TRUNCATED"),
    "half.png": (PNG[: len(PNG) // 2], "E_TRUNCATED"),
    "bomb.png": (bomb(), "E_TOO_LARGE"),
    "really_png.jpg": (encoded(scene(20, 21)), "N_EXTENSION"),
    "moving.gif": (frames("GIF"), "N_ANIMATED"),
    "deep.png": (grey16_png(scene()[:, :, 0].astype("u2") * 9), "N_DEPTH"),
    "pixel.png": (encoded(Image.new("RGB", (1, 1), "red")), "W_IMAGE_EXTREME"),
    "good00 again.png": (encoded(scene(30, 30)), "W_IMAGE_DUPLICATE"),
}
ODD_FILES = {
    "folder.jpg": (os.mkdir, "E_IMAGE_UNREADABLE"),
    "pipe.jpg": (os.mkfifo, "E_IMAGE_UNREADABLE"),
    "loop.jpg": (lambda path: path.symlink_to(path), "E_IMAGE_UNREADABLE"),
    "dangling.jpg": (lambda path: path.symlink_to("nowhere.jpg"), "E_IMAGE_MISSING"),
    "good0O.png": (lambda path: None, "E_IMAGE_MISSING"),
}
SPOILT_ROWS = [
    ("good01.png,car,night", "E_DUPLICATE_ROW", "good01.png"),
    ("spare1.png,caar,day", "E_LABEL_UNKNOWN", '"car"'),
    ("spare2.png,car,nihgt", "E_LABEL_UNKNOWN", '"night"'),
    ("spare3.png,car", "E_ROW_LENGTH", "3"),
    (",car,day", "E_IMAGE_MISSING_NAME", "names no image"),
]


def build(folder):
    """Fill the folder; returns line of the table, code and words of every planted fault."""
    lines, planted = ["image,tags,daytime"], []
    for number in range(NUM_GOOD):
        (folder / f"good{number:02}.png").write_bytes(encoded(scene(30 + number, 30)))
        tags, day = ("car", "car|bus")[number % 2], ("day", "night")[number % 3 == 0]
        lines.append(f"good{number:02}.png,{tags},{day}")
    for name, (data, code) in SPOILT_IMAGES.items():
        (folder / name).write_bytes(data)
        lines.append(f"{name},car,day")
        planted.append((len(lines), code, name))
    for name, (make, code) in ODD_FILES.items():
        make(folder / name)
        lines.append(f"{name},car,day")
        planted.append((len(lines), code, name))
    for number in (1, 2, 3):
        (folder / f"spare{number}.png").write_bytes(encoded(scene(10 + number, 90)))
    for row, code, words in SPOILT_ROWS:
        lines.append(row)
        planted.append((len(lines), code, words))
    (folder / "orphan.png").write_bytes(encoded(scene(11, 60)))
    (folder / "labels.csv").write_text("\n".join([*lines, ""]))
    (folder / "polyhead.yaml").write_text(CONFIG)
    return planted


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    return folder / "polyhead.yaml", build(folder)


def test_check_lists_every_fault_in_its_line_and_no_other(polyhead, planted):
    config, expected = planted
    code, out, _ = polyhead("check", config, "--json")
    found = json.loads(out)
    faults = {
        (fault["where"].split()[0], fault["code"]): fault["message"] for fault in found["faults"]
    }
    assert code == 3
    for line, fault_code, words in expected:
        key = (f"labels.csv:{line}", fault_code)
        assert key in faults, key
        message = faults.pop(key)
        assert words in message or fault_code != "E_LABEL_UNKNOWN", message
    twice = next(line for line, code, _ in expected if code == "E_DUPLICATE_ROW")
    deep = next(line for line, code, _ in expected if code == "N_DEPTH")
    assert set(faults) == {
        (f"labels.csv:{deep}", "W_DEPTH"),  # its upper bits are empty
        (f"labels.csv:{twice}", "W_IMAGE_DUPLICATE"),
        ("orphan.png", "W_IMAGE_ORPHAN"),
    }
    num_errors = sum(code.startswith("E_") for _, code, _ in expected)
    assert found["num_errors"] == num_errors
    assert len(expected) >= 40


def test_every_error_and_warning_says_how_to_mend_it(polyhead, planted):
    _, out, _ = polyhead("check", planted[0], "--json")
    silent = [
        fault
        for fault in json.loads(out)["faults"]
        if fault["code"][0] in "EW" and not MEND.search(fault["message"])
    ]
    assert silent == []


def test_the_screen_has_a_line_for_each_error_but_many_of_one_code_share_one(polyhead, planted):
    config, expected = planted
    code, out, err = polyhead("check", config)
    lines = [line for line in err.splitlines() if line.startswith("E_")]
    totals = Counter(code for _, code, _ in expected if code.startswith("E_"))
    assert code == 3
    for fault, total in totals.items():
        found = [line for line in lines if line.startswith(f"{fault} ")]
        assert len([line for line in found if "labels.csv:" in line]) == min(total, 5)
        assert (found[-1] == f"{fault} … and {total - 5} more") == (total > 5)
    assert max(totals.values()) > 5
    assert out.endswith(f": {totals.total()} errors\n")
    assert err.splitlines()[-1].endswith(f"polyhead check {config} --json lists all of them")
    assert "Traceback" not in err
    assert "E_INTERNAL" not in err
    listed = json.loads(polyhead("check", config, "--json").out)["faults"]
    for name in [*SPOILT_IMAGES, *ODD_FILES]:
        assert any(name in f"{fault['where']} {fault['message']}" for fault in listed)


def test_train_refuses_with_the_same_list(polyhead, planted, tmp_path):
    checked = polyhead("check", planted[0]).err.splitlines()
    code, out, err = polyhead("train", planted[0], "--runs", tmp_path / "runs")
    assert (code, out) == (3, "")
    assert err.splitlines()[:-1] == checked
    assert err.splitlines()[-1].startswith("polyhead: error E_DATA: ")
    assert list(tmp_path.iterdir()) == []


def test_predict_answers_the_same_codes(polyhead, trained, planted):
    folder = planted[0].parent
    codes = {name: code for name, (_, code) in {**SPOILT_IMAGES, **ODD_FILES}.items()}
    del codes["folder.jpg"]  # a folder is a request for the images in it
    code, out, err = polyhead("predict", trained.path, *(folder / name for name in codes), "--json")
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert "Traceback" not in err
    for answer, (name, expected) in zip(answers, codes.items(), strict=True):
        assert answer["image"] == str(folder / name)
        assert answer.get("error", {}).get("code") == (expected if expected[0] == "E" else None)
        if "error" in answer:
            assert MEND.search(answer["error"]["message"]), answer
