"""Draws `architecture.svg`: the rooms of polyhead, in the layers of its import contract.

The layers are those of `pyproject.toml`, what a room holds is the first line of its docstring, and
modules and lines are counted. After a change of any of these:

    python docs/draw_architecture.py
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
DRAWING = ROOT / "docs" / "architecture.svg"

WIDTH, MARGIN, GAP = 1120, 20, 10
NAME_HEIGHT, LINE_HEIGHT, PADDING = 27, 16, 9
NAME_WIDTH = 140  # where a room has its layer to itself, and the words stand beside its name
TORCH_HEIGHT, HEAD_HEIGHT = 34, 62
CHARACTER = 7.0  # pixels of a character of 12 px on average, wide fonts included
PAPER, INK, GREY, RED = "#ffffff", "#1b1f24", "#59636e", "#b3261e"
WITH_TORCH, WITHOUT_TORCH = ("#fdf0e3", "#c77d2e"), ("#e8f1f8", "#3b78a8")  # paper, border


class Room(NamedTuple):
    """A package or module right below `polyhead`.

    Attributes:
        name: Without `polyhead.`.
        holds: What is in it, in a line.
        num_modules: Python files.
        num_lines: Of these files.
    """

    name: str
    holds: str
    num_modules: int
    num_lines: int

    @classmethod
    def of(cls, name: str) -> Room:
        """The room as it stands in the sources."""
        folder = ROOT / "src" / "polyhead" / name
        files = sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]
        main = folder / "__init__.py" if folder.is_dir() else files[0]
        documented = ast.get_docstring(ast.parse(main.read_text(encoding="utf-8"))) or ""
        num_lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)
        return cls(name, documented.split("\n")[0], len(files), num_lines)


def read_contract() -> tuple[list[list[str]], set[str]]:
    """The layers of rooms from the top down, and the rooms that may not import torch."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers, torch_free = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    names = [[_room(module) for module in layer.split("|")] for layer in layers["layers"]]
    return names, {_room(module) for module in torch_free["source_modules"]}


def drawing() -> str:
    """The whole SVG, for the contract and the sources of today."""
    layers, torch_free = read_contract()
    first_free = next(i for i, layer in enumerate(layers) if torch_free & set(layer))
    parts, y = list(_head(len(layers))), float(HEAD_HEIGHT)
    for number, layer in enumerate(layers):
        if number == first_free:
            parts += _torch_line(y)
            y += TORCH_HEIGHT
        colours = WITHOUT_TORCH if number >= first_free else WITH_TORCH
        boxes, height = _layer([Room.of(name) for name in layer], y, colours)
        parts += boxes
        y += height + GAP
    size = (
        f'width="{WIDTH}" height="{y + MARGIN - GAP:g}" viewBox="0 0 {WIDTH} {y + MARGIN - GAP:g}"'
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">',
            f'<rect width="100%" height="100%" fill="{PAPER}"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _room(module: str) -> str:
    return module.strip().removeprefix("polyhead.")


def _head(num_layers: int) -> Iterator[str]:
    yield _text(MARGIN, 30, "The rooms of polyhead", 19, bold=True)
    rule = (
        f"{num_layers} layers. A room imports from the layers under its own only; "
        "rooms of one layer do not import each other."
    )
    yield _text(MARGIN, 50, rule, 12, GREY)


def _torch_line(y: float) -> Iterator[str]:
    middle = y + TORCH_HEIGHT / 2 - GAP / 2
    ends = f'x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{middle:g}" y2="{middle:g}"'
    yield f'<line {ends} stroke="{RED}" stroke-width="2" stroke-dasharray="9 5"/>'
    words = "torch line: rooms above it may import torch, rooms under it do not"
    width = CHARACTER * len(words) + 16
    box = f'x="{(WIDTH - width) / 2:g}" y="{middle - 10:g}" width="{width:g}" height="20"'
    yield f'<rect {box} fill="{PAPER}"/>'
    yield _text(WIDTH / 2, middle + 4, words, 12, RED, anchor="middle", bold=True)


def _layer(rooms: Sequence[Room], y: float, colours: tuple[str, str]) -> tuple[list[str], float]:
    """The boxes of the rooms of one layer, side by side, and their height."""
    width = (WIDTH - 2 * MARGIN - GAP * (len(rooms) - 1)) / len(rooms)
    texts = [wrap(room.holds, int((width - 2 * PADDING) / CHARACTER)) for room in rooms]
    is_alone = len(rooms) == 1
    height = LINE_HEIGHT * max(map(len, texts)) + (2 if is_alone else 1) * PADDING
    height += 0 if is_alone else NAME_HEIGHT
    words_at = (NAME_WIDTH, 21) if is_alone else (PADDING, NAME_HEIGHT + 12)
    parts = []
    for place, (room, lines) in enumerate(zip(rooms, texts, strict=True)):
        x = MARGIN + place * (width + GAP)
        parts += _box(room, (x, y, width, height), colours)
        parts += [
            _text(x + words_at[0], y + words_at[1] + number * LINE_HEIGHT, line, 12)
            for number, line in enumerate(lines)
        ]
    return parts, height


def _box(
    room: Room, place: tuple[float, float, float, float], colours: tuple[str, str]
) -> Iterator[str]:
    """The frame with the room's name and size."""
    x, y, width, height = place
    paper, border = colours
    shape = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5"'
    yield f'<rect {shape} fill="{paper}" stroke="{border}"/>'
    yield _text(x + PADDING, y + 21, room.name, 14, bold=True, family="monospace")
    modules = "1 module" if room.num_modules == 1 else f"{room.num_modules} modules"
    counts = f"{modules} · {room.num_lines:,} lines"
    yield _text(x + width - PADDING, y + 20, counts, 11, GREY, anchor="end")


def _text(x: float, y: float, words: str, size: int, colour: str = INK, **style: str | bool) -> str:
    """A line of text; `style` has `anchor`, `family` and `bold`."""
    given = [f'x="{x:g}" y="{y:g}" font-size="{size}" fill="{colour}"']
    if "anchor" in style:
        given.append(f'text-anchor="{style["anchor"]}"')
    if "family" in style:
        given.append(f'font-family="{style["family"]}"')
    if style.get("bold"):
        given.append('font-weight="bold"')
    return f"<text {' '.join(given)}>{escape(words)}</text>"


if __name__ == "__main__":
    DRAWING.write_text(drawing(), encoding="utf-8")
