"""Figures of a finished run, against scikit-learn on what `predict` says of the same images."""

import json
import shutil

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, log_loss
from tiny_runs import QUIET

import polyhead
from polyhead.data import read_split, write_split
from polyhead.errors import CheckpointError, ConfigError, DataError, ImageError
from polyhead.evaluation.evaluate import evaluate
from polyhead.report.tables import print_evaluation
from polyhead.runtime.run_folder import RunFolder

TAGS = {"mAP", "mAP_chance", "CF1", "macro_F1", "OF1", "subset_accuracy", "hamming"}
CLASS = {"accuracy", "balanced_accuracy", "macro_F1"}


@pytest.fixture
def copied(scenes, trained, tmp_path):
    """The run and its scenes, to be changed."""
    folder = shutil.copytree(scenes, tmp_path / "scenes")
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))
    text = run.resolved_config.read_text()
    run.resolved_config.write_text(text.replace(str(scenes), str(folder)))
    return run, folder


def truth(scenes, run, part):
    """Image names of one part, with the tags and the daytime of each."""
    lines = [line.split(",") for line in (scenes / "labels.csv").read_text().splitlines()[1:]]
    cells = {line[0]: line for line in lines}
    names, parts = read_split(run.split)
    chosen = [name for name, where in zip(names, parts, strict=True) if where == part]
    return [(name, set(cells[name][1].split("|")), cells[name][2]) for name in chosen]


@pytest.mark.parametrize("part", ["test", "val"])
def test_figures_equal_those_of_scikit_learn_on_predictions(scenes, trained, tmp_path, part):
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))
    result = evaluate(run.path, split=part, reporter=QUIET)
    rows = truth(scenes, run, part)
    paths = [str(scenes / name) for name, _, _ in rows]
    answers = [p.to_dict()["tasks"] for p in polyhead.load(run.path).predict(paths, batch_size=7)]

    scores = {}
    for label, entry in result["tasks"]["contents"]["per_class"].items():
        told = [answer["contents"]["probabilities"][label] for answer in answers]
        target = [label in tags for _, tags, _ in rows]
        assert entry["num_positive"] == sum(target)
        assert entry["num_known"] == len(rows)
        given = [label in answer["contents"]["labels"] for answer in answers]
        assert given == [value >= entry["threshold"] for value in told]
        if any(target):
            scores[label] = average_precision_score(target, told)
            assert entry["AP"] == pytest.approx(scores[label], abs=1e-6)
        else:
            assert entry["AP"] is None
    metrics = result["tasks"]["contents"]["metrics"]
    assert metrics["mAP"]["value"] == pytest.approx(np.mean(list(scores.values())), abs=1e-6)

    daytimes = [daytime for _, _, daytime in rows]
    metrics = result["tasks"]["daytime"]["metrics"]
    labels = [answer["daytime"]["label"] for answer in answers]
    assert metrics["accuracy"]["value"] == pytest.approx(accuracy_score(daytimes, labels))
    classes = sorted(answers[0]["daytime"]["probabilities"])
    told = np.array(
        [[answer["daytime"]["probabilities"][c] for c in classes] for answer in answers]
    )
    expected = log_loss(daytimes, told / told.sum(1, keepdims=True), labels=classes)
    assert metrics["log_loss"]["value"] == pytest.approx(expected, abs=1e-5)


def test_the_file_has_the_shape_that_is_promised(trained, tmp_path):
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))
    result = evaluate(run.path, reporter=QUIET)
    assert json.loads(run.evaluation.read_text()) == result
    assert set(result) == {"split", "num_images", "tasks"}
    assert result["split"] == "test"
    assert result["num_images"] == int((read_split(run.split)[1] == "test").sum())
    contents, daytime = result["tasks"]["contents"], result["tasks"]["daytime"]
    assert (contents["type"], daytime["type"]) == ("tags", "class")
    assert set(contents["metrics"]) >= TAGS
    assert set(daytime["metrics"]) >= CLASS
    for task in (contents, daytime):
        assert task["num_known"] > 0
        for name, entry in task["metrics"].items():
            if entry.get("low") is not None:
                assert entry["low"] <= entry["value"] + 1e-9, name
                assert entry["value"] <= entry["high"] + 1e-9, name
    entry = contents["per_class"]["car"]
    assert set(entry) >= {"AP", "num_positive", "num_known", "threshold"}
    assert daytime["confusion"]["classes"] == ["day", "dusk", "night"]
    assert np.sum(daytime["confusion"]["matrix"]) == result["num_images"]


def test_another_part_has_a_file_of_its_own(trained, tmp_path):
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))
    run.evaluation.unlink(missing_ok=True)
    assert evaluate(run.path, split="val", reporter=QUIET)["split"] == "val"
    assert not run.evaluation.exists()
    assert (run.path / "evaluation-val.json").exists()


@pytest.mark.parametrize(("part", "told"), [("val", "thresholds were chosen"), ("train", "heart")])
def test_a_part_that_is_not_held_out_says_so(trained, tmp_path, capsys, part, told):
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))
    result = evaluate(run.path, split=part, reporter=QUIET)
    assert json.loads((run.path / f"evaluation-{part}.json").read_text())["note"] == result["note"]
    print_evaluation(result)
    shown = capsys.readouterr().out
    assert "not held out" in shown
    assert told in shown


def edit_cells(folder, run, part, column, text):
    """Put a text into one column of every second row of a part; returns how many rows."""
    lines = [line.split(",") for line in (folder / "labels.csv").read_text().splitlines()]
    names, parts = read_split(run.split)
    chosen = {name for name, where in zip(names, parts, strict=True) if where == part}
    rows = [line for line in lines if line[0] in chosen][::2]
    for line in rows:
        line[column] = text
    (folder / "labels.csv").write_text("\n".join(map(",".join, lines)))
    return len(rows)


def test_unknown_cells_are_left_out(copied):
    run, folder = copied
    before = evaluate(run.path, reporter=QUIET)["tasks"]
    num_rows = edit_cells(folder, run, "test", 1, "")
    after = evaluate(run.path, reporter=QUIET)["tasks"]
    assert before["contents"]["num_known"] - after["contents"]["num_known"] == 12 * num_rows
    assert after["daytime"] == before["daytime"]


def test_a_label_that_the_run_never_saw_is_an_error_with_the_nearest(copied):
    run, folder = copied
    edit_cells(folder, run, "test", 2, "nigth")
    with pytest.raises(DataError, match="do not fit the run") as caught:
        evaluate(run.path, reporter=QUIET)
    assert 'Did you mean "night"?' in caught.value.faults[0].message


def test_labels_of_other_parts_do_not_matter(copied):
    run, folder = copied
    before = evaluate(run.path, reporter=QUIET)
    edit_cells(folder, run, "train", 2, "nigth")
    assert evaluate(run.path, reporter=QUIET) == before


def test_new_rows_are_left_out_and_reported(copied, capsys):
    run, folder = copied
    before = evaluate(run.path, reporter=QUIET)
    shutil.copy(folder / "images" / "000000.jpg", folder / "images" / "new.jpg")
    with (folder / "labels.csv").open("a") as file:
        file.write("images/new.jpg,car,day,0,100,\n")
    assert evaluate(run.path) == before
    assert "1 rows of" in capsys.readouterr().err


def test_lost_rows_are_an_error(copied):
    run, folder = copied
    lines = (folder / "labels.csv").read_text().splitlines()
    (folder / "labels.csv").write_text("\n".join(lines[:-2]))
    with pytest.raises(DataError, match="no longer names 2 images"):
        evaluate(run.path, reporter=QUIET)


def test_a_missing_table_is_an_error_that_names_it(copied):
    run, folder = copied
    (folder / "labels.csv").unlink()
    with pytest.raises(ConfigError, match=r"labels\.csv"):
        evaluate(run.path, reporter=QUIET)


def test_a_missing_image_is_never_skipped(copied):
    run, folder = copied
    names, parts = read_split(run.split)
    lost = next(name for name, part in zip(names, parts, strict=True) if part == "test")
    (folder / lost).unlink()
    with pytest.raises(ImageError, match=lost):
        evaluate(run.path, reporter=QUIET)


def test_an_empty_part_names_those_there_are(copied):
    run, _ = copied
    names, parts = read_split(run.split)
    write_split(run.split, names, np.where(parts == "test", "val", parts))
    expected = 'no "test" images; its parts are train, val; use --split val'
    with pytest.raises(ConfigError, match=expected):
        evaluate(run.path, reporter=QUIET)


def test_a_run_that_has_not_finished_an_epoch_is_told_to_go_on(copied):
    run, _ = copied
    run.best_weights.unlink()
    with pytest.raises(CheckpointError, match="--resume"):
        evaluate(run.path, reporter=QUIET)
