"""Boxes, masks and sources with one fault each: what is written, the code, the exit of `check`."""

import json

import numpy as np
from data.image_files import encoded, oriented
from PIL import Image

NUM = 12
WIDTH, HEIGHT = 60, 40
CONFIG = """\
data: {{images: images, annotations: {annotations}, split: {{val: 0.25, test: 0.25}}}}
tasks: {{{tasks}}}
model: {{backbone: test_resnet, pretrained: false, image_size: 64}}
train: {{epochs: 1, batch_size: 4, workers: 0, device: cpu}}
"""
BOXES = "objects: {type: boxes}"
MASK = "ground: {type: mask, column: mask, classes: [a, b, c]}"
OBJECT = """<object><name>{label}</name><difficult>0</difficult><bndbox><xmin>6</xmin>
<ymin>7</ymin><xmax>26</xmax><ymax>37</ymax></bndbox></object>"""
XML = """<annotation><filename>{name}</filename><size><width>60</width><height>40</height></size>
{object}</annotation>"""


def name(i):
    return f"p{i:02}.png"


def pixels(i):
    return np.random.default_rng(i).integers(0, 256, (HEIGHT, WIDTH, 3)).astype("u1")


def write_images(folder):
    (folder / "images").mkdir(parents=True)
    for i in range(NUM):
        (folder / "images" / name(i)).write_bytes(encoded(pixels(i)))


def config(folder, annotations="o.json", tasks=BOXES):
    (folder / "c.yaml").write_text(CONFIG.format(annotations=annotations, tasks=tasks))


def document():
    """A good COCO document: two boxes with outlines an image, two categories."""
    images = [
        {"id": i + 1, "file_name": name(i), "width": WIDTH, "height": HEIGHT} for i in range(NUM)
    ]
    return {"images": images, "annotations": annotations(), "categories": categories("cat", "dog")}


def categories(*names):
    return [{"id": i + 1, "name": label} for i, label in enumerate(names)]


def annotations():
    return [
        {
            "id": 2 * i + k + 1,
            "image_id": i + 1,
            "category_id": 1 + (i + k) % 2,
            "bbox": [5 + 25 * k, 6, 20, 30],
            "area": 600,
            "iscrowd": 0,
            "segmentation": [[5, 6, 25, 6, 25, 36]],
        }
        for i in range(NUM)
        for k in range(2)
    ]


def write_json(folder, content, file="o.json"):
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / file).write_text(text, encoding="utf-8")


def coco(code, exit_code=3, change=None, tasks=BOXES):
    """A case: the document, changed."""

    def build(folder):
        content = document()
        if change is not None:
            change(content)
        write_json(folder, content)
        config(folder, tasks=tasks)

    return build, code, exit_code


def one(code, exit_code=3, **keys):
    """A case: other keys of one annotation."""
    return coco(code, exit_code, lambda content: content["annotations"][3].update(keys))


def each(code, exit_code=3, tasks=BOXES, part="annotations", **keys):
    """A case: keys of every item, made of the item by functions."""

    def change(content):
        for item in content[part]:
            item.update({key: make(item) for key, make in keys.items()})

    return coco(code, exit_code, change, tasks)


def label(text, code=None, exit_code=0):
    """A case: one category is called so."""
    return coco(code, exit_code, lambda content: content.update(categories=categories(text, "dog")))


def masks(code, exit_code=3, change=None, only=None, cells=None, tasks=MASK):
    """A case: mask files, changed: all of them, or one."""

    def build(folder):
        (folder / "masks").mkdir()
        for i in range(NUM):
            path = folder / "masks" / name(i)
            values = np.random.default_rng(i).integers(0, 3, (HEIGHT, WIDTH)).astype("u1")
            if change is not None and only in (None, i):
                change(values, path)
            else:
                Image.fromarray(values).save(path)
        named = [f"masks/{name(i)}" for i in range(NUM)]
        for i, cell in (cells or {}).items():
            named[i] = cell
        lines = [f"{name(i)},{cell}" for i, cell in enumerate(named)]
        (folder / "l.csv").write_text("\n".join(["image,mask", *lines, ""]))
        config(folder, "l.csv", tasks)

    return build, code, exit_code


def saved(make):
    """Changes a mask file to the image of these values."""
    return lambda values, path: Image.fromarray(make(values)).save(path)


def with_palette(values, path):
    image = Image.fromarray(values).convert("P")
    image.putdata(values.ravel().tolist())
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    image.save(path)


def voc(code, exit_code=3, old="", new="", encoding="utf-8"):
    """A case: text replaced in one xml file."""

    def build(folder):
        for i in range(NUM):
            text = XML.format(name=name(i), object=OBJECT.format(label=("cat", "dog")[i % 2]))
            text = text.replace(old, new) if i == 3 and old else text
            data = text.encode(encoding if i == 3 else "utf-8")
            (folder / "images" / name(i)).with_suffix(".xml").write_bytes(data)
        config(folder, "images")

    return build, code, exit_code


def yolo(code, exit_code=3, line=None, names="names: [cat, dog]"):
    """A case: one label file holds this, as text or bytes."""

    def build(folder):
        (folder / "labels").mkdir()
        for i in range(NUM):
            text = line if i == 3 and line is not None else f"{i % 2} 0.4 0.5 0.2 0.3\n"
            data = text if isinstance(text, bytes) else text.encode()
            (folder / "labels" / name(i)).with_suffix(".txt").write_bytes(data)
        (folder / "data.yaml").write_text(names)
        config(folder, ".")

    return build, code, exit_code


def sources(code, exit_code=3, second="other.json", change=None, tasks=BOXES):
    """A case: two files."""

    def build(folder):
        content = document()
        if change is not None:
            change(content)
        write_json(folder, document())
        write_json(folder, content, "other.json")
        config(folder, f"[o.json, {second}]", tasks)

    return build, code, exit_code


def turned(folder):
    """One image is turned by EXIF, and its boxes were made before."""
    write_json(folder, document())
    (folder / "images" / name(3)).write_bytes(oriented("PNG", 6, pixels(3)))
    config(folder)
