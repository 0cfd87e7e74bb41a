"""Labels that fit on a line of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from polyhead.errors import ConfigError

_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")


def check_labels(labels: Sequence[str], kind: str) -> None:
    """Refuse labels that a format would change.

    Args:
        labels: All of them.
        kind: The format, for the message.

    Raises:
        ConfigError: `E_LABEL_TEXT`: one has spaces around it or line breaks and kin in it.
    """
    for label in labels:
        if label != label.strip() or _UNFIT.search(label):
            message = (
                f"the label {label!r} cannot be written to {kind}, which keeps neither spaces "
                "around a label nor line breaks in it; rename it."
            )
            raise ConfigError(message, code="E_LABEL_TEXT")
