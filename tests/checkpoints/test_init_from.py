"""Runs that start from another: heads added, dropped and frozen, the rest kept."""

import json
import shutil
import signal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_runs import QUIET, digests, records, signal_before_step, tiny_config, weights

from polyhead.checkpoints import TorchEngine, load_run
from polyhead.checkpoints.weights import read_weights
from polyhead.config import validate
from polyhead.data import read_split
from polyhead.errors import CheckpointError, ConfigError, Interrupted
from polyhead.preparation import prepare
from polyhead.runtime.run_folder import RunFolder
from polyhead.training import resume, train

ADDED = {
    "people": {"type": "number"},
    "sky": {"type": "class", "column": "daytime"},
    "objects": {"type": "boxes"},
    "ground": {"type": "mask", "column": "mask", "classes": ["a", "b"]},
}


def config_of(scenes, tasks, **sections):
    """The tiny config with other tasks, on all that the scenes tell."""
    plain = tiny_config(scenes).model_dump(mode="json")
    files = [{"path": str(scenes / name)} for name in ("labels.csv", "objects.json")]
    plain["data"] |= {"annotations": files}
    for name, changes in {"train": {"epochs": 2}, **sections}.items():
        plain[name] |= changes
    return validate({**plain, "tasks": tasks}, "test")


@pytest.fixture(scope="module")
def tasks(scenes):
    """Those of the run to start from, and one more of every type."""
    from polyhead.scenes import MASK_CLASSES

    more = {**ADDED, "ground": {**ADDED["ground"], "classes": list(MASK_CLASSES)}}
    return {**tiny_config(scenes).model_dump(mode="json")["tasks"], **more}


@pytest.fixture(scope="module")
def grown(scenes, trained, tasks, tmp_path_factory):
    """A run in which four heads were added to a frozen one, and one was dropped."""
    chosen = {**tasks, "contents": {**tasks["contents"], "freeze": True}}
    del chosen["daytime"]
    config = config_of(scenes, chosen, model={"freeze": True})
    runs = tmp_path_factory.mktemp("grown")
    return train(config, runs=runs, init_from=trained.path, reporter=QUIET)


@pytest.fixture(scope="module")
def engines(trained, grown):
    return [TorchEngine(load_run(run.path).network) for run in (trained, grown)]


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_frozen_answers_stay_bit_for_bit_when_heads_are_added(engines, seed, number):
    chance = np.random.default_rng(seed)
    pixels = chance.integers(0, 256, (number, 32, 32, 3), np.uint8)
    before, after = (engine(pixels)["contents"] for engine in engines)
    for name, values in before.items():
        np.testing.assert_array_equal(after[name], values)


def test_frozen_weights_and_their_averages_stay_and_new_ones_learn(trained, grown):
    before, after = read_weights(trained.best_weights)[0], weights(grown)
    kept = [key for key in before if "to_daytime" not in key]
    assert any("running_mean" in key for key in kept)
    for group in (after, weights(grown, "ema"), read_weights(grown.best_weights)[0]):
        assert all(bool((group[key] == before[key]).all()) for key in kept)
    start = read_weights(grown.start_weights)[0]
    assert set(start) == set(kept)
    assert not any("to_daytime" in key for key in after)
    for name in ("people", "sky", "objects", "ground"):
        learnt = [key for key in after if key.startswith(f"heads.to_{name}.")]
        assert any(bool(after[key].any()) for key in learnt)
    assert any(key.startswith("neck.") for key in set(after) - set(before))


def test_settled_heads_keep_their_rules_and_cost_no_loss(trained, grown):
    rules = [json.loads(run.classes.read_text())["tasks"]["contents"] for run in (trained, grown)]
    assert rules[0] == rules[1]
    for record in records(grown):
        assert set(record["train_loss"]) == {"people", "sky", "objects", "ground"}
        assert "mAP" in record["val"]["contents"]


def test_what_was_kept_started_and_dropped_is_said(trained, grown):
    text = grown.log.read_text()
    assert f"from {trained.path}: kept backbone, contents\n" in text
    assert (
        "started from scratch: neck, people (new), sky (new), objects (new), ground (new)" in text
    )
    assert "; dropped: daytime\n" in text


def test_images_keep_their_part_of_the_split(trained, grown):
    before, after = (dict(zip(*read_split(run.split), strict=True)) for run in (trained, grown))
    assert before == after


@pytest.mark.slow
def test_it_resumes_exactly_even_without_the_other_run(
    scenes, trained, tasks, tmp_path, monkeypatch
):
    chosen = {name: tasks[name] for name in ("contents", "objects")}
    config = config_of(scenes, chosen)
    whole = train(config, runs=tmp_path / "whole", init_from=trained.path, reporter=QUIET)
    other = shutil.copytree(trained.path, tmp_path / trained.path.name)
    with monkeypatch.context() as patched:
        signal_before_step(patched, 3, signal.SIGINT)
        with pytest.raises(Interrupted):
            train(config, runs=tmp_path / "cut", init_from=other, reporter=QUIET)
    shutil.rmtree(other)
    cut = RunFolder.open(tmp_path / "cut" / "tiny-001")
    again = RunFolder(shutil.copytree(cut.path, tmp_path / "again"))
    shutil.rmtree(again.checkpoints)
    for run in (cut, again):
        resume(run.path, reporter=QUIET)
        assert digests(run) == digests(whole)
        assert records(run) == records(whole)


def test_a_run_that_lost_its_start_weights_is_not_resumed(grown, tmp_path):
    run = RunFolder(shutil.copytree(grown.path, tmp_path / "run"))
    run.start_weights.unlink()
    with pytest.raises(CheckpointError, match=r"start\.safetensors|in another part"):
        resume(run.path, reporter=QUIET)


def test_no_pretrained_weights_are_fetched(scenes, trained, tasks, tmp_path):
    """They would have to be downloaded, which tests refuse."""
    chosen = {"daytime": tasks["daytime"]}
    config = config_of(scenes, chosen, model={"pretrained": True}, train={"epochs": 1})
    run = train(config, runs=tmp_path, init_from=trained.path, reporter=QUIET)
    assert run.best_weights.exists()


@pytest.mark.parametrize(
    ("task", "sections", "shown"),
    [
        ({}, {"model": {"backbone": "test_vit"}}, '"test_vit", but .* has "test_resnet"'),
        ({"freeze": True, "classes": ["day", "dusk", "night", "x"]}, {}, "3 of 4 classes; new: x"),
        ({"freeze": True, "head": {"name": "mlp"}}, {}, "its head was linear, not mlp"),
    ],
)
def test_what_cannot_be_kept_is_refused(scenes, trained, tasks, tmp_path, task, sections, shown):
    chosen = {"daytime": {**tasks["daytime"], **task}, "people": tasks["people"]}
    config = config_of(scenes, chosen, **sections)
    with pytest.raises(ConfigError, match=shown):
        train(config, runs=tmp_path / "runs", init_from=trained.path, reporter=QUIET)
    assert not (tmp_path / "runs").exists()


def test_a_run_without_weights_is_refused(scenes, trained, tmp_path):
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))
    run.best_weights.unlink()
    with pytest.raises(CheckpointError, match=r"best\.safetensors is gone, .* train --resume"):
        train(tiny_config(scenes), runs=tmp_path, init_from=run.path, reporter=QUIET)


def test_what_never_learnt_cannot_be_frozen(scenes, tasks, tmp_path):
    frozen = {"daytime": {**tasks["daytime"], "freeze": True}, "people": tasks["people"]}
    with pytest.raises(ConfigError, match=r"tasks\.daytime\.freeze is true, .* --init-from RUN"):
        train(config_of(scenes, frozen), runs=tmp_path, reporter=QUIET)
    config = config_of(scenes, {"people": tasks["people"]}, model={"freeze": True})
    with pytest.raises(ConfigError, match=r"model\.freeze is true, .* model\.pretrained=true"):
        train(config, runs=tmp_path, reporter=QUIET)
    del frozen["people"]
    with pytest.raises(ConfigError, match="in all 1 tasks"):
        config_of(scenes, frozen)


def test_a_renamed_training_image_is_not_held_out_and_what_moved_is_reported(
    scenes, trained, tasks, tmp_path
):
    folder = shutil.copytree(scenes, tmp_path / "scenes")
    earlier = dict(zip(*read_split(trained.split), strict=True))
    text = (folder / "labels.csv").read_text()
    copied = [name for name, part in earlier.items() if part == "train"][:9]
    for number, name in enumerate(copied):
        (folder / name).rename(folder / f"images/renamed{number}.jpg")
        text = text.replace(name, f"images/renamed{number}.jpg")
    held_out = next(name for name, part in earlier.items() if part == "test")
    shutil.copy(folder / "images/renamed0.jpg", folder / held_out)
    (folder / "labels.csv").write_text(text)
    chosen = {"daytime": tasks["daytime"]}
    config = config_of(folder, chosen, train={"epochs": 1})
    config = config.model_copy(
        update={"data": config.data.model_copy(update={"annotations": folder / "labels.csv"})}
    )
    run = train(config, runs=tmp_path, init_from=trained.path, reporter=QUIET)
    after = dict(zip(*read_split(run.split), strict=True))
    parts = {after[name] for name in after if "renamed" in name}
    assert parts == {"train"}
    assert after[held_out] == "train"
    assert f"1 images that {trained.path} held out are trained on now" in run.log.read_text()


def test_the_split_is_not_drawn_again(scenes, trained, tasks):
    """Other tasks would share out the images otherwise, some of RUN's training among them."""
    config = config_of(scenes, {"objects": tasks["objects"]})
    earlier = dict(zip(*read_split(trained.split), strict=True))
    drawn, kept = prepare(config, QUIET), prepare(config, QUIET, earlier)
    assert (drawn.split != kept.split).any()
    assert kept.split.tolist() == [earlier[image] for image in kept.images]
