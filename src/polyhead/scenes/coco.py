"""Boxes of scenes in the COCO format."""

from __future__ import annotations

from typing import Any

from polyhead.scenes.scene import Scene
from polyhead.scenes.vocabulary import OBJECT_LABELS


class CocoObjects:
    """Collects the boxes of scenes into one COCO document.

    An image that is added without objects says "no objects here"; one that is never added says
    nothing.
    """

    def __init__(self) -> None:
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []

    def add(self, file_name: str, scene: Scene) -> None:
        """Add one image with all its objects.

        Args:
            file_name: As the table names the image.
            scene: Its truth.
        """
        height, width = scene.mask.shape
        image_id = len(self._images) + 1
        self._images.append(
            {"id": image_id, "file_name": file_name, "width": width, "height": height}
        )
        for box, label, area in zip(
            scene.boxes_xyxy.tolist(), scene.box_labels, scene.areas.tolist(), strict=True
        ):
            x0, y0, x1, y1 = box
            self._annotations.append(
                {
                    "id": len(self._annotations) + 1,
                    "image_id": image_id,
                    "category_id": OBJECT_LABELS.index(label) + 1,
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": area,
                    "iscrowd": 0,
                }
            )

    def document(self) -> dict[str, Any]:
        """The COCO document; `area` counts visible pixels, `bbox` is x, y, width, height."""
        categories = [
            {"id": k, "name": label, "supercategory": "street"}
            for k, label in enumerate(OBJECT_LABELS, start=1)
        ]
        return {
            "images": self._images,
            "annotations": self._annotations,
            "categories": categories,
        }
