"""Columns that name the subject of an image: a patient, camera, video or plot."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyarrow.compute import MatchSubstringOptions, call_function

from polyhead.table import IMAGE, Table
from polyhead.table.yes_no_cells import are_answers

# Subjects by their bare name, whatever their cells.
_PLAIN = frozenset(
    re.findall(
        r"\w+",
        "patient patients subject participant donor video clip movie sequence seq session study "
        "specimen slide recording",
    )
)
# Subjects where each cell holds a digit, as codes do: `site` may also be a part of the body.
_CODED = frozenset(
    re.findall(
        r"\w+",
        "case camera cam plot series site station location scene farm field scanner device "
        "hospital clinic sensor drone flight trap lesion track burst trip block parcel",
    )
)
# Subjects only with `id` and the like behind them: `person` may be a label or a number.
_NAMED = frozenset(
    re.findall(
        r"\w+",
        "person individual animal tree plant house property product item listing vehicle user "
        "owner event well plate batch room building object source study",
    )
)
_KEYS = frozenset(
    re.findall(
        r"\w+",
        "id ids no nr num number name key code uid uuid guid index idx hash instance file ref",
    )
)
_BEFORE = frozenset(("source", "capture", "anon", "anonymous", "parent", "original"))
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[A-Z]")
_JOINED = re.compile(r"(.+?)(?:id|uid|no|name)")
MIN_ROWS_A_SUBJECT = 1.5
MIN_SUBJECTS, MAX_SHARE = 5, 0.4  # fewer or larger ones cannot be shared out between three parts


@dataclass(frozen=True)
class Subjects:
    """A column of subjects.

    Attributes:
        column: Name of the column.
        codes: (N,) int64 number of each row's subject, −1 where it is unknown.
        counts: (S,) rows of each subject.
        is_plain: Whether the name of the column alone identifies it.
    """

    column: str
    codes: np.ndarray
    counts: np.ndarray
    is_plain: bool

    @property
    def can_be_shared_out(self) -> bool:
        """Whether there are enough of them, none too large, for three parts."""
        return len(self.counts) >= MIN_SUBJECTS and self.largest <= MAX_SHARE

    @property
    def largest(self) -> float:
        """The share of the rows that the commonest subject has."""
        return float(self.counts.max() / self.counts.sum())

    def num_torn(self, split: np.ndarray) -> int:
        """How many of them have rows in several parts of a split."""
        rows = self.codes >= 0
        _, parts = np.unique(split[rows], return_inverse=True)
        pairs = np.unique(self.codes[rows] * 3 + parts)
        return int((np.bincount(pairs // 3, minlength=len(self.counts)) > 1).sum())


def subject_columns(table: Table, without: Collection[str] = ()) -> list[Subjects]:
    """Columns of subjects that have more than one row on average.

    Args:
        table: N rows.
        without: Columns that something else is learnt from.
    """
    names = [name for name in table.columns if name not in without and _kind(name) is not None]
    found = [_subjects(table.column(name), name) for name in names]
    return [subjects for subjects in found if subjects is not None]


def choose_subjects(found: Sequence[Subjects]) -> Subjects | None:
    """The subjects to keep together: of usable columns the most certain, then the coarsest."""
    usable = [subjects for subjects in found if subjects.can_be_shared_out]
    return min(usable, key=lambda s: (not s.is_plain, len(s.counts)), default=None)


def _subjects(cells: pa.ChunkedArray, name: str) -> Subjects | None:
    if not (pa.types.is_dictionary(cells.type) or pa.types.is_string(cells.type)):
        return None
    encoded = cells.cast(pa.string()).combine_chunks().dictionary_encode()
    texts = encoded.dictionary
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    if len(texts) < 2 or counts.sum() < MIN_ROWS_A_SUBJECT * len(texts):
        return None
    kind = _kind(name)
    if are_answers(texts.slice(0, 20).to_pylist()):
        return None
    digits = call_function("match_substring_regex", [texts], MatchSubstringOptions(r"\d"))
    if kind == "coded" and not call_function("all", [digits]).as_py():
        return None
    return Subjects(name, codes, counts, kind == "plain")


def _kind(name: str) -> str | None:
    """`plain`, `named` or `coded` by the name of a column; None for any other."""
    if name == IMAGE:
        return None
    words = [word.casefold() for word in _WORDS.findall(name)]
    if len(words) == 1 and words[0] not in _PLAIN | _CODED:
        joined = _JOINED.fullmatch(words[0])
        words = [joined.group(1), "id"] if joined else words
    has_key = any(word in _KEYS for word in words[1:])
    subject = [word for word in words if word not in _KEYS]
    if len(subject) == 2 and subject[0] in _BEFORE:
        subject = subject[1:]
    if len(subject) != 1:
        return None
    if subject[0] in _PLAIN:
        return "plain"
    if has_key:
        return "named" if subject[0] in _NAMED | _CODED else None
    return "coded" if subject[0] in _CODED else None
