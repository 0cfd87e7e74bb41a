"""What the arrays of a field must be."""

from __future__ import annotations

import numpy as np


def check_shapes(
    couplings: np.ndarray,
    means: np.ndarray,
    directions: np.ndarray | None,
    gates: np.ndarray | None,
) -> None:
    """Refuse arrays that are no field.

    Args:
        couplings: (L, L), symmetric with a zero diagonal.
        means: (L,).
        directions: (R, L), or None.
        gates: (B, R), only beside directions; or None.

    Raises:
        ValueError: A shape or value is wrong.
    """
    shape = (len(means),) * 2
    if means.ndim != 1 or couplings.shape != shape:
        raise ValueError(
            "`couplings` should be (L, L) and `means` (L,). "
            f"Found {couplings.shape} and {means.shape}."
        )
    if not all(np.isfinite(a).all() for a in (couplings, means, directions) if a is not None):
        raise ValueError("`couplings`, `means` and `directions` should be finite.")
    if (couplings != couplings.T).any() or np.diagonal(couplings).any():
        raise ValueError("`couplings` should be symmetric with a zero diagonal.")
    if directions is not None and (directions.ndim != 2 or directions.shape[1] != len(means)):
        raise ValueError(f"`directions` should be (R, {len(means)}). Found {directions.shape}.")
    num_directions = 0 if directions is None else len(directions)
    if gates is not None and (gates.ndim != 2 or gates.shape[1] != num_directions):
        raise ValueError(f"`gates` should be (B, {num_directions}). Found {gates.shape}.")
