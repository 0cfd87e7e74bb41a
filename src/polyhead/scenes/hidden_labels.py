"""Hiding and corrupting labels, as half-annotated collections have them."""

from __future__ import annotations

import numpy as np

from polyhead.scenes.options import require_pattern, require_share

HIDDEN = -1


def hide_labels(
    labels: np.ndarray, fraction: float, pattern: str, generator: np.random.Generator
) -> np.ndarray:
    """Make cells unknown.

    - `random`: each cell with probability `fraction`.
    - `per_class`: each cell with its class's own rate; the rates are spread evenly over the
      widest range around `fraction` and dealt to the classes at random, so their mean is it.
    - `single_positive`: a share `fraction` of the rows keeps one positive cell and nothing else;
      of such a row without any positive nothing is known.
    - `per_task`: all cells of a row at once, with probability `fraction`.

    Args:
        labels: (N, L) of 1 and 0.
        fraction: 0 to 1; 0 hides nothing.
        pattern: One of `PATTERNS`.
        generator: Random numbers.

    Returns:
        (N, L) int8 of 1, 0 and −1 (unknown); the known cells are unchanged.

    Raises:
        ConfigError: The fraction or the pattern is none.
    """
    require_share("fraction", fraction)
    require_pattern(pattern)
    num, num_labels = labels.shape
    if pattern == "single_positive":
        hidden = _all_but_one_positive(labels, generator)
        hidden &= generator.random((num, 1)) < fraction
    elif pattern == "per_class":
        hidden = generator.random((num, num_labels)) < _rates(fraction, num_labels, generator)
    elif pattern == "per_task":
        hidden = np.broadcast_to(generator.random((num, 1)) < fraction, labels.shape)
    else:
        hidden = generator.random((num, num_labels)) < fraction
    return np.where(hidden, HIDDEN, labels).astype(np.int8)


def flip_labels(labels: np.ndarray, fraction: float, generator: np.random.Generator) -> np.ndarray:
    """Turn each cell of 1 and 0 into its contrary with probability `fraction`.

    The result may break the exclusions of the distribution, as wrong annotations do.

    Returns:
        (N, L) int8.
    """
    require_share("fraction", fraction)
    flipped = generator.random(labels.shape) < fraction
    return np.where(flipped, 1 - labels, labels).astype(np.int8)


def known_tasks(
    num: int, num_tasks: int, fraction: float, generator: np.random.Generator
) -> np.ndarray:
    """Which tasks of which rows are annotated, each left out with probability `fraction`.

    Returns:
        (num, num_tasks) bool.
    """
    require_share("fraction", fraction)
    return generator.random((num, num_tasks)) >= fraction


def _all_but_one_positive(labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    draw = np.where(labels == 1, generator.random(labels.shape), -1.0)
    kept = np.zeros(labels.shape, dtype=bool)
    kept[np.arange(len(labels)), draw.argmax(axis=1)] = True
    return ~(kept & (labels == 1))


def _rates(fraction: float, num: int, generator: np.random.Generator) -> np.ndarray:
    spread = min(fraction, 1.0 - fraction)
    return generator.permutation(np.linspace(fraction - spread, fraction + spread, num))
