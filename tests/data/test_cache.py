import multiprocessing
import os
import pickle
import shutil
import time
from collections import namedtuple
from functools import partial

import numpy as np
import pytest

from polyhead.data import ImageCache
from polyhead.data import cache as cache_module
from polyhead.errors import PolyheadError

SIZE = (6, 4)
NUM = 10


def path_of(folder, row):
    return folder / f"{row}.jpg"


def image(row):
    return np.full((*SIZE, 3), row + 1, np.uint8)


@pytest.fixture
def folder(tmp_path):
    for row in range(NUM):
        path_of(tmp_path, row).write_bytes(b"picture")
    return tmp_path


def opened(folder, num=NUM, size=SIZE):
    return ImageCache(folder / "cache", partial(path_of, folder), num, size)


def test_what_was_put_is_got_by_any_later_cache(folder):
    cache = opened(folder)
    assert cache.get(3) is None
    cache.put(3, image(3))
    for later in (cache, opened(folder), pickle.loads(pickle.dumps(cache))):
        got = later.get(3)
        assert got is not None
        np.testing.assert_array_equal(got, image(3))
        assert got.flags.writeable
        assert later.get(2) is None


def test_a_changed_or_vanished_file_is_a_miss(folder):
    cache = opened(folder)
    cache.put(0, image(0))
    cache.put(1, image(1))
    path_of(folder, 0).write_bytes(b"another image")
    os.utime(path_of(folder, 1), ns=(1, 1))
    assert cache.get(0) is None
    assert cache.get(1) is None
    path_of(folder, 0).unlink()
    assert cache.get(0) is None
    cache.put(0, image(0))
    assert cache.get(0) is None


def test_another_content_of_the_same_size_and_time_is_a_miss(folder):
    """As `cp -p`, `rsync -t` and unpacked archives leave it; in place, and by another file."""
    big = bytes(100_000)
    for place in (0, 50_000, 99_999):
        path_of(folder, 0).write_bytes(big)
        cache, before = opened(folder), os.stat(path_of(folder, 0))
        cache.put(0, image(0))
        assert cache.get(0) is not None
        path_of(folder, 0).write_bytes(big[:place] + b"x" + big[place + 1 :])
        os.utime(path_of(folder, 0), ns=(before.st_atime_ns, before.st_mtime_ns))
        assert os.stat(path_of(folder, 0)).st_size == before.st_size
        assert cache.get(0) is None


def test_a_swapped_file_is_a_miss_whatever_its_bytes(folder):
    cache, before = opened(folder), os.stat(path_of(folder, 0))
    cache.put(0, image(0))
    time.sleep(0.02)  # file systems count time in steps
    other = folder / "other"
    other.write_bytes(path_of(folder, 0).read_bytes())
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path_of(folder, 0))
    assert cache.get(0) is None


def test_a_file_that_changes_while_it_is_decoded_is_not_kept_as_its_new_version(folder):
    cache = opened(folder)
    assert cache.get(0) is None
    path_of(folder, 0).write_bytes(b"another image")
    cache.put(0, image(0))
    assert cache.get(0) is None


def test_another_table_size_or_preprocessing_is_a_miss(folder, monkeypatch):
    opened(folder).put(0, image(0))
    other = ImageCache(folder / "cache", lambda row: path_of(folder, row + 1), NUM, SIZE)
    assert other.get(0) is None
    assert opened(folder, size=(4, 6)).get(0) is None
    monkeypatch.setattr(cache_module, "PREPROCESSING", "next")
    assert opened(folder).get(0) is None


def test_more_rows_keep_what_is_there(folder):
    opened(folder, num=5).put(4, image(4))
    grown = opened(folder)
    np.testing.assert_array_equal(grown.get(4), image(4))
    grown.put(9, image(9))
    np.testing.assert_array_equal(opened(folder, num=5).get(4), image(4))


@pytest.mark.parametrize("suffix", ["pixels", "records"])
def test_a_damaged_or_cut_file_is_a_miss(folder, suffix):
    cache = opened(folder)
    cache.put(9, image(9))
    (file,) = (folder / "cache").glob(f"*.{suffix}")
    data = bytearray(file.read_bytes())
    data[-5] ^= 1
    file.write_bytes(data)
    assert cache.get(9) is None
    file.write_bytes(data[:-3])
    assert cache.get(9) is None
    cache.put(9, image(9))
    np.testing.assert_array_equal(cache.get(9), image(9))


def test_pixels_without_their_record_are_not_used(folder, monkeypatch):
    cache = opened(folder)
    written = []
    real = cache_module._write

    def dying(path, offset, data):
        if written:
            raise KeyboardInterrupt
        written.append(path.suffix)
        real(path, offset, data)

    monkeypatch.setattr(cache_module, "_write", dying)
    with pytest.raises(KeyboardInterrupt):
        cache.put(0, image(0))
    assert written == [".pixels"]
    assert opened(folder).get(0) is None


def fill(cache, rows):
    for row in rows:
        if cache.get(row) is None:
            cache.put(row, image(row))


def test_several_processes_share_one_cache(folder):
    cache = opened(folder)
    context = multiprocessing.get_context("spawn")
    jobs = [context.Process(target=fill, args=(cache, range(k, NUM))) for k in (0, 3)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    for row in range(NUM):
        np.testing.assert_array_equal(cache.get(row), image(row))


def test_too_little_space_is_said_before_anything_is_taken(folder, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(2**40, 2**40, 2**27))
    with pytest.raises(PolyheadError, match=r"needs 1\.5 GB.*found 0\.1 GB") as caught:
        opened(folder, num=10_000, size=(224, 224))
    assert caught.value.code == "E_CACHE_SPACE"
    assert list((folder / "cache").iterdir()) == []
    opened(folder)


def test_a_folder_that_cannot_be_made_is_told_with_the_mend(folder):
    (folder / "cache").write_text("no folder")
    with pytest.raises(PolyheadError, match="POLYHEAD_CACHE_DIR names") as caught:
        opened(folder)
    assert caught.value.code == "E_WRITE"


def test_other_images_are_refused(folder):
    with pytest.raises(ValueError, match="image"):
        opened(folder).put(0, np.zeros((4, 6, 3), np.uint8))
