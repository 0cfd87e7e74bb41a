"""Yes, no and unknown in the cells of yes/no columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from polyhead.table.cell_words import is_unknown_word, plain_number

YES, NO, UNKNOWN = 1, 0, -1

_WORDS = {
    **dict.fromkeys(
        [
            "1.0",
            "true",
            "yes",
            "y",
            "t",
            "x",
            "on",
            "✓",
            "✔",
            "☑",
            "+",
            "present",
            "positive",
            "pos",
        ],
        YES,
    ),
    **dict.fromkeys(
        ["ja", "oui", "si", "sí", "sì", "sim", "wahr", "vrai", "verdadero", "vero"], YES
    ),
    **dict.fromkeys(
        ["0.0", "false", "no", "n", "f", "off", "✗", "✘", "☐", "absent", "negative", "neg"], NO
    ),
    **dict.fromkeys(["nein", "nee", "non", "não", "falsch", "faux", "falso"], NO),
    **dict.fromkeys(["?", "??", "u", "unk", "unknown", "unsure", "uncertain"], UNKNOWN),
}
# They mean no beside a yes of their own kind alone; beside others they are ambiguous.
_MINUS, _STROKE, _PLUS = "-1.0", "-", "+"


@dataclass(frozen=True)
class AnswerWords:
    """Cells for yes, no and unknown, as the user names them; "" is an empty cell.

    Numbers mean every spelling of them. Usual words for yes (no) count only where none is named;
    what is named nowhere and is no usual word is no answer.
    """

    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def named(self) -> dict[str, int]:
        """The key of each word to its answer."""
        lists = ((self.yes, YES), (self.no, NO), (self.unknown, UNKNOWN))
        return {_key(word): answer for words, answer in lists for word in words}

    def usual(self) -> dict[str, int]:
        """The key of each usual word that still counts to its answer."""
        own = {YES: self.yes, NO: self.no}
        return {word: answer for word, answer in _WORDS.items() if not own.get(answer)}


@dataclass(frozen=True)
class Answers:
    """The meaning of each different cell of some yes/no columns.

    Attributes:
        of: Cell to 1 yes, 0 no, -1 unknown; None where it is none of these.
        empty: The meaning of an empty cell.
        asked: Cells that may mean no as well as unknown (-1 beside 1 and 0); unknown in `of`.
        negatives: Cells that are no only because nothing else beside yes is (-1 beside 1).
    """

    of: Mapping[str, int | None]
    empty: int = UNKNOWN
    asked: tuple[str, ...] = field(default=())
    negatives: tuple[str, ...] = field(default=())


def read_answers(texts: Iterable[str], words: AnswerWords | None = None) -> Answers:
    """Read the different cells of all columns that belong together.

    -1 beside 1 alone is no, as in CelebA; beside 1 and 0 it may be no, unknown (CheXpert) or more,
    and only the user knows. Likewise `-` beside `+` alone is no; elsewhere it is unknown.

    >>> read_answers(["1", "-1"]).of, read_answers(["1", "0", "-1"]).asked
    ({'1': 1, '-1': 0}, ('-1',))
    """
    words = words or AnswerWords()
    named, usual = words.named(), words.usual()
    keys = {text: _key(text) for text in texts}
    found = {text: named.get(key, usual.get(key)) for text, key in keys.items()}
    values = set(found.values())
    minuses = [t for t, key in keys.items() if key == _MINUS and key not in named and not words.no]
    strokes = [t for t, key in keys.items() if key == _STROKE and key not in named and not words.no]
    plain = YES in values and NO not in values
    is_no = minuses if plain else []
    if plain and _PLUS in keys.values():
        is_no = [*is_no, *strokes]
    found |= dict.fromkeys(minuses, UNKNOWN) | dict.fromkeys(is_no, NO)
    blank = {t: UNKNOWN for t, key in keys.items() if found[t] is None and _is_blank(t, key)}
    asked = () if plain else tuple(minuses)
    return Answers(found | blank, named.get("", UNKNOWN), asked, tuple(is_no))


def are_answers(texts: Iterable[str]) -> bool:
    """Whether every cell is a usual word for yes, no or unknown, or -1, which may be either."""
    return all(answer is not None for answer in read_answers(texts).of.values())


def _is_blank(text: str, key: str) -> bool:
    return not key or is_unknown_word(text)


def _key(text: str) -> str:
    """The common form of all spellings of one word or number."""
    number = plain_number(text)
    return text.strip().casefold() if number is None else repr(number)
