"""A table with hundreds of faults: the screen shows a few of each, `--json` and the log all."""

import json
from pathlib import Path

import pytest
from PIL import Image

CONFIG = """\
name: many
data: {annotations: labels.csv, images: ., split: {val: 0.2, test: 0.2}}
tasks: {size: {type: number}}
model: {backbone: test_resnet, pretrained: false, image_size: 32}
train: {epochs: 1, batch_size: 4}
"""
NUM_WRONG = 30


@pytest.fixture
def folder(tmp_path):
    lines = ["image,size"]
    for number in range(10):
        Image.new("RGB", (40, 32), (20 * number, 9, 9)).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{number}")
    lines += [f"gone{number}.png,1" for number in range(NUM_WRONG)]
    (tmp_path / "labels.csv").write_text("\n".join([*lines, ""]))
    (tmp_path / "polyhead.yaml").write_text(CONFIG)
    return tmp_path


def shown(text):
    return sum(line.startswith("E_IMAGE_MISSING labels.csv:") for line in text.splitlines())


def test_check_cuts_errors_of_one_code_and_lists_all_in_json(polyhead, folder):
    code, _, err = polyhead("check", folder / "polyhead.yaml")
    assert (code, shown(err)) == (3, 5)
    assert "E_IMAGE_MISSING … and 25 more" in err
    assert "found: 30 E_IMAGE_MISSING; polyhead check " in err
    code, out, _ = polyhead("check", folder / "polyhead.yaml", "--json")
    faults = json.loads(out)["faults"]
    assert (code, len(faults), len({fault["where"] for fault in faults})) == (3, 30, 30)


def test_train_names_the_command_that_lists_all(polyhead, folder):
    config = folder / "polyhead.yaml"
    code, _, err = polyhead("train", config, "--runs", folder / "runs")
    assert (code, shown(err)) == (3, 5)
    mend = f"polyhead check {config} --json"
    assert f"{mend} lists all of them" in err
    assert len(json.loads(polyhead(*mend.split()[1:]).out)["faults"]) == NUM_WRONG


def test_convert_lists_all_in_json(polyhead, tmp_path):
    (tmp_path / "l.csv").write_text("image,a\n" + "x.png,1\n" * 100 + "x.png\n" * NUM_WRONG)
    words = ("convert", tmp_path / "l.csv", tmp_path / "o.parquet", "--to", "parquet")
    code, _, err = polyhead(*words)
    assert code == 3
    assert "E_ROW_LENGTH … and 25 more" in err
    assert "--json lists all of them" in err
    code, out, _ = polyhead(*words, "--json")
    codes = [fault["code"] for fault in json.loads(out)["faults"]]
    assert (code, codes.count("E_ROW_LENGTH")) == (3, NUM_WRONG)


def test_the_log_of_a_run_holds_what_the_screen_cut(polyhead, folder):
    lines = ["image,size", *(f"{number}.png,{number}" for number in range(10))]
    for number in range(10, 20):
        (folder / f"{number}.png").write_bytes((folder / f"{number - 10}.png").read_bytes())
        lines.append(f"{number}.png,{number - 10}")
    (folder / "labels.csv").write_text("\n".join(lines))
    code, out, err = polyhead("train", folder / "polyhead.yaml", "--runs", folder / "runs")
    assert code == 0
    assert sum(line.startswith("W_IMAGE_DUPLICATE labels") for line in err.splitlines()) == 5
    assert "W_IMAGE_DUPLICATE … and 5 more" in err
    assert f"all of them in {Path(out.strip()) / 'log.txt'}" in err
    logged = (Path(out.strip()) / "log.txt").read_text().splitlines()
    assert len({line for line in logged if line.startswith("W_IMAGE_DUPLICATE labels")}) == 10
