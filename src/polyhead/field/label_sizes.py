"""How the number of labels and each label come together: P(y_i = 1, |y| = s)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyhead.field.components import FieldComponent


def sizes_of_parts(
    parts: Sequence[FieldComponent],
    unaries: np.ndarray,
    evidence: np.ndarray | None,
    probabilities: np.ndarray,
) -> np.ndarray:
    """P(y_i = 1, |y| = s) of a field whose labels outside the listed parts are independent.

    Args:
        parts: Components of the field; those too large to enumerate count as independent labels.
        unaries: (B, L).
        evidence: (B, L), or None.
        probabilities: (B, L) marginals.

    Returns:
        (B, L + 1, L + 1), with P(|y| = s) in the last row.
    """
    blocks, order = [], []
    for part in parts:
        if part.enumeration is not None:
            known = None if evidence is None else evidence[:, part.labels]
            inside = unaries[:, part.labels]
            blocks.append(part.enumeration.marginals_by_size(inside, known))
            order += part.labels.tolist()
    single = np.setdiff1d(np.arange(unaries.shape[1]), np.array(order, int))
    for label in single:
        yes = probabilities[:, label]
        blocks.append(np.stack([np.stack([0 * yes, yes], 1), np.stack([1 - yes, yes], 1)], 1))
    back = np.argsort(np.concatenate([order, single]))
    return join_sizes(blocks)[:, [*back, len(back)]]


def join_sizes(parts: Sequence[np.ndarray]) -> np.ndarray:
    """P(y_i = 1, |y| = s) of independent parts together.

    Each label of a part meets the sizes of all other parts, which halving finds: O(L² log L), and
    without a difference, so small probabilities stay exact.

    Args:
        parts: Of n labels each, (B, n + 1, n + 1): [:, i, s] likewise within the part, and
            P(|y| = s) in the last row.

    Returns:
        (B, L + 1, L + 1) likewise of all L labels, in the order of the parts.
    """
    nothing = np.ones((len(parts[0]), 1))
    labels = _with_outside(parts, nothing)
    return np.concatenate([*labels, _sizes(parts)[:, None]], axis=1)


def _with_outside(parts: Sequence[np.ndarray], outside: np.ndarray) -> list[np.ndarray]:
    """For each part (B, n, L + 1), given the sizes of what is outside all of them."""
    if len(parts) == 1:
        return [_convolve(parts[0][:, :-1], outside[:, None])]
    middle = len(parts) // 2
    left, right = parts[:middle], parts[middle:]
    return [
        *_with_outside(left, _convolve(outside, _sizes(right))),
        *_with_outside(right, _convolve(outside, _sizes(left))),
    ]


def _sizes(parts: Sequence[np.ndarray]) -> np.ndarray:
    """(B, n + 1): P(|y| = s) of parts together."""
    if len(parts) == 1:
        return parts[0][:, -1]
    middle = len(parts) // 2
    return _convolve(_sizes(parts[:middle]), _sizes(parts[middle:]))


def _convolve(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Full convolution over the last axis."""
    if first.shape[-1] < second.shape[-1]:
        first, second = second, first
    leading = np.broadcast_shapes(first.shape[:-1], second.shape[:-1])
    size = first.shape[-1]
    total = np.zeros((*leading, size + second.shape[-1] - 1))
    for shift in range(second.shape[-1]):
        total[..., shift : shift + size] += first * second[..., shift, None]
    return total
