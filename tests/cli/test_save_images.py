"""`predict --save-images`: where drawings go, under which names, and what may go wrong."""

import numpy as np
import pytest
from PIL import Image

from polyhead.cli.predict import font_notes, save
from polyhead.errors import PolyheadError
from polyhead.predictions import (
    BoxesPrediction,
    ClassPrediction,
    MaskPrediction,
    Prediction,
)
from polyhead.predictions.drawing import lettering
from polyhead.tasks import ClassDecider

IMAGE = np.zeros((8, 8, 3), np.uint8)


def answer(image):
    tasks = {
        "daytime": ClassPrediction("day", {"day": 1.0}),
        "objects": BoxesPrediction([[1, 1, 6, 6]], ["car"], [0.9]),
        "ground": MaskPrediction(("road",), np.zeros((8, 8), np.uint8)),
    }
    return Prediction(image, 8, 8, tasks, source=IMAGE)


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("photos/a.jpg", "00007-a.png"),
        ("a.b.jpg", "00007-a.b.png"),
        ("array-0", "00007-array-0.png"),
        ("шина 日本.webp", "00007-шина 日本.png"),
        ("caf\udce9.png", "00007-caf.png"),
        ("日" * 84 + ".png", "00007-" + "日" * 66 + ".png"),
        ("", "00007-.png"),
    ],
)
def test_drawings_have_the_name_of_their_image_and_its_number(tmp_path, image, name):
    path = save(answer(image), tmp_path / "new" / "folder", 7)
    assert path == tmp_path / "new" / "folder" / name
    with Image.open(path) as drawn:
        assert drawn.format == "PNG"
        assert drawn.tobytes() == answer(image).plot().tobytes()


def test_a_file_where_the_folder_should_be_is_told(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(PolyheadError, match="Cannot create the folder") as failed:
        save(answer("a.jpg"), tmp_path / "taken", 0)
    assert failed.value.code == "E_WRITE"


def test_a_folder_that_cannot_be_made_stops_before_the_model_is_loaded(shell, tmp_path):
    (tmp_path / "taken").write_text("")
    Image.fromarray(IMAGE).save(tmp_path / "a.png")
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.resolved.yaml").touch()  # a run, but nothing in it that could be loaded
    words = ("predict", run, tmp_path / "a.png", "--save-images")
    assert shell(*words, tmp_path / "taken") == 1
    assert shell.codes == {"E_WRITE"}
    assert "A file has this name: choose another" in shell.err
    assert shell(*words, tmp_path / "taken" / "below") == 1
    assert "There is a file where a folder should be" in shell.err


def test_a_drawing_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "00000-a.png").mkdir()
    with pytest.raises(PolyheadError, match=r"Cannot write .*00000-a\.png"):
        save(answer("a.jpg"), tmp_path, 0)


def test_labels_that_no_installed_font_draws_are_told_with_the_mend(monkeypatch):
    monkeypatch.setattr(lettering, "FACES", (("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),))
    tasks = {
        "天気": ClassDecider("天気", ("晴れ", "rain")),
        "kind": ClassDecider("kind", ("a", "b")),
    }
    (line,) = font_notes(tasks)
    assert line.startswith("drawings show 天気, 晴れ as codes such as \\u65e5: no installed font")
    assert "apt install fonts-noto-cjk)" in line
    assert list(font_notes({"kind": tasks["kind"]})) == []
