"""Interrupted and resumed equals never interrupted, to the last bit."""

import shutil
import signal

import pytest
from tiny_runs import QUIET, digests, records, signal_before_step, tiny_config
from torch import nn

from polyhead.checkpoints import load_run
from polyhead.errors import CheckpointError, ConfigError, Interrupted
from polyhead.runtime.run_folder import RunFolder
from polyhead.training import resume, train
from polyhead.training.ema import ExponentialAverage
from polyhead.training.lost_weights import restore_lost_weights
from polyhead.training.state import Position

STEPS_PER_EPOCH = 4
MORE_THAN_CORES = pytest.mark.filterwarnings("ignore:This DataLoader will create")


def interrupted(config, runs, step, patch, number=signal.SIGINT):
    """A run that was sent a signal in that step."""
    with patch.context() as patched:
        signal_before_step(patched, step, number)
        with pytest.raises(Interrupted) as caught:
            train(config, runs=runs, reporter=QUIET)
    assert caught.value.exit_code == 128 + number
    return RunFolder.open(next(runs.iterdir()))


def test_the_shared_run_has_the_steps_that_these_tests_suppose(trained):
    assert [record["step"] for record in records(trained)] == [4, 8, 12]


@pytest.mark.parametrize("step", [2, STEPS_PER_EPOCH, 11], ids=["middle", "end", "last epoch"])
def test_an_interrupted_run_ends_as_if_it_had_never_stopped(
    scenes, trained, tmp_path, monkeypatch, step
):
    run = interrupted(tiny_config(scenes), tmp_path, step, monkeypatch)
    assert resume(run.path, reporter=QUIET) == run
    assert digests(run) == digests(trained)
    assert records(run) == records(trained)


@pytest.mark.parametrize("workers", [2, pytest.param(4, marks=[pytest.mark.slow, MORE_THAN_CORES])])
def test_another_number_of_workers_changes_nothing(scenes, trained, tmp_path, monkeypatch, workers):
    config = tiny_config(scenes, f"train.workers={workers}")
    run = interrupted(config, tmp_path, 6, monkeypatch, signal.SIGTERM)
    text = run.resolved_config.read_text()
    run.resolved_config.write_text(text.replace(f"workers: {workers}", "workers: 0"))
    resume(run.path, reporter=QUIET)
    assert digests(run) == digests(trained)


def test_accumulated_steps_resume_and_caches_change_nothing(scenes, tmp_path, monkeypatch):
    config = tiny_config(scenes, "train.accumulate=2", "train.epochs=2", "train.patience=5")
    whole = train(config, runs=tmp_path / "whole", reporter=QUIET)
    cached = tiny_config(scenes, "train.accumulate=2", "train.epochs=2", "data.cache=true")
    cached = cached.model_copy(update={"train": config.train})
    run = interrupted(cached, tmp_path / "cut", 1, monkeypatch)
    resume(run.path, reporter=QUIET)
    assert digests(run) == digests(whole)
    assert records(whole)[-1]["step"] == 4


def test_a_run_without_a_checkpoint_begins_again(scenes, trained, tmp_path, monkeypatch):
    run = interrupted(tiny_config(scenes), tmp_path, 6, monkeypatch)
    shutil.rmtree(run.checkpoints)
    resume(run.path, reporter=QUIET)
    assert digests(run) == digests(trained)
    assert records(run) == records(trained)


def test_what_a_killed_run_did_after_its_checkpoint_is_done_again(scenes, trained, tmp_path):
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))
    shutil.rmtree(max(run.checkpoints.glob("step-*")))
    resume(run.path, reporter=QUIET)
    assert digests(run) == digests(trained)
    assert records(run) == records(trained)


def test_a_finished_run_can_be_resumed_and_stays_as_it_is(trained, tmp_path):
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "moved"))
    before = digests(run)
    resume(run.path, reporter=QUIET)
    assert digests(run) == before
    assert "done" in run.log.read_text().splitlines()[-1]


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("learning_rate: 0.004", "learning_rate: 0.04", "train.learning_rate: 0.004 -> 0.04"),
        ("batch_size: 4", "batch_size: 5", "train.batch_size: 4 -> 5"),
        ("- 32", "- 33", r"model.image_size: \[32, 32\] -> \[33, 32\]"),
        ("name: linear", "name: mlp", "tasks.contents.head.name: linear -> mlp"),
    ],
)
def test_another_config_is_refused_with_what_differs(trained, tmp_path, old, new, shown):
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))
    edit(run.resolved_config, old, new)
    with pytest.raises(CheckpointError, match=shown) as caught:
        resume(run.path, reporter=QUIET)
    assert "start a new run" in caught.value.message


def change_label(folder):
    lines = (folder / "labels.csv").read_text().splitlines()
    lines[1] = lines[1].replace(",day,", ",night,") if ",day," in lines[1] else lines[1]
    fields = lines[1].split(",")
    fields[2] = "dusk" if fields[2] != "dusk" else "day"
    (folder / "labels.csv").write_text("\n".join([lines[0], ",".join(fields), *lines[2:]]))


def drop_row(folder):
    lines = (folder / "labels.csv").read_text().splitlines()
    (folder / "images" / "000035.jpg").unlink()
    (folder / "labels.csv").write_text("\n".join(lines[:-1]))


def swap_pixels(folder):
    from PIL import Image

    Image.new("RGB", (64, 64), "red").save(folder / "images" / "000003.jpg")


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (change_label, "labels of daytime|in another part"),
        (drop_row, "1 no longer there, such as images/000035.jpg"),
        (swap_pixels, "the pixels"),
    ],
)
def test_other_data_is_refused_with_what_differs(scenes, trained, tmp_path, change, shown):
    copied = shutil.copytree(scenes, tmp_path / "scenes")
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))
    text = run.resolved_config.read_text()
    run.resolved_config.write_text(text.replace(str(scenes), str(copied)))
    edit_identity(run, str(scenes), str(copied))
    change(copied)
    with pytest.raises(CheckpointError, match=shown):
        resume(run.path, reporter=QUIET)


def edit_identity(run, old, new):
    """Let the checkpoints say that the images were always at the new place."""
    import json

    from polyhead.checkpoints.checkpoint import load_checkpoint
    from polyhead.checkpoints.manifest import write_manifest
    from polyhead.files import write_json

    found = load_checkpoint(run.path)
    shutil.rmtree(min(run.checkpoints.glob("step-*")))
    folder = max(run.checkpoints.glob("step-*"))
    state = json.loads(json.dumps(found.state).replace(old, new))
    record = json.loads((folder / "manifest.json").read_text())["files"]
    sums = {name: entry["sha256"] for name, entry in record.items()}
    sums["state.json"] = write_json(folder / "state.json", state)
    write_manifest(folder, found.step, sums)


def test_two_processes_never_write_to_one_run(trained, tmp_path):
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))
    with run.lock(), pytest.raises(CheckpointError, match="in use by process") as caught:
        resume(run.path, reporter=QUIET)
    assert caught.value.code == "E_LOCKED"


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        resume(tmp_path / "nothing", reporter=QUIET)
    (tmp_path / "config.resolved.yaml").write_text("tasks: [")
    with pytest.raises(ConfigError):
        resume(tmp_path, reporter=QUIET)


@pytest.mark.parametrize("step", ["build_parts", "fit_decisions"])
def test_a_stop_before_or_after_the_steps_names_the_command(
    scenes, trained, tmp_path, monkeypatch, step
):
    def stop(*_words, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"polyhead.training.run.{step}", stop)
        with pytest.raises(Interrupted, match=r"stopped; go on with .* --resume .*tiny-001$"):
            train(tiny_config(scenes), runs=tmp_path, reporter=QUIET)
    run = resume(tmp_path / "tiny-001", reporter=QUIET)
    assert digests(run) == digests(trained)


def test_weights_that_are_gone_are_written_again_where_the_checkpoint_has_them(trained, tmp_path):
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))
    shutil.rmtree(run.last_weights.parent)
    with pytest.raises(CheckpointError, match=r"best.safetensors is gone, .* write it again"):
        load_run(run.path)
    if [record["best"] for record in records(trained)][-1]:
        resume(run.path, reporter=QUIET)
        assert digests(run) == digests(trained)
    state = Position(epoch=3, best_epoch=1, best_score=0.5)
    with pytest.raises(CheckpointError, match=r"epoch 2, and the checkpoint holds later ones"):
        restore_lost_weights(
            RunFolder(tmp_path / "none"), state, ExponentialAverage(nn.Module(), 0.9)
        )
