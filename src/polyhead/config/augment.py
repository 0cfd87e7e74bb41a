"""Keys of the augmentation of training images."""

from __future__ import annotations

from pydantic import Field

from polyhead.tasks import Section


class AugmentConfig(Section):
    """Random changes of each training image; boxes and masks follow."""

    flip: bool = Field(default=True, description="false where left and right or writing matter.")
    crop: float = Field(
        default=0.7,
        gt=0,
        le=1,
        description="Smallest share of the image; only if no label is of the whole image.",
    )
    scale: float = Field(
        default=1.0, gt=0, le=1, description="Smallest share that a shrunk image fills; 1: off."
    )
    rotate: float = Field(default=0.0, ge=0, lt=45, description="Degrees, either way.")
    colour: float = Field(
        default=0.1, ge=0, lt=1, description="Of brightness, contrast and saturation."
    )
    mosaic: float = Field(
        default=0.0, ge=0, le=1, description="Share of images shown four at a time."
    )
    mixup: float = Field(
        default=0.0, ge=0, le=1, description="Share of images shown through one another."
    )
