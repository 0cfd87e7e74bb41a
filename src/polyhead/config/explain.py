"""One line for each thing that is wrong with a config: where, what was found, how to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from polyhead.config.schema import Config
from polyhead.config.yaml_text import Location
from polyhead.errors import nearest
from polyhead.tasks import AnyTaskConfig

EXPECTED = {
    "bool": "true or false",
    "dict": "keys of its own",
    "float": "a number",
    "int": "a whole number",
    "model": "keys of its own",
    "path": "a path",
    "string": "text",
    "tuple": "a list, such as [a, b]",
}


def explain(error: Any, value: Mapping[str, Any], places: Mapping[Location, str]) -> str:
    """Put a pydantic error in the user's terms.

    Args:
        error: An item of `with_alternatives`.
        value: The tree of keys and values that was checked.
        places: File and line of each key, by its path; the empty path is the whole source.
    """
    path = _path_in(value, error["loc"], is_key=error["type"] in ("missing", "extra_forbidden"))
    where = next(places[path[:n]] for n in range(len(path), -1, -1) if path[:n] in places)
    key = ".".join(map(str, path)) or "the config"
    found = error["input"]
    match error["type"]:
        case "extra_forbidden":
            return f"{where}: unknown key `{key}`. {nearest(str(path[-1]), _keys_at(path, value))}"
        case "missing":
            return f"{where}: key `{key}` is missing; add it."
        case "union_tag_not_found":
            return f"{where}: `{key}` has no `type`; expected one of {', '.join(_task_models())}."
        case "union_tag_invalid":
            wrong = str(found.get("type"))
            return f'{where}: `{key}.type` is "{wrong}". {nearest(wrong, _task_models())}'
        case "literal_error":
            choices = str(error["ctx"]["expected"]).replace("'", "").replace(" or ", ", ")
            return f'{where}: `{key}` is "{found}". {nearest(str(found), choices.split(", "))}'
        case "string_pattern_mismatch":  # of the only key with a pattern, the name of the run
            return (
                f'{where}: `{key}` is "{found}"; expected letters, digits, ".", "-" and "_" only.'
            )
        case "value_error":
            return f"{where}: `{key}`: {str(error['ctx']['error']).removesuffix('.')}."
    shown = f' (found "{found}")' if isinstance(found, str | int | float) else ""
    return f"{where}: `{key}`: {_problem(error)}{shown}."


def with_alternatives(errors: Sequence[Any]) -> list[Any]:
    """`ValidationError.errors()` with one for a key that takes a number or a word, not one each."""
    words = {e["loc"][:-1]: e["ctx"]["expected"] for e in errors if _is_of_word(e)}
    numbers = {e["loc"][:-1] for e in errors if not _is_of_word(e)}
    kept = [e for e in errors if not (_is_of_word(e) and e["loc"][:-1] in numbers)]
    return [{**error, "word": words.get(error["loc"][:-1])} for error in kept]


def _is_of_word(error: Any) -> bool:
    """Whether a key that may hold several kinds was compared with its words here."""
    return "literal[" in str(error["loc"][-1:])


def _problem(error: Mapping[str, Any]) -> str:
    """What pydantic says, in plain words where they are known."""
    kind = str(error["type"]).split("_")[0]
    is_type = not str(error["type"]).endswith(("short", "long", "pattern_mismatch", "size"))
    found = f"expected {EXPECTED[kind]}" if kind in EXPECTED and is_type else error["msg"]
    return f"{found}, or {error['word']}" if error["word"] else found


def _path_in(value: Any, location: Sequence[str | int], *, is_key: bool) -> Location:
    """The part of a location that is a path in the tree.

    pydantic's own also names members of unions: `tasks.a.tags.column`, `train.workers.int`.
    """
    path: list[str | int] = []
    for step in location[: len(location) - is_key]:
        if _holds(value, step):
            value = value[step]
            path.append(step)
    return (*path, *location[len(location) - is_key :])


def _holds(value: Any, step: str | int) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list | tuple) and isinstance(step, int) and step < len(value)


def _task_models() -> dict[str, type[BaseModel]]:
    members = get_args(get_args(AnyTaskConfig)[0])
    models = {get_args(model.model_fields["type"].annotation)[0]: model for model in members}
    return dict(sorted(models.items()))


def _keys_at(path: Location, value: Any) -> list[str]:
    """The keys that may stand beside the last one of a path."""
    model: type[BaseModel] = Config
    rest = path[:-1]
    if len(path) > 2 and path[0] == "tasks":
        model, rest = _task_models()[value["tasks"][path[1]].get("type")], path[2:-1]
    for step in rest:
        if isinstance(step, str):  # a number is the place in a list, which names no field
            model = _model_in(_fields(model)[step].annotation)
    return sorted(_fields(model))


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the keys that users write."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_in(annotation: Any) -> type[BaseModel]:
    """The section among the types that a key may hold, or that a list there holds."""
    found = [annotation]
    for kind in found:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        found += get_args(kind)
    raise TypeError(f"{annotation} holds no section")
