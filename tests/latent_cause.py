"""Labels that hidden causes move together, and the field that pseudo-likelihood learns of them."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from polyhead.field import PairwiseField


def drawn(num_labels, num, seed=0, *, num_causes=1, strength=1.5):
    """Evidence x and labels y, (num, L) each: P(y_i) = σ(a_i·z + x_i + b_i), z unseen."""
    planted = np.random.default_rng(num_labels)
    loadings = planted.normal(1, 0.3, (num_causes, num_labels)) * strength
    if num_causes > 1:
        loadings = planted.normal(0, strength, (num_causes, num_labels))
    bias = planted.normal(-0.5, 0.7, num_labels)
    generator = np.random.default_rng(seed)
    causes = generator.normal(size=(num, num_causes))
    evidence = generator.normal(size=(num, num_labels))
    chance = expit(causes @ loadings + evidence + bias)
    return evidence, (generator.random(chance.shape) < chance).astype(np.int8)


def learnt(evidence, labels):
    """The field, and slopes and biases of its unaries, of the largest pseudo-likelihood."""
    num_labels = labels.shape[1]
    means, upper = labels.mean(0), np.triu_indices(num_labels, 1)
    centred = labels - means

    def unpack(theta):
        slope, bias = theta[:num_labels], theta[num_labels : 2 * num_labels]
        couplings = np.zeros((num_labels,) * 2)
        couplings[upper] = theta[2 * num_labels :]
        return slope, bias, couplings + couplings.T

    def loss(theta):
        slope, bias, couplings = unpack(theta)
        z = slope * evidence + bias + centred @ couplings
        wrong = expit(z) - labels
        pairs = wrong.T @ centred
        gradient = (wrong * evidence).sum(0), wrong.sum(0), (pairs + pairs.T)[upper]
        weights = theta[2 * num_labels :]
        value = (np.logaddexp(0, z) - labels * z).sum() + 1e-3 * len(labels) * weights @ weights
        whole = np.concatenate(gradient)
        whole[2 * num_labels :] += 2e-3 * len(labels) * weights
        return value / len(labels), whole / len(labels)

    start = np.zeros(2 * num_labels + len(upper[0]))
    slope, bias, couplings = unpack(minimize(loss, start, jac=True, method="L-BFGS-B").x)
    return PairwiseField(couplings, means), slope, bias


def long_run(field, unaries, num_chains=16, num_sweeps=1500, seed=0):
    """(B, L) marginals by Gibbs sampling from all-yes, all-no and between."""
    generator = np.random.default_rng(seed)
    log_odds = np.repeat(unaries - field.couplings @ field.means, num_chains, 0)
    share = np.tile(np.linspace(0, 1, num_chains), len(unaries))[:, None]
    states = (generator.random(log_odds.shape) < share).astype(float)
    total = np.zeros_like(log_odds)
    for sweep in range(num_sweeps):
        for label in range(log_odds.shape[1]):
            chance = expit(log_odds[:, label] + states @ field.couplings[:, label])
            states[:, label] = generator.random(len(states)) < chance
            if sweep >= num_sweeps // 5:
                total[:, label] += chance
    total /= num_sweeps - num_sweeps // 5
    return total.reshape(len(unaries), num_chains, -1).mean(1)
