"""Bundles on the disk: whole, verified to the last bit, or refused with a reason and a mend."""

import dataclasses
import json
import os
import random
import shutil

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from polyhead.errors import ConfigError
from polyhead.opening import load
from polyhead.runtime import bundle as bundles
from polyhead.runtime import engines
from polyhead.runtime.bundle import BundleError, Manifest, read_bundle, write_bundle
from polyhead.runtime.engines import OnnxEngine, OpenVinoEngine
from polyhead.tasks import NumberDecider

SIDE = 4


def mean_model():
    """Mean of all pixels of an image, as the value of the task `how/much`."""
    nodes = [
        helper.make_node("Cast", ["images"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["real", "axes"], ["how/much/value"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "mean",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", SIDE, SIDE, 3])],
        [helper.make_tensor_value_info("how/much/value", TensorProto.FLOAT, ["n"])],
        [numpy_helper.from_array(np.array([1, 2, 3]), "axes")],
    )
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


MANIFEST = Manifest(
    "mean",
    "0.1.0",
    (SIDE, SIDE),
    {"resize": "stretch", "pixel_range": None, "float_range": [0.0, 1.0]},
    {"how/much": NumberDecider("how/much")},
    {"how/much": ("value",)},
    {"run": "mean-001"},
    (),
)
FILES = {name: name.encode() for name in bundles.REQUIRED} | {"model.onnx": mean_model()}


@pytest.fixture
def bundle(tmp_path):
    write_bundle(tmp_path / "mean.bundle", MANIFEST, FILES)
    return tmp_path / "mean.bundle"


def refused(folder, code):
    with pytest.raises(BundleError) as caught:
        read_bundle(folder)
    assert caught.value.code == code
    return str(caught.value)


def test_a_bundle_comes_back_as_it_was_written(bundle):
    read = read_bundle(bundle)
    assert read.files == FILES
    assert read.manifest.to_dict() == MANIFEST.to_dict()
    assert sorted(path.name for path in bundle.parent.iterdir()) == ["mean.bundle"]


@pytest.mark.parametrize("engine", [OnnxEngine, OpenVinoEngine])
def test_engines_answer_any_batch_alike(engine):
    images = np.random.default_rng(0).integers(0, 256, (5, SIDE, SIDE, 3), dtype=np.uint8)
    run = engine(FILES["model.onnx"], 1)
    for part in (images[:1], images[:2], images):
        found = run(part)
        assert list(found) == ["how/much"]
        expected = part.astype(np.float64).mean((1, 2, 3))
        np.testing.assert_allclose(found["how/much"]["value"], expected, rtol=1e-6)


def test_load_opens_a_bundle(bundle):
    predictor = load(bundle)
    assert predictor.image_size == (SIDE, SIDE)
    assert predictor.ranges.floats == (0.0, 1.0)
    answer = predictor.predict(np.full((7, 9, 3), 30, np.uint8))
    assert answer["how/much"].value == pytest.approx(30)


def test_a_bundle_runs_on_the_cpu_only(bundle):
    with pytest.raises(ConfigError, match='runs on the CPU; found device "cuda"'):
        load(bundle, device="cuda")


def test_every_flipped_bit_is_refused_before_an_engine_starts(bundle, monkeypatch):
    monkeypatch.setitem(engines.ENGINES, "onnxruntime", lambda *_: pytest.fail("engine started"))
    files = sorted(bundle.iterdir())
    draws = random.Random(0)
    for _ in range(400):
        file = draws.choice(files)
        data = bytearray(file.read_bytes())
        whole = bytes(data)
        data[draws.randrange(len(data))] ^= 1 << draws.randrange(8)
        file.write_bytes(data)
        with pytest.raises(BundleError, match=r"again|use the polyhead"):
            load(bundle)
        file.write_bytes(whole)
    assert read_bundle(bundle).files == FILES


def test_truncated_longer_and_swapped_files_are_refused(bundle):
    for file in sorted(bundle.iterdir()):
        whole = file.read_bytes()
        for data in (whole[:-1], whole + b"\n", b""):
            file.write_bytes(data)
            assert file.name in refused(bundle, "E_HASH")
        file.write_bytes(whole)
    shutil.copy(bundle / "README.md", bundle / "example.json")
    assert "example.json" in refused(bundle, "E_HASH")


def test_missing_files_are_refused(bundle):
    for file in sorted(bundle.iterdir()):
        whole = file.read_bytes()
        file.unlink()
        assert "export the run again" in refused(bundle, "E_BUNDLE_MISSING")
        file.write_bytes(whole)


def test_extra_files_and_links_are_refused(bundle, tmp_path):
    extra = bundle / "weights.bin"
    extra.write_bytes(b"")
    assert "weights.bin is not of the bundle; remove it" in refused(bundle, "E_BUNDLE_EXTRA")
    extra.unlink()
    (bundle / "model.onnx").rename(tmp_path / "model.onnx")
    os.symlink(tmp_path / "model.onnx", bundle / "model.onnx")
    assert "is a link; expected the file itself" in refused(bundle, "E_BUNDLE_EXTRA")


def test_another_version_is_named(bundle, monkeypatch):
    file = bundle / "manifest.json"
    content = json.loads(file.read_bytes()) | {"format_version": 2, "polyhead": "9.9"}
    del content["sha256"]
    content["sha256"] = bundles._digest(content)
    file.write_bytes(bundles._canonical(content))
    assert "made by polyhead 9.9; this polyhead reads 1" in refused(bundle, "E_FORMAT_VERSION")


def test_a_later_version_spelled_otherwise_is_not_called_damaged(bundle):
    (bundle / "manifest.json").write_text('{"format_version": 2, "polyhead": "9.9"}')
    assert "made by polyhead 9.9" in refused(bundle, "E_FORMAT_VERSION")


def test_tasks_keep_their_order(tmp_path):
    tasks = {name: NumberDecider(name) for name in ("zebra", "ant", "mole")}
    manifest = dataclasses.replace(MANIFEST, tasks=tasks)
    write_bundle(tmp_path / "three.bundle", manifest, FILES)
    assert list(read_bundle(tmp_path / "three.bundle").manifest.tasks) == list(tasks)


def test_what_is_no_bundle_is_refused(tmp_path):
    assert "does not exist" in refused(tmp_path / "no.bundle", "E_BUNDLE")
    (tmp_path / "file.bundle").write_bytes(b"")
    assert "is no folder" in refused(tmp_path / "file.bundle", "E_BUNDLE")
    (tmp_path / "empty.bundle").mkdir()
    assert "has no file manifest.json" in refused(tmp_path / "empty.bundle", "E_BUNDLE_MISSING")


def test_nothing_is_overwritten_unless_asked(bundle, tmp_path):
    with pytest.raises(ConfigError, match="add --replace"):
        write_bundle(bundle, MANIFEST, FILES)
    changed = FILES | {"README.md": b"another"}
    write_bundle(bundle, MANIFEST, changed, replace=True)
    assert read_bundle(bundle).files["README.md"] == b"another"
    (tmp_path / "notes").mkdir()
    with pytest.raises(ConfigError, match="is no bundle; choose another name"):
        write_bundle(tmp_path / "notes", MANIFEST, FILES, replace=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mean.bundle", "notes"]


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(28, "no space")

    monkeypatch.setattr(bundles, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        write_bundle(tmp_path / "mean.bundle", MANIFEST, FILES)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (None, "E_BUNDLE"),
        ({"model.onnx": None}, "E_BUNDLE"),
        ({"model.onnx": {"bytes": "9", "sha256": "0"}}, "E_BUNDLE"),
        ({"../secret": {"bytes": 1, "sha256": "0"}}, "E_BUNDLE_EXTRA"),
        ({"/etc/hostname": {"bytes": 1, "sha256": "0"}}, "E_BUNDLE_EXTRA"),
    ],
)
def test_a_manifest_with_a_fitting_digest_names_only_files_of_a_bundle(bundle, files, code):
    file = bundle / "manifest.json"
    content = json.loads(file.read_bytes()) | {"files": files}
    del content["sha256"]
    content["sha256"] = bundles._digest(content)
    file.write_bytes(bundles._canonical(content))
    assert "export the run again" in refused(bundle, code)


def test_a_replacement_that_fails_leaves_the_older_bundle(bundle, monkeypatch):
    def failing(source, target, rename=bundles.rename_folder):
        if source.suffix == ".tmp":
            raise OSError(5, "broken disk")
        rename(source, target)

    monkeypatch.setattr(bundles, "rename_folder", failing)
    with pytest.raises(OSError, match="broken disk"):
        write_bundle(bundle, MANIFEST, FILES | {"README.md": b"new"}, replace=True)
    assert read_bundle(bundle).files == FILES
    assert [path.name for path in bundle.parent.iterdir()] == ["mean.bundle"]
