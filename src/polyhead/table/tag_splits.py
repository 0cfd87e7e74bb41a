"""The split of text cells into labels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from polyhead.table.cell_words import has_leading_zeros, plain_number
from polyhead.table.label_cells import DELIMITERS, split_cell, split_labels
from polyhead.table.structured_text import looks_structured

SPACE = " "
_NONE = re.compile(
    r"(?i)none|nothing|nil|empty|\(none\)|"
    r"no[ _-](?:finding|tag|label|object|defect|damage|item|issue|anomal(?:y|ie)|violation)s?"
)
# A comma or a space is also a part of plain labels and of prose: then it is rare or regular.
_MIN_SHARE_OF_SEVERAL = 0.05
_MAX_CELLS = 20_000


@dataclass(frozen=True)
class TagSplit:
    """Label lists read from text cells.

    Attributes:
        delimiter: The separator of labels; None when all cells are bracketed lists.
        none: The cell text that means no labels.
        lists: Rows of each different list of labels.
    """

    delimiter: str | None
    none: str | None
    lists: Mapping[tuple[str, ...], int]


def count_labels(lists: Mapping[tuple[str, ...], int]) -> Counter[str]:
    """How often each label is named."""
    counts: Counter[str] = Counter()
    for labels, rows in lists.items():
        for label in labels:
            counts[label] += rows
    return counts


def find_tag_split(texts: Mapping[str, int]) -> TagSplit | None:
    """The split of cells such as `car|bus`, `car bus` or `["car", "bus"]`; None for other cells.

    Args:
        texts: Rows of each different cell.
    """
    plain = [text for text in texts if not looks_structured(text)]
    for delimiter in (*DELIMITERS, SPACE):
        if any(delimiter in text for text in plain):
            split = _split(texts, delimiter)
            if _is_plausible(split, plain):
                return split
    if len(plain) == len(texts):
        return None
    split = _split(texts, DELIMITERS[0])
    if are_same_length_numbers(split.lists) or not repeat_enough(count_labels(split.lists)):
        return None
    return split if plain else TagSplit(None, None, split.lists)


def find_delimiter(texts: Mapping[str, int], declared: Collection[str] = ()) -> str:
    """The separator in cells that hold labels, as `find_tag_split` finds it.

    Where labels are declared, it is what splits most cells into these alone. Where neither finds
    any: the first of `|`, `;` and `,` that occurs in any cell but lists; `|` when none does.

    Args:
        texts: Rows of each different cell; at most 20,000 cells are checked.
        declared: The labels, where the user lists them.
    """
    step = -(-len(texts) // _MAX_CELLS) or 1
    some = dict(islice(texts.items(), 0, None, step))
    plain = [text for text in some if not looks_structured(text.strip())]
    fitting = {sign: _num_fitting(plain, sign, declared) for sign in (*DELIMITERS, SPACE)}
    if any(fitting.values()):
        return max(fitting, key=lambda sign: fitting[sign])
    split = find_tag_split(some)
    if split is not None and split.delimiter is not None:
        return split.delimiter
    found = (sign for sign in DELIMITERS if any(sign in text for text in plain))
    return next(found, DELIMITERS[0])


def _num_fitting(texts: Iterable[str], sign: str, declared: Collection[str]) -> int:
    """Cells that a sign splits into declared labels alone."""
    wanted = set(declared)
    return sum(wanted.issuperset(split_labels(text, sign)) for text in texts) if wanted else 0


def repeat_enough(counts: Mapping[str, int]) -> bool:
    """Whether labels occur often enough to be learnt, and not as free text does.

    On average at least 1.5 times in a table of 36 cells and at least 3 times from 144 cells on;
    and those that occur once are at most half of the labels, or 5 % of the cells.
    """
    total, singles = sum(counts.values()), sum(count == 1 for count in counts.values())
    # √total / 4 is 1.5 at 36 cells and 3 at 144: few cells cannot show many repeats.
    mean = min(3.0, max(1.5, total**0.5 / 4))
    return total >= mean * len(counts) and (2 * singles <= len(counts) or 20 * singles <= total)


def are_same_length_numbers(lists: Iterable[tuple[str, ...]]) -> bool:
    """Whether all lists hold equally many numbers, as boxes and measurements do."""
    filled = [labels for labels in lists if labels]
    lengths = {len(labels) for labels in filled}
    if len(lengths) != 1 or max(lengths) == 1:
        return False
    return all(plain_number(t) is not None and not has_leading_zeros(t) for x in filled for t in x)


def _split(texts: Mapping[str, int], delimiter: str) -> TagSplit:
    none = none_token(texts, delimiter)
    lists: Counter[tuple[str, ...]] = Counter()
    for text, rows in texts.items():
        lists[tuple(split_cell(text, delimiter, none) or ())] += rows
    return TagSplit(delimiter, none, lists)


def none_token(texts: Mapping[str, int], delimiter: str) -> str | None:
    """The commonest cell such as `none` that never occurs beside labels."""
    beside = {part.strip() for text in texts if delimiter in text for part in text.split(delimiter)}
    tokens = [text for text in texts if _NONE.fullmatch(text) and text not in beside]
    return max(tokens, key=lambda text: texts[text], default=None)


def _is_plausible(split: TagSplit, plain: list[str]) -> bool:
    counts = count_labels(split.lists)
    if are_same_length_numbers(split.lists) or not repeat_enough(counts):
        return False
    return split.delimiter not in (",", SPACE) or _recombine(split, counts, plain)


def _recombine(split: TagSplit, counts: Mapping[str, int], plain: list[str]) -> bool:
    """Whether parts of cells come and go on their own, as labels do and words do not.

    `Paris, France` and `traffic light` are one label each: their parts do not.
    """
    # Commas and spaces also occur inside one label. Parts that are labels combine freely: there
    # are at least as many different combinations as parts, or each part also occurs alone.
    filled = {labels: rows for labels, rows in split.lists.items() if labels}
    several = sum(rows for labels, rows in filled.items() if len(labels) > 1)
    lengths = {len(labels) for labels in filled}
    if several < _MIN_SHARE_OF_SEVERAL * sum(filled.values()) or len(lengths) == 1:
        return False
    alone = sum(len(labels) == 1 for labels in filled)
    if split.delimiter == SPACE:
        repeated_word = any(len(set(text.split())) < len(text.split()) for text in plain)
        if repeated_word or 1 not in lengths:
            return False
        return len(filled) >= 2 * len(counts) or alone == len(counts)
    return len({frozenset(labels) for labels in filled}) >= len(counts) or alone == len(counts)
