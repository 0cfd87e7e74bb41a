"""Keys of the sampler, which repeats images of rare classes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from polyhead.tasks import Section

SamplerName = Literal["none", "class_aware", "repeat_factor"]
RARE = 0.1


class SamplerConfig(Section):
    """How often each training image is shown: `sampler: NAME`, or its name with options."""

    name: SamplerName = "none"
    threshold: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description=f"repeat_factor: share of images below which a class is rare; {RARE:g}.",
    )

    @model_validator(mode="before")
    @classmethod
    def _own_default(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("name") == "repeat_factor":
            return {"threshold": RARE, **value}
        return value

    @model_validator(mode="after")
    def _own_option(self) -> SamplerConfig:
        if self.threshold is not None and self.name != "repeat_factor":
            raise ValueError(
                f"found `threshold` beside `name: {self.name}`; expected it with "
                "`name: repeat_factor` alone"
            )
        return self


def _from_name(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


SamplerField = Annotated[
    SamplerConfig, BeforeValidator(_from_name, json_schema_input_type=SamplerName | SamplerConfig)
]
