"""The few kinds of error: each says what was found, what was expected and how to mend it."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Of the choices that an error lists.
_MOST_LISTED, _LONGEST_LIST, _LONGEST_NAME = 20, 300, 60


class PolyheadError(Exception):
    """Anything polyhead refuses to do; shown as one line, without a traceback.

    Attributes:
        code: A stable, greppable name, such as `E_CONFIG`.
        exit_code: What the command line returns.
    """

    code = "E_FAILED"
    exit_code = 1

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class ConfigError(PolyheadError):
    """A wrong command, key or value."""

    code = "E_CONFIG"
    exit_code = 2


class ImageError(PolyheadError):
    """An image that cannot be decoded: `E_NOT_IMAGE`, `E_TRUNCATED`, `E_TOO_LARGE` and similar."""

    code = "E_NOT_IMAGE"


class CheckpointError(PolyheadError):
    """A checkpoint, weight file or run folder that cannot be trusted."""

    code = "E_CHECKPOINT"


class DivergedError(PolyheadError):
    """A loss or gradient stayed non-finite for too many steps."""

    code = "E_NON_FINITE"


class Interrupted(PolyheadError):
    """Ctrl-C (exit 130), SIGTERM (143) or SIGHUP (129), after a consistent save."""

    code = "E_INTERRUPTED"

    def __init__(self, message: str, *, signal_number: int = 2) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


@dataclass(frozen=True)
class Fault:
    """One finding of a check, on one line.

    Attributes:
        code: `E_…` error, `W_…` warning or `N_…` note.
        where: File, and row where there is one, such as `train.csv:412 img/a.jpg`.
        message: What was found, what was expected, how to mend it.
        row: Faulty row of the table (0-based), or None when it concerns no single row.
    """

    code: str
    where: str
    message: str
    row: int | None = None

    @property
    def is_error(self) -> bool:
        """Whether training must not start."""
        return self.code.startswith("E_")

    def __str__(self) -> str:
        return one_line(f"{self.code} {self.where}: {self.message}")


class DataError(PolyheadError):
    """The data check found errors; `faults` is the full list."""

    code = "E_DATA"
    exit_code = 3

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


def one_line(text: str) -> str:
    r"""Show what cannot be printed, such as line breaks and escape codes in file names, as escapes.

    >>> print(one_line("a\nb"))
    a\nb
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def first_few(names: Sequence[str], most: int) -> str:
    """The first names, and how many more there are.

    >>> first_few(["car", "bus", "tram"], 2)
    'car, bus and 1 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def nearest(name: str, choices: Iterable[str]) -> str:
    """Say which choice was likely meant, or list the choices, as many as fit on a line or two.

    Args:
        name: What was found.
        choices: What is allowed.

    Returns:
        A sentence to append to an error.

    >>> nearest("epoch", ["epochs", "seed"])
    'Did you mean "epochs"?'
    """
    choices = tuple(choices)
    close = _closest(name.casefold(), choices)
    if close is not None:
        return f'Did you mean "{close}"?'
    if not choices:
        return ""
    names = [_cut(choice) for choice in sorted(choices)[:_MOST_LISTED]]
    while len(names) > 1 and sum(map(len, names)) > _LONGEST_LIST:
        names.pop()
    rest = f", … ({len(choices):,} in all)" if len(names) < len(choices) else ""
    return f"Choices: {', '.join(names)}{rest}."


@functools.lru_cache(maxsize=1024)  # one wrong label may stand in thousands of rows
def _closest(folded_name: str, choices: tuple[str, ...]) -> str | None:
    folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(folded_name, folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
