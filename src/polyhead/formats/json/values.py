"""The values of a JSON file one by one, each with its line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from polyhead.errors import DataError
from polyhead.formats.faults import refusal
from polyhead.formats.jsonl.lines import JsonLine
from polyhead.formats.recognise import undecodable
from polyhead.table.structured_text import json_decoder

_SPACE = " \t\r\n"


def read_text(path: Path) -> str:
    """The file as text, without a byte order mark.

    Raises:
        DataError: `E_ENCODING`, it is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise undecodable(path.name, error) from error


def split_values(text: str, source: str) -> Iterator[tuple[int, Any]]:
    """Line and value of the items of a list, or of values in sequence.

    Raises:
        DataError: `E_JSON`, with the line.
    """
    decoder = json_decoder()
    start = _skip(text, 0, _SPACE)
    is_list = text[start : start + 1] == "["
    position, line, counted = _skip(text, start + is_list, _SPACE), 1, 0
    while position < len(text) and not (is_list and text[position] == "]"):
        line, counted = line + text.count("\n", counted, position), position
        try:
            value, position = decoder.raw_decode(text, position)
        except RecursionError as error:
            raise _refuse(source, line, "the values are nested too deeply") from error
        except json.JSONDecodeError as error:
            raise _refuse(source, error.lineno, f"{error.msg} in column {error.colno}") from error
        except ValueError as error:
            raise _refuse(source, line, str(error)) from error
        yield line, value
        position = _after(text, position, source, is_list=is_list)
    rest = _skip(text, position + 1, _SPACE)
    if is_list and (position >= len(text) or rest < len(text)):
        number = text.count("\n", 0, min(position, len(text))) + 1
        found = "the list is not closed" if position >= len(text) else "text follows the list"
        raise _refuse(source, number, found)


def as_records(values: Iterator[tuple[int, Any]], source: str) -> list[JsonLine]:
    """The objects with their lines; by their place among them where several share a line.

    Raises:
        DataError: `E_NOT_TABLE`: an item is no object.
    """
    found = list(values)
    lines = [line for line, _ in found]
    are_distinct = len(set(lines)) == len(lines)
    for number, (line, value) in enumerate(found, start=1):
        if not isinstance(value, dict):
            where = f"{source}:{line if are_distinct else number}"
            message = (
                f"an item of the JSON list is {str(value)[:40]!r}; expected a list of objects, one "
                'an image: [{"image": "a.jpg", "label": "cat"}]; write it so.'
            )
            raise refusal("E_NOT_TABLE", where, message)
    return [
        JsonLine(line if are_distinct else number, value)
        for number, (line, value) in enumerate(found, start=1)
    ]


def _skip(text: str, position: int, characters: str) -> int:
    while position < len(text) and text[position] in characters:
        position += 1
    return position


def _after(text: str, position: int, source: str, *, is_list: bool) -> int:
    """Where the next value begins, past the comma in a list."""
    position = _skip(text, position, _SPACE)
    if not is_list or text[position : position + 1] in ("]", ""):
        return position
    if text[position] != ",":
        line = text.count("\n", 0, position) + 1
        raise _refuse(source, line, "a comma is missing between two items of the list")
    return _skip(text, position + 1, _SPACE)


def _refuse(source: str, line: int, found: str) -> DataError:
    message = f"{found}; expected JSON objects, one an image; mend the file there."
    return refusal("E_JSON", f"{source}:{line}", message)
