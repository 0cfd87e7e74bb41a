"""Numbers beside tags, some rows unknown: trained, evaluated, predicted, resumed."""

import json
import signal

import numpy as np
import pytest
from tiny_runs import (
    QUIET,
    digests,
    records,
    render,
    signal_before_step,
    tiny_config,
    weights,
)

from polyhead.checkpoints import load_predictor
from polyhead.errors import Interrupted
from polyhead.evaluation.evaluate import evaluate
from polyhead.formats import read_table
from polyhead.report.tables import print_evaluation
from polyhead.runtime.run_folder import RunFolder
from polyhead.training import resume, train


def number_config(scenes):
    config = tiny_config(scenes)
    plain = config.model_dump(mode="json")
    tasks = {
        "contents": plain["tasks"]["contents"],
        "people": {"type": "number", "distribution": "poisson"},
        "visibility_m": {"type": "number", "distribution": "normal", "range": [0, 20000]},
        "again": {"type": "number", "column": "people"},
    }
    return type(config).model_validate(
        {**plain, "tasks": tasks, "train": {**plain["train"], "epochs": 2}}
    )


@pytest.fixture(scope="module")
def partly_known(tmp_path_factory):
    """Scenes of which every third has no numbers."""
    folder = render(tmp_path_factory.mktemp("numbers") / "scenes")
    head, *lines = (folder / "labels.csv").read_text().splitlines()
    names = head.split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in lines]
    for row in rows[::3]:
        row["people"] = row["visibility_m"] = ""
    text = "\n".join([head, *(",".join(row.values()) for row in rows)])
    (folder / "labels.csv").write_text(text + "\n")
    return folder


@pytest.fixture(scope="module")
def run(partly_known, tmp_path_factory):
    return train(number_config(partly_known), runs=tmp_path_factory.mktemp("runs"), reporter=QUIET)


def test_every_epoch_has_figures_of_every_head(run):
    for record in records(run):
        assert set(record["train_loss"]) == {"contents", "people", "visibility_m", "again"}
        assert np.isfinite(list(record["train_loss"].values())).all()
        assert record["val"]["people"]["MAE"] > 0
        assert 0 <= record["val"]["visibility_m"]["interval_coverage"] <= 1
        assert -1 < record["score"] <= 1


def test_the_unit_of_the_labels_travels_in_the_weights(run, partly_known):
    state = weights(run)
    known = [
        float(cell)
        for cell in read_table(partly_known / "labels.csv").column("people").to_pylist()
        if cell is not None
    ]
    (mean,) = [value.item() for key, value in state.items() if key.endswith("to_again.mean")]
    assert min(known) < mean < max(known)
    assert mean == pytest.approx(np.mean(known), abs=1.5)


def test_figures_are_over_known_rows(run, capsys):
    found = evaluate(run.path, reporter=QUIET)
    people, visibility = found["tasks"]["people"], found["tasks"]["visibility_m"]
    assert 0 < people["num_known"] < people["num_images"] == found["num_images"]
    assert people["metrics"].keys() == {"MAE", "RMSE", "R2", "MAE_mean"}
    assert {"interval_coverage", "interval_width"} < visibility["metrics"].keys()
    assert json.loads(run.evaluation.read_text())["tasks"]["people"] == people
    print_evaluation(found)
    shown = capsys.readouterr().out
    assert f"people (number): {people['num_known']} of " in shown
    assert "interval_coverage" in shown


def test_predictions_are_numbers_inside_their_range(run, partly_known):
    answers = load_predictor(run.path).predict([str(partly_known / "images" / "000000.jpg")])
    (answer,) = answers
    entry = json.loads(json.dumps(answer.to_dict()))["tasks"]
    assert entry["people"].keys() == {"type", "value"}
    assert entry["people"]["value"] > 0
    assert 0 <= entry["visibility_m"]["low"] <= entry["visibility_m"]["value"]
    assert entry["visibility_m"]["value"] <= entry["visibility_m"]["high"] <= 20000
    assert answer.plot().size[0] > 0


def test_the_card_says_what_is_answered(run):
    card = (run.path / "README.md").read_text()
    assert "| people | number | – | an expected count |" in card
    assert "| visibility_m | number | – | a number and its 80 % interval from 0 to 20000 |" in card
    assert "| again | number | – | a number |" in card


def test_an_interrupted_run_ends_as_if_it_had_never_stopped(
    run, partly_known, tmp_path, monkeypatch
):
    with monkeypatch.context() as patched:
        signal_before_step(patched, 3, signal.SIGINT)
        with pytest.raises(Interrupted):
            train(number_config(partly_known), runs=tmp_path, reporter=QUIET)
    cut = RunFolder.open(next(tmp_path.iterdir()))
    resume(cut.path, reporter=QUIET)
    assert digests(cut) == digests(run)
    assert records(cut) == records(run)
