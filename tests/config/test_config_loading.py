"""A config file: what loads, and what each fault says."""

from pathlib import Path

import pytest
from yaml_files import VALID, write

from polyhead.config import Config, apply_override, load_config, validate
from polyhead.errors import ConfigError
from polyhead.tasks import TagsConfig

LOOK_ALIKES = ("no", "012", "1e3", "12:30", "null", "~", "yes", "0x1F", "2024-01-01", "1_000", ".5")


def refused(path, *overrides) -> str:
    with pytest.raises(ConfigError) as found:
        load_config(path, overrides)
    assert found.value.exit_code == 2
    assert found.value.code.startswith("E_")
    return found.value.message


def test_a_valid_file_is_typed(tmp_path):
    config = load_config(write(tmp_path, VALID))
    assert config.name == "street"
    assert config.train.epochs == 3
    assert config.model.image_size == (64, 64)
    assert list(config.tasks) == ["contents", "daytime"]
    assert config.tasks["daytime"].type == "class"


def test_a_byte_order_mark_and_windows_line_ends_are_read_over(tmp_path):
    plain = load_config(write(tmp_path, VALID))
    assert load_config(write(tmp_path, "\ufeff" + VALID.replace("\n", "\r\n"))) == plain


def test_class_names_that_look_like_other_types_stay_themselves(tmp_path):
    listed = VALID.replace("[day, night]", f"[{', '.join(LOOK_ALIKES)}]")
    assert load_config(write(tmp_path, listed)).tasks["daytime"].classes == LOOK_ALIKES


def test_relative_paths_start_at_the_folder_of_the_file(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    write(folder, VALID)
    monkeypatch.chdir(tmp_path)
    data = load_config("project/polyhead.yaml").data
    assert data.annotations == folder / "labels.csv"
    assert data.images == folder / "images"


def test_absolute_and_home_paths_stay(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    text = VALID.replace("labels.csv", "/data/labels.csv").replace("images/", "~/pictures")
    data = load_config(write(tmp_path, text)).data
    assert data.annotations == Path("/data/labels.csv")
    assert data.images == Path("/home/somebody/pictures")


def test_the_home_of_nobody_is_refused(tmp_path):
    text = VALID.replace("images/", "~nobody-of-that-name/x")
    assert "`data.images`" in refused(write(tmp_path, text))


@pytest.mark.parametrize(
    ("key", "left_out"),
    [
        ("train:\n  epochs: 3\n", "train:\n  # epochs: 3\n"),
        ("  images: images/\n", "  images:\n"),
        ("  images: images/\n", "  split: {column: }\n"),
    ],
)
def test_a_key_with_nothing_after_its_colon_counts_as_left_out(tmp_path, key, left_out):
    without = load_config(write(tmp_path, VALID.replace(key, "")))
    assert load_config(write(tmp_path, VALID.replace(key, left_out))) == without


def test_a_needed_key_with_nothing_after_its_colon_is_missing(tmp_path):
    message = refused(write(tmp_path, VALID.replace("labels.csv", "")))
    assert "key `data.annotations` is missing" in message


@pytest.mark.parametrize(
    ("found", "written", "key", "hint"),
    [
        ("train:", "trian:", "trian", "train"),
        ("epochs:", "epoch:", "train.epoch", "epochs"),
        ("images:", "image:", "data.image", "images"),
        ("images: images/", "split: {vall: .2}", "data.split.vall", "val"),
        ("image_size:", "imagesize:", "model.imagesize", "image_size"),
        ("{type: tags}", "{type: tags, colum: x}", "tasks.contents.colum", "column"),
        ("classes:", "clases:", "tasks.daytime.clases", "classes"),
        ("epochs: 3", "augment: {flipp: true}", "train.augment.flipp", "flip"),
        ("epochs: 3", "sampler: {nam: none}", "train.sampler.nam", "name"),
        (
            "{type: tags}",
            "{type: tags, rules: {exclusiv: [[a, b]]}}",
            "tasks.contents.rules.exclusiv",
            "exclusive",
        ),
    ],
)
def test_an_unknown_key_is_refused_with_its_line_and_the_nearest(
    tmp_path, found, written, key, hint
):
    text = VALID.replace(found, written)
    line = next(i for i, row in enumerate(text.splitlines(), 1) if written in row)
    path = write(tmp_path, text)
    assert refused(path) == f'{path}:{line}: unknown key `{key}`. Did you mean "{hint}"?'


@pytest.mark.parametrize(
    ("found", "written", "key", "expected"),
    [
        ("epochs: 3", "epochs: many", "train.epochs", 'a whole number (found "many")'),
        ("epochs: 3", "epochs: true", "train.epochs", 'a whole number (found "true")'),
        ("epochs: 3", "epochs: 2.5", "train.epochs", 'a whole number (found "2.5")'),
        ("epochs: 3", "epochs: 0", "train.epochs", 'greater than or equal to 1 (found "0")'),
        ("epochs: 3", "epochs: [1]", "train.epochs", "a whole number"),
        ("epochs: 3", "clip: soft", "train.clip", 'a number (found "soft")'),
        ("epochs: 3", "clip: inf", "train.clip", "finite"),
        ("epochs: 3", "clip: nan", "train.clip", "finite"),
        ("epochs: 3", "workers: some", "train.workers", "a whole number, or 'auto'"),
        ("epochs: 3", "workers: -1", "train.workers", "or equal to 0, or 'auto' (found \"-1\")"),
        ("epochs: 3", "precision: fp61", "train.precision", "Choices: auto, bf16, fp32"),
        ("epochs: 3", "precision: fp3", "train.precision", 'Did you mean "fp32"?'),
        ("epochs: 3", "device: gpu", "train.device", "expected auto, cpu, cuda"),
        ("images: images/", "cache: maybe", "data.cache", "true or false"),
        ("images: images/", "images: [a, b]", "data.images", "a path"),
        ("images: images/", "split: {val: .5, test: .5}", "data.split", "too little to train on"),
        ("images: images/", "split: {method: column}", "data.split", "go together"),
        ("image_size: 64", "image_size: big", "model.image_size", 'whole number (found "big")'),
        ("image_size: 64", "image_size: [64]", "model.image_size", "one number or [height, width]"),
        ("image_size: 64", "image_size: 8", "model.image_size", "between 16 and 4096"),
        ("{type: tags}", "tags", "tasks.contents", 'keys of its own (found "tags")'),
        (
            "{type: tags}",
            "{column: a}",
            "tasks.contents",
            "has no `type`; expected one of boxes, class",
        ),
        ("{type: tags}", "{type: tag}", "tasks.contents.type", 'Did you mean "tags"?'),
        ("{type: tags}", "{type: tags, columns: 'a:*'}", "tasks.contents.columns", "a list"),
        ("{type: tags}", "{type: tags, weight: 0}", "tasks.contents.weight", "greater than 0"),
        ("{type: tags}", "{type: tags, loss: [a]}", "tasks.contents.loss", "keys of its own"),
        (
            "{type: tags}",
            "{type: tags, loss: [a]}",
            "tasks.contents.loss",
            "found ['a']; expected a",
        ),
        (
            "{type: tags}",
            "{type: tags, thresholds: f1}",
            "tasks.contents.thresholds",
            "recall>=0.9.",
        ),
        ("epochs: 3", "augment: lots", "train.augment", 'found "lots"; expected default, none or'),
        ("{type: tags}", "{type: tags, loss: {x: 1}}", "tasks.contents.loss.name", "is missing"),
        ("{type: tags}", "{type: tags, column: a, columns: [b]}", "tasks.contents", "one of them"),
        ("[day, night]", "[day, day]", "tasks.daytime.classes", 'the class "day" twice'),
        ("[day, night]", "[day, ' night']", "tasks.daytime.classes", "without spaces"),
    ],
)
def test_a_wrong_value_is_refused_with_its_line_key_and_mend(
    tmp_path, found, written, key, expected
):
    text = VALID.replace(found, written)
    line = next(i for i, row in enumerate(text.splitlines(), 1) if written in row)
    message = refused(write(tmp_path, text))
    assert f":{line}: " in message
    assert f"`{key}`" in message
    assert expected in message
    assert not message.endswith("..")
    assert len(message.splitlines()) == 1


def test_keys_of_augment_are_not_compared_with_its_names(tmp_path):
    message = refused(write(tmp_path, VALID.replace("epochs: 3", "augment: {crop: 7}")))
    assert message.endswith(
        '`train.augment.crop`: Input should be less than or equal to 1 (found "7").'
    )
    assert len(message.splitlines()) == 1


def test_every_fault_is_listed_once(tmp_path):
    text = VALID.replace("epochs: 3", "epochs: x\n  batch_size: y\n  seed: z")
    assert len(refused(write(tmp_path, text)).splitlines()) == 3


@pytest.mark.parametrize("name", ["1a", "a/b", "a.b", "-a", " ", "a\\b", "<b>", "../x"])
def test_task_names_that_cannot_name_files_are_refused(tmp_path, name):
    text = VALID.replace("contents:", f"'{name}':")
    assert "should start with a letter" in refused(write(tmp_path, text))


@pytest.mark.parametrize("name", ["type", "keys", "class", "forward", "Größe", "色", "two words"])
def test_task_names_may_be_any_words(tmp_path, name):
    config = load_config(write(tmp_path, VALID.replace("contents:", f"{name}:")))
    assert name in config.tasks


def test_the_tasks_must_be_some(tmp_path):
    text = "data: {annotations: a.csv}\ntasks: {}\n"
    assert "`tasks`" in refused(write(tmp_path, text))


def test_booleans_are_no_numbers_from_python_either():
    value = {"data": {"annotations": "a"}, "tasks": {"t": {"type": "tags"}}}
    with pytest.raises(ConfigError, match="found epochs = True"):
        validate({**value, "train": {"epochs": True}}, "a mapping")
    assert (
        validate({**value, "model": {"pretrained": False}}, "a mapping").model.pretrained is False
    )


def test_a_missing_file_is_refused_with_the_nearest_name(tmp_path):
    write(tmp_path, VALID)
    assert 'Did you mean "polyhead.yaml"?' in refused(tmp_path / "polyheda.yaml")


def test_a_missing_file_alone_points_to_init(tmp_path):
    assert "polyhead init" in refused(tmp_path / "polyhead.yaml")
    assert "polyhead init" in refused(tmp_path / "no" / "such" / "folder.yaml")


def test_a_folder_is_refused(tmp_path):
    assert "is a folder" in refused(tmp_path)


def test_a_binary_file_is_refused(tmp_path):
    path = tmp_path / "polyhead.yaml"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff\xfe")
    assert "cannot be read as UTF-8 text" in refused(path)


def test_a_large_file_is_refused_unread(tmp_path):
    path = tmp_path / "polyhead.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a terabyte of holes
    assert "a config has at most" in refused(path)


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a list\n", "a word\n", "---\n"])
def test_a_file_without_keys_is_refused(tmp_path, text):
    assert "expected keys such as `data:`" in refused(write(tmp_path, text))


class TestSet:
    def test_values_are_typed_as_in_the_file(self, tmp_path):
        config = load_config(
            write(tmp_path, VALID),
            ["train.epochs=5", "train.learning_rate=1e-3", "model.image_size=[32, 48]"],
        )
        assert config.train.epochs == 5
        assert config.train.learning_rate == 1e-3
        assert config.model.image_size == (32, 48)

    def test_the_last_of_two_counts(self, tmp_path):
        config = load_config(write(tmp_path, VALID), ["train.epochs=5", "train.epochs=6"])
        assert config.train.epochs == 6

    def test_components_may_be_named_alone_or_with_options(self, tmp_path):
        path = write(tmp_path, VALID)
        short = load_config(path, ["tasks.contents.loss=softmax"]).tasks["contents"].loss
        assert (short.name, short.options) == ("softmax", {})
        long = load_config(path, ["tasks.contents.loss={name: bce, pos_weight: auto}"])
        assert long.tasks["contents"].loss.options == {"pos_weight": "auto"}

    def test_an_equals_sign_may_stand_in_the_value(self, tmp_path):
        config = load_config(write(tmp_path, VALID), ["tasks.contents.delimiter=="])
        contents = config.tasks["contents"]
        assert isinstance(contents, TagsConfig)
        assert contents.delimiter == "="

    def test_relative_paths_start_at_the_working_directory(self, tmp_path, monkeypatch):
        monkeypatch.chdir("/")
        config = load_config(write(tmp_path, VALID), ["data.annotations=other.csv"])
        assert config.data.annotations == Path("/other.csv")

    def test_nothing_after_the_equals_sign_leaves_the_key_out(self, tmp_path):
        assert load_config(write(tmp_path, VALID), ["data.images="]).data.images is None

    @pytest.mark.parametrize(
        ("override", "expected"),
        [
            ("train.epochs", "expected key=value"),
            ("=5", "expected key=value"),
            ("name.x=3", '"name" holds no keys of its own'),
            ("train.epochs=[1", "not valid YAML"),
            ("train.epochs=*a", "aliases"),
            ("train.epoch=3", 'unknown key `train.epoch`. Did you mean "epochs"?'),
            ("a.b.c=3", "unknown key `a`"),
            ("data.images=[a]", "expected a path"),
            ("data.images=~nobody-of-that-name/x", "`data.images`"),
        ],
    )
    def test_a_wrong_override_is_refused(self, tmp_path, override, expected):
        assert expected in refused(write(tmp_path, VALID), override)

    def test_a_wrong_value_is_blamed_on_the_override_not_on_the_file(self, tmp_path):
        path = write(tmp_path, VALID)
        message = refused(path, "train.epochs=many")
        assert message.startswith("--set train.epochs=many: `train.epochs`")
        assert f"{path}:12: " in refused(write(tmp_path, VALID.replace("3", "x")), "name=other")

    def test_the_tree_is_changed_in_place(self):
        tree = {"train": {"epochs": "3"}}
        assert apply_override(tree, "train.seed=4") == ("train", "seed")
        assert tree == {"train": {"epochs": "3", "seed": "4"}}


def test_a_config_is_frozen(tmp_path):
    config = load_config(write(tmp_path, VALID))
    with pytest.raises(ValueError, match="frozen"):
        config.name = "other"


def test_the_resolved_config_loads_to_itself(tmp_path):
    config = load_config(write(tmp_path, VALID))
    assert Config.model_validate(config.model_dump(mode="json")) == config
