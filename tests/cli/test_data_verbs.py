"""From a table to a run: `init`, `check`, `train` and `demo`, as a user calls them."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from data.image_files import encoded
from PIL import Image
from tiny_runs import signal_before_step, write_config

from polyhead import config_guess
from polyhead.cli import demo

ONE_EPOCH = ("--set", "train.epochs=1")


@pytest.fixture(scope="module")
def many_rows(tmp_path_factory):
    """A table of 102 images in one folder, as `bad_data: skip` allows one bad row in 100."""
    folder = tmp_path_factory.mktemp("many") / "scenes"
    folder.mkdir()
    lines = ["image,tags,daytime"]
    for number in range(102):
        name = f"{number:03}.png"
        colour = (number * 2, 255 - number, 7)
        (folder / name).write_bytes(encoded(Image.new("RGB", (32, 32), colour)))
        lines.append(
            f"{name},{'car|bus' if number % 2 else 'car'},{'day' if number % 3 else 'night'}"
        )
    (folder / "labels.csv").write_text("\n".join([*lines, ""]))
    return folder


def broken(many_rows, folder, *names):
    """A copy of those images, some of them broken, and its config."""
    shutil.copytree(many_rows, folder / "scenes")
    for name in names:
        (folder / "scenes" / name).write_text("hello")
    return write_config(folder / "tiny.yaml", folder / "scenes")


class TestInitAndTrain:
    def test_a_table_becomes_a_run_that_answers(self, polyhead, scenes, tmp_path):
        config = tmp_path / "polyhead.yaml"
        code, out, _ = polyhead("init", scenes, scenes / "labels.csv", "--out", config)
        assert code == 0
        assert "daytime: task daytime (class): " in out
        assert out.endswith(f"wrote {config}; next: polyhead check {config}\n")
        code, out, err = polyhead("check", config)
        assert (code, "no errors" in out) == (0, True), err
        assert out.endswith(f"; next: polyhead train {config}\n")

        again = polyhead("init", scenes, scenes / "labels.csv", "--out", config)
        assert (again.code, "E_EXISTS" in again.err, "--force" in again.err) == (2, True, True)
        words = ("init", scenes, scenes / "labels.csv", "--out", config, "--force")
        assert polyhead(*words).code == 0

    def test_train_prints_the_run_alone_and_takes_settings(self, polyhead, config, tmp_path):
        words = ("--set", "train.seed=7", "--runs", tmp_path / "runs", "--device", "cpu")
        code, out, err = polyhead("train", config, *ONE_EPOCH, *words)
        run = tmp_path / "runs" / "tiny-001"
        assert (code, out) == (0, f"{run}\n"), err
        assert f"done: {run}" in err
        resolved = (run / "config.resolved.yaml").read_text()
        assert "seed: 7" in resolved
        assert "epochs: 1\n" in resolved
        assert "device: cpu" in resolved
        assert (run / "config.yaml").read_text() == config.read_text()

    def test_train_starts_from_another_run(self, polyhead, config, trained, tmp_path):
        words = (
            "--init-from",
            trained.path,
            "--set",
            "model.freeze=true",
            "--runs",
            tmp_path / "r",
        )
        code, out, err = polyhead("train", config, *ONE_EPOCH, *words)
        assert (code, out) == (0, f"{tmp_path / 'r' / 'tiny-001'}\n"), err
        assert f"from {trained.path}: kept backbone, contents, daytime" in err
        assert (
            f"the weights of the run {trained.path.name}."
            in (Path(out.strip()) / "README.md").read_text()
        )

    def test_quiet_says_nothing_on_standard_error(self, polyhead, config, tmp_path):
        words = ("--runs", tmp_path / "runs", "--quiet")
        assert polyhead("train", config, *ONE_EPOCH, *words) == (
            0,
            f"{tmp_path / 'runs' / 'tiny-001'}\n",
            "",
        )

    @pytest.mark.parametrize(
        "words",
        [
            ("--set", "train.epochs=2"),
            ("--bad-data", "skip"),
            ("--init-from", "x"),
            ("config.yaml",),
        ],
    )
    def test_resume_takes_no_other_config(self, polyhead, trained, words):
        code, out, err = polyhead("train", "--resume", trained.path, *words)
        assert (code, out) == (2, "")
        assert "--resume" in err

    def test_ctrl_c_saves_and_resume_goes_on(self, polyhead, config, tmp_path, monkeypatch):
        run = tmp_path / "runs" / "tiny-001"
        words = ("train", config, *ONE_EPOCH, "--runs", run.parent)
        with monkeypatch.context() as patch:
            signal_before_step(patch, 2)
            code, out, err = polyhead(*words)
        assert (code, out) == (130, "")
        assert f"polyhead train --resume {run}" in err
        code, out, err = polyhead("train", "--resume", run)
        assert (code, out) == (0, f"{run}\n")
        assert "resuming after step" in err

    def test_one_bad_row_of_many_is_dropped_when_asked(self, polyhead, many_rows, tmp_path):
        config = broken(many_rows, tmp_path, "007.png")
        words = ("train", config, *ONE_EPOCH, "--runs", tmp_path / "runs")
        code, out, err = polyhead(*words)
        assert (code, out) == (3, "")
        assert "E_NOT_IMAGE labels.csv:9 007.png" in err
        assert not (tmp_path / "runs").exists()
        code, out, err = polyhead(*words, "--bad-data", "skip", "--set", "train.batch_size=32")
        assert code == 0, err
        run = Path(out.strip())
        assert "skipped 1 faulty" in err
        assert "E_NOT_IMAGE labels.csv:9 007.png" in (run / "log.txt").read_text()
        names = pq.read_table(run / "split.parquet").column("image").to_pylist()
        assert len(names) == 101
        assert "007.png" not in names

    def test_too_many_bad_rows_are_refused(self, polyhead, many_rows, tmp_path):
        config = broken(many_rows, tmp_path, "007.png", "008.png")
        words = ("--bad-data", "skip", "--runs", tmp_path / "runs")
        code, out, err = polyhead("train", config, *words)
        assert (code, out) == (3, "")
        assert "2 of 102 rows have errors; at most 1% may be skipped" in err

    def test_bad_data_takes_two_words(self, polyhead, config):
        code, _, err = polyhead("train", config, "--bad-data", "skpi")
        assert (code, 'Did you mean "skip"?' in err) == (2, True)


class TestCheck:
    def test_json_of_good_data(self, polyhead, config):
        code, out, _ = polyhead("check", config, "--json")
        found = json.loads(out)
        assert code == 0
        assert set(found) == {"num_rows", "num_errors", "split", "counts", "faults"}
        assert (found["num_rows"], found["num_errors"]) == (36, 0)
        assert sum(found["split"].values()) == 36

    def test_json_of_faults(self, polyhead, many_rows, tmp_path):
        config = broken(many_rows, tmp_path, "007.png")
        code, out, _ = polyhead("check", config, "--json", "--quiet")
        found = json.loads(out)
        assert (code, found["num_errors"], found["split"]) == (3, 1, {})
        fault = next(fault for fault in found["faults"] if fault["code"] == "E_NOT_IMAGE")
        assert (fault["where"], fault["row"]) == ("labels.csv:9 007.png", 7)
        assert found["counts"]["E_NOT_IMAGE"] == 1

    @pytest.mark.parametrize("text", ["tasks: {}", "nmae: x"])
    def test_json_of_a_wrong_config(self, polyhead, tmp_path, text):
        (tmp_path / "a.yaml").write_text(text)
        code, out, _ = polyhead("check", tmp_path / "a.yaml", "--json")
        assert code == 2
        assert json.loads(out)["counts"] == {"E_CONFIG": 1}

    def test_faults_go_to_standard_error(self, polyhead, many_rows, tmp_path):
        config = broken(many_rows, tmp_path, "007.png")
        code, out, err = polyhead("check", config)
        assert code == 3
        assert out == "102 rows, 101 readable images: 1 error\n"
        assert "E_NOT_IMAGE labels.csv:9 007.png: " in err


def test_the_demo_goes_all_the_way(polyhead, tmp_path, monkeypatch):
    small = {"backbone": "test_byobnet", "pretrained": False, "image_size": 64}
    recipe = config_guess.read_recipe(demo.RECIPE)
    config = yaml.safe_load(recipe.text) | {"model": small, "train": {"epochs": 1}}
    quick = replace(recipe, text=yaml.safe_dump(config))
    monkeypatch.setattr(config_guess, "read_recipe", lambda _name: quick)
    monkeypatch.setattr(demo, "NUM_SCENES", 24)
    monkeypatch.setattr(demo, "NUM_NEW", 2)
    out = tmp_path / "demo"
    code, printed, err = polyhead("demo", "--out", out, "--device", "cpu")
    assert code == 0, err
    for path in (
        out / "street",
        out / "polyhead.yaml",
        out / "runs/street-five-001",
        out / "drawings",
    ):
        assert path.exists()
        assert str(path) in printed
    assert len(list((out / "drawings").iterdir())) == 2
