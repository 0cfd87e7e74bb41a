"""What is not finite, cannot be loaded or does not fit: named, bounded, and never saved."""

import json

import pytest
import torch
from tiny_runs import QUIET, digests, records, tiny_config, weights

from polyhead.checkpoints.weights import read_weights
from polyhead.data import read_split
from polyhead.errors import ConfigError, DivergedError, ImageError, PolyheadError
from polyhead.loading import dataset
from polyhead.loading.batches import worker_deaths_explained
from polyhead.losses import Bce, CrossEntropy
from polyhead.runtime.run_folder import RunFolder
from polyhead.training import train, trainer
from polyhead.training.state import SKIP_WINDOW, Position
from polyhead.training.step import Stepper
from polyhead.training.trainer import MAX_SKIPPED_STEPS


def poison(patch, loss, steps):
    """Make a loss NaN at these steps, counted from 1."""
    original, calls = loss.forward, []

    def forward(self, logits, targets, known):
        total = original(self, logits, targets, known)
        if not self.training:  # the gradients that are compared after the first epoch
            return total
        calls.append(1)
        return total * float("nan") if len(calls) in steps else total

    patch.setattr(loss, "forward", forward)


def test_a_step_without_a_finite_loss_is_skipped_and_named(scenes, tmp_path, monkeypatch):
    poison(monkeypatch, CrossEntropy, {3, 6})
    run = train(tiny_config(scenes), runs=tmp_path, reporter=QUIET)
    skipped = [record for record in records(run) if "skipped" in record]
    assert [record["step"] for record in skipped] == [3, 6]
    for record in skipped:
        assert "the loss of daytime is not finite; images images/" in record["skipped"]
        assert record["skipped"].count(".jpg") == 4
        assert record["skipped"] in run.log.read_text()
    for group in ("model", "ema"):
        assert all(tensor.isfinite().all() for tensor in weights(run, group).values())
    assert [record["epoch"] for record in records(run) if "epoch" in record] == [1, 2, 3]


def test_a_skipped_step_leaves_the_weights_alone(scenes, tmp_path, monkeypatch):
    """Skipping everything after the first epoch ends where the first epoch ended."""
    monkeypatch.setattr("polyhead.training.trainer.rate_factor", lambda *_: 1.0)
    one = train(tiny_config(scenes, "train.epochs=1"), runs=tmp_path / "one", reporter=QUIET)
    original, taken = Stepper.__call__, []

    def call(stepper, batches):
        taken.append(1)
        report = original(stepper, batches)
        if len(taken) == 4:
            poison(monkeypatch, Bce, range(1, 5))
        return report

    monkeypatch.setattr(Stepper, "__call__", call)
    two = train(tiny_config(scenes, "train.epochs=2"), runs=tmp_path / "two", reporter=QUIET)
    learnt = {k: t for k, t in weights(one).items() if "running" not in k and "num_b" not in k}
    assert all(torch.equal(tensor, weights(two)[name]) for name, tensor in learnt.items())
    assert digests(one)["optimizer"] == digests(two)["optimizer"]


def test_too_many_such_steps_end_the_run_and_spoil_nothing(scenes, tmp_path, monkeypatch):
    poison(monkeypatch, Bce, range(5, 1000))
    with pytest.raises(DivergedError, match="contents is not finite") as caught:
        train(tiny_config(scenes, "train.epochs=9"), runs=tmp_path, reporter=QUIET)
    assert caught.value.exit_code == 1
    run = RunFolder.open(tmp_path / "tiny-001")
    assert sum("skipped" in record for record in records(run)) == MAX_SKIPPED_STEPS
    for path in (run.best_weights, run.last_weights):
        assert all(tensor.isfinite().all() for tensor in read_weights(path)[0].values())
    assert all(tensor.isfinite().all() for tensor in weights(run, "ema").values())


def test_skipped_steps_of_long_ago_are_forgotten():
    position = Position()
    for step in range(1, 3 * SKIP_WINDOW + 1):
        position.step = step
        if step % (SKIP_WINDOW // 2) == 0 or step > 3 * SKIP_WINDOW - 3:
            position.skip()
    assert position.skipped == [250, 298, 299, 300]


def test_a_gradient_that_is_not_finite_is_skipped_as_well(scenes, tmp_path, monkeypatch):
    original, calls = Bce.forward, []

    def forward(self, logits, targets, known):
        calls.append(1)
        total = original(self, logits, targets, known)
        # The root of 0 is 0, its derivative is infinite.
        return total + (logits.sum() * 0).sqrt() if len(calls) == 2 else total

    monkeypatch.setattr(Bce, "forward", forward)
    run = train(tiny_config(scenes, "train.epochs=1"), runs=tmp_path, reporter=QUIET)
    assert "step 2 skipped: the gradient is not finite" in records(run)[0]["skipped"]
    assert all(tensor.isfinite().all() for tensor in weights(run).values())


def test_running_statistics_that_took_in_an_overflow_are_healed(scenes, tmp_path, monkeypatch):
    original, taken = Stepper.__call__, []

    def call(stepper, batches):
        taken.append(1)
        if len(taken) == 2:
            poison(monkeypatch, Bce, {1})
            name = next(n for n, _ in stepper.model.named_buffers() if "running_mean" in n)
            stepper.model.get_buffer(name).fill_(float("inf"))
        return original(stepper, batches)

    monkeypatch.setattr(Stepper, "__call__", call)
    run = train(tiny_config(scenes, "train.epochs=1"), runs=tmp_path, reporter=QUIET)
    assert all(tensor.isfinite().all() for tensor in weights(run).values())


def test_want_of_memory_names_the_remedy(scenes, tmp_path, monkeypatch):
    def call(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Stepper, "_take", call)
    with pytest.raises(PolyheadError, match="batches of 4 images; halve") as caught:
        train(tiny_config(scenes), runs=tmp_path, reporter=QUIET)
    assert caught.value.code == "E_MEMORY"


def test_the_death_of_a_loader_process_is_named():
    told = pytest.raises(PolyheadError, match=r"lower train\.workers")
    with told as caught, worker_deaths_explained():
        raise RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed.")
    assert caught.value.code == "E_WORKER"
    with pytest.raises(RuntimeError, match="else"), worker_deaths_explained():
        raise RuntimeError("something else")


@pytest.mark.parametrize("workers", [0, 2])
def test_an_image_that_vanishes_while_training_is_named(
    scenes, trained, tmp_path, monkeypatch, workers
):
    names, parts = read_split(trained.split)
    vanished = next(name for name, part in zip(names, parts, strict=True) if part == "train")
    original = dataset.load_image

    def load(path, *options):
        if path == scenes / vanished:
            raise ImageError(f"{path}: found no such file", code="E_IMAGE_MISSING")
        return original(path, *options)

    monkeypatch.setattr(dataset, "load_image", load)
    monkeypatch.setattr(dataset.time, "sleep", lambda _: None)
    with pytest.raises(ImageError, match=rf"labels\.csv:\d+ {vanished}: ") as caught:
        train(tiny_config(scenes, f"train.workers={workers}"), runs=tmp_path, reporter=QUIET)
    assert caught.value.code == "E_IMAGE_MISSING"


def test_a_full_disk_leaves_the_earlier_checkpoint(scenes, tmp_path, monkeypatch):
    original, saves = trainer.save_state, []

    def save(*arguments):
        saves.append(1)
        if len(saves) == 2:
            raise PolyheadError("Cannot write: No space left on device.", code="E_WRITE")
        original(*arguments)

    monkeypatch.setattr(trainer, "save_state", save)
    with pytest.raises(PolyheadError, match="No space left"):
        train(tiny_config(scenes), runs=tmp_path, reporter=QUIET)
    run = RunFolder.open(tmp_path / "tiny-001")
    state = json.loads((max(run.checkpoints.iterdir()) / "state.json").read_text())
    assert state["position"]["epoch"] == 1


def test_a_device_that_is_not_there_is_refused_before_a_run_is_made(scenes, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    config = tiny_config(scenes, "train.device=cuda:1")
    with pytest.raises(ConfigError, match="device cuda:1: no CUDA device found"):
        train(config, runs=tmp_path / "runs", reporter=QUIET)
    assert not (tmp_path / "runs").exists()


def test_keys_and_values_are_a_config():
    keys = {"data": {"annotations": "labels.csv"}, "tasks": {"a": {"type": "tags"}}, "trian": {}}
    with pytest.raises(ConfigError, match="unknown key `trian`"):
        train(keys, reporter=QUIET)
