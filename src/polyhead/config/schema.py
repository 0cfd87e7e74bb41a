"""The YAML as pydantic models: every key, its type, its default and its reason."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from polyhead.config.annotations import BOX_FORMAT, ROWS, Annotations
from polyhead.config.augment import AugmentConfig
from polyhead.config.sampler import SamplerConfig, SamplerField
from polyhead.formats import BoxFormat, Rows, Source
from polyhead.table.deep_pixels import PixelRanges
from polyhead.tasks import AnyTaskConfig, Section
from polyhead.tasks.class_names import ClassNames

TASK_NAME = re.compile(r"[^\W\d][\w\- ]*")


def _ascending(limits: tuple[float, float]) -> tuple[float, float]:
    if limits[0] >= limits[1]:
        raise ValueError(f"found {list(limits)}; expected [black, white], the greater one last")
    return limits


Limits = Annotated[tuple[float, float], AfterValidator(_ascending)]


class SplitConfig(Section):
    """How rows are shared out between training, validation and test."""

    method: Literal["auto", "stratified", "hash", "column"] = Field(
        default="auto", description="auto: your own where the data tell one, else stratified."
    )
    val: float = Field(default=0.15, gt=0, lt=1, description="Share of the images.")
    test: float = Field(default=0.15, ge=0, lt=1, description="Share of the images.")
    column: str | None = Field(default=None, description="Your own train/val/test column.")
    parts: dict[Literal["train", "val", "test"], ClassNames] | None = Field(
        default=None, description="What the cells of `column` mean; the rest trains."
    )
    group_by: str | None = Field(default=None, description="Rows that share it stay together.")

    @model_validator(mode="before")
    @classmethod
    def _column_is_a_method(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("column") and "method" not in value:
            return {**value, "method": "column"}
        return value

    @model_validator(mode="after")
    def _consistent(self) -> SplitConfig:
        if (self.method == "column") != (self.column is not None):
            raise ValueError("`method: column` and `column: NAME` go together")
        if self.parts and self.column is None:
            raise ValueError("`parts` lists the cells of a column; add `column: NAME`")
        if self.val + self.test >= 0.9:
            raise ValueError(f"val + test = {self.val + self.test:g} leaves too little to train on")
        return self


class DataConfig(Section):
    """Where images and labels are."""

    images: Path | None = Field(default=None, description="Folder of the images.")
    annotations: Annotations = Field(
        description="csv, tsv, parquet, jsonl, COCO json, VOC, YOLO or class folders; or a list."
    )
    image_column: str | None = Field(default=None, description="Found by name unless given.")
    rows: Rows | None = Field(default=None, description=ROWS)
    box_format: BoxFormat | None = Field(default=None, description=BOX_FORMAT)
    split: SplitConfig = SplitConfig()
    bad_data: Literal["strict", "skip"] = "strict"
    cache: bool = Field(default=True, description="Keep resized images on disk between epochs.")
    pixel_range: Limits | None = Field(
        default=None,
        description="[black, white] of images with more than 8 bits a channel; measured unless "
        "given.",
    )
    float_range: Limits | None = Field(
        default=None, description="[black, white] of float images; measured unless given."
    )

    def ranges(self) -> PixelRanges:
        """Black and white of images with more than 8 bits a channel, as far as configured."""
        return PixelRanges(self.pixel_range, self.float_range)

    def with_ranges(self, ranges: PixelRanges) -> DataConfig:
        """A copy with these pixel ranges."""
        found = {"pixel_range": ranges.integers, "float_range": ranges.floats}
        return self.model_copy(update=found)

    def sources(self) -> tuple[Source, ...]:
        """The annotation files, as `read_tables` takes them."""
        default = Source(
            Path(),
            self.images,
            self.image_column,
            rows=self.rows,
            box_format=self.box_format,
        )
        if isinstance(self.annotations, Path):
            return (replace(default, path=self.annotations),)
        return tuple(item.source(default) for item in self.annotations)


class ModelConfig(Section):
    """The shared backbone."""

    backbone: str = Field(default="tf_efficientnet_lite0", description="A timm model name.")
    pretrained: bool = True
    freeze: bool = Field(
        default=False, description="Backbone and neck keep the weights that they start from."
    )
    image_size: tuple[int, int] = Field(
        default=(224, 224), description="Side in pixels, or [height, width]."
    )

    @field_validator("image_size", mode="before", json_schema_input_type=int | tuple[int, int])
    @classmethod
    def _square(cls, value: Any) -> Any:
        sides = value if isinstance(value, list | tuple) else (value, value)
        if len(sides) != 2:
            raise ValueError(f"found {len(sides)} sides; expected one number or [height, width]")
        return sides

    @field_validator("image_size")
    @classmethod
    def _sensible(cls, value: tuple[int, int]) -> tuple[int, int]:
        if not all(16 <= side <= 4096 for side in value):
            raise ValueError(f"found {list(value)}; expected sides between 16 and 4096 pixels")
        return value


class TrainConfig(Section):
    """The recipe; the defaults are chosen by `benchmarks/quality.py`."""

    epochs: int = Field(default=20, ge=1)
    batch_size: int = Field(default=16, ge=1)
    learning_rate: float = Field(default=4e-3, gt=0, description="Of heads and other new layers.")
    backbone_rate: Annotated[float, Field(ge=0)] | Literal["auto"] = Field(
        default="auto",
        description="Times learning_rate, for a pretrained backbone; auto: 0.5·√T of T tasks, at "
        "most 1; a tenth without batch normalisation.",
    )
    weight_decay: float = Field(default=0.05, ge=0, description="None on norms and biases.")
    warmup: float = Field(default=0.1, ge=0, lt=1, description="Share of all steps.")
    freeze_epochs: int = Field(default=0, ge=0, description="Heads alone at first.")
    ema: float = Field(default=0.99, ge=0, lt=1, description="Decay of averaged weights; 0: off.")
    clip: float = Field(default=5.0, gt=0, description="Largest gradient norm.")
    accumulate: int = Field(default=1, ge=1, description="Batches per optimizer step.")
    patience: int = Field(default=0, ge=0, description="Stop after so many epochs without gain.")
    sampler: SamplerField = Field(
        default=SamplerConfig(), description="Shows images of rare classes more often."
    )
    augment: AugmentConfig | Literal["none"] = AugmentConfig()
    weighting: Literal["sum"] = "sum"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:N or mps.")
    workers: Annotated[int, Field(ge=0)] | Literal["auto"] = "auto"
    checkpoint_steps: int = Field(default=200, ge=1, description="Steps between resume points.")
    seed: int = Field(default=0, ge=0)

    @field_validator(
        "augment",
        mode="before",
        json_schema_input_type=AugmentConfig | Literal["default", "none"],
    )
    @classmethod
    def _default_augment(cls, value: Any) -> Any:
        if value == "default":
            return {}
        if isinstance(value, str) and value != "none":
            raise ValueError(f'found "{value}"; expected default, none or keys of its own')
        # Refused here, keys are not compared with "none" as well.
        return AugmentConfig.model_validate(value) if isinstance(value, dict) else value

    @field_validator("device")
    @classmethod
    def _device_name(cls, value: str) -> str:
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", value):
            raise ValueError(f'found "{value}"; expected auto, cpu, cuda, cuda:N or mps')
        return value


class Config(Section):
    """A whole `polyhead.yaml`."""

    name: str = Field(default="run", pattern=r"^[\w.-]+$", description="Names the run folder.")
    data: DataConfig
    tasks: Annotated[dict[str, AnyTaskConfig], Field(min_length=1)]
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()

    @field_validator("tasks", mode="before")
    @classmethod
    def _task_names(cls, value: Any) -> Any:
        for name in value if isinstance(value, dict) else ():
            if not isinstance(name, str) or not TASK_NAME.fullmatch(name):
                raise ValueError(
                    f'task name "{name}" should start with a letter and hold letters, digits, '
                    "spaces, - and _ only"
                )
        return value

    @field_validator("tasks")
    @classmethod
    def _one_learns(cls, value: dict[str, AnyTaskConfig]) -> dict[str, AnyTaskConfig]:
        if all(task.freeze for task in value.values()):
            raise ValueError(
                f"found `freeze: true` in all {len(value)} tasks, so that no head would learn; "
                "expected at least one without"
            )
        return value


__all__ = ["Config", "DataConfig", "ModelConfig", "SplitConfig", "TrainConfig"]
