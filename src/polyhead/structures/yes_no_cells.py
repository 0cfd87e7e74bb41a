"""What the cells of a yes/no column say."""

from __future__ import annotations

import numpy as np

YES_NO_CELLS = {
    **dict.fromkeys(("1", "1.0", "true", "yes", "y", "t", "x"), np.int8(1)),
    **dict.fromkeys(("0", "0.0", "false", "no", "n", "f"), np.int8(0)),
    **dict.fromkeys(("-1", "-1.0", "?", "unknown"), np.int8(-1)),
}
"""Casefolded text to 1 yes, 0 no, -1 unknown."""
