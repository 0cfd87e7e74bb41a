"""A field is kept only where what it answers is no worse than without it."""

import latent_cause
import numpy as np
import pytest
from scipy.special import expit

from polyhead.field import PairwiseField, Rules
from polyhead.metrics import choose_calibration
from polyhead.tasks.tags.field_choice import choose_field


def log_loss(probabilities, labels):
    clipped = np.clip(probabilities, 1e-12, 1 - 1e-12)
    return -np.log(np.where(labels == 1, clipped, 1 - clipped)).mean()


@pytest.mark.parametrize(
    ("num_labels", "num_causes", "num_training"), [(15, 1, 300), (20, 2, 1000), (30, 1, 300)]
)
def test_labels_of_a_hidden_cause_are_answered_no_worse_than_without_a_field(
    num_labels, num_causes, num_training
):
    evidence, labels = latent_cause.drawn(num_labels, num_training + 900, num_causes=num_causes)
    field, slope, bias = latent_cause.learnt(evidence[:num_training], labels[:num_training])
    log_odds = slope * evidence + bias
    judged, fresh = slice(num_training, num_training + 400), slice(num_training + 400, None)
    choice = choose_field(field, log_odds[judged], labels[judged], None)
    assert choice.calibration is not None
    found = choice.calibration.log_odds(log_odds[fresh])
    answered = expit(found) if choice.field is None else choice.field.marginals(found)
    own = choose_calibration(log_odds[judged], labels[judged], True)
    without = log_loss(expit(own.log_odds(log_odds[fresh])), labels[fresh])
    print(
        f"{num_labels} labels, {num_causes} causes, {num_training} images: log loss as learnt "
        f"{log_loss(field.marginals(log_odds[fresh]), labels[fresh]):.4f}, "
        f"{'kept' if choice.field else 'dropped'} {log_loss(answered, labels[fresh]):.4f}, "
        f"without {without:.4f}"
    )
    assert log_loss(answered, labels[fresh]) < without + 0.002


def test_a_field_that_explains_labels_together_but_answers_badly_is_dropped(monkeypatch):
    couplings = np.zeros((5, 5))
    couplings[0, 1] = couplings[1, 0] = couplings[2, 3] = couplings[3, 2] = 2.0
    field = PairwiseField(couplings, np.full(5, 0.4), Rules((), ((1, 4),)))
    generator = np.random.default_rng(0)
    states = (np.arange(32)[:, None] >> np.arange(5)) & 1
    states = states[field.rules.legal(states == 1)]
    log_odds = generator.normal(0, 1.5, (600, 5))
    scores = [field.log_likelihood(log_odds, np.tile(s, (600, 1))) for s in states]
    targets = states[(np.array(scores).T + generator.gumbel(size=(600, len(states)))).argmax(1)]
    kept = choose_field(field, log_odds, targets, None)
    assert kept.gain.is_sure
    assert kept.field is field
    right = PairwiseField.marginals

    def worse(self, unaries, evidence=None):
        found = right(self, unaries, evidence)
        return 0.5 * found + 0.25 if self.is_coupled else found

    monkeypatch.setattr(PairwiseField, "marginals", worse)
    choice = choose_field(field, log_odds, targets, None)
    assert choice.gain.coupled == kept.gain.coupled
    assert choice.gain.loses
    assert not choice.gain.is_sure
    assert choice.field is not None  # the rules stay
    assert not choice.field.is_coupled
    assert "log loss" in str(choice.gain)
