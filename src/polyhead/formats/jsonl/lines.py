"""Parse the lines of a JSON-lines file, keeping numbers as they are written."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyhead.errors import DataError
from polyhead.formats.faults import refusal
from polyhead.formats.recognise import undecodable
from polyhead.table.structured_text import json_decoder


@dataclass(frozen=True, slots=True)
class JsonLine:
    """One object and its line.

    Attributes:
        number: Line in the file, 1-based.
        cells: Key to value; numbers are `Number`.
    """

    number: int
    cells: dict[str, Any]


def read_lines(path: Path) -> Iterator[JsonLine]:
    """Parse every line; blank ones are passed over.

    Raises:
        DataError: `E_JSON` or `E_ENCODING`, with the line.
    """
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            line = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
            if line.strip():
                yield JsonLine(number, _parse(line, f"{path.name}:{number}"))


def _parse(line: bytes, where: str) -> dict[str, Any]:
    try:
        value = json_decoder().decode(line.decode())
    except UnicodeDecodeError as error:
        raise undecodable(where, error) from error
    except RecursionError as error:
        raise _refuse(where, "the values are nested too deeply") from error
    except ValueError as error:
        raise _refuse(
            where, f"{error}; the line starts {line[:40].decode(errors='replace')!r}"
        ) from error
    if not isinstance(value, dict):
        raise _refuse(where, f"the line holds {str(value)[:40]!r}")
    return value


def _refuse(where: str, found: str) -> DataError:
    message = f"{found}; expected one JSON object on this line; mend or remove it."
    return refusal("E_JSON", where, message)
