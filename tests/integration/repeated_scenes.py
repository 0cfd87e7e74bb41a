"""Scenes to learn by heart: several files of each to train on, and one to be judged by.

The judged file differs from the others by one bit, for no image may be in two parts of a split.
The COCO file has a user's own numbers: image ids in no order, category ids with gaps.
"""

import json

import numpy as np
from PIL import Image

from polyhead.config import Config
from polyhead.scenes import SceneOptions, write_scenes


def write_repeated(folder, *, num, size, copies):
    """`split.csv` with image and split, and `boxes.json`; file 0 of each scene is validation."""
    write_scenes(folder, num, SceneOptions(size=size))
    drawn = json.loads((folder / "objects.json").read_text())
    rows, document = ["image,split"], {"images": [], "annotations": []}
    for image in drawn["images"]:
        own = [item for item in drawn["annotations"] if item["image_id"] == image["id"]]
        for copy in range(copies + 1):
            name = f"{image['id']}-{copy}.png"
            _save(folder / image["file_name"], folder / name, is_judged=copy == 0)
            rows.append(f"{name},{'train' if copy else 'val'}")
            number = 100_000 - 7 * len(rows)
            document["images"].append({**image, "id": number, "file_name": name})
            document["annotations"] += [
                {**item, "id": 10 * item["id"] + copy, "image_id": number} for item in own
            ]
    (folder / "split.csv").write_text("\n".join(rows) + "\n")
    write_boxes(folder, {**document, "categories": drawn["categories"]})


def _save(source, target, *, is_judged):
    with Image.open(source) as image:
        pixels = np.array(image)
    pixels[0, 0, 0] ^= is_judged
    Image.fromarray(pixels).save(target, compress_level=1)


def write_boxes(folder, document):
    """`boxes.json` with category ids that are neither in a row nor in the order of the names."""
    number = {item["id"]: 90 - 4 * item["id"] for item in document["categories"]}
    for item in document["annotations"]:
        item["category_id"] = number[item["category_id"]]
    categories = [{**item, "id": number[item["id"]]} for item in document["categories"]]
    (folder / "boxes.json").write_text(json.dumps({**document, "categories": categories}))


def boxes_config(folder, *, size, model, train):
    """A config of one boxes task on such scenes, shown as they are."""
    return Config.model_validate(
        {
            "data": {
                "annotations": [str(folder / "split.csv"), str(folder / "boxes.json")],
                "split": {"column": "split"},
            },
            "tasks": {"objects": {"type": "boxes"}},
            "model": {"image_size": size, **model},
            "train": {"augment": "none", "device": "cpu", **train},
        }
    )
