"""A missing label is not a negative: what is unknown changes nothing, in a whole training run."""

import shutil

import numpy as np
import pytest
import torch
from tiny_runs import QUIET, digests, records, tiny_config

from polyhead.errors import DataError
from polyhead.loading.dataset import Collate
from polyhead.preparation import prepare
from polyhead.tasks import ClassDecider, TagsDecider
from polyhead.training import train
from polyhead.training.build import build_parts


def without(scenes, folder, column, rows):
    """The same scenes with that column's cells emptied in these rows."""
    copied = shutil.copytree(scenes, folder / "scenes")
    lines = [line.split(",") for line in (scenes / "labels.csv").read_text().splitlines()]
    place = lines[0].index(column)
    for row in rows:
        lines[row + 1][place] = ""
    (copied / "labels.csv").write_text("\n".join(map(",".join, lines)) + "\n")
    return copied


def test_values_under_unknown_cells_are_never_read(scenes, tmp_path, monkeypatch):
    hidden = without(scenes, tmp_path, "tags", range(0, 36, 3))
    hidden = without(hidden, tmp_path / "twice", "daytime", range(1, 36, 3))
    config = tiny_config(hidden, "train.epochs=2")
    plain = train(config, runs=tmp_path / "plain", reporter=QUIET)
    original = Collate.__call__
    chance = np.random.default_rng(0)

    def collate(self, samples):
        batch = original(self, samples)
        for name, known in batch.known.items():
            garbage = torch.from_numpy(chance.integers(0, 2, known.shape))
            target = batch.targets[name]
            target[~known] = garbage.to(target.dtype)[~known]
        return batch

    monkeypatch.setattr(Collate, "__call__", collate)
    for task in (TagsDecider, ClassDecider):  # validation tells unknown cells by their value
        monkeypatch.setattr(task, "meter", silenced(task.meter))
    filled = train(config, runs=tmp_path / "filled", reporter=QUIET)
    for name in ("last", "model", "ema", "optimizer"):
        assert digests(filled)[name] == digests(plain)[name]
    losses = [record["train_loss"] for record in records(plain)]
    assert losses == [record["train_loss"] for record in records(filled)]


def silenced(meter):
    """A meter that is shown unknown cells only, so that figures cannot differ."""

    def build(task):
        quiet = meter(task)
        original = quiet.update
        quiet.update = lambda dense, targets: original(dense, np.full_like(targets, -1))
        return quiet

    return build


def test_a_task_without_known_cells_in_a_step_is_left_alone_by_it(scenes):
    config = tiny_config(scenes, "train.weight_decay=0.5")
    prepared = prepare(config, QUIET)
    parts = build_parts(config, prepared, pretrained=False)
    batch = next(iter(parts.training))
    before = {k: t.clone() for k, t in parts.network.state_dict().items()}
    batch.known["daytime"][:] = False
    report = parts.stepper([batch])
    assert set(report.losses) == {"contents"}
    assert report.taken
    after = parts.network.state_dict()
    assert all(
        torch.equal(after[k], before[k]) == (not k.startswith("heads.to_contents"))
        for k in after
        if k.startswith("heads.")
    )


def test_a_step_in_which_nothing_is_known_changes_no_weight(scenes):
    config = tiny_config(scenes)
    parts = build_parts(config, prepare(config, QUIET), pretrained=False)
    batch = next(iter(parts.training))
    before = {k: t.clone() for k, t in parts.network.named_parameters()}
    for known in batch.known.values():
        known[:] = False
    report = parts.stepper([batch])
    assert report.losses == {}
    assert all(torch.equal(t, before[k]) for k, t in parts.network.named_parameters())


def test_a_mean_loss_counts_only_the_steps_that_had_something_known(scenes, tmp_path):
    sparse = without(scenes, tmp_path, "daytime", [r for r in range(36) if r % 9])
    run = train(tiny_config(sparse, "train.batch_size=2"), runs=tmp_path / "r", reporter=QUIET)
    for record in records(run):
        assert 0.2 < record["train_loss"]["daytime"] < 4.0


def test_a_task_of_which_the_train_part_says_nothing_is_refused(scenes, tmp_path):
    prepared = prepare(tiny_config(scenes), QUIET)
    hidden = without(scenes, tmp_path, "daytime", prepared.rows("train").tolist())
    parts = [["split"], *([part] for part in prepared.split)]
    lines = (hidden / "labels.csv").read_text().splitlines()
    told = [",".join([line, *part]) for line, part in zip(lines, parts, strict=True)]
    (hidden / "labels.csv").write_text("\n".join(told) + "\n")
    with pytest.raises(DataError) as found:
        prepare(tiny_config(hidden, "data.split.column=split"), QUIET)
    assert [fault.code for fault in found.value.faults] == ["E_NOTHING_KNOWN"]
    assert 'task "daytime"' in found.value.message
