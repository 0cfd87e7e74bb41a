"""Heads without gradients in a run: one pass, kept everywhere, the same after a stop."""

import signal

import pytest
import torch
from tiny_runs import QUIET, digests, records, signal_before_step, tiny_config

from polyhead.checkpoints import load_predictor, load_run
from polyhead.checkpoints.weights import read_weights
from polyhead.errors import ConfigError, Interrupted
from polyhead.evaluation.evaluate import evaluate
from polyhead.runtime.run_folder import RunFolder
from polyhead.training import resume, train
from polyhead.training.fitting import Fitting

ALL_FITTED = ("tasks.contents.head=naive_bayes", "tasks.daytime.head=naive_bayes")
MIXED = ("tasks.contents.head=naive_bayes",)
SMOOTHED = "{name: cross_entropy, label_smoothing: 0.1}"
HEAD = "heads.to_contents."


@pytest.fixture(scope="module")
def fitted(scenes, tmp_path_factory):
    runs = tmp_path_factory.mktemp("fitted")
    return train(tiny_config(scenes, *ALL_FITTED), runs=runs, reporter=QUIET)


@pytest.fixture(scope="module")
def mixed(scenes, tmp_path_factory):
    runs = tmp_path_factory.mktemp("mixed")
    return train(tiny_config(scenes, *MIXED), runs=runs, reporter=QUIET)


def test_without_gradients_there_is_one_pass_and_no_step(fitted):
    (record,) = records(fitted)
    assert record["step"] == 0
    assert record["train_loss"] == {}
    assert "one pass, whatever train.epochs is" in fitted.log.read_text()


def test_it_evaluates_and_predicts(fitted, scenes):
    result = evaluate(fitted.path, reporter=QUIET)
    assert 0 <= result["tasks"]["contents"]["metrics"]["mAP"]["value"] <= 1
    image = scenes / "images" / "000000.jpg"
    answer = load_predictor(fitted.path).predict(image).to_dict()["tasks"]
    assert sum(answer["daytime"]["probabilities"].values()) == pytest.approx(1)
    assert all(0 <= p <= 1 for p in answer["contents"]["probabilities"].values())


def test_beside_a_head_that_learns_it_is_fitted_to_the_averaged_weights(mixed):
    assert [record["step"] for record in records(mixed)] == [4, 8, 12]
    assert all(record["train_loss"].keys() == {"daytime"} for record in records(mixed))
    network = load_run(mixed.path, weights="last").network
    last, _ = read_weights(mixed.last_weights)
    assert last[f"{HEAD}weight"].abs().sum() > 0
    assert torch.equal(network.head("contents").state_dict()["weight"], last[f"{HEAD}weight"])


def test_what_is_saved_is_what_the_saved_features_give(mixed, scenes):
    from polyhead.loading.batches import Batches, in_order
    from polyhead.loading.dataset import Collate, ImageDataset
    from polyhead.preparation import prepare

    loaded = load_run(mixed.path, weights="last")
    prepared = prepare(tiny_config(scenes, *MIXED), QUIET)
    rows = prepared.rows("train").tolist()
    images = ImageDataset(prepared.table, prepared.targets, prepared.tasks, (32, 32))
    batches = Batches(images, in_order(rows, 4), Collate(prepared.tasks), workers=0, pin=False)
    fresh = {k: v.clone() for k, v in loaded.network.head("contents").state_dict().items()}
    assert sum(Fitting(["contents"], batches, len(rows)).run(loaded.network)) == len(rows)
    for key, tensor in loaded.network.head("contents").state_dict().items():
        assert torch.equal(tensor, fresh[key]), key


@pytest.mark.parametrize("step", [3, 4, 11])
def test_an_interrupted_run_ends_as_if_it_had_never_stopped(
    scenes, mixed, tmp_path, monkeypatch, step
):
    with monkeypatch.context() as patched:
        signal_before_step(patched, step)
        with pytest.raises(Interrupted):
            train(tiny_config(scenes, *MIXED), runs=tmp_path, reporter=QUIET)
    run = RunFolder.open(next(tmp_path.iterdir()))
    resume(run.path, reporter=QUIET)
    assert digests(run) == digests(mixed)
    assert records(run) == records(mixed)


def test_it_stops_in_the_middle_of_the_pass(scenes, fitted, tmp_path, monkeypatch):
    original = Fitting.run

    def signalled(fitting, network):
        for seen in original(fitting, network):
            signal.raise_signal(signal.SIGINT)
            yield seen

    with monkeypatch.context() as patched:
        patched.setattr(Fitting, "run", signalled)
        with pytest.raises(Interrupted):
            train(tiny_config(scenes, *ALL_FITTED), runs=tmp_path, reporter=QUIET)
    run = RunFolder.open(next(tmp_path.iterdir()))
    resume(run.path, reporter=QUIET)
    assert digests(run) == digests(fitted)
    assert records(run) == records(fitted)


def test_a_finished_run_can_be_resumed_and_stays_as_it_is(scenes, tmp_path):
    run = train(tiny_config(scenes, *ALL_FITTED), runs=tmp_path, reporter=QUIET)
    before = digests(run)
    resume(run.path, reporter=QUIET)
    assert digests(run) == before


def test_a_frozen_one_is_kept_and_not_fitted(scenes, fitted, tmp_path):
    config = tiny_config(scenes, *ALL_FITTED, "tasks.contents.freeze=true", "train.seed=3")
    run = train(config, runs=tmp_path, init_from=fitted.path, reporter=QUIET)
    before, after = (read_weights(r.best_weights)[0] for r in (fitted, run))
    assert torch.equal(before[f"{HEAD}weight"], after[f"{HEAD}weight"])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (("tasks.contents.loss=asymmetric",), "expected bce without options"),
        (("tasks.contents.loss={name: bce, pos_weight: 3}",), "expected bce without options"),
        (
            ("tasks.daytime.head=naive_bayes", f"tasks.daytime.loss={SMOOTHED}"),
            "expected cross_entropy without options",
        ),
        (("tasks.contents.unknown=negative",), 'unknown = "negative".*expected ignore'),
    ],
)
def test_losses_that_read_its_answers_otherwise_are_refused(scenes, tmp_path, changes, expected):
    with pytest.raises(ConfigError, match=expected):
        train(tiny_config(scenes, *MIXED, *changes), runs=tmp_path, reporter=QUIET)


def test_it_knows_the_images_that_it_was_fitted_to(fitted):
    found = evaluate(fitted.path, split="train", reporter=QUIET)["tasks"]["daytime"]
    assert found["metrics"]["accuracy"]["value"] > 0.5
