"""No branch on a task type outside its own place: the rest of the program asks the type itself."""

import ast
from pathlib import Path

from polyhead.tasks import TASK_TYPES

SOURCE = Path(__file__).parents[1] / "src" / "polyhead"
# What a type is made of; each has files of its own there. Names of rules in config_guess are what
# columns hold ("image", "group"), of which those of task types are only some.
PLACES = ("tasks/", "predictions/", "losses/", "heads/", "config_guess/", "metrics/", "scenes/")


def type_classes() -> set[str]:
    """The names of the classes that make up the types, their predictions and targets included."""
    found = {part.__name__ for kind in TASK_TYPES.values() for part in kind}
    stems = {name.removesuffix("Decider") for name in found if name.endswith("Decider")}
    made = {f"{stem}{end}" for stem in stems for end in ("Prediction", "TaskMeter")}
    return found | made | {"BoxTargets", "MaskTargets"}


def names_in(node: ast.AST) -> set[str]:
    """Plain and dotted names below a node."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} | {
        n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)
    }


def texts_in(node: ast.AST) -> set[str]:
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) if type(n.value) is str}


def branches(tree: ast.AST, classes: set[str], types: set[str]) -> list[int]:
    """Lines that ask which type something has: by `isinstance`, `match`, or its name."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and names_in(node.func) & {"isinstance", "issubclass"}:
            if names_in(node.args[1]) & classes:
                lines.append(node.lineno)
        elif isinstance(node, ast.MatchClass) and names_in(node.cls) & classes:
            lines.append(node.lineno)
        elif isinstance(node, ast.Compare):
            is_about_types = names_in(node) & {"type", "task_type", "kind"} or "type" in texts_in(
                node.left
            )
            sides = [node.left, *node.comparators]
            if is_about_types and any(texts_in(side) & types for side in sides):
                lines.append(node.lineno)
    return lines


def test_the_search_sees_every_kind_of_branch():
    code = """
if isinstance(task, TagsDecider | ClassDecider): pass
if task.type == "mask": pass
if task["type"] in ("boxes", "mask"): pass
if device.type == "cpu": pass
if task.is_spatial: pass
"""
    assert branches(ast.parse(code), type_classes(), set(TASK_TYPES)) == [2, 3, 4]


def test_nothing_outside_its_place_asks_which_type_a_task_has():
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE).as_posix()
        if not place.startswith(PLACES):
            lines = branches(ast.parse(path.read_text()), type_classes(), set(TASK_TYPES))
            if lines:
                found[place] = lines
    assert found == {}


def test_within_a_place_a_type_asks_for_no_other():
    """A folder of `tasks/` names the classes of its own type, and the registry those of all."""
    found = {}
    for name, kind in TASK_TYPES.items():
        own = {part.__name__ for part in kind}
        folder = SOURCE.joinpath(*kind.decider.__module__.split(".")[1:-1])
        for path in folder.glob("*.py"):
            lines = branches(ast.parse(path.read_text()), type_classes() - own, set())
            if lines:
                found[f"{name}: {path.name}"] = lines
    assert found == {}
