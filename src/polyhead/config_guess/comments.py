"""Comments of the YAML that `polyhead init` writes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from polyhead.config_guess.yaml_scalars import printable
from polyhead.errors import first_few

MAX_LABELS = 20
_WIDTH = 96
_LABEL_WIDTH = 40


def comment(text: str, indent: str = "", hanging: str = "") -> list[str]:
    """A text as comment lines.

    Args:
        text: Any text.
        indent: Before the `#`.
        hanging: After the `#` of every line but the first.
    """
    start = f"{indent}# "
    return textwrap.wrap(
        printable(text),
        _WIDTH,
        initial_indent=start,
        subsequent_indent=start + hanging,
        break_on_hyphens=False,
    )


def sentence(reason: str) -> str:
    """A reason with a capital and a full stop."""
    return f"{reason[:1].upper()}{reason[1:]}."


def listed(labels: Sequence[str]) -> str:
    """The first labels, and how many more there are."""
    names = [
        label if len(label) <= _LABEL_WIDTH else f"{label[:_LABEL_WIDTH]}…" for label in labels
    ]
    return first_few(names, MAX_LABELS)
