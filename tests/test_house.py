"""The house rules that a program can see: sizes, documentation, types, names."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src" / "polyhead").rglob("*.py"))
MAX_FILE_LINES = 300
MAX_BODY_LINES = 40
MAX_PARAMETERS = 7
FORBIDDEN_NAMES = {"utils", "util", "misc", "helpers", "helper", "common"}

T = TypeVar("T", bound=ast.stmt | ast.ExceptHandler)
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def nodes(*kinds: type[T]) -> Iterator[tuple[Path, str, T]]:
    """Every node of some kinds in the sources, with a name to find it by."""
    for path in SOURCES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, kinds):
                name = getattr(node, "name", None) or ""
                yield path, f"{path.relative_to(ROOT)}:{node.lineno} {name}".strip(), node


def public(body: list[ast.stmt], prefix: str = "") -> list[tuple[str, Definition]]:
    """What others may call: public functions and classes, and the public methods of these."""
    found: list[tuple[str, Definition]] = []
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            found.append((prefix + node.name, node))
            if isinstance(node, ast.ClassDef):
                found += public(node.body, f"{node.name}.")
    return found


def body_lines(function: Function) -> int:
    """Lines of the body, without the docstring."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def parameters(function: Function) -> list[ast.arg]:
    """All parameters but `self` and `cls`."""
    given = function.args
    plain = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return [a for a in [*plain, given.vararg, given.kwarg] if a and a.arg not in ("self", "cls")]


def test_there_is_something_to_look_at():
    assert len(SOURCES) > 100


def test_files_are_short():
    lengths = {str(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {path: n for path, n in lengths.items() if n > MAX_FILE_LINES} == {}


def test_functions_are_short():
    lengths = {
        name: body_lines(function)
        for _, name, function in nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    }
    assert {name: n for name, n in lengths.items() if n > MAX_BODY_LINES} == {}


def test_functions_take_few_parameters():
    numbers = {
        name: len(parameters(function))
        for path, name, function in nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if path.parent.name != "cli"  # a parameter of a verb is an option of the command line
    }
    assert {name: n for name, n in numbers.items() if n > MAX_PARAMETERS} == {}


def test_modules_and_what_is_public_in_them_are_documented():
    assert [str(path) for path in SOURCES if not ast.get_docstring(tree_of(path))] == []
    bare = [
        f"{path.relative_to(ROOT)} {name}"
        for path in SOURCES
        for name, node in public(tree_of(path).body)
        if not ast.get_docstring(node)
    ]
    assert bare == []


def test_every_function_is_annotated():
    bare = [
        f"{name}({parameter.arg})"
        for _, name, function in nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        for parameter in parameters(function)
        if parameter.annotation is None
    ]
    assert bare == []
    assert [
        name
        for _, name, function in nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if function.returns is None
    ] == []


def test_files_are_named_for_what_they_hold():
    vague = [p for p in SOURCES if {p.stem, p.parent.name} & FORBIDDEN_NAMES]
    assert vague == []


def test_nothing_is_left_to_do_or_switched_off():
    mark = re.compile(r"TODO|FIXME|type: ignore|pyright: ignore(?!\[)|noqa(?!: )|pragma: no cover")
    assert {str(p): found for p in SOURCES if (found := mark.findall(p.read_text()))} == {}


def test_no_exception_is_swallowed():
    """`except` catches by name, and never with `pass` alone."""
    handlers = [(name, handler) for _, name, handler in nodes(ast.ExceptHandler)]
    assert [name for name, handler in handlers if handler.type is None] == []
    silent = [name for name, h in handlers if all(isinstance(step, ast.Pass) for step in h.body)]
    assert silent == []


def test_test_files_have_names_of_their_own():
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py"))
    del names["conftest.py"]  # pytest's own name for what a folder of tests shares
    assert [name for name, count in names.items() if count > 1] == []
