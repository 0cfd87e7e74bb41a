"""Images in, answers out: every kind of source, every kind of fault."""

import json
import shutil
from io import BytesIO

import numpy as np
import pytest
from data.image_files import NOT_IMAGES, bomb, encoded, oriented, scene
from PIL import Image

import polyhead
from polyhead.checkpoints import load_predictor
from polyhead.errors import CheckpointError, ConfigError, PolyheadError
from polyhead.predictions import Prediction
from polyhead.runtime.run_folder import RunFolder


@pytest.fixture(scope="module")
def predictor(trained):
    return polyhead.load(trained.path)


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(scene()))
    return path


def probabilities(prediction):
    return np.array([p for task in prediction.values() for p in task.probabilities.values()])


def same(one, other, tolerance=1e-6):
    np.testing.assert_allclose(probabilities(one), probabilities(other), atol=tolerance)


def test_every_kind_of_source_gives_the_same_answer(predictor, photo):
    expected = predictor.predict(str(photo))
    assert isinstance(expected, Prediction)
    sources = [photo, photo.read_bytes(), scene(), Image.fromarray(scene()), Image.open(photo)]
    for source in sources:
        answer = predictor.predict(source)
        assert isinstance(answer, Prediction)
        assert (answer.width, answer.height) == (64, 48)
        same(answer, expected)
    answers = predictor.predict(sources)
    assert [a.image for a in answers] == [
        str(photo), "bytes-1", "array-2", "picture-3", str(photo),
    ]  # fmt: skip
    for answer in [*answers, *predictor.predict(iter(sources)), *predictor.predict([photo])]:
        same(answer, expected)


def test_folders_and_globs_are_lists_in_order_of_names(predictor, photo):
    folder = photo.parent / "deep" / "er"
    folder.mkdir(parents=True)
    for name in ("b.jpg", "a.png", ".hidden.png", "note.txt"):
        (folder / name).write_bytes(photo.read_bytes())
    found = predictor.predict(photo.parent)
    assert [p.image for p in found] == [str(folder / "a.png"), str(folder / "b.jpg"), str(photo)]
    (only,) = predictor.predict(f"{photo.parent}/*.png")
    assert only.image == str(photo)
    assert len(predictor.predict(f"{photo.parent}/**/*.png")) == 2
    assert len(predictor.predict([folder, str(photo)])) == 3
    named_like_a_glob = photo.with_name("a[1].png")
    shutil.copy(photo, named_like_a_glob)
    assert predictor.predict(named_like_a_glob).error is None


MODES = {
    "grey": (scene()[:, :, 0], Image.fromarray(scene()[:, :, 0])),
    "rgba": (scene(), Image.fromarray(np.dstack([scene(), np.full((48, 64), 255, np.uint8)]))),
    "palette": (scene() // 64 * 64, Image.fromarray(scene() // 64 * 64).quantize(256)),
}


@pytest.mark.parametrize("name", MODES)
def test_colour_modes_are_read_as_files_are(predictor, name):
    array, image = MODES[name]
    same(predictor.predict(array), predictor.predict(image))
    same(predictor.predict(image), predictor.predict(encoded(image)))


def test_cmyk_images_and_files_agree(predictor):
    image = Image.fromarray(scene()).convert("CMYK")
    file = encoded(image, "TIFF")
    same(predictor.predict(image), predictor.predict(file))
    same(predictor.predict(Image.open(BytesIO(file))), predictor.predict(file))


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_an_opened_image_is_turned_as_its_file_is(predictor, orientation):
    file = oriented("PNG", orientation, scene())
    expected = predictor.predict(file)
    answer = predictor.predict(Image.open(BytesIO(file)))
    same(answer, expected)
    size = (64, 48) if orientation == 3 else (48, 64)
    assert (answer.width, answer.height) == (expected.width, expected.height) == size


def large_jpeg(folder, **options):
    """Larger than the network's image, so that its file is reduced while it is decoded."""
    noise = np.random.default_rng(0).integers(0, 256, (240, 400, 3)).astype(np.uint8)
    path = folder / "large.jpg"
    path.write_bytes(encoded(noise, "JPEG", **options))
    return path


def test_an_opened_jpeg_is_reduced_as_its_file_is(predictor, tmp_path):
    path = large_jpeg(tmp_path)
    expected = predictor.predict(path)
    with Image.open(path) as opened, Image.open(path) as loaded:
        loaded.load()
        for image in (opened, loaded, Image.open(BytesIO(path.read_bytes()))):
            answer = predictor.predict(image)
            same(answer, expected, 0)
            assert (answer.width, answer.height) == image.size == (400, 240)
        for answer in predictor.predict([opened] * 40):
            same(answer, expected, 1e-6)  # the last bit hangs on the size of the batch


def test_an_opened_jpeg_with_exif_is_turned_and_reduced_as_its_file_is(predictor, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = large_jpeg(tmp_path, exif=exif)
    answer = predictor.predict(Image.open(path))  # which leaves no file open
    same(answer, predictor.predict(path), 0)
    assert (answer.width, answer.height) == (240, 400)


def test_a_jpeg_that_was_changed_in_memory_or_on_disk_is_what_the_memory_holds(predictor, tmp_path):
    path = large_jpeg(tmp_path)
    with Image.open(path) as painted, Image.open(path) as kept:
        painted.paste((255, 0, 0), (0, 0, 400, 200))
        kept.load()
    pixels = np.asarray(kept)
    path.write_bytes(encoded(scene(), "JPEG"))
    same(predictor.predict(painted), predictor.predict(np.asarray(painted)), 0)
    same(predictor.predict(kept), predictor.predict(pixels), 0)
    path.unlink()
    same(predictor.predict(kept), predictor.predict(pixels), 0)


BAD_ARRAYS = {
    "floats": np.zeros((4, 4, 3)),
    "channels": np.zeros((4, 4, 4), np.uint8),
    "empty": np.zeros((0, 4, 3), np.uint8),
    "batch": np.zeros((2, 4, 4, 3), np.uint8),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_an_array_that_is_no_image_says_what_it_is(predictor, name):
    answer = predictor.predict(BAD_ARRAYS[name])
    assert answer.error["code"] == "E_NOT_IMAGE"
    assert str(BAD_ARRAYS[name].shape) in answer.error["message"]
    with pytest.raises(PolyheadError, match="array-0"):
        answer["contents"]


@pytest.mark.parametrize("batch_size", [1, 2, 32])
def test_a_broken_image_loses_no_other(predictor, photo, tmp_path, batch_size):
    half, huge = tmp_path / "half.jpg", tmp_path / "huge.png"
    half.write_bytes(encoded(scene(), "JPEG")[:800])
    huge.write_bytes(bomb())
    closed = Image.open(photo)
    closed.close()
    with Image.open(half) as opened:
        sources = [photo, half, photo, tmp_path / "no.jpg", b"hello", huge, opened, closed, photo]
        answers = predictor.predict(sources, batch_size=batch_size)
    codes = [answer.error["code"] if answer.error else None for answer in answers]
    truncated, missing, text, large = codes[1], codes[3], codes[4], codes[5]
    assert (truncated, missing) == ("E_TRUNCATED", "E_IMAGE_MISSING")
    assert (text, large) == ("E_NOT_IMAGE", "E_TOO_LARGE")
    assert codes[6:] == ["E_TRUNCATED", "E_TRUNCATED", None]
    for place in (0, 2, 8):
        same(answers[place], answers[0])
    assert answers[1].to_dict() == {"image": str(half), "error": dict(answers[1].error)}


def test_nothing_but_images_that_cannot_be_read(predictor):
    answers = predictor.predict([data for data, _ in NOT_IMAGES.values()])
    for answer, (_, words) in zip(answers, NOT_IMAGES.values(), strict=True):
        assert answer.error["code"] == "E_NOT_IMAGE"
        assert words in answer.error["message"]
    assert predictor.predict([]) == []


@pytest.mark.parametrize("wrong", [7, None, [7], [None], object()])
def test_what_is_no_source_is_refused(predictor, wrong):
    with pytest.raises(ConfigError, match="cannot predict on a"):
        predictor.predict(wrong)


@pytest.mark.parametrize("text", ["{}", "{}/*.jpg"])
def test_a_folder_or_glob_without_images_is_refused(predictor, tmp_path, text):
    with pytest.raises(ConfigError, match="holds no image"):
        predictor.predict(text.format(tmp_path))


def test_an_empty_folder_among_others_loses_none_of_them(predictor, photo, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    answers = predictor.predict([empty, photo, f"{empty}/*.png"])
    codes = [answer.error and answer.error["code"] for answer in answers]
    assert codes == ["E_NO_PICTURE", None, "E_NO_PICTURE"]
    assert "holds no image" in answers[0].error["message"]


def test_bytes_in_other_wrappings_are_one_image(predictor, photo):
    expected = predictor.predict(photo)
    data = photo.read_bytes()
    with photo.open("rb") as file:
        for source in (BytesIO(data), file, bytearray(data), memoryview(data)):
            same(predictor.predict(source), expected)
    with photo.open(encoding="latin-1") as text, pytest.raises(ConfigError, match="binary file"):
        predictor.predict(text)
    with pytest.raises(ConfigError, match="cannot predict on a dict"):
        predictor.predict({"photo": photo})


def test_messages_say_what_to_do_without_a_table(predictor, tmp_path):
    (tmp_path / "page.jpg").write_text("<html>")
    (tmp_path / "phone.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    given = [tmp_path, tmp_path / "no.jpg", "https://example.org/a.jpg", ""]
    page, phone, missing, address, empty = (p.error["message"] for p in predictor.predict(given))
    assert "empty name" in empty
    assert "HEIC" in phone
    assert "download it first" in address
    assert missing == "found no such file; expected an image; mend the path"
    assert "row" not in page + phone + missing + address


def test_the_json_has_the_shape_that_is_promised(predictor, photo):
    entry = json.loads(json.dumps(predictor.predict(str(photo)).to_dict()))
    assert list(entry) == ["image", "width", "height", "tasks"]
    assert (entry["image"], entry["width"], entry["height"]) == (str(photo), 64, 48)
    contents, daytime = entry["tasks"]["contents"], entry["tasks"]["daytime"]
    assert list(contents) == ["type", "labels", "probabilities"]
    assert contents["type"] == "tags"
    assert list(contents["probabilities"]) == list(predictor.tasks["contents"].classes)
    assert set(contents["labels"]) <= set(contents["probabilities"])
    assert list(daytime) == ["type", "label", "probabilities"]
    assert daytime["type"] == "class"
    assert sum(daytime["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert daytime["label"] == max(daytime["probabilities"], key=daytime["probabilities"].get)


def test_the_size_of_a_batch_changes_nothing(predictor, scenes):
    whole = predictor.predict(scenes / "images", batch_size=36)
    for size in (1, 5):
        for one, other in zip(
            whole, predictor.predict(scenes / "images", batch_size=size), strict=True
        ):
            assert one.image == other.image
            same(one, other, 1e-5)


def test_an_answer_can_be_drawn(predictor, photo, tmp_path):
    answer = predictor.predict(photo)
    for name, code in (("drawn.xyz", "E_CONFIG"), ("drawn", "E_CONFIG"), ("no/d.png", "E_WRITE")):
        with pytest.raises(PolyheadError, match="d") as caught:
            answer.save(tmp_path / name)
        assert caught.value.code == code
    with pytest.raises(KeyError, match='Did you mean "contents"'):
        answer["content"]
    answer.save(tmp_path / "drawn.png")
    with Image.open(tmp_path / "drawn.png") as drawn:
        assert drawn.size > (64, 48)


def test_a_run_that_was_moved_and_whose_data_are_gone_predicts(trained, tmp_path, photo):
    moved = shutil.copytree(trained.path, tmp_path / "elsewhere")
    text = (moved / "config.resolved.yaml").read_text()
    (moved / "config.resolved.yaml").write_text(text.replace("scenes", "gone"))
    same(polyhead.load(moved).predict(photo), polyhead.load(trained.path).predict(photo))


def edit_classes(run, change):
    content = json.loads(run.classes.read_text())
    change(content)
    run.classes.write_text(json.dumps(content))


def flip_a_bit(run):
    data = bytearray(run.best_weights.read_bytes())
    data[len(data) // 2] ^= 1
    run.best_weights.write_bytes(data)


def cut(run):
    run.best_weights.write_bytes(run.best_weights.read_bytes()[:-100])


DAMAGE = {
    "bit": (flip_a_bit, "E_HASH", "damaged"),
    "truncated": (cut, "E_HASH", "damaged"),
    "empty": (lambda run: run.best_weights.write_bytes(b""), "E_HASH", "damaged"),
    "pickle": (
        lambda run: run.best_weights.write_bytes(b"PK\x03\x04" + bytes(64)),
        "E_PICKLE",
        "pickle",
    ),
    "no weights": (lambda run: run.best_weights.unlink(), "E_CHECKPOINT", "--resume"),
    "no classes": (lambda run: run.classes.unlink(), "E_CHECKPOINT", "has no classes.json"),
    "classes no json": (lambda run: run.classes.write_text("{"), "E_CHECKPOINT", "cannot be read"),
    "classes a list": (lambda run: run.classes.write_text("[]"), "E_CHECKPOINT", "cannot be read"),
    "other version": (
        lambda run: edit_classes(run, lambda c: c.update(format_version=3)),
        "E_FORMAT_VERSION",
        "format version 3",
    ),
    "other type": (
        lambda run: edit_classes(run, lambda c: c["tasks"]["contents"].update(type="tag")),
        "E_CHECKPOINT",
        'Did you mean "tags"',
    ),
    "no thresholds": (
        lambda run: edit_classes(run, lambda c: c["tasks"]["contents"].pop("thresholds")),
        "E_CHECKPOINT",
        "thresholds",
    ),
    "fewer classes": (
        lambda run: edit_classes(run, lambda c: c["tasks"]["daytime"]["classes"].pop()),
        "E_STATE",
        "to_daytime",
    ),
    "no task": (
        lambda run: edit_classes(run, lambda c: c["tasks"].pop("daytime")),
        "E_CHECKPOINT",
        "daytime",
    ),
}


def test_a_run_of_format_1_answers_as_before(trained, tmp_path, scenes):
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))

    def as_written_then(content):
        tasks = content["tasks"]
        content.clear()
        content.update(format_version=1, tasks=tasks)

    edit_classes(run, as_written_then)
    image = scenes / "images" / "000000.jpg"
    expected = polyhead.load(trained.path).predict(image).to_dict()
    assert polyhead.load(run.path).predict(image).to_dict() == expected


def test_what_is_needed_to_answer_without_the_config_is_in_classes_json(trained):
    content = json.loads(trained.classes.read_text())
    assert content["format_version"] == 2
    assert content["image_size"] == [32, 32]
    assert content["preprocessing"] == {
        "resize": "stretch",
        "pixel_range": None,
        "float_range": None,
    }


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_run_is_refused_whole(trained, tmp_path, name):
    damage, code, words = DAMAGE[name]
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))
    damage(run)
    with pytest.raises(CheckpointError) as caught:
        polyhead.load(run.path)
    assert caught.value.code == code
    assert words in caught.value.message


def test_a_wrong_path_names_the_runs_nearby(trained, tmp_path):
    with pytest.raises(CheckpointError, match="tiny-001") as caught:
        polyhead.load(trained.path.parent / "tiny-01")
    assert caught.value.code == "E_RUN"
    for name in ("model.pt", "model.pth", "model.pkl", "last.ckpt"):
        (tmp_path / name).write_bytes(b"\x80\x04.")
        with pytest.raises(CheckpointError, match="pickle") as caught:
            polyhead.load(tmp_path / name)
        assert caught.value.code == "E_PICKLE"


@pytest.mark.parametrize("device", ["cuda:99", "gpu", "cpu:0", "mps:1"])
def test_a_device_that_is_not_there_names_those_that_are(trained, device):
    with pytest.raises(ConfigError, match="expected auto, cpu"):
        polyhead.load(trained.path, device=device)


def test_last_weights_can_be_chosen(trained, photo):
    assert load_predictor(trained.path, weights="last").predict(photo).error is None
