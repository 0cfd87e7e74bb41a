"""The measuring pass over held-out rows."""

import numpy as np
import pytest
import torch

from polyhead.config import validate
from polyhead.loading import Batch
from polyhead.network import build_network
from polyhead.network.measure import measure

KEYS = {"contents": {"type": "tags", "classes": ["a", "b"]}, "people": {"type": "number"}}


def test_meters_and_observers_see_the_dense_arrays_of_every_batch():
    model = {"backbone": "test_resnet", "pretrained": False, "image_size": 32}
    config = validate({"data": {"annotations": "x.csv"}, "tasks": KEYS, "model": model}, "test")
    tasks = {n: keys.encoder(n, ("a", "b")).decider() for n, keys in config.tasks.items()}
    network = build_network(config, tasks, pretrained=False).train()
    images = torch.randint(0, 256, (5, 3, 32, 32), dtype=torch.uint8)
    order = torch.tensor([4, 1, 3, 0, 2])
    batches = [Batch(images[part], {}, {}, part) for part in order.split(2)]
    targets = {"contents": np.array([[1, 0], [0, 1], [1, 1], [0, -1], [-1, 0]], np.int8)}
    targets["people"] = np.arange(5.0)
    seen, counted = [], []
    meters = measure(
        network,
        batches,
        tasks,
        targets,
        lambda number, _: counted.append(number),
        observers={"contents": lambda dense: seen.append(dense["probabilities"])},
    )
    with torch.inference_mode():
        expected = network.dense(network(images))
    assert not network.training
    assert counted == [2, 2, 1]
    np.testing.assert_allclose(
        np.concatenate(seen), expected["contents"]["probabilities"][order], rtol=1e-5
    )
    alone = {name: task.meter() for name, task in tasks.items()}
    for name, meter in alone.items():
        arrays = {key: values.numpy() for key, values in expected[name].items()}
        meter.update(arrays, targets[name])
        found, again = (each.compute()["metrics"] for each in (meter, meters[name]))
        assert found.keys() == again.keys()
        for figure in found:
            assert again[figure]["value"] == pytest.approx(found[figure]["value"], rel=1e-4)
