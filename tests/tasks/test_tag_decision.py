"""How couplings and rules decide tags: fitted on validation, kept in a file, never broken."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, softmax

from polyhead.errors import ConfigError
from polyhead.field import PairwiseField, Rules
from polyhead.metrics import Conformal
from polyhead.tasks import TagsConfig, TagsDecider, decider_from_dict
from polyhead.tasks.tags.decision import TagDecision

CLASSES = ("bus", "car", "dog", "day", "dusk", "night", "vehicle")
RULES = {
    "exclusive": [["bus", "dog"]],
    "implies": {"bus": ["vehicle"], "car": ["vehicle"]},
    "exactly_one": [["day", "dusk", "night"]],
}
DECODERS = ("marginals", "map", "expected_f1")
SIZE = np.array([[48, 64]])
every_decoder = pytest.mark.parametrize("decoder", DECODERS)
few = settings(max_examples=20)


def random_task(seed, decoder, scale=2.0, **decision):
    generator = np.random.default_rng(seed)
    upper = np.triu(generator.normal(0, scale, (len(CLASSES),) * 2), 1)
    rules = Rules.of(CLASSES, **RULES)
    field = PairwiseField(upper + upper.T, generator.random(len(CLASSES)), rules)
    thresholds = tuple(generator.uniform(0.01, 0.99, len(CLASSES)).tolist())
    return TagsDecider("contents", CLASSES, TagDecision(thresholds, decoder, field, **decision))


def dense(num=40, seed=0, spread=4.0, num_classes=7):
    log_odds = np.random.default_rng(seed).normal(0, spread, (num, num_classes))
    log_odds = log_odds.astype(np.float32)
    return {"logits": log_odds, "probabilities": expit(log_odds)}


def broken(labels):
    """Rules spelled out once more."""
    found = set(labels)
    return (
        {"bus", "dog"} <= found
        or (found & {"bus", "car"} and "vehicle" not in found)
        or len(found & {"day", "dusk", "night"}) != 1
    )


@every_decoder
@pytest.mark.parametrize("scale", [0.0, 2.0])
@few
@given(seed=st.integers(0, 2**31))
def test_no_answer_breaks_a_rule(decoder, scale, seed):
    task = random_task(seed, decoder, scale)
    answers = task.select(dense(seed=seed), SIZE)
    assert not [answer.labels for answer in answers if broken(answer.labels)]


@every_decoder
@few
@given(seed=st.integers(0, 2**31), told=st.sampled_from(["bus", "dog", "dusk"]))
def test_evidence_stays_and_no_answer_breaks_a_rule(decoder, seed, told):
    task = random_task(seed, decoder).conditioned({told: True, "car": False})
    for answer in task.select(dense(20, seed), SIZE):
        assert told in answer.labels
        assert "car" not in answer.labels
        assert not broken(answer.labels)
        assert (answer.probabilities[told], answer.probabilities["car"]) == (1, 0)


def test_evidence_that_breaks_a_rule_is_refused():
    task = random_task(0, "map")
    with pytest.raises(ConfigError, match=r'"bus".*"dog"'):
        task.conditioned({"bus": True, "dog": True})
    with pytest.raises(ConfigError, match='no label "cart"'):
        task.conditioned({"cart": True})


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("scale", [0.0, 2.0])
@pytest.mark.parametrize("conformal", [None, Conformal(0.1, 0.25, 40)])
def test_a_decision_survives_json(decoder, scale, conformal):
    task = random_task(1, decoder, scale, conformal=conformal)
    entry = json.loads(json.dumps(task.to_dict()))
    again = decider_from_dict("contents", entry)
    assert again.to_dict() == entry
    assert again.select(dense(), SIZE) == task.select(dense(), SIZE)


def test_probabilities_of_a_coupled_task_are_the_marginals_of_its_field():
    task, rows = random_task(2, "marginals"), dense()
    assert task.decision.field is not None
    found = [list(answer.probabilities.values()) for answer in task.select(rows, SIZE)]
    np.testing.assert_allclose(found, task.decision.field.marginals(rows["logits"]), atol=1e-6)


def drawn(coupling, num, seed=0):
    """Log-odds of three labels of which the first two hang together, and labels of the field."""
    generator = np.random.default_rng(seed)
    couplings = np.zeros((3, 3))
    couplings[0, 1] = couplings[1, 0] = coupling
    field = PairwiseField(couplings, np.full(3, 0.5))
    states = (np.arange(8)[:, None] >> np.arange(3)) & 1
    log_odds = generator.normal(0, 1, (num, 3))
    scores = np.array([field.log_likelihood(log_odds, np.tile(s, (num, 1))) for s in states]).T
    chosen = (generator.random((num, 1)) > np.exp(scores).cumsum(1)).sum(1).clip(max=7)
    return field, log_odds.astype(np.float32), states[chosen].astype(np.int8)


def meter_of(log_odds, targets, **keys):
    classes = ("a", "b", "c")
    config = TagsConfig.model_validate({"type": "tags", "classes": classes, **keys})
    meter = config.encoder("contents", classes).decider().meter()
    for half in np.array_split(np.arange(len(log_odds)), 2):
        rows = {"logits": log_odds[half], "probabilities": expit(log_odds[half])}
        meter.update(rows, targets[half])
    return meter, config


def test_couplings_that_explain_held_out_images_are_kept():
    field, log_odds, targets = drawn(coupling=3.0, num=300)
    meter, config = meter_of(log_odds, targets, decoder="map", conformal=0.2)
    gain = meter.couple(field)
    assert gain.is_sure
    assert gain.coupled == pytest.approx(field.log_likelihood(log_odds, targets).mean(), abs=1e-6)
    calibration = meter.calibrate(has_link=True)
    assert (calibration.scale == 1).all()
    assert (calibration.shift == 0).all()
    fitted = meter.fit(config)
    assert fitted.decision.field == field
    assert fitted.decision.conformal is not None
    again = decider_from_dict("contents", json.loads(json.dumps(fitted.to_dict())))
    assert isinstance(again, TagsDecider)
    rows = {"logits": log_odds, "probabilities": expit(log_odds)}
    assert again.select(rows, SIZE) == fitted.select(rows, SIZE)
    plain, told = again.select(rows, SIZE), again.conditioned({"a": True}).select(rows, SIZE)
    for one, other in zip(plain, told, strict=True):
        assert other.probabilities["b"] > one.probabilities["b"]  # a and b attract each other


def test_couplings_that_explain_nothing_are_switched_off():
    _, log_odds, targets = drawn(coupling=0.0, num=300)
    spurious, _, _ = drawn(coupling=1.5, num=1)
    meter, config = meter_of(log_odds, targets)
    assert not meter.couple(spurious).is_sure
    meter.calibrate(has_link=True)
    fitted = meter.fit(config)
    assert fitted.decision.field is None
    assert "field" not in fitted.to_dict()
    rows = {"logits": log_odds, "probabilities": expit(log_odds)}
    assert list(fitted.select(rows, SIZE)[0].probabilities.values()) == pytest.approx(
        rows["probabilities"][0]
    )


def test_log_odds_learnt_under_rules_stay_those_of_the_field():
    """A choice of one learns a softmax, which no sigmoid of each label stands for."""
    generator = np.random.default_rng(0)
    log_odds = generator.normal(0, 2, (400, 3)).astype(np.float32)
    chosen = (log_odds + generator.gumbel(size=log_odds.shape)).argmax(1)
    targets = np.eye(3, dtype=np.int8)[chosen]
    group = [["a", "b", "c"]]
    meter, config = meter_of(log_odds, targets, rules={"exactly_one": group})
    means = targets.mean(0)
    meter.couple(PairwiseField(np.zeros((3, 3)), means, Rules.of("abc", exactly_one=group)))
    assert (meter.calibrate(has_link=True).scale == 1).all()
    fitted = meter.fit(config)
    again = decider_from_dict("contents", json.loads(json.dumps(fitted.to_dict())))
    assert isinstance(again, TagsDecider)
    rows = {"logits": log_odds, "probabilities": expit(log_odds)}
    found = [list(answer.probabilities.values()) for answer in again.select(rows, SIZE)]
    np.testing.assert_allclose(found, softmax(log_odds, axis=1), rtol=0, atol=1e-5)


def test_couplings_are_switched_off_and_rules_stay():
    _, log_odds, targets = drawn(coupling=0.0, num=300)
    spurious, _, _ = drawn(coupling=1.5, num=1)
    group = [["a", "c"]]
    legal = (targets[:, 0] & targets[:, 2]) == 0
    meter, config = meter_of(log_odds[legal], targets[legal], rules={"exclusive": group})
    field = PairwiseField(spurious.couplings, spurious.means, Rules.of("abc", exclusive=group))
    assert not meter.couple(field).is_sure
    meter.calibrate(has_link=True)
    kept = meter.fit(config).decision
    assert kept.field == PairwiseField(np.zeros((3, 3)), field.means, field.rules)
    assert (kept.is_coupled, kept.is_learnt) == (False, True)


def test_images_of_which_nothing_is_known_have_no_say_in_the_field():
    field, log_odds, targets = drawn(coupling=2.0, num=200)
    targets[np.random.default_rng(1).random(targets.shape) < 0.4] = -1
    (meter, _), (other, _) = meter_of(log_odds, targets), meter_of(log_odds, targets)
    other.update(dense(20, num_classes=3), np.full((20, 3), -1, np.int8))
    assert meter.couple(field) == other.couple(field)


def test_without_a_known_label_the_field_is_switched_off():
    field, log_odds, targets = drawn(coupling=2.0, num=10)
    meter, _ = meter_of(log_odds, np.full_like(targets, -1))
    gain = meter.couple(field)
    assert (gain.is_sure, gain.num_images) == (False, 0)


def test_images_of_which_nothing_is_known_change_no_fit():
    rows = dense(60, seed=3, num_classes=3)
    targets = (rows["logits"] > 0).astype(np.int8)
    unknown = np.full((25, 3), -1, np.int8)
    more = dense(25, seed=4, num_classes=3)
    config = TagsConfig(type="tags", classes=("bus", "car", "dog"), conformal=0.1)
    fitted = []
    for added in (False, True):
        meter = config.encoder("contents", config.classes).decider().meter()
        meter.update(rows, targets)
        if added:
            meter.update(more, unknown)
        found = meter.calibrate(has_link=True)
        fitted.append((found.scale.tolist(), found.shift.tolist(), meter.fit(config)))
    assert fitted[0] == fitted[1]
