"""Logits of known log-odds, where the link has no inverse in closed form."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

HALVINGS = 60


def invert(log_odds: Callable[[Tensor], Tensor], wanted: Tensor, reach: float) -> Tensor:
    """Bisect, in fp64, an increasing map of logits to log-odds, each label by itself.

    Args:
        log_odds: (1, L) to (1, L), increasing.
        wanted: (L,) log-odds.
        reach: The answer is sought in [−reach, reach] and is the nearer end where it lies beyond.

    Returns:
        (L,) fp32 logits.
    """
    wanted = wanted.double()
    low, high = torch.full_like(wanted, -reach), torch.full_like(wanted, reach)
    with torch.no_grad():
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            below = log_odds(middle[None])[0] < wanted
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    return ((low + high) / 2).float()
