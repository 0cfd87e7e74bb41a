"""How many processors a process may use, by fake files of control groups."""

import os

import pytest

from polyhead.processors import num_processors


@pytest.fixture(autouse=True)
def _sixteen_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(16)), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)


def system(root, groups, **files):
    """A root with /proc/self/cgroup and files below /sys/fs/cgroup."""
    for name, text in {"proc/self/cgroup": groups, **files}.items():
        path = root / (name if name.startswith("proc") else f"sys/fs/cgroup/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return num_processors(root)


def test_without_control_groups_the_affinity_counts(tmp_path, monkeypatch):
    assert num_processors(tmp_path) == 16
    monkeypatch.delattr(os, "sched_getaffinity")
    assert num_processors(tmp_path) == 64


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("200000 100000", 2),
        ("max 100000", 16),
        ("150000 100000", 1),  # a second thread would be stopped half of the time
        ("50000 100000", 1),
        ("3200000 100000", 16),  # more than the cores
        ("", 16),
        ("nonsense", 16),
    ],
)
def test_version_2_of_a_container(tmp_path, limit, expected):
    assert system(tmp_path, "0::/", **{"cpu.max": limit}) == expected


def test_the_least_of_a_group_and_those_above_it(tmp_path):
    files = {"pods/cpu.max": "400000 100000", "pods/one/cpu.max": "max 100000"}
    assert system(tmp_path, "0::/pods/one", **files) == 4
    assert system(tmp_path, "0::/pods/one", **{"pods/one/cpu.max": "300000 100000"}) == 3


@pytest.mark.parametrize("mount", ["cpu,cpuacct", "cpu"])
@pytest.mark.parametrize("folder", ["", "docker/abc/"])
def test_version_1_of_a_container_and_its_host(tmp_path, mount, folder):
    groups = "12:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc"
    where = f"{mount}/{folder}"
    files = {f"{where}cpu.cfs_quota_us": "250000", f"{where}cpu.cfs_period_us": "100000"}
    assert system(tmp_path, groups, **files) == 2
    assert system(tmp_path, groups, **files | {f"{where}cpu.cfs_quota_us": "-1"}) == 16


def test_other_controllers_are_no_limit(tmp_path):
    files = {"cpuset/cpu.max": "100000 100000"}
    assert system(tmp_path, "3:cpuset:/\n0::/user.slice", **files) == 16
