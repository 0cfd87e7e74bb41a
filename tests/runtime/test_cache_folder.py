"""Where resized images are kept."""

from pathlib import Path

import pytest

from polyhead.errors import PolyheadError
from polyhead.runtime.cache_folder import cache_root


def test_the_chosen_folder_goes_before_those_of_the_user(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/user")
    monkeypatch.setenv("POLYHEAD_CACHE_DIR", "/chosen")
    assert cache_root() == Path("/chosen")
    monkeypatch.delenv("POLYHEAD_CACHE_DIR")
    assert cache_root() == Path("/user/polyhead")


def test_a_user_without_a_home_is_told_the_mend(monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    for name in ("POLYHEAD_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(PolyheadError, match="POLYHEAD_CACHE_DIR names another"):
        cache_root()
