"""Which whole numbers count something, and which are codes or measurements."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import sqrt

from polyhead.config_guess.cell_kinds import number

_NAME = re.compile(
    r"(?i)(?:.*[_ -])?(?:counts?|qty|quantity|people|persons)|(?:n|num|number[_ -]of)[_ -].+"
)
_AMOUNT = re.compile(
    "ages?|years?|months|weeks|days|hours|minutes|seconds|weight|height|size|price|cost|salary|"
    "income|temperature|area|duration|distance|length|width|depth|speed|volume|diameter|radius|"
    "pressure|bmi"
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_GROUP = re.compile("groups?|grade|bin|band|range|bucket|code|id")
_THIN = 0.25  # of the commonest


def is_count_name(name: str) -> bool:
    """Whether a column says by its name that it counts.

    >>> is_count_name("num_cars"), is_count_name("people"), is_count_name("house_number")
    (True, True, False)
    """
    return _NAME.fullmatch(name) is not None


def is_amount_name(name: str) -> bool:
    """Whether a column says by a word of its name that it holds an amount.

    >>> is_amount_name("Patient Age"), is_amount_name("bodyWeight"), is_amount_name("stage")
    (True, True, False)
    >>> is_amount_name("age_group")
    False
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    return any(map(_AMOUNT.fullmatch, words)) and not any(map(_GROUP.fullmatch, words))


def are_counts(values: Sequence[str]) -> bool:
    """Whether numbers, in order, are 0, 1, 2, … (or begin with 1) with few gaps."""
    whole = all(number(text).is_integer() for text in values)
    first, last = number(values[0]), number(values[-1])
    return whole and first in (0, 1) and last + 1 <= 2 * len(values)


def fall_off(texts: Mapping[str, int]) -> bool:
    """Whether 0, 1, 2, … occur as often as counts do: up to a peak, then down to a thin tail.

    Args:
        texts: Rows of each different whole number.
    """
    values = sorted(texts, key=number)
    if number(values[0]) != 0 or not are_counts(values):
        return False
    found = {number(text): num_rows for text, num_rows in texts.items()}
    rows = [found.get(value, 0) for value in range(round(max(found)) + 1)]
    peak = rows.index(max(rows))
    rising, falling = rows[: peak + 1], rows[peak:]
    steps = [*pairwise(rising), *((after, before) for before, after in pairwise(falling))]
    smooth = all(low <= high + 2 * sqrt(low + high) for low, high in steps)  # up to chance
    return smooth and rows[-1] <= _THIN * rows[peak]
