"""Images with masks and objects to infer tasks from."""

import json

import numpy as np
from PIL import Image

SQUARE = [[2, 2, 20, 2, 20, 20, 2, 20]]


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values, np.uint8)).save(path)


def images(folder, num=12, size=(48, 64)):
    """`images/0.png`, … of that height and width."""
    for number in range(num):
        noise = np.random.default_rng(number).integers(0, 255, (*size, 3))
        save(folder / "images" / f"{number}.png", noise)
    return folder


def masks(folder, *values, num=12, size=(48, 64)):
    """`masks/0.png`, … that hold these values, and a table of both."""
    for number in range(num):
        mask = np.resize(np.repeat(values, 40), size)
        save(folder / "masks" / f"{number}.png", mask)
    return folder


def table(folder, name="mask", cell="masks/{}.png", num=12, **columns):
    rows = [
        {"image": f"images/{n}.png", name: cell.format(n)}
        | {key: cells[n % len(cells)] for key, cells in columns.items()}
        for n in range(num)
    ]
    path = folder / "labels.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def coco(folder, num=12, outlined=0, categories=("car", "dog", "cow")):
    """Image n has n % 3 objects, the k-th of the k-th label; so many have an outline."""
    found = []
    for number in range(num):
        for k in range(number % 3):
            box = {"bbox": [2, 2, 18, 18], "area": 324, "iscrowd": 0}
            ids = {"id": len(found) + 1, "image_id": 50 + number, "category_id": k + 1}
            outline = {"segmentation": SQUARE} if len(found) < outlined else {}
            found.append({**ids, **box, **outline})
    document = {
        "images": [
            {"id": 50 + n, "file_name": f"images/{n}.png", "width": 64, "height": 48}
            for n in range(num)
        ],
        "annotations": found,
        "categories": [{"id": k, "name": name} for k, name in enumerate(categories, start=1)],
    }
    path = folder / "objects.json"
    path.write_text(json.dumps(document))
    return path
