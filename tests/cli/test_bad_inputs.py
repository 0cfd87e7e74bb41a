"""Bad images, tables, configs and run folders through the command line: code and exit code.

The rows of the table of bad inputs; what each room does with them in detail is tested there.
"""

import json
import shutil

import bad_configs
import bad_tables
import pytest
from data.image_files import NOT_IMAGES, bomb, encoded, scene

from polyhead.runtime.run_folder import RunFolder

# What one fault entails: a row without a name has no image, a torn one repeats another.
FOLLOWING = {"E_DUPLICATE_ROW", "E_IMAGE_UNREADABLE"}


@pytest.mark.parametrize("name", bad_tables.CASES)
def test_check_finds_the_fault_and_no_other(shell, tmp_path, name):
    build, code, exit_code = bad_tables.CASES[name]
    bad_tables.good(tmp_path)
    bad_tables.config(tmp_path)
    build(tmp_path)
    assert shell("check", tmp_path / "c.yaml") == exit_code, shell.err
    assert "Traceback" not in shell.err
    if code is None:
        assert shell.codes == set()
    else:
        assert code in shell.codes
        errors = {found for found in shell.codes if found.startswith("E_")}
        assert errors <= {code, "E_DATA", *FOLLOWING}


@pytest.mark.parametrize("name", bad_configs.CASES)
def test_a_wrong_config_is_a_usage_error_that_says_where(shell, tmp_path, name):
    text, words = bad_configs.CASES[name]
    bad_tables.write(tmp_path, bad_tables.rows())
    data = text if isinstance(text, bytes) else text.encode()
    (tmp_path / "c.yaml").write_bytes(data)
    for verb in ("check", "train"):
        assert shell(verb, tmp_path / "c.yaml") == 2
        assert words in shell.err
        assert shell.codes == {"E_CONFIG"}
        assert shell.out == ""
        assert "Traceback" not in shell.err


def test_a_good_config_is_none_of_these(shell, tmp_path):
    bad_tables.good(tmp_path)
    bad_tables.write(tmp_path, bad_tables.rows())
    (tmp_path / "c.yaml").write_text(bad_configs.GOOD)
    assert shell("check", tmp_path / "c.yaml") == 0


def test_predict_names_what_each_image_is(shell, trained, tmp_path):
    files = {f"{name}.jpg": data for name, (data, _) in NOT_IMAGES.items()}
    files |= {"half.jpg": encoded(scene(), "JPEG")[:800], "huge.png": bomb()}
    files |= {"good.png": encoded(scene())}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder.jpg").mkdir()
    paths = [tmp_path / name for name in files]
    assert shell("predict", trained.path, *paths, tmp_path / "no.jpg", "--json") == 1
    answers = [json.loads(line) for line in shell.out.splitlines()]
    assert [answer["image"] for answer in answers] == [*map(str, paths), str(tmp_path / "no.jpg")]
    codes = [answer.get("error", {}).get("code") for answer in answers]
    expected = ["E_NOT_IMAGE"] * len(NOT_IMAGES)
    assert codes == [*expected, "E_TRUNCATED", "E_TOO_LARGE", None, "E_IMAGE_MISSING"]
    assert f"{len(NOT_IMAGES) + 3} of {len(paths) + 1} images" in shell.err


def rewrite(path, change):
    path.write_bytes(change(path.read_bytes()))


def flipped(data):
    return data[:500] + bytes([data[500] ^ 1]) + data[501:]


def newest(run):
    return max(run.checkpoints.glob("step-*"))


def spoil_checkpoints(run):
    for folder in run.checkpoints.glob("step-*"):
        rewrite(folder / "model.safetensors", flipped)


def link_weights(run):
    moved = run.path / "elsewhere"
    shutil.copytree(newest(run), moved)
    for folder in run.checkpoints.glob("step-*"):
        shutil.rmtree(folder)
    (run.checkpoints / "step-000000012").symlink_to(moved)


RUNS = {
    "no such run": (lambda run: shutil.rmtree(run.path), "predict", "E_RUN", 1),
    "an empty folder": (
        lambda run: (shutil.rmtree(run.path), run.path.mkdir()),
        "predict",
        "E_RUN",
        1,
    ),
    "a changed byte": (
        lambda run: rewrite(run.best_weights, flipped),
        "predict",
        "E_HASH",
        1,
    ),
    "cut weights": (
        lambda run: rewrite(run.best_weights, lambda data: data[:1000]),
        "predict",
        "E_HASH",
        1,
    ),
    "another program's weights": (
        lambda run: rewrite(run.best_weights, lambda _: b"\x02" + bytes(7) + b"{}"),
        "predict",
        "E_HASH",
        1,
    ),
    "a pickle for weights": (
        lambda run: rewrite(run.best_weights, lambda _: b"\x80\x04]."),
        "predict",
        "E_PICKLE",
        1,
    ),
    "no weights": (lambda run: run.best_weights.unlink(), "predict", "E_CHECKPOINT", 1),
    "no class names": (lambda run: run.classes.unlink(), "predict", "E_CHECKPOINT", 1),
    "a newer format": (
        lambda run: rewrite(
            run.classes, lambda d: d.replace(b'"format_version": 2', b'"format_version": 9')
        ),
        "predict",
        "E_FORMAT_VERSION",
        1,
    ),
    "other class names": (
        lambda run: rewrite(run.classes, lambda data: data.replace(b'"dusk",', b"")),
        "predict",
        "E_STATE",
        1,
    ),
    "a broken config": (
        lambda run: run.resolved_config.write_text("tasks: ["),
        "predict",
        "E_CONFIG",
        2,
    ),
    "no split": (lambda run: run.split.unlink(), "evaluate", "E_SPLIT", 3),
    "a split of other words": (
        lambda run: run.split.write_bytes(b"image,split\n"),
        "evaluate",
        "E_SPLIT",
        3,
    ),
    "only damaged checkpoints": (spoil_checkpoints, "train", "E_CHECKPOINT", 1),
    "a linked checkpoint": (link_weights, "train", "E_CHECKPOINT", 1),
    "an extra file in a checkpoint": (
        lambda run: [
            (folder / "extra.pkl").write_bytes(b"x") for folder in run.checkpoints.glob("step-*")
        ],
        "train",
        "E_CHECKPOINT",
        1,
    ),
    "another recipe": (
        lambda run: rewrite(run.resolved_config, lambda d: d.replace(b"epochs: 3", b"epochs: 4")),
        "train",
        "E_CHECKPOINT",
        1,
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_cannot_be_trusted_is_refused(shell, scenes, trained, tmp_path, name):
    spoil, verb, code, exit_code = RUNS[name]
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))
    spoil(run)
    words = {
        "predict": ["predict", run.path, scenes / "images" / "000000.jpg"],
        "evaluate": ["evaluate", run.path],
        "train": ["train", "--resume", run.path],
    }[verb]
    assert shell(*words) == exit_code, shell.err
    assert code in shell.codes
    assert shell.out == ""
    assert "Traceback" not in shell.err


def test_one_damaged_checkpoint_is_passed_over(shell, trained, tmp_path):
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "run"))
    rewrite(newest(run) / "ema.safetensors", flipped)
    assert shell("train", "--resume", run.path) == 0, shell.err
    assert shell.out == f"{run.path}\n"
    assert "resuming after step 8" in shell.err
    assert run.best_weights.read_bytes() == trained.best_weights.read_bytes()
