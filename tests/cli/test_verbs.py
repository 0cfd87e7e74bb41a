"""Every verb as a user calls it: exit codes, what goes to which stream, the JSON of DESIGN."""

import json
import shutil
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest
from data.picture_files import encoded
from PIL import Image
from tiny_runs import write_config

from polyhead.runtime.predictor import Predictor
from polyhead.structures import ClassPrediction, Prediction

ONE_EPOCH = ("--set", "train.epochs=1")


class Answer(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def polyhead(shell):
    """`polyhead("train", path)` -> exit code, standard output, standard error."""
    return lambda *words: Answer(shell(*words), shell.out, shell.err)


@pytest.fixture
def talkative(monkeypatch):
    """Progress has a line for every step, though the work takes no ten seconds."""
    monkeypatch.setattr("polyhead.progress.SECONDS_BETWEEN_LINES", 0.0)


@pytest.fixture
def config(scenes, tmp_path):
    return write_config(tmp_path / "tiny.yaml", scenes)


@pytest.fixture
def pictures(scenes):
    return sorted((scenes / "images").iterdir())


@pytest.fixture(scope="module")
def many_rows(tmp_path_factory):
    """A table of 102 pictures in one folder, as `bad_data: skip` allows one bad row in 100."""
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
    """A copy of those pictures, some of them broken, and its config."""
    shutil.copytree(many_rows, folder / "scenes")
    for name in names:
        (folder / "scenes" / name).write_text("hello")
    return write_config(folder / "tiny.yaml", folder / "scenes")


class TestCommandLine:
    @pytest.mark.parametrize(
        ("words", "found"),
        [
            (["trian"], "No such command 'trian'. Did you mean 'train'? See polyhead --help."),
            (["train", "--epoch"], "No such option: --epoch. See polyhead train --help."),
            (["predict", "run", "a.png", "--batchsize", "1"], "--batch-size"),
            (["predict", "run"], "Missing argument 'pictures'. See polyhead predict --help."),
            (["predict", "run", "a.png", "--batch-size", "0"], "--batch-size"),
            (["predict", "run", "a.png", "--batch-size", "many"], "--batch-size"),
            (["check"], "Missing argument 'config'. See polyhead check --help."),
            (["evaluate", "run", "--split", "tset"], "tset"),
            (["scenes", "out", "--size", "8"], "--size"),
            (["check", "a.yaml", "b.yaml"], "b.yaml"),
            (["train"], "give either a config to train or --resume RUN"),
        ],
    )
    def test_wrong_usage_is_one_line_and_exit_code_2(self, polyhead, words, found):
        code, out, err = polyhead(*words)
        assert (code, out) == (2, "")
        assert found in err
        assert err.startswith("polyhead: ")
        assert err.count("\n") == 1


class TestTrain:
    @pytest.mark.parametrize(
        "words", [("--set", "train.epochs=2"), ("--bad-data", "skip"), ("config.yaml",)]
    )
    def test_resume_takes_no_other_config(self, polyhead, trained, words):
        code, out, err = polyhead("train", "--resume", trained.path, *words)
        assert (code, out) == (2, "")
        assert "--resume" in err

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
        assert out == "102 rows, 101 readable pictures: 1 errors\n"
        assert "E_NOT_IMAGE labels.csv:9 007.png: " in err


class TestEvaluate:
    def test_json_has_the_shape_that_other_programs_read(self, polyhead, trained, talkative):
        code, out, err = polyhead("evaluate", trained.path, "--json")
        found = json.loads(out)
        assert code == 0
        assert "evaluating test" in err
        assert set(found) == {"split", "num_images", "tasks"}
        assert found["split"] == "test"
        tags, day = found["tasks"]["contents"], found["tasks"]["daytime"]
        assert (tags["type"], day["type"]) == ("tags", "class")
        for task, figure in ((tags, "mAP"), (day, "accuracy")):
            assert isinstance(task["num_known"], int)
            assert {"value", "low", "high"} <= set(task["metrics"][figure])
        for entry in tags["per_class"].values():
            assert {"AP", "num_positive", "num_known", "threshold"} <= set(entry)
        assert json.loads(trained.evaluation.read_text()) == found

    def test_split_val(self, polyhead, trained):
        code, out, _ = polyhead("evaluate", trained.path, "--split", "val", "--json", "--quiet")
        found = json.loads(out)
        parts = pq.read_table(trained.split).column("split").to_pylist()
        assert (code, found["split"], found["num_images"]) == (0, "val", parts.count("val"))
        assert json.loads((trained.path / "evaluation-val.json").read_text()) == found


class TestPredict:
    def test_json_is_one_line_a_picture_of_the_shape_that_programs_read(
        self, polyhead, trained, pictures, talkative
    ):
        code, out, err = polyhead("predict", trained.path, *pictures[:3], "--json")
        entries = [json.loads(line) for line in out.splitlines()]
        assert code == 0
        assert "predicting" in err
        assert [entry["image"] for entry in entries] == list(map(str, pictures[:3]))
        for entry in entries:
            assert list(entry) == ["image", "width", "height", "tasks"]
            assert (entry["width"], entry["height"]) == (64, 64)
            assert list(entry["tasks"]) == ["contents", "daytime"]
            tags, day = entry["tasks"].values()
            assert list(tags) == ["type", "labels", "probabilities"]
            assert set(tags["labels"]) <= set(tags["probabilities"])
            assert list(day) == ["type", "label", "probabilities"]
            assert day["label"] == max(day["probabilities"], key=day["probabilities"].get)
            assert sum(day["probabilities"].values()) == pytest.approx(1, abs=1e-5)

    def test_bad_pictures_lose_no_others(self, polyhead, trained, pictures, tmp_path):
        (tmp_path / "bad.jpg").write_text("<html>")
        given = [pictures[0], tmp_path / "bad.jpg", pictures[1], tmp_path / "gone.png", pictures[2]]
        words = ("--json", "--batch-size", "2", "--quiet")
        code, out, err = polyhead("predict", trained.path, *given, *words)
        entries = [json.loads(line) for line in out.splitlines()]
        assert (code, err) == (1, "2 of 5 pictures could not be read\n")
        assert [entry["image"] for entry in entries] == list(map(str, given))
        assert ["error" in entry for entry in entries] == [False, True, False, True, False]
        assert [set(entries[n]) for n in (1, 3)] == [{"image", "error"}] * 2
        assert [entries[n]["error"]["code"] for n in (1, 3)] == ["E_NOT_IMAGE", "E_IMAGE_MISSING"]
        assert all(set(entries[n]["error"]) == {"code", "message"} for n in (1, 3))

    def test_folders_and_globs(self, polyhead, trained, pictures, scenes):
        for given in (scenes / "images", scenes / "images" / "*.*"):
            code, out, _ = polyhead("predict", trained.path, given, "--json")
            found = [json.loads(line)["image"] for line in out.splitlines()]
            assert (code, found) == (0, list(map(str, pictures)))

    def test_an_empty_folder_is_said_to_be_empty(self, polyhead, trained, tmp_path):
        code, out, err = polyhead("predict", trained.path, tmp_path)
        assert (code, out) == (2, "")
        assert "holds no picture" in err

    def test_save_images_keeps_pictures_of_one_name_apart(
        self, polyhead, trained, pictures, tmp_path
    ):
        given = [pictures[0], tmp_path / "gone.png", pictures[0]]
        words = ("--save-images", tmp_path / "drawn")
        assert polyhead("predict", trained.path, *given, *words).code == 1
        drawn = sorted((tmp_path / "drawn").iterdir())
        assert [path.name for path in drawn] == [f"0000{n}-{pictures[0].stem}.png" for n in (0, 2)]
        for path in drawn:
            with Image.open(path) as picture:
                picture.load()

    def test_ctrl_c_between_two_pictures(self, polyhead, trained, pictures, monkeypatch):
        def stream(self, wanted, **options):
            answer = ClassPrediction("day", {"day": 1.0})
            yield Prediction(wanted[0].name, 1, 1, {"daytime": answer})
            raise KeyboardInterrupt

        monkeypatch.setattr(Predictor, "stream", stream)
        code, out, err = polyhead("predict", trained.path, *pictures, "--quiet")
        assert (code, err) == (130, "polyhead: stopped\n")
        assert out == f"{pictures[0]}  daytime: day 1.00\n"


class TestScenes:
    def test_options_reach_the_pictures(self, polyhead, tmp_path):
        words = ("--num", "3", "--size", "64", "--seed", "5", "--unknown", "per_task:0.5")
        code, out, _ = polyhead("scenes", tmp_path / "a", *words, "--correlation", "0")
        assert code == 0
        assert out.startswith(f"3 scenes: {tmp_path / 'a' / 'labels.csv'}, ")
        names = sorted((tmp_path / "a" / "images").iterdir())
        assert len(names) == 3
        with Image.open(names[0]) as picture:
            assert picture.size == (64, 64)
        polyhead("scenes", tmp_path / "b", *words, "--correlation", "0")
        for file in ("labels.csv", "objects.json", f"images/{names[0].name}"):
            assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()

    @pytest.mark.parametrize(
        ("words", "found"),
        [
            (("--unknown", "random:lots"), "expected such as random:0.3"),
            (("--unknown", "rnadom:0.3"), 'Did you mean "random"?'),
            (("--unknown", "random:1.5"), "1.5"),
            (("--label-noise", "2"), "2"),
            (("--correlation", "-1"), "--correlation"),
        ],
    )
    def test_wrong_options(self, polyhead, tmp_path, words, found):
        code, out, err = polyhead("scenes", tmp_path / "a", "--num", "1", *words)
        assert (code, out) == (2, "")
        assert found in err
        assert "E_INTERNAL" not in err
