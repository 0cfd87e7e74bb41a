"""The base class of every part of the YAML."""

from __future__ import annotations

from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """A part of the YAML: frozen, and strict about its keys and numbers.

    Unknown keys, infinite numbers and booleans for anything else are refused. A section or key
    with nothing after its colon counts as left out, as where every line below `train:` is
    commented out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _plain_values(cls, value: Any) -> Any:
        if value == "":
            return {}
        if not isinstance(value, dict):
            return value
        fields = {key: cls.model_fields[key] for key in value if key in cls.model_fields}
        for key, field in fields.items():
            if isinstance(value[key], bool) and field.annotation is not bool:
                raise ValueError(f"found {key} = {value[key]}; expected no boolean")
        absent = {
            key
            for key, field in fields.items()
            if value[key] == "" and (field.is_required() or NoneType in get_args(field.annotation))
        }
        return {key: item for key, item in value.items() if key not in absent}
