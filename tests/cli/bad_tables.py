"""Tables and images with one fault each: what is written, the code, the exit code of `check`."""

import os

from data.image_files import (
    NOT_IMAGES,
    bomb,
    encoded,
    frames,
    grey16_png,
    oriented,
    png,
    scene,
)
from PIL import Image

NUM_GOOD = 24
CONFIG = """\
data: {{annotations: {table}, split: {split}}}
tasks:
  tags: {{type: tags, {tags}}}
  kind: {{type: class, column: kind}}
model: {{backbone: test_resnet, pretrained: false, image_size: 32}}
train: {{epochs: 1}}
"""


def rows():
    """A good table: image, tags, kind."""
    return [
        [f"good{i:02}.png", ("a|b", "a", "b|c", "[]")[i % 4], ("x", "y")[i % 2]]
        for i in range(NUM_GOOD)
    ]


def good(folder):
    """Good images, no two alike."""
    for i in range(NUM_GOOD):
        (folder / f"good{i:02}.png").write_bytes(encoded(scene(20 + i, 30)))


def write(folder, cells, name="labels.csv", header=("image", "tags", "kind"), **options):
    text = "\n".join(",".join(line) for line in [header, *cells]) + "\n"
    (folder / name).write_text(text, **options)


def config(folder, table="labels.csv", tags="column: tags", split="{}", more=""):
    text = CONFIG.format(table=table, tags=tags, split=split)
    (folder / "c.yaml").write_text(text.replace("train:", f"{more}\ntrain:"))


def image(name, data, code, exit_code):
    """A case: one more image with that name and content."""

    def build(folder):
        write(folder, [*rows(), [name, "a", "x"]])
        if data is not None:
            (folder / name).write_bytes(data)

    return build, code, exit_code


def cells(code, exit_code, **changes):
    """A case: cells changed, named by row and column, such as `r3c1`."""

    def build(folder):
        table = rows()
        for place, text in changes.items():
            row, column = place[1:].split("c")
            table[int(row)][int(column)] = text
        write(folder, table)

    return build, code, exit_code


def special(make, code, exit_code=3):
    """A case: a good table with one more row, `odd.jpg`, made by a function."""

    def build(folder):
        write(folder, [*rows(), ["odd.jpg", "a", "x"]])
        make(folder / "odd.jpg")

    return build, code, exit_code


def text(content, code, exit_code=3, name="labels.csv"):
    """A case: that whole table."""

    def build(folder):
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
        config(folder, name)

    return build, code, exit_code


def good_text(separator=",", newline="\n", start=""):
    lines = [separator.join(line) for line in [["image", "tags", "kind"], *rows()]]
    return start + newline.join(lines) + newline


def settings(code, exit_code=3, change=None, **options):
    """A case: the good table, another config."""

    def build(folder):
        write(folder, (change or rows)())
        config(folder, **options)

    return build, code, exit_code


def with_column(values):
    """The good table with one more column."""

    def build(folder, values=values):
        lines = [[*line, values[i % len(values)]] for i, line in enumerate(rows())]
        write(folder, lines, header=("image", "tags", "kind", "extra"))

    return build


def extra(values, code, exit_code=3, **options):
    """A case: a column `extra`, and a config that uses it."""
    build = with_column(values)

    def whole(folder):
        build(folder)
        config(folder, **options)

    return whole, code, exit_code


HALF_JPEG = encoded(scene(), "JPEG")[:800]
HALF_PNG = encoded(scene())[: len(encoded(scene())) // 2]
RGBA = Image.fromarray(scene()).convert("RGBA")
JSON_ROW = '{"image": "good00.png", "tags": ["a"], "kind": "x"}'

CASES = {
    "good": (lambda folder: write(folder, rows()), None, 0),
    # Images
    **{
        f"image {name}": image("odd.jpg", data, "E_NOT_IMAGE", 3)
        for name, (data, _) in NOT_IMAGES.items()
    },
    "half a jpeg": image("odd.jpg", HALF_JPEG, "E_TRUNCATED", 3),
    "half a png": image("odd.png", HALF_PNG, "E_TRUNCATED", 3),
    "decompression bomb": image("odd.png", bomb(), "E_TOO_LARGE", 3),
    "zero width": image("odd.png", png((0, 9, 8, 2), b""), "E_TRUNCATED", 3),
    "missing image": image("odd.jpg", None, "E_IMAGE_MISSING", 3),
    "folder named .jpg": special(os.mkdir, "E_IMAGE_UNREADABLE"),
    "named pipe": special(os.mkfifo, "E_IMAGE_UNREADABLE"),
    "symlink loop": special(lambda path: os.symlink(path, path), "E_IMAGE_UNREADABLE"),
    "dangling link": special(lambda path: os.symlink("gone.jpg", path), "E_IMAGE_MISSING"),
    "png named .jpg": image("odd.jpg", encoded(scene(9, 9)), "N_EXTENSION", 0),
    "one pixel": image("odd.png", encoded(scene(1, 1)), "W_IMAGE_EXTREME", 0),
    "a line": image("odd.png", encoded(scene(9, 2000)), "W_IMAGE_EXTREME", 0),
    "16 bits": image("odd.png", grey16_png(scene()[:, :, 0].astype("u2") * 9), "N_DEPTH", 0),
    "several frames": image("odd.gif", frames("GIF"), "N_ANIMATED", 0),
    "corrupt exif": image(
        "odd.jpg", encoded(scene(9, 9), "JPEG", exif=b"Exif\0\0junk"), "N_EXIF", 0
    ),
    "turned by exif": image("odd.jpg", oriented("JPEG", 6, scene(9, 12)), None, 0),
    "transparent": image("odd.png", encoded(RGBA), None, 0),
    "cmyk": image("odd.jpg", encoded(Image.new("CMYK", (9, 12)), "JPEG"), None, 0),
    "name with emoji": image("foto 🚗 é.png", encoded(scene(9, 9)), None, 0),
    "same image twice": image("odd.png", encoded(scene(20, 30)), "W_IMAGE_DUPLICATE", 0),
    # Tables
    "empty file": text("", "E_EMPTY_TABLE"),
    "header alone": text("image,tags,kind\n", "E_EMPTY_TABLE"),
    "no image column": text("a,b\n1,2\n3,4\n", "E_IMAGE_COLUMN"),
    "ragged rows": text(good_text() + "good00.png,a\n", "E_ROW_LENGTH"),
    "not utf-8": text(b"image,tags,kind\n\xff\xfe.png,a,x\n", "E_ENCODING"),
    "zero bytes": text(b"image,tags,kind\ngood00.png,\0,x\n", "E_NOT_TABLE"),
    "byte order mark": text(good_text(start="\ufeff"), None, 0),
    "windows lines": text(good_text(newline="\r\n"), None, 0),
    "semicolons": text(good_text(";"), None, 0),
    "tabs": text(good_text("\t"), None, 0),
    "tsv": text(good_text("\t"), None, 0, "labels.tsv"),
    "a json list": text("[1, 2]", "E_NOT_TABLE", 3, "labels.jsonl"),
    "torn json line": text(JSON_ROW + '\n{"image": "goo', "E_JSON", 3, "labels.jsonl"),
    "no parquet": text("image,tags\n", "E_NOT_TABLE", 3, "labels.parquet"),
    "unknown suffix": text("x", "E_FORMAT", 2, "labels.xlsx"),
    "same row twice": (lambda f: write(f, [*rows(), rows()[0]]), "W_DUPLICATE_ROW", 0),
    "two answers for one": cells("E_DUPLICATE_ROW", 3, r1c0="good00.png"),
    "empty image cell": cells("E_IMAGE_MISSING_NAME", 3, r3c0=""),
    "labels by case": cells("E_LABEL_SPELLING", 3, r3c1="A|b"),
    "labels by accent form": cells("E_LABEL_SPELLING", 3, r0c1="é", r1c1="e\u0301"),
    "look-alikes stay": cells("W_NO_POSITIVES", 0, r0c1="no|001|1e3|null|NA"),
    "a long label": cells("W_NO_POSITIVES", 0, r0c1="l" * 10_000),
    "a script": cells("W_NO_POSITIVES", 0, r0c1="<script>alert(1)</script>"),
    "an empty cell": cells(None, 0, r0c1="", r5c2=""),
    "one class": (lambda f: write(f, [[*r[:2], "x"] for r in rows()]), "E_DATA", 3),
    "nothing known": (lambda f: write(f, [[r[0], "", r[2]] for r in rows()]), "E_DATA", 3),
    "orphan image": settings(
        "W_IMAGE_ORPHAN", 0, lambda: rows()[:-1], table="labels.csv, images: ."
    ),
    "undeclared label": settings("E_LABEL_UNKNOWN", tags="column: tags, classes: [a, b, d]"),
    "no such column": settings("E_COLUMN", 2, tags="column: tagz"),
    "no such table": settings("E_NO_FILE", 2, table="nothing.csv"),
    "yes or no by other words": extra(["1", "0", "maybe"], "E_CELL", tags="columns: [extra]"),
    "a glob that matches nothing": settings("E_COLUMN", 2, tags='columns: ["zz*"]'),
    "split of other words": extra(
        ["train", "val", "exam"], "E_SPLIT_VALUE", split="{column: extra}"
    ),
    "split without training": extra(["val", "test"], "E_SPLIT_EMPTY", split="{column: extra}"),
    "a group in two parts": extra(
        ["train", "val", "test"], "E_LEAK", split="{column: extra, group_by: kind}"
    ),
    "two rows": (lambda f: write(f, rows()[:2]), "W_NO_POSITIVES", 0),
}
