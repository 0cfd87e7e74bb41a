"""Crash-safe files: whatever fails, the old or the new content is there, never a mixture."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead import files
from polyhead.errors import PolyheadError

OLD, NEW = b"old" * 1000, b"new!" * 1000
CALLS = ("open", "write", "fsync", "replace")


class Faults:
    """Makes the k-th of the system calls that writing uses fail, once."""

    def __init__(self, monkeypatch, fail_at, error, calls=CALLS):
        self.made, self.fail_at, self.error = [], fail_at, error
        for name in calls:
            monkeypatch.setattr(os, name, self.wrap(name, getattr(os, name)))

    def wrap(self, name, original):
        def call(*args, **kwargs):
            self.made.append(name)
            if len(self.made) == self.fail_at:
                raise self.error
            return original(*args, **kwargs)

        return call


def system_error(number):
    return OSError(number, os.strerror(number))


def short_writes(monkeypatch, most=7):
    """Let the system take only a few bytes at a time, as it may."""
    original = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: original(fd, bytes(data[:most])))


def test_write_bytes_replaces_content_and_returns_its_hash(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(OLD)
    assert files.write_bytes(path, NEW) == hashlib.sha256(NEW).hexdigest()
    assert path.read_bytes() == NEW
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EIO, errno.EPERM, errno.EDQUOT, errno.EROFS]
)
@pytest.mark.parametrize("fail_at", range(1, 7))
def test_every_failing_call_leaves_old_or_new_content(tmp_path, number, fail_at):
    path = tmp_path / "file"
    path.write_bytes(OLD)
    with pytest.MonkeyPatch.context() as patch:
        Faults(patch, fail_at, system_error(number))
        with pytest.raises(PolyheadError) as caught:
            files.write_bytes(path, NEW)
    assert caught.value.code == "E_WRITE"
    assert os.strerror(number) in caught.value.message
    assert str(tmp_path) in caught.value.message
    # The calls are: open, write, fsync, replace, then open and fsync of the folder.
    assert path.read_bytes() == (OLD if fail_at <= 4 else NEW)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_file_then_folder_are_synchronised_around_the_rename(tmp_path, monkeypatch):
    faults = Faults(monkeypatch, 0, OSError())
    files.write_bytes(tmp_path / "file", NEW)
    assert faults.made == ["open", "write", "fsync", "replace", "open", "fsync"]


@pytest.mark.parametrize("written", range(12))
def test_disk_that_fills_up_during_the_write_leaves_the_old_content(tmp_path, written):
    path = tmp_path / "file"
    path.write_bytes(OLD)
    with pytest.MonkeyPatch.context() as patch:
        short_writes(patch)
        Faults(patch, written + 1, system_error(errno.ENOSPC), calls=("write",))
        with pytest.raises(PolyheadError, match=r"The previous content is unchanged\. Free some"):
            files.write_bytes(path, NEW)
    assert path.read_bytes() == OLD
    assert not list(tmp_path.glob("*.tmp"))


def test_short_writes_are_continued(tmp_path, monkeypatch):
    short_writes(monkeypatch)
    files.write_bytes(tmp_path / "file", NEW)
    assert (tmp_path / "file").read_bytes() == NEW


def test_a_lying_disk_is_noticed_before_the_rename(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(OLD)
    original = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: original(fd, bytes(len(data))))
    with pytest.raises(PolyheadError, match="reads back differently"):
        files.write_bytes(path, NEW)
    assert path.read_bytes() == OLD


def test_interruption_removes_the_temporary_file_and_passes_through(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(OLD)
    Faults(monkeypatch, 3, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        files.write_bytes(path, NEW)
    assert path.read_bytes() == OLD
    assert not list(tmp_path.glob("*.tmp"))


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(PolyheadError, match=r"absent.file: No such file.*Create the folder"):
        files.write_bytes(tmp_path / "absent" / "file", NEW)


def test_a_temporary_file_of_an_earlier_crash_is_no_obstacle(tmp_path):
    (tmp_path / "file.tmp").write_bytes(b"x" * 9999)
    files.write_bytes(tmp_path / "file", NEW)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_write_text_escapes_what_utf8_lacks(tmp_path):
    files.write_text(tmp_path / "file", "naïve 日本 \udcff")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "naïve 日本 \\udcff"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=50)
@given(value=JSON)
def test_write_json_is_exact(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("json") / "file.json"
    files.write_json(path, value)
    assert json.loads(path.read_bytes()) == value


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), {"a": [float("-inf")]}, {"a": object()}]
)
def test_write_json_refuses_what_json_lacks(tmp_path, value):
    path = tmp_path / "file.json"
    path.write_bytes(OLD)
    with pytest.raises(PolyheadError, match=r"file\.json.*write null") as caught:
        files.write_json(path, value)
    assert caught.value.code == "E_JSON"
    assert path.read_bytes() == OLD


@settings(deadline=None, max_examples=50)
@given(records=st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=5))
def test_appended_lines_read_back(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("lines") / "metrics.jsonl"
    path.touch()
    for record in records:
        files.append_line(path, record)
    assert files.read_jsonl(path) == records


def test_a_torn_last_line_is_left_out_wherever_it_was_torn(tmp_path):
    path = tmp_path / "metrics.jsonl"
    files.append_line(path, {"step": 1})
    start = path.stat().st_size
    files.append_line(path, {"step": 2, "text": "é" * 5})
    data = path.read_bytes()
    for end in range(start, len(data)):
        path.write_bytes(data[:end])
        assert files.read_jsonl(path) == [{"step": 1}]
        files.append_line(path, {"step": 3})
        assert files.read_jsonl(path) == [{"step": 1}, {"step": 3}]


def test_a_torn_line_longer_than_one_read_is_cut_off(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"step": 1}\n' + b"x" * 200_000)
    files.append_line(path, {"step": 2})
    assert files.read_jsonl(path) == [{"step": 1}, {"step": 2}]
    path.write_bytes(b"x" * 200_000)
    files.append_line(path, {"step": 3})
    assert files.read_jsonl(path) == [{"step": 3}]


@pytest.mark.parametrize("fail_at", range(1, 6))
def test_a_failed_append_keeps_the_earlier_lines(tmp_path, fail_at):
    path = tmp_path / "metrics.jsonl"
    files.append_line(path, {"step": 1})
    with pytest.MonkeyPatch.context() as patch:
        short_writes(patch, most=2)
        Faults(patch, fail_at, system_error(errno.ENOSPC), calls=("open", "write"))
        with pytest.raises(PolyheadError, match="The earlier lines are unchanged"):
            files.append_line(path, {"step": 2})
    assert path.read_bytes() == b'{"step": 1}\n'


@pytest.mark.parametrize("line", [b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_a_broken_line_in_the_middle_is_named(tmp_path, line):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"step": 1}\n' + line + b'\n{"step": 2}\n')
    with pytest.raises(PolyheadError, match=r"metrics\.jsonl:2 is not a JSON object") as caught:
        files.read_jsonl(path)
    assert caught.value.code == "E_JSON"


def test_append_refuses_nan(tmp_path):
    with pytest.raises(PolyheadError, match="not JSON compliant"):
        files.append_line(tmp_path / "metrics.jsonl", {"loss": float("nan")})
    assert not list(tmp_path.iterdir())


def test_rename_folder_names_both_when_it_fails(tmp_path):
    with pytest.raises(PolyheadError, match=r"rename .*absent to .*target"):
        files.rename_folder(tmp_path / "absent", tmp_path / "target")


def test_rename_folder_renames(tmp_path):
    (tmp_path / "source").mkdir()
    files.rename_folder(tmp_path / "source", tmp_path / "target")
    assert (tmp_path / "target").is_dir()


WRITER = """
import sys
from pathlib import Path
from polyhead.files import write_bytes
path = Path(sys.argv[1])
while True:
    for letter in (b"a", b"b"):
        write_bytes(path, letter * 2_000_000)
        print("saved", flush=True)
"""


def test_a_killed_writer_leaves_one_whole_content(tmp_path):
    path = tmp_path / "file"
    for delay in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(delay + 1):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        assert path.read_bytes() in {b"a" * 2_000_000, b"b" * 2_000_000}


def test_the_room_needs_no_torch():
    code = "import sys, polyhead.files; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path.cwd(), check=False).returncode == 0
