"""A head or a loss as the YAML names it: a name alone, or a name with options."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


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
