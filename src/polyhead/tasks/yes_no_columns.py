"""Yes/no columns, one a label: which columns, what their cells say, and what is wrong in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from polyhead.errors import ConfigError, Fault, first_few, nearest
from polyhead.table import Table
from polyhead.table.cell_words import is_unknown_word, plain_number
from polyhead.table.yes_no_cells import NO, UNKNOWN, Answers, AnswerWords, read_answers
from polyhead.tasks.row_faults import MAX_LISTED, row_faults
from polyhead.tasks.section import Section
from polyhead.tasks.text_cells import cell_codes, text_column

_MAX_NAMED = 8  # columns or words in a message


def _as_texts(value: Any) -> Any:
    """Cells as texts: one cell or a list of them, from Python also numbers and booleans."""
    items = value if isinstance(value, list | tuple) else (value,)
    if not all(isinstance(item, str | int | float) for item in items):
        raise ValueError(f"found {value}; expected cells, such as [1] or [yes, x]")
    return tuple(str(item) for item in items)


Cells = Annotated[
    tuple[str, ...],
    BeforeValidator(_as_texts, json_schema_input_type=str | float | tuple[str | float, ...]),
]


class ValuesConfig(Section):
    """What the cells of yes/no columns say, where the usual words do not."""

    yes: Cells = Field(default=(), description="Cells that say yes, instead of 1, yes, true, x …")
    no: Cells = Field(
        default=(), description='Cells that say no, instead of 0, no, false …; "" is an empty one.'
    )
    unknown: Cells = Field(default=(), description="Cells that say neither, besides empty ones.")

    @model_validator(mode="after")
    def _each_says_one_thing(self) -> ValuesConfig:
        lists = (self.yes, self.no, self.unknown)
        merged = Counter(key for words in lists for key in AnswerWords(words).named())
        twice = [key for key, count in merged.items() if count > 1]
        if twice:
            raise ValueError(
                f'found "{twice[0]}" in two of yes, no and unknown; expected each value once'
            )
        return self

    def words(self) -> AnswerWords:
        """The same, as cells are read by it."""
        return AnswerWords(self.yes, self.no, self.unknown)


def match_columns(patterns: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """Column name to label for the columns that names or globs match.

    The text before the star of a glob is a prefix and no part of the label: `tag:*` reads the
    column `tag:car` as the label `car`.

    Raises:
        ConfigError: A pattern that matches no column (names the nearest), or two columns of the
            same label.
    """
    found: dict[str, str] = {}
    present = set(columns)
    for pattern in patterns:
        prefix = pattern[:-1] if pattern.endswith("*") and pattern.count("*") == 1 else ""
        hits = [pattern] if pattern in present else [c for c in columns if fnmatchcase(c, pattern)]
        if not hits:
            hint = nearest(pattern, columns)
            raise ConfigError(
                f'no column of the table matches "{pattern}". {hint}', code="E_COLUMN"
            )
        found.update({column: column.removeprefix(prefix) or column for column in hits})
    columns_of: dict[str, str] = {}
    for column, label in found.items():
        if columns_of.setdefault(label, column) != column:
            raise ConfigError(
                f'columns "{columns_of[label]}" and "{column}" are both of the label "{label}"; '
                "expected one column a label; rename one, or name the columns wanted.",
                code="E_COLUMN",
            )
    return found


def encode_columns(
    table: Table, patterns: Sequence[str], classes: Sequence[str], values: ValuesConfig | None
) -> tuple[np.ndarray, list[Fault]]:
    """(N, L) int8 targets from one column a label, and what is wrong with the cells.

    Args:
        table: N rows.
        patterns: Names of the columns; globs allowed.
        classes: The L labels.
        values: What cells say, where the user names it.
    """
    targets = np.full((len(table), len(classes)), UNKNOWN, np.int8)
    place = {label: i for i, label in enumerate(classes)}
    columns = match_columns(patterns, table.columns)
    cells = {name: cell_codes(text_column(table, name)) for name in columns}
    texts = dict.fromkeys(text for _, texts in cells.values() for text in texts)
    answers = read_answers(texts, values and values.words())
    faults = _remarks(table, cells, answers)
    for column, label in columns.items():
        codes, own = cells[column]
        faults += _cell_faults(table, column, codes, own, answers)
        if label in place:
            read = [UNKNOWN if answers.of[text] is None else answers.of[text] for text in own]
            targets[:, place[label]] = np.array([*read, answers.empty], np.int8)[codes]
        else:
            message = (
                f'column "{column}" is of the label "{label}", which `classes` does not '
                f"declare. {nearest(label, classes)} Name the columns wanted."
            )
            faults.append(Fault("E_LABEL_UNKNOWN", table.source, message))
    return targets, faults


_Cells = Mapping[str, tuple[np.ndarray, list[str]]]


def _remarks(table: Table, cells: _Cells, answers: Answers) -> list[Fault]:
    """`E_VALUES` for cells that only the user can read; notes on those that were interpreted."""
    faults = []
    negatives = [text for text in answers.of if answers.of[text] == NO]
    if answers.asked:
        shown, where = _counted(cells, answers.asked)
        message = (
            f"{shown} in {where} may mean no as well as unknown, since "
            f"{'other cells say no' if negatives else 'no cell says yes'}; say which: values: "
            f"{{unknown: [{_listed(answers.asked)}]}}, or values: "
            f"{{no: [{_listed([*negatives, *answers.asked])}]}}."
        )
        faults.append(Fault("E_VALUES", table.source, message))
    if answers.negatives:
        shown, where = _counted(cells, answers.negatives)
        message = (
            f"{shown} in {where} are read as no, since no other cell beside yes is; if they mean "
            f"unknown, write values: {{unknown: [{_listed(answers.negatives)}]}}."
        )
        faults.append(Fault("N_VALUES", table.source, message))
    words = [text for text in answers.of if is_unknown_word(text) and answers.of[text] == UNKNOWN]
    if words:
        shown, where = _counted(cells, words)
        message = (
            f"{shown} in {where} are read as unknown; if they mean no, write values: "
            f"{{no: [{_listed([*negatives, *words])}]}}."
        )
        faults.append(Fault("N_UNKNOWN_CELLS", table.source, message))
    return faults


def _counted(cells: _Cells, words: Sequence[str]) -> tuple[str, str]:
    """How often some cells occur, and in which columns, in words."""
    wanted, num_cells, columns = set(words), 0, []
    for name, (codes, texts) in cells.items():
        is_one = np.array([*(text in wanted for text in texts), False])
        found = int(is_one[codes].sum())
        num_cells += found
        columns += [f'"{name}"'] if found else []
    return f"{num_cells:,} cells {_listed(words)}", f"column {first_few(columns, _MAX_NAMED)}"


def _listed(words: Iterable[str]) -> str:
    """Different cells as YAML lists them; numbers bare."""
    distinct = dict.fromkeys(word.strip() for word in words)
    return ", ".join(w if plain_number(w) is not None else f'"{w}"' for w in distinct)


def _cell_faults(
    table: Table, column: str, codes: np.ndarray, texts: list[str], answers: Answers
) -> list[Fault]:
    """`E_CELL` for each cell that is neither yes, no nor unknown; the last counts the rest."""
    wrong = np.array([*(answers.of[text] is None for text in texts), False])
    rows = np.flatnonzero(wrong[codes])
    messages = (
        f'column "{column}" holds "{_cut(text)}"{_kind(text)}; expected 1, 0 or an empty cell '
        "(unknown); mend the cell, or say what it means under `values`, such as values: "
        f'{{unknown: ["{_cut(text)}"]}}.'
        for text in (texts[code].strip() for code in codes[rows[:MAX_LISTED]])
    )
    rest = f'more cells of column "{column}" are no yes or no.'
    return row_faults("E_CELL", table, rows, messages, rest)


def _kind(text: str) -> str:
    number = plain_number(text)
    return ", neither yes nor no as probabilities are" if number and 0 < number < 1 else ""


def _cut(text: str) -> str:
    return text[:80].replace('"', '\\"')
