"""Tags whose couplings differ from image to image: kept or not, in a file, asked and told."""

import json

import numpy as np
import pytest
from scipy.special import expit

from polyhead.field import PairwiseField, Rules
from polyhead.tasks import TagsConfig, TagsDecider, decider_from_dict

CLASSES = ("a", "b", "c")
SIZE = np.array([[48, 64]])
FIELD = PairwiseField(
    np.zeros((3, 3)), np.full(3, 0.5), Rules.of(CLASSES), np.array([[1.6, 1.6, 0.0]])
)


def drawn(num, seed=0):
    """Dense arrays of images where a and b attract or repel each other, and their labels."""
    generator = np.random.default_rng(seed)
    gates, log_odds = generator.choice([-1.0, 1.0], (num, 1)), generator.normal(0, 1, (num, 3))
    states = (np.arange(8)[:, None] >> np.arange(3)) & 1
    field = FIELD.of_images(gates)
    scores = np.array([field.log_likelihood(log_odds, np.tile(s, (num, 1))) for s in states]).T
    chosen = (generator.random((num, 1)) > np.exp(scores).cumsum(1)).sum(1).clip(max=7)
    dense = {"logits": log_odds, "probabilities": expit(log_odds), "gates": gates}
    dense = {name: array.astype(np.float32) for name, array in dense.items()}
    return dense, states[chosen].astype(np.int8)


def meter_of(dense, targets, **keys):
    config = TagsConfig.model_validate({"type": "tags", "classes": CLASSES, **keys})
    meter = config.encoder("contents", CLASSES).decider().meter()
    for half in np.array_split(np.arange(len(targets)), 2):
        meter.update({name: array[half] for name, array in dense.items()}, targets[half])
    return meter, config


@pytest.mark.parametrize("decoder", ["marginals", "map", "expected_f1"])
def test_couplings_of_each_image_are_fitted_kept_and_asked(decoder):
    dense, targets = drawn(300)
    targets[:20] = -1
    meter, config = meter_of(dense, targets, decoder=decoder)
    gain = meter.couple(FIELD)
    assert gain.is_sure
    bound = FIELD.of_images(dense["gates"][20:])
    likelihood = bound.log_likelihood(dense["logits"][20:], targets[20:])
    assert gain.coupled == pytest.approx(likelihood.mean(), abs=1e-6)
    assert (meter.calibrate(has_link=True).scale == 1).all()
    fitted = meter.fit(config)
    again = decider_from_dict("contents", json.loads(json.dumps(fitted.to_dict())))
    assert isinstance(again, TagsDecider)
    assert again.decision.field == FIELD
    answers = again.select(dense, SIZE)
    assert answers == fitted.select(dense, SIZE)
    found = np.array([list(answer.probabilities.values()) for answer in answers])
    expected = FIELD.of_images(dense["gates"]).marginals(dense["logits"])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    told = again.conditioned({"a": True}).select(dense, SIZE)
    moved = np.array([answer.probabilities["b"] for answer in told]) - found[:, 1]
    assert (np.sign(moved) == dense["gates"][:, 0]).all()


def test_evaluation_lists_what_each_gate_binds():
    dense, targets = drawn(300)
    meter, config = meter_of(dense, targets)
    meter.couple(FIELD)
    fitted = meter.fit(config)
    again = fitted.meter()
    again.update(dense, targets)
    field = json.loads(json.dumps(again.compute()["field"]))
    assert field["log_likelihood"] > field["log_likelihood_independent"]
    assert field["couplings"] == []
    (direction,) = field["directions"]
    assert direction["labels"] == {"a": 1.6, "b": 1.6, "c": 0.0}
    assert (direction["gate_low"], direction["gate_high"]) == (-1, 1)


@pytest.mark.parametrize("rules", [{}, {"exclusive": [["a", "c"]]}])
def test_couplings_that_explain_nothing_are_switched_off_with_their_directions(rules):
    dense, targets = drawn(300)
    dense["gates"] = -dense["gates"]  # what a gate learnt is wrong for these images
    targets[(targets[:, 0] & targets[:, 2]) == 1] = 0
    meter, config = meter_of(dense, targets, rules=rules)
    field = PairwiseField(FIELD.couplings, FIELD.means, meter.rules, FIELD.directions)
    assert not meter.couple(field).is_sure
    meter.calibrate(has_link=True)
    kept = meter.fit(config).decision
    assert not kept.is_coupled
    expected = PairwiseField(0 * field.couplings, field.means, field.rules) if rules else None
    assert kept.field == expected
    assert "directions" not in json.dumps(kept.to_dict())


def test_rules_hold_with_gates():
    rules = Rules.of(CLASSES, exclusive=[["a", "b"]])
    dense, targets = drawn(200)
    targets[:, 0] &= 1 - targets[:, 1]
    meter, config = meter_of(dense, targets, rules={"exclusive": [["a", "b"]]}, decoder="map")
    directions = np.array([[1.0, 1.0, 1.0]])
    meter.couple(PairwiseField(FIELD.couplings, FIELD.means, rules, directions))
    for answer in meter.fit(config).select(dense, SIZE):
        assert not {"a", "b"} <= set(answer.labels)
