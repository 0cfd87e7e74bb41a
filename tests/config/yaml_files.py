"""A config that loads, for tests to spoil."""

from pathlib import Path

VALID = """\
name: street
data:
  annotations: labels.csv
  images: images/
tasks:
  contents: {type: tags}
  daytime:
    type: class
    classes: [day, night]
model: {image_size: 64}
train:
  epochs: 3
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "polyhead.yaml"
    path.write_text(text, encoding="utf-8")
    return path
