"""Text as YAML scalars."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_PLAIN = re.compile(r"(?:\.\./)*[^\W\d_](?:[\w./ -]*[\w./])?")
# Read as text by polyhead, but as something else by other readers of YAML.
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def printable(text: str) -> str:
    r"""The text on one line: control characters are written as escapes such as `\n`."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def scalar(text: str) -> str:
    r"""The text as a YAML scalar, in double quotes where any reader could mistake it.

    >>> print(scalar("labels.csv"), scalar("no"), scalar("012"), scalar("a: b"))
    labels.csv "no" "012" "a: b"
    """
    if _PLAIN.fullmatch(text) and text.isprintable() and text.casefold() not in _WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{printable(escaped)}"'


def inline(value: str | Mapping[str, Any]) -> str:
    """A text, or a mapping of texts and lists on one line; numbers in a mapping stay bare.

    >>> print(inline({"name": "mlp", "hidden": "256"}), inline({"yes": ["1"], "no": ["-1", ""]}))
    {name: mlp, hidden: 256} {yes: [1], no: [-1, ""]}
    """
    if isinstance(value, str):
        return scalar(value)
    pairs = (f"{mapping_key(key)}: {mapping_value(item)}" for key, item in value.items())
    return f"{{{', '.join(pairs)}}}"


def mapping_key(key: str) -> str:
    """A key of a mapping: numbers and words bare, in quotes what is neither."""
    return key if _NUMBER.fullmatch(key) or _PLAIN.fullmatch(key) else scalar(key)


def mapping_value(value: str | Mapping[str, Any] | list[str]) -> str:
    """The value of a key of a mapping: numbers bare, else as `inline`, lists in brackets."""
    if isinstance(value, list):
        return f"[{', '.join(map(mapping_value, value))}]"
    return value if isinstance(value, str) and _NUMBER.fullmatch(value) else inline(value)
