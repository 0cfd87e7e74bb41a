"""Iterated conditional modes with restarts: a good legal state of any field, fast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from polyhead.field.rules import UNKNOWN_LABEL, Rules

NUM_RESTARTS = 20
MAX_SWEEPS = 100
MAX_CELLS = 2**21  # of the states held at once


def iterated_modes(
    log_odds: np.ndarray, couplings: np.ndarray, rules: Rules, start: np.ndarray
) -> np.ndarray:
    """Climb to a local maximum of u'·y + ½ yᵀWy over legal y, from 20 perturbed starts.

    A move sets one label to yes or no together with all that the rules then force (a partner gives
    way, what is implied comes along), so states stay legal, and within an exactly-one group it is
    a swap, where every single flip would be illegal.

    Args:
        log_odds: (B, n) u', of the un-centred field.
        couplings: (n, n) W.
        rules: Over the n labels.
        start: (n,) bool, legal.

    Returns:
        (B, n) bool, legal.
    """
    step = max(1, MAX_CELLS // (NUM_RESTARTS * len(couplings)))
    moves = _moves(rules, len(couplings))
    parts = [
        _climb_all(log_odds[first : first + step], couplings, moves, start)
        for first in range(0, max(len(log_odds), 1), step)
    ]
    return np.concatenate(parts)


Move = tuple[np.ndarray, np.ndarray, Rules]  # cells, their new values, groups to check afterwards


def _moves(rules: Rules, num_labels: int) -> list[Move]:
    """Both values of each label with what they force."""
    wanted = np.full((2 * num_labels, num_labels), UNKNOWN_LABEL, np.int8)
    labels = np.arange(num_labels)
    wanted[labels, labels], wanted[num_labels + labels, labels] = 1, 0
    # Being one of exactly one forces a value out of no single label: these groups are checked.
    at_most_one = replace(rules, exclusive=rules.groups, exactly_one=())
    inferred, clash = at_most_one.propagate(wanted)
    moves = []
    for row in inferred[~clash]:
        cells = np.flatnonzero(row >= 0)
        touched = tuple(g for g in rules.exactly_one if not set(g).isdisjoint(cells.tolist()))
        moves.append((cells, row[cells].astype(bool), Rules(exactly_one=touched)))
    return moves


def _climb_all(
    log_odds: np.ndarray, couplings: np.ndarray, moves: list[Move], start: np.ndarray
) -> np.ndarray:
    generator = np.random.default_rng(0)
    rows = np.repeat(log_odds, NUM_RESTARTS, axis=0)
    spread = 1 + log_odds.std() + np.abs(couplings).sum(1).mean() / 2
    noise = generator.normal(0, spread, rows.shape)
    noise[::NUM_RESTARTS] = 0  # one climb of each image starts without
    states = np.tile(start, (len(rows), 1))
    _sweep(states, rows + noise, couplings, moves)
    for _ in range(MAX_SWEEPS):
        if not _sweep(states, rows, couplings, moves):
            break
    scores = (states * rows).sum(1) + 0.5 * np.einsum("ri,ri->r", states @ couplings, states)
    best = scores.reshape(-1, NUM_RESTARTS).argmax(1)
    return states.reshape(-1, NUM_RESTARTS, len(start))[np.arange(len(log_odds)), best]


def _sweep(
    states: np.ndarray, log_odds: np.ndarray, couplings: np.ndarray, moves: list[Move]
) -> bool:
    """Make each move, in place, in the rows it improves: whether there was one."""
    changed = False
    for cells, values, groups in moves:
        step = values - states[:, cells].astype(float)
        field = log_odds[:, cells] + states @ couplings[:, cells]
        inner = couplings[np.ix_(cells, cells)]
        gain = (step * (field + 0.5 * step @ inner)).sum(1)
        better = np.flatnonzero(gain > 1e-12)
        if groups and len(better):
            moved = states[better]
            moved[:, cells] = values
            better = better[groups.legal(moved)]
        if len(better):
            states[np.ix_(better, cells)] = values
            changed = True
    return changed
