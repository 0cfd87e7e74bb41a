"""The couplings that say most, with the images behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Coupling:
    """How much one label's being yes changes another's log-odds, and on what evidence.

    Attributes:
        first: A label.
        second: Another.
        log_odds: W, given all other labels; exp(W) is the odds ratio.
        support: Images with (both, the first alone, the second alone, neither), where both are
            known; None when not counted.
    """

    first: str
    second: str
    log_odds: float
    support: tuple[int, int, int, int] | None = None


@dataclass(frozen=True)
class Direction:
    """Labels that one gate α(x) of the images binds: it adds α a_i a_j to the coupling of i and j.

    Attributes:
        labels: Label to a_i, the largest |a_i| first, its sign +.
        gate_low: 5 % of the images have a smaller α; None without images.
        gate_high: 5 % of the images have a larger α; None without images.
    """

    labels: dict[str, float]
    gate_low: float | None
    gate_high: float | None


def list_directions(
    directions: np.ndarray, classes: Sequence[str], gates: np.ndarray, num: int = 8
) -> list[Direction]:
    """What each direction binds, and how far its gate opens.

    Args:
        directions: (R, L) a_r.
        classes: The L names.
        gates: (N, R) α of images.
        num: Most labels a direction.
    """
    found = []
    for row, gate in zip(directions, gates.T, strict=True):
        order: list[int] = np.argsort(-np.abs(row), kind="stable")[:num].tolist()
        sign = np.sign(row[order[0]]) or 1.0  # a and -a are the same
        ends = np.quantile(gate, (0.05, 0.95)).tolist() if len(gate) else (None, None)
        found.append(Direction({classes[i]: float(sign * row[i]) for i in order}, *ends))
    return found


def strongest_couplings(
    couplings: np.ndarray, classes: Sequence[str], targets: np.ndarray | None, num: int
) -> list[Coupling]:
    """The non-zero couplings of largest |W|, largest first.

    Args:
        couplings: (L, L) W.
        classes: The L names.
        targets: (N, L) 1 yes, 0 no, -1 unknown; or None.
        num: Most rows.
    """
    rows, columns = np.nonzero(np.triu(couplings, 1))
    order = np.argsort(-np.abs(couplings[rows, columns]), kind="stable")[:num]
    pairs = [(int(rows[k]), int(columns[k])) for k in order]
    return [
        Coupling(classes[i], classes[j], float(couplings[i, j]), _support(targets, i, j))
        for i, j in pairs
    ]


def _support(targets: np.ndarray | None, i: int, j: int) -> tuple[int, int, int, int] | None:
    if targets is None:
        return None
    first, second = targets[:, i], targets[:, j]
    counts = [
        int(((first == a) & (second == b)).sum()) for a, b in ((1, 1), (1, 0), (0, 1), (0, 0))
    ]
    return counts[0], counts[1], counts[2], counts[3]
