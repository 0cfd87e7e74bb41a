"""How an epoch is scored: by the field as learnt so far, where that is cheap."""

import numpy as np
import pytest
import torch

from polyhead.config import validate
from polyhead.losses import Pairwise
from polyhead.network import build_network
from polyhead.network.measure import scoring_deciders
from polyhead.tasks import NumberDecider, TagsConfig, TagsDecider

CLASSES = ("a", "b", "c")


def scored(network, tasks):
    """How the tags of an epoch are decided."""
    task = scoring_deciders(network, tasks)["tags"]
    assert isinstance(task, TagsDecider)
    return task.decision


def built(**keys):
    """A network with random couplings, and its deciders."""
    tags = {"type": "tags", "classes": list(CLASSES), **keys}
    tasks = {"tags": tags, "people": {"type": "number"}}
    model = {"backbone": "test_resnet", "pretrained": False, "image_size": 32}
    plain = {"data": {"annotations": "x.csv"}, "tasks": tasks, "model": model}
    config = validate(plain, "test")
    decider = TagsConfig.model_validate(tags).encoder("tags", CLASSES).decider()
    deciders = {"tags": decider, "people": NumberDecider("people")}
    network = build_network(config, deciders, pretrained=False)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_()
    return network, deciders


@pytest.mark.parametrize("decoder", ["marginals", "map", "expected_f1"])
@pytest.mark.parametrize("rank", [0, 2])
def test_epochs_are_scored_by_the_field_and_the_cheap_decoder(decoder, rank):
    rules = {"exclusive": [["a", "b"]]}
    field = {"name": "pairwise", "rank": str(rank)}
    network, tasks = built(field=field, rules=rules, decoder=decoder)
    loss, decision = network.loss("tags"), scored(network, tasks)
    assert isinstance(loss, Pairwise)
    assert decision.field == loss.field(tasks["tags"].decision.rules)
    assert decision.is_coupled
    assert decision.rules == tasks["tags"].decision.rules
    assert decision.decoder == "marginals"
    assert tasks["tags"].decision.decoder == decoder  # what is fitted in the end goes by it
    assert scoring_deciders(network, tasks)["people"] is tasks["people"]


@pytest.mark.parametrize("rules", [{}, {"exclusive": [["a", "b"]]}])
def test_a_field_too_large_to_list_is_left_out(rules, monkeypatch):
    network, tasks = built(field="pairwise", rules=rules)
    assert scored(network, tasks).is_coupled
    monkeypatch.setattr("polyhead.field.components.MAX_STATES", 0)
    decision = scored(network, tasks)
    assert not decision.is_coupled
    assert decision == tasks["tags"].decision
    dense = {"probabilities": np.full((1, 3), 0.25, np.float32), "logits": np.zeros((1, 3))}
    assert decision.probabilities(dense).tolist() == [[0.25] * 3]
