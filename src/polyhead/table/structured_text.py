"""Cells of text that are written as JSON, as Python prints values, or as numpy prints arrays."""

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import Any

_MAX_CHARACTERS = 1_000_000
_PAIRS = {"[": "]", "{": "}", "(": ")"}
# Nobody begins prose with a bracket and then a quote or another bracket.
_STRONG = re.compile(r"""[\[{]\s*(?:["'\[{]|$)|\(\s*(?:["'\[{]|\(\s*["'])""")
_CALL = re.compile(
    r"(?:[A-Za-z_]\w*\.)*(?:array|asarray|tensor|set|frozenset|list|tuple|Index|deque|"
    r"dict_keys|dict_values|OrderedDict|Counter|str_)\(\s*(?:[\[({'\"]|\)$)"
)
_QUOTED = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_NUMPY_TEXTS = re.compile(rf"\[\s*{_QUOTED}(?:\s+{_QUOTED})*\s*\]", re.DOTALL)
_NUMPY_NUMBERS = re.compile(r"\[\s*[-+.\w]+(?:\s+[-+.\w]+)+\s*\]")
_IN_QUOTES = re.compile(r"""(['"]).*\1""", re.DOTALL)
_STRAY_QUOTE = re.compile(r"""(?<!\w)['"]|['"](?=\s*['";|])""")
_ONE_LITERAL = re.compile(rf"[uUrRbB]{{0,2}}{_QUOTED}", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf|NaN|Infinity)")
_WORDS = {"None": None, "null": None, "True": True, "true": True, "False": False, "false": False}


class Number(str):
    """A number (or NaN, Infinity) as the characters it is written with."""

    __slots__ = ()

    def value(self) -> int | float:
        """The number itself."""
        return int(self) if self.lstrip("-").isdigit() else float(self)


def looks_structured(text: str) -> bool:
    """Whether a cell is written as a list, a set, a tuple or an object, be it damaged.

    Prose and intervals that merely hold or begin with a bracket do not count.

    >>> [looks_structured(t) for t in ("[a, b]", "('a',", '{"a', "(large)", "[0, 10)", "[sic] no")]
    [True, True, True, False, False, False]
    """
    text = text.strip()
    if text[:2] in ('"[', '"{'):
        return True
    if _STRONG.match(text) or _CALL.match(text):
        return True
    return text[:1] in ("[", "{") and text.endswith(_PAIRS[text[0]])


def parse_structured(text: str) -> Any:
    """The value of a cell for which `looks_structured` holds.

    JSON; else what Python or numpy print (`['a', 'b']`, `{'a'}`, `('a',)`, `['a' 'b']`,
    `array(['a'], dtype='<U1')`); else a list without quotes (`[a, b]`, `{a,b}`).

    Returns:
        Lists, dictionaries, text, booleans, None, and numbers as `Number`.

    Raises:
        ValueError: It is none of these; gives the reason.
    """
    text = text.strip()
    if len(text) > _MAX_CHARACTERS:
        raise ValueError(f"it is longer than {_MAX_CHARACTERS:,} characters")
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return _printed_value(text)
    return parse_structured(value) if isinstance(value, str) else value


def _printed_value(text: str) -> Any:
    """What numpy or Python print, or a list without quotes."""
    if _NUMPY_TEXTS.fullmatch(text):
        return [ast.literal_eval(item) for item in re.findall(_QUOTED, text)]
    try:
        return _python_value(text)
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        return _plain_list(text)


def _python_value(text: str) -> Any:
    line = " ".join(text.split("\n"))  # numpy breaks lines; then columns count from one start
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\d" is an escape that Python does not know
        tree = ast.parse(line, mode="eval")
    return _evaluated(tree.body, line.encode())


def _evaluated(node: ast.expr, source: bytes) -> Any:
    """The value of literals, and of the first argument of a call such as `array([...])`."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return [_evaluated(item, source) for item in node.elts]
    if isinstance(node, ast.Dict):
        if any(key is None for key in node.keys):
            raise ValueError("it unpacks a dictionary")
        keys = [str(_evaluated(key, source)) for key in node.keys if key is not None]
        values = [_evaluated(value, source) for value in node.values]
        return dict(zip(keys, values, strict=True))
    if isinstance(node, ast.Call) and _CALL.match(f"{ast.unparse(node.func)}()"):
        return _evaluated(node.args[0], source) if node.args else []
    written = source[node.col_offset : node.end_col_offset].decode()
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if not _ONE_LITERAL.fullmatch(written):
            raise ValueError("two texts follow each other without a comma")
        return node.value
    if written in _WORDS:
        return _WORDS[written]
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:  # np.float64(1.5)
        written = source[node.args[0].col_offset : node.args[0].end_col_offset].decode()
    if _NUMBER.fullmatch(written):
        return Number(written)
    raise ValueError(f"{written[:40]!r} is no value")


def _plain_list(text: str) -> list[str]:
    """Items of a list as people write it: `[a, b]`, `{a,b}`, or numbers as numpy prints them."""
    if _PAIRS.get(text[0]) != text[-1] or len(text) < 2:
        raise ValueError(f'it begins with "{text[:1]}" and does not end with its counterpart')
    if _NUMPY_NUMBERS.fullmatch(text) and all(map(_NUMBER.fullmatch, text[1:-1].split())):
        return [Number(item) for item in text[1:-1].split()]
    items = [item.strip() for item in text[1:-1].split(",")]
    plain = [item[1:-1] if _IN_QUOTES.fullmatch(item) else item for item in items]
    for item in plain:
        if item == "...":
            raise ValueError("it was shortened when it was printed (...)")
        if is_unbalanced(item) or set(item) & set("[]{}") or _STRAY_QUOTE.search(item):
            raise ValueError(f"a bracket or a quote is out of place in {item[:40]!r}")
    return [item for item in plain if item]


_CLOSES = {"]": "[", "}": "{", ")": "("}
_HARMLESS = re.compile(
    r"[:;=8xX]['`]?-?[()\[\]{}]"  # :-)
    r"|^\s*\(?\w{1,3}\)(?=\s)"  # 1) car
    r"|[\[(]\s*[-+.\w]+\s*[,;]\s*[-+.\w]+\s*[\])]"  # (0, 10]
)


def is_unbalanced(label: str) -> bool:
    """Whether a label holds a bracket without its counterpart, or a quote that is not closed.

    Apostrophes, inches and smileys are none.

    >>> [is_unbalanced(t) for t in ('dent"]}', "size (large", "'car", "men's", '24" wheel', ":-)")]
    [True, True, True, False, False, False]
    """
    bare = _HARMLESS.sub("", label.strip())
    opened: list[str] = []
    for character in bare:
        if character in _PAIRS:
            opened.append(character)
        elif character in _CLOSES and (not opened or opened.pop() != _CLOSES[character]):
            return True
    inches = len(re.findall(r'(?<=\d)"', bare))
    quotes = bare.count('"') - inches
    is_open = bare.startswith("'") and bare.count("'") == 1 and not re.match(r"'(?:\d|\w\s)", bare)
    return bool(opened) or (quotes % 2 == 1 and (quotes + inches) % 2 == 1) or is_open


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    cells = dict(pairs)
    if len(cells) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'the key "{repeated}" occurs twice in one object')
    return cells


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=Number, parse_float=Number, parse_constant=Number
)


def json_decoder() -> json.JSONDecoder:
    """JSON with numbers as `Number`; a key that occurs twice in an object is a `ValueError`."""
    return _DECODER
