"""Every verb as a user calls it: exit codes, what goes to which stream, the JSON of DESIGN."""

import json

import pyarrow.parquet as pq
import pytest
from PIL import Image

from polyhead.predictions import ClassPrediction, Prediction
from polyhead.runtime.predictor import Predictor
from polyhead.version import __version__

ONE_EPOCH = ("--set", "train.epochs=1")


@pytest.fixture
def talkative(monkeypatch):
    """Progress has a line for every step, though the work takes no ten seconds."""
    monkeypatch.setattr("polyhead.progress.SECONDS_BETWEEN_LINES", 0.0)


@pytest.fixture
def images(scenes):
    return sorted((scenes / "images").iterdir())


class TestCommandLine:
    def test_version(self, polyhead):
        assert polyhead("--version") == (0, f"polyhead {__version__}\n", "")

    @pytest.mark.parametrize(
        ("words", "found"),
        [
            (["trian"], "No such command 'trian'. Did you mean 'train'? See polyhead --help."),
            (["train", "--epoch"], "No such option: --epoch. See polyhead train --help."),
            (["predict", "run", "a.png", "--batchsize", "1"], "--batch-size"),
            (["predict", "run"], "Missing argument 'images'. See polyhead predict --help."),
            (["predict", "run", "a.png", "--batch-size", "0"], "--batch-size"),
            (["predict", "run", "a.png", "--batch-size", "many"], "--batch-size"),
            (["check"], "give a config to check, such as polyhead.yaml, or --labels RUN"),
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

    def test_no_verb_prints_the_help_as_it_is(self, polyhead):
        code, out, err = polyhead()
        assert (code, out) == (2, "")
        assert err.startswith("Usage: polyhead ")

    def test_only_debug_shows_a_traceback(self, polyhead):
        words = ["check", "gone.yaml"]
        plain, shown = polyhead(*words), polyhead(*words, "--debug")
        assert plain.code == shown.code == 2
        assert "Traceback" not in plain.err
        assert "Traceback (most recent call last)" in shown.err
        assert shown.err.endswith(plain.err)


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

    def test_tables_without_json(self, polyhead, trained):
        code, out, err = polyhead("evaluate", trained.path, "--quiet")
        assert (code, err) == (0, "")
        assert out.startswith("test: ")
        assert "contents (tags): " in out
        assert "mAP" in out


class TestPredict:
    def test_json_is_one_line_a_image_of_the_shape_that_programs_read(
        self, polyhead, trained, images, talkative
    ):
        code, out, err = polyhead("predict", trained.path, *images[:3], "--json")
        entries = [json.loads(line) for line in out.splitlines()]
        assert code == 0
        assert "predicting" in err
        assert [entry["image"] for entry in entries] == list(map(str, images[:3]))
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

    def test_bad_images_lose_no_others(self, polyhead, trained, images, tmp_path):
        (tmp_path / "bad.jpg").write_text("<html>")
        given = [images[0], tmp_path / "bad.jpg", images[1], tmp_path / "gone.png", images[2]]
        words = ("--json", "--batch-size", "2", "--quiet")
        code, out, err = polyhead("predict", trained.path, *given, *words)
        entries = [json.loads(line) for line in out.splitlines()]
        assert (code, err) == (1, "2 of 5 images could not be read\n")
        assert [entry["image"] for entry in entries] == list(map(str, given))
        assert ["error" in entry for entry in entries] == [False, True, False, True, False]
        assert [set(entries[n]) for n in (1, 3)] == [{"image", "error"}] * 2
        assert [entries[n]["error"]["code"] for n in (1, 3)] == ["E_NOT_IMAGE", "E_IMAGE_MISSING"]
        assert all(set(entries[n]["error"]) == {"code", "message"} for n in (1, 3))

    def test_folders_and_globs(self, polyhead, trained, images, scenes):
        for given in (scenes / "images", scenes / "images" / "*.*"):
            code, out, _ = polyhead("predict", trained.path, given, "--json")
            found = [json.loads(line)["image"] for line in out.splitlines()]
            assert (code, found) == (0, list(map(str, images)))

    def test_an_empty_folder_is_said_to_be_empty(self, polyhead, trained, tmp_path):
        code, out, err = polyhead("predict", trained.path, tmp_path)
        assert (code, out) == (2, "")
        assert "holds no image" in err

    def test_save_images_keeps_images_of_one_name_apart(self, polyhead, trained, images, tmp_path):
        given = [images[0], tmp_path / "gone.png", images[0]]
        words = ("--save-images", tmp_path / "drawn")
        assert polyhead("predict", trained.path, *given, *words).code == 1
        drawn = sorted((tmp_path / "drawn").iterdir())
        assert [path.name for path in drawn] == [f"0000{n}-{images[0].stem}.png" for n in (0, 2)]
        for path in drawn:
            with Image.open(path) as image:
                image.load()

    def test_ctrl_c_between_two_images(self, polyhead, trained, images, monkeypatch):
        def stream(self, wanted, **options):
            answer = ClassPrediction("day", {"day": 1.0})
            yield Prediction(wanted[0].name, 1, 1, {"daytime": answer})
            raise KeyboardInterrupt

        monkeypatch.setattr(Predictor, "stream", stream)
        code, out, err = polyhead("predict", trained.path, *images, "--quiet")
        assert (code, err) == (130, "polyhead: stopped\n")
        assert out == f"{images[0]}  daytime: day 1.00\n"


class TestScenes:
    def test_options_reach_the_images(self, polyhead, tmp_path):
        words = ("--num", "3", "--size", "64", "--seed", "5", "--unknown", "per_task:0.5")
        code, out, _ = polyhead("scenes", tmp_path / "a", *words, "--correlation", "0")
        assert code == 0
        assert out.startswith(f"3 scenes: {tmp_path / 'a' / 'labels.csv'}, ")
        names = sorted((tmp_path / "a" / "images").iterdir())
        assert len(names) == 3
        with Image.open(names[0]) as image:
            assert image.size == (64, 64)
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
