"""Systems other than Linux: what only POSIX has, other consoles, paths with backslashes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from tiny_runs import write_config

SCRIPT = Path(__file__).with_name("without_posix.py")


def run(*words, **variables):
    """A verb in a fresh interpreter without what only POSIX has."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, words)],
        capture_output=True,
        env={**os.environ, "PYTHONUTF8": "0", **variables},
        timeout=250,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
    return done


def hidden(statement):
    code = f"import sys; sys.path.insert(0, {str(SCRIPT.parent)!r}); import without_posix as w; "
    code += f"w.hide(); {statement}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)


def test_the_script_hides_what_it_says():
    """Else the tests below would see nothing."""
    assert "ModuleNotFoundError" in hidden("import fcntl").stderr
    assert hidden("import os, errno, signal; os.O_CLOEXEC").returncode
    assert hidden("import errno; errno.EDQUOT").returncode


@pytest.mark.parametrize("module", ["polyhead", "polyhead.runtime", "polyhead.formats"])
def test_rooms_are_imported_without_posix(module):
    done = hidden(f"import {module}")
    assert not done.returncode, done.stderr


def test_a_lock_without_posix_keeps_others_out_and_ends(tmp_path):
    statement = f"""
from pathlib import Path
from polyhead.errors import CheckpointError
from polyhead.runtime.lock import held_lock
path = Path({str(tmp_path / ".lock")!r})
for _ in range(2):
    with held_lock(path):
        try:
            with held_lock(path):
                print("taken twice")
        except CheckpointError as error:
            print(error.code)
"""
    done = hidden(f"exec({statement!r})")
    assert done.stdout.split() == ["E_LOCKED", "E_LOCKED"], done.stderr


def test_files_are_written_and_appended_without_posix(tmp_path):
    statement = f"""
from pathlib import Path
from polyhead.files import append_line, read_jsonl, write_text
path = Path({str(tmp_path / "metrics.jsonl")!r})
write_text(path, '{{"epoch": 1}}\\n')
append_line(path, {{"epoch": 2}})
print([record["epoch"] for record in read_jsonl(path)])
"""
    done = hidden(f"exec({statement!r})")
    assert done.stdout == "[1, 2]\n", done.stderr


@pytest.fixture(scope="module")
def config(scenes, tmp_path_factory):
    return write_config(tmp_path_factory.mktemp("platforms") / "tiny.yaml", scenes)


@pytest.mark.slow
def test_verbs_run_without_posix(config, scenes):
    folder = config.parent
    changes = ["train.epochs=1", "train.workers=0", "data.cache=true", "tasks.contents.column=tags"]
    sets = [word for change in changes for word in ("--set", change)]
    guessed = run("init", scenes, scenes / "labels.csv", "--out", folder / "guessed.yaml")
    assert not guessed.returncode, guessed.stderr
    checked = run("--with-torch", "check", config, *sets)
    assert not checked.returncode, checked.stderr
    runs = folder / "runs"
    trained = run("--with-torch", "train", config, *sets, "--runs", runs)
    assert not trained.returncode, trained.stderr
    (made,) = runs.iterdir()
    answered = run("--with-torch", "predict", made, scenes / "images", "--json", "--quiet")
    assert not answered.returncode, answered.stderr
    assert {"contents", "daytime"} <= set(json.loads(answered.stdout.splitlines()[0])["tasks"])
    table = folder / "answers.csv"
    assert not run("--with-torch", "predict", made, scenes / "images", "--csv", table).returncode
    assert table.read_bytes().count(b"\r\n") == len(answered.stdout.splitlines()) + 1


@pytest.fixture
def windows_tables(tmp_path):
    """An annotation file as a Windows program writes it: backslashes, labels in Chinese."""
    (tmp_path / "photos").mkdir()
    rows = ["image,标签"]
    for number in range(12):
        picture = Image.new("RGB", (32, 24), (20 * number, 0, 99))
        picture.putpixel((number, 3), (255, 255, 255))
        picture.save(tmp_path / f"photos/{number}.png")
        rows.append(f"photos\\{number}.png,{'汽车' if number % 2 else 'Straße'}")
    (tmp_path / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def test_backslashes_and_chinese_labels_on_a_console_in_cp1252(windows_tables, scenes):
    folder = windows_tables
    code = "from polyhead.cli import main; main()"

    def shown(*words):
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, words)],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
            timeout=250,
        )
        said = done.stdout.decode("cp1252") + done.stderr.decode("cp1252")
        assert "UnicodeEncodeError" not in said
        assert "E_INTERNAL" not in said, said
        return done.returncode, said

    config = folder / "polyhead.yaml"
    code_, said = shown("init", folder, folder / "labels.csv", "--out", config)
    assert code_ == 0, said
    assert "标签" in config.read_text(encoding="utf-8")
    code_, said = shown("check", config)
    assert code_ == 0, said
    assert "12 rows" in said
    assert "12 readable images" in said
    code_, said = shown("check", folder / "照片.yaml")
    assert code_ == 2
    assert "\\u7167\\u7247" in said
