"""Components by name: their keys in the YAML, registries of classes, typed construction."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError

from polyhead.errors import ConfigError, nearest

T = TypeVar("T")


class Component(BaseModel):
    """The name of a head or loss with the options that its constructor takes.

    `loss: bce` and `loss: {name: bce, pos_weight: auto}` are both read into this. Options stay
    strings here; they are typed where the component is built.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    name: str

    @property
    def options(self) -> dict[str, Any]:
        """Everything besides the name."""
        return dict(self.model_extra or {})


def _from_name(value: Any) -> Any:
    if not isinstance(value, str | dict | Component):
        raise ValueError(f"found {value}; expected a name, or keys of its own such as `name`")
    return {"name": value} if isinstance(value, str) else value


ComponentField = Annotated[
    Component, BeforeValidator(_from_name, json_schema_input_type=str | Component)
]


def by_name(base: type[T], members: Iterable[object]) -> dict[str, type[T]]:
    """The registry of a package: its concrete classes by their names in snake case.

    Args:
        base: Their base class, which is left out.
        members: All exports of a package.
    """
    classes = [
        member
        for member in members
        if isinstance(member, type) and issubclass(member, base) and member is not base
        if not inspect.isabstract(member)
    ]
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", c.__name__).lower(): c for c in classes}


def construct(
    kind: str, choices: Mapping[str, type[T]], component: Component, *arguments: Any
) -> T:
    """Build the named component.

    Args:
        kind: `head` or `loss`, for messages.
        choices: Name to class.
        component: The name, and the options that become keyword arguments.
        arguments: Positional arguments that polyhead computes.

    Raises:
        ConfigError: Unknown name or option, or a value of the wrong type.
    """
    factory, options = check_component(kind, choices, component)
    try:
        return factory(*arguments, **options)
    except ValueError as error:
        raise ConfigError(f"{kind} {component.name}: {error}") from None


def check_component(
    kind: str, choices: Mapping[str, type[T]], component: Component
) -> tuple[type[T], dict[str, Any]]:
    """The class and its typed options, without building it; raises as `construct`."""
    if component.name not in choices:
        hint = nearest(component.name, choices)
        raise ConfigError(f'{kind} "{component.name}" does not exist. {hint}')
    factory = choices[component.name]
    hints = typing.get_type_hints(factory.__init__)
    allowed = {
        name: hints[name]
        for name, parameter in inspect.signature(factory).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    options = {}
    for name, value in component.options.items():
        where = f"{kind} {component.name}"
        if name not in allowed:
            raise ConfigError(f'{where} has no option "{name}". {nearest(name, allowed)}')
        options[name] = _typed(where, name, value, allowed[name])
    return factory, options


def _typed(where: str, name: str, value: object, kind: Any) -> Any:
    """One option converted to the type of its parameter."""
    try:
        if isinstance(value, bool) and kind is not bool:
            raise ConfigError(f"{where}: option {name} = {value}: expected no boolean.")
        return TypeAdapter(kind, config=ConfigDict(allow_inf_nan=False)).validate_python(value)
    except ValidationError as error:
        problems = " Or: ".join(f"{item['msg']}." for item in error.errors())
        raise ConfigError(f'{where}: option {name} = "{value}": {problems}') from None
