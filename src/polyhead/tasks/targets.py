"""Types that the parts of every task type exchange."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

UNKNOWN = np.int8(-1)
"""The value of unknown labels and unknown classes."""

Dense = Mapping[str, np.ndarray]
"""Arrays (B, …) of one task, as its loss names them."""
Size = tuple[int, int]
"""Height and width in pixels."""
Targets = Any
"""N rows: `targets[row]` is one of them, `targets[rows]` are some of them."""
