"""A run on labelled images that it has not had."""

import json
import shutil

import pyarrow.parquet as pq
import pytest
from tiny_runs import QUIET, render

import polyhead
from polyhead.data import read_split
from polyhead.errors import ConfigError, DataError
from polyhead.evaluation.evaluate import evaluate
from polyhead.progress import Reporter
from polyhead.report.tables import print_evaluation
from polyhead.runtime.run_folder import RunFolder


@pytest.fixture
def run(trained, tmp_path):
    return RunFolder(shutil.copytree(trained.path, tmp_path / "run"))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """Scenes that no run has seen."""
    return render(tmp_path_factory.mktemp("new") / "scenes", num=12, seed=5)


@pytest.fixture
def edited(fresh, tmp_path):
    """The same, to be changed: the folder and the lines of its table by column."""
    folder = shutil.copytree(fresh, tmp_path / "fresh")
    return folder, [line.split(",") for line in (folder / "labels.csv").read_text().splitlines()]


def write(folder, lines, name="labels.csv"):
    (folder / name).write_text("\n".join(map(",".join, lines)))
    return folder / name


def test_figures_are_those_of_predictions_and_lie_in_a_file_of_their_own(run, fresh):
    held_out = evaluate(run.path, reporter=QUIET)
    result = polyhead.evaluate(run, annotations=fresh / "labels.csv", reporter=QUIET)
    assert json.loads(run.evaluation.read_text()) == held_out
    assert json.loads((run.path / "evaluation-new-labels.json").read_text()) == result
    assert (result["split"], result["num_images"]) == ("new", 12)
    assert result["annotations"] == [str(fresh / "labels.csv")]
    assert (result["num_trained_on"], result["num_chosen_on"]) == (0, 0)
    assert result["tasks"].keys() == held_out["tasks"].keys()
    lines = [line.split(",") for line in (fresh / "labels.csv").read_text().splitlines()[1:]]
    answers = polyhead.load(run.path).predict([str(fresh / line[0]) for line in lines])
    right = [a["daytime"].label == line[2] for a, line in zip(answers, lines, strict=True)]
    accuracy = result["tasks"]["daytime"]["metrics"]["accuracy"]["value"]
    assert accuracy == pytest.approx(sum(right) / 12)


def test_names_start_at_a_folder_that_is_given(run, edited, tmp_path):
    folder, lines = edited
    bare = [[line[0].removeprefix("images/"), *line[1:]] for line in lines]
    file = write(tmp_path, bare, "elsewhere.csv")
    result = evaluate(run.path, annotations=file, images=folder / "images", reporter=QUIET)
    assert result["num_images"] == 12
    assert (run.path / "evaluation-new-elsewhere.json").exists()


def test_images_that_the_run_knows_are_reported_under_any_name(run, scenes, edited, capsys):
    folder, lines = edited
    parts = dict(zip(*read_split(run.split), strict=True))
    for place, part in ((1, "train"), (2, "train"), (3, "val"), (4, "test")):
        known = [name for name, own in parts.items() if own == part][place // 2]
        shutil.copy(scenes / known, folder / lines[place][0])
    result = evaluate(run.path, annotations=folder / "labels.csv", reporter=Reporter())
    assert (result["num_trained_on"], result["num_chosen_on"]) == (2, 1)
    told = capsys.readouterr().err
    assert "W_TRAINED_ON: 2 of 12 images have the content of some that the run was trained" in told
    print_evaluation(result)
    assert "3 of them known to the run" in capsys.readouterr().out


def test_labels_that_the_run_lacks_are_errors_with_the_nearest(run, edited):
    folder, lines = edited
    lines[3][2] = "nigth"
    with pytest.raises(DataError, match="does not fit the run") as caught:
        evaluate(run.path, annotations=write(folder, lines), reporter=QUIET)
    assert 'Did you mean "night"?' in caught.value.faults[0].message
    lines[3][2], lines[4][1] = "night", "carr"
    with pytest.raises(DataError) as caught:
        evaluate(run.path, annotations=write(folder, lines), reporter=QUIET)
    assert 'Did you mean "car"?' in caught.value.faults[0].message


def test_a_task_without_its_column_is_left_out_and_reported(run, edited, capsys):
    folder, lines = edited
    some = write(folder, [[line[0], line[1]] for line in lines])
    result = evaluate(run.path, annotations=some, reporter=Reporter())
    assert result["tasks"].keys() == {"contents"}
    assert 'daytime: left out: labels.csv has no column "daytime"' in capsys.readouterr().err
    with pytest.raises(ConfigError, match="has no column"):
        evaluate(run.path, annotations=write(folder, [[line[0], line[3]] for line in lines]))


def test_missing_images_are_errors(run, edited):
    folder, lines = edited
    (folder / lines[5][0]).unlink()
    with pytest.raises(DataError) as caught:
        evaluate(run.path, annotations=folder / "labels.csv", reporter=QUIET)
    assert caught.value.faults[0].code == "E_IMAGE_MISSING"


def test_what_does_not_go_together_is_refused(run, fresh):
    with pytest.raises(ConfigError, match="in no part of the split"):
        evaluate(run.path, split="val", annotations=fresh / "labels.csv", reporter=QUIET)
    with pytest.raises(ConfigError, match="pass `annotations` too"):
        evaluate(run.path, images=fresh, reporter=QUIET)


def test_a_run_of_before_cannot_tell_what_it_was_trained_on(run, fresh, capsys):
    pq.write_table(pq.read_table(run.split, columns=["image", "split"]), run.split)
    result = evaluate(run.path, annotations=fresh / "labels.csv", reporter=Reporter())
    assert "num_trained_on" not in result
    assert "keeps no digests" in capsys.readouterr().err
