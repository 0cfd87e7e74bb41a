"""Fields solved the slow way: a loop over every state, from the formulas alone."""

from itertools import product

import numpy as np

from polyhead.field import PairwiseField, Rules


def random_couplings(generator, num_labels, density=1.0, scale=1.5, sign=None):
    weights = generator.normal(0, scale, (num_labels,) * 2)
    weights *= generator.random((num_labels,) * 2) < density
    weights = np.triu(np.abs(weights) if sign == "attract" else weights, 1)
    return weights + weights.T


def random_rules(generator, num_labels):
    """Legal rules of every form, in names."""
    classes = [f"c{i}" for i in range(num_labels)]
    order = generator.permutation(num_labels)
    spelled = {"exclusive": [], "implies": {}, "exactly_one": []}
    if generator.random() < 0.6:
        spelled["exclusive"].append([classes[i] for i in order[:2]])
    if generator.random() < 0.6:
        spelled["implies"] = {classes[order[1]]: [classes[order[2]], classes[order[3]]]}
    if generator.random() < 0.6:
        spelled["exactly_one"].append([classes[i] for i in order[-3:]])
    if generator.random() < 0.3:
        spelled["exclusive"].append([classes[i] for i in generator.permutation(order)[:3]])
    return Rules.of(classes, **spelled)


def random_field(seed, num_labels=6, with_rules=True, **options):
    generator = np.random.default_rng(seed)
    rules = random_rules(generator, num_labels) if with_rules else Rules()
    couplings = random_couplings(generator, num_labels, **options)
    field = PairwiseField(couplings, generator.random(num_labels), rules)
    return field, generator.normal(0, 1.5, (3, num_labels)), generator


def is_legal(rules, state):
    for group in rules.exclusive:
        if sum(state[i] for i in group) > 1:
            return False
    for group in rules.exactly_one:
        if sum(state[i] for i in group) != 1:
            return False
    return all(not state[a] or state[b] for a, b in rules.implies)


def score(field, unaries, state):
    total = sum(u * y for u, y in zip(unaries, state, strict=True))
    centred = [y - mean for y, mean in zip(state, field.means, strict=True)]
    for i in range(len(state)):
        for j in range(i + 1, len(state)):
            total += field.couplings[i, j] * centred[i] * centred[j]
    return total


def agrees(state, evidence):
    return all(t < 0 or t == y for t, y in zip(evidence, state, strict=True))


def joint(field, unaries, evidence=None):
    """{state: unnormalised weight} of one image, over legal states that agree."""
    evidence = [-1] * len(unaries) if evidence is None else evidence
    return {
        state: np.exp(score(field, unaries, state))
        for state in product((0, 1), repeat=len(unaries))
        if is_legal(field.rules, state) and agrees(state, evidence)
    }


def marginals(field, unaries, evidence=None):
    weights = joint(field, unaries, evidence)
    return sum(w * np.array(s) for s, w in weights.items()) / sum(weights.values())


def example_f(truth, answer, beta):
    if not any(truth) and not any(answer):
        return 1.0
    hits = sum(t and a for t, a in zip(truth, answer, strict=True))
    return (1 + beta**2) * hits / (beta**2 * sum(truth) + sum(answer))


def expected_f(weights, answer, beta):
    total = sum(weights.values())
    return sum(w * example_f(s, answer, beta) for s, w in weights.items()) / total


def random_evidence(generator, field, num_rows):
    """Evidence that a legal state agrees with."""
    every = product((0, 1), repeat=len(field.means))
    states = [state for state in every if is_legal(field.rules, state)]
    chosen = np.array([states[generator.integers(len(states))] for _ in range(num_rows)], np.int8)
    chosen[generator.random(chosen.shape) < 0.6] = -1
    return chosen
