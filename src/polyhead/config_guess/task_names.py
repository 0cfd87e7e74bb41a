"""Names of tasks, made from names of columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

_FORBIDDEN = re.compile(r"[^\w-]+")
_GENERIC = {"tag": "tags", "label": "labels", "is": "tags", "has": "tags", "contains": "tags"}


def task_name(text: str, taken: Collection[str]) -> str:
    """A task name after a column or the shared prefix of columns, which no other task has.

    Args:
        text: The column or prefix, such as `tag:`; "" becomes `tags`.
        taken: Names already given; equal up to case counts as taken.

    >>> task_name("tag:", []), task_name("Type (main)", []), task_name("2nd", [])
    ('tags', 'Type_main', 'column_2nd')
    """
    plain = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", text)).strip("_- ") or "tags"
    plain = _GENERIC.get(plain.casefold(), plain)
    name = plain if re.match(r"[^\W\d]", plain) else f"column_{plain}"
    folded = {other.casefold() for other in taken}
    candidate, number = name, 2
    while candidate.casefold() in folded:
        candidate, number = f"{name}_{number}", number + 1
    return candidate
