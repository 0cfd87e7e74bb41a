"""`polyhead check CONFIG --labels RUN`."""

import json
import shutil

import pytest
from tiny_runs import write_config

from polyhead.config import load_config


@pytest.fixture
def doubled(scenes, tmp_path):
    """The scenes with a copy of every image; one copy has other labels."""
    folder = shutil.copytree(scenes, tmp_path / "scenes")
    lines = (folder / "labels.csv").read_text().splitlines()
    copies = []
    for number, line in enumerate(lines[1:]):
        name, tags, *rest = line.split(",")
        shutil.copy(folder / name, folder / f"{name}.copy.jpg")
        copies.append(",".join([f"{name}.copy.jpg", "snow" if number == 4 else tags, *rest]))
    (folder / "labels.csv").write_text("\n".join([*lines, *copies]))
    return write_config(tmp_path / "doubled.yaml", folder)


def test_labels_are_listed_with_their_place(polyhead, trained, doubled):
    answer = polyhead("check", doubled, "--labels", trained.path, "--json", "-q")
    assert answer.code == 0, answer.err
    report = json.loads(answer.out)
    assert report["num_pictures"] == 72
    assert report["num_twins"] >= 36
    assert report["counts"] == {
        kind: sum(finding["kind"] == kind for finding in report["findings"])
        for kind in ("missing", "wrong", "rule", "twins")
    }
    twins = [finding for finding in report["findings"] if finding["kind"] == "twins"]
    assert {"images/000004.jpg", "images/000004.jpg.copy.jpg"} & {f["image"] for f in twins}
    for finding in report["findings"]:
        expected = {"missing": ("no", "unknown"), "wrong": ("yes",), "twins": ("yes", "no")}
        assert finding["given"] in expected[finding["kind"]]
        assert finding["where"].startswith("labels.csv:")
    text = polyhead("check", doubled, "--labels", trained.path, "-q").out
    assert "near-duplicate images, one with the label and one without" in text


def test_broken_rules_are_listed(polyhead, trained, doubled):
    text = doubled.read_text()
    rules = "column: tags, rules: {implies: {car: [person]}}}"
    doubled.write_text(text.replace("column: tags}", rules))
    answer = polyhead("check", doubled, "--labels", trained.path, "--json", "-q")
    assert answer.code == 0, answer.err
    report = json.loads(answer.out)
    broken = [finding for finding in report["findings"] if finding["kind"] == "rule"]
    assert len(broken) == report["counts"]["rule"] > 0
    assert '"car" is yes and "person" no' in broken[0]["label"]
    assert "labels that break a rule" in polyhead("check", doubled, "--labels", trained.path).out


def test_too_few_images_and_no_tags_are_told(polyhead, trained, config, doubled):
    answer = polyhead("check", config, "--labels", trained.path)
    assert (answer.code, "at least 50" in answer.err) == (2, True)
    text = doubled.read_text()
    doubled.write_text(text.replace("  contents: {type: tags, column: tags}\n", ""))
    answer = polyhead("check", doubled, "--labels", trained.path)
    assert (answer.code, "no tags task" in answer.err) == (2, True)


def test_a_wrong_run_is_told(polyhead, config, tmp_path):
    answer = polyhead("check", config, "--labels", tmp_path / "none")
    assert (answer.code, "E_RUN" in answer.err) == (1, True)


def test_a_run_alone_is_judged_by_its_own_config(polyhead, trained, doubled, tmp_path):
    run = shutil.copytree(trained.path, tmp_path / "run")
    settings = load_config(doubled).model_dump(mode="json", exclude_none=True)
    text = (run / "config.resolved.yaml").read_text()
    own = load_config(run / "config.resolved.yaml").data
    here = text.replace(str(own.images), settings["data"]["images"])
    here = here.replace(str(own.annotations), settings["data"]["annotations"])
    (run / "config.resolved.yaml").write_text(here)
    alone = polyhead("check", "--labels", run, "--json", "-q")
    assert alone.code == 0, alone.err
    assert alone.out == polyhead("check", doubled, "--labels", run, "--json", "-q").out
    shutil.rmtree(doubled.parent / "scenes")
    gone = polyhead("check", "--labels", run, "-q")
    assert gone.code in (2, 3)
    assert str(doubled.parent / "scenes") in gone.err
    assert len(gone.err.splitlines()) == 1, gone.err


def test_neither_config_nor_run_is_told(polyhead):
    answer = polyhead("check")
    assert (answer.code, "give a config to check" in answer.err) == (2, True)
