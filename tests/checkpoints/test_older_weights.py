"""Runs whose losses held less than today's still answer, and as they did."""

import torch
from tiny_runs import QUIET, render, tiny_config

from polyhead.checkpoints import load_run
from polyhead.checkpoints.load import LATER_STATE
from polyhead.checkpoints.weights import read_weights, write_weights
from polyhead.training import train


def test_weights_from_before_later_state_answer_as_they_did(tmp_path):
    changes = ("train.epochs=1", "tasks.people.type=number", "tasks.people.distribution=poisson")
    config = tiny_config(render(tmp_path / "scenes"), *changes)
    run = train(config, runs=tmp_path / "runs", reporter=QUIET)
    images = torch.randint(256, (3, 3, 32, 32), dtype=torch.uint8)
    with torch.inference_mode():
        network = load_run(run.path).network
        expected = network.dense(network(images))
    tensors, metadata = read_weights(run.best_weights)
    later = [name for name in tensors if name.rpartition(".")[2] in LATER_STATE]
    assert {name.rpartition(".")[2] for name in later} == set(LATER_STATE)
    own = {key: metadata[key] for key in metadata if key == "epoch"}
    write_weights(run.best_weights, {k: t for k, t in tensors.items() if k not in later}, own)
    with torch.inference_mode():
        older = load_run(run.path).network
        found = older.dense(older(images))
    for task, arrays in expected.items():
        for name, array in arrays.items():
            assert torch.equal(found[task][name], array)
