"""A bundle answers as its run does, for every task type; engines that do not are refused."""

import inspect
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from tiny_runs import QUIET, tiny_config

from polyhead.checkpoints import TorchEngine, load_run
from polyhead.cli.app import main
from polyhead.errors import CheckpointError, ConfigError
from polyhead.export import ParityError, certificate, export
from polyhead.opening import load
from polyhead.runtime.bundle import read_bundle
from polyhead.runtime.engines import OnnxEngine, OpenVinoEngine
from polyhead.scenes import MASK_CLASSES
from polyhead.tasks import ClassDecider, NumberDecider
from polyhead.training import train

TASKS = (
    "tasks.contents.field=pairwise",
    "tasks.objects={type: boxes}",
    f"tasks.ground={{type: mask, column: mask, classes: [{', '.join(MASK_CLASSES)}]}}",
    "tasks.people={type: number, distribution: poisson}",
    "train.epochs=1",
)


@pytest.fixture(scope="module")
def run(scenes, tmp_path_factory):
    files = f"data.annotations=[{scenes}/labels.csv, {scenes}/objects.json]"
    config = tiny_config(scenes, files, *TASKS)
    return train(config, runs=tmp_path_factory.mktemp("runs"), reporter=QUIET)


@pytest.fixture(scope="module")
def bundle(run, tmp_path_factory):
    return export(run, tmp_path_factory.mktemp("bundles") / "tiny.bundle", reporter=QUIET)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (7, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def polyhead(monkeypatch, capsys):
    """Runs a command line: exit code, standard output, standard error."""

    def run_words(*words):
        monkeypatch.setattr("sys.argv", ["polyhead", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            main()
        return stopped.value.code or 0, *capsys.readouterr()

    return run_words


def flat(dense):
    return {(task, key): a for task, arrays in dense.items() for key, a in arrays.items()}


@pytest.mark.parametrize("engine", [OnnxEngine, OpenVinoEngine])
def test_engines_give_the_dense_arrays_of_the_run(run, bundle, images, engine):
    model = read_bundle(bundle).files["model.onnx"]
    expected = flat(TorchEngine(load_run(run.path, device="cpu").network)(images))
    found = flat(engine(model, 1)(images))
    assert found.keys() == expected.keys()
    for key, array in expected.items():
        np.testing.assert_allclose(found[key], array, rtol=1e-4, atol=1e-4, err_msg=str(key))


@pytest.mark.parametrize("threads", [1, 2])
def test_a_batch_is_answered_as_its_images_are_bit_for_bit(bundle, images, threads):
    engine = OnnxEngine(read_bundle(bundle).files["model.onnx"], threads)
    whole = flat(engine(images))
    for number in range(len(images)):
        for key, array in flat(engine(images[number : number + 1])).items():
            assert np.array_equal(array[0], whole[key][number]), key


def test_the_certificate_holds_every_head(bundle):
    entry = json.loads(read_bundle(bundle).files["certificate.json"])["engines"]["onnxruntime"]
    assert list(entry["tasks"]) == ["contents", "daytime", "objects", "ground", "people"]
    assert entry["num_images"] == 9
    for task in entry["tasks"].values():
        assert max(task["largest_difference"].values()) < 1e-3
        assert task["changed_images"] == 0


def test_no_path_of_this_machine_is_in_the_model(bundle, run):
    model = read_bundle(bundle).files["model.onnx"]
    for text in (b"site-packages", b"polyhead/", b".py", str(run.path.parent).encode()):
        assert text not in model


def test_the_example_is_answered_as_it_says(bundle, tmp_path, polyhead):
    read = read_bundle(bundle)
    image = tmp_path / "example.png"
    image.write_bytes(read.files["example.png"])
    code, out, _ = polyhead("predict", bundle, image, "--json", "-q")
    answer = json.loads(out)
    assert code == 0
    assert answer["tasks"] == json.loads(read.files["example.json"])["tasks"]


def test_a_bundle_answers_without_torch(bundle, tmp_path):
    image = tmp_path / "a.png"
    Image.new("RGB", (40, 30), (9, 90, 200)).save(image)
    code = (
        "import sys, polyhead\n"
        f"polyhead.load({str(bundle)!r}).predict({str(image)!r}).to_dict()\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules} & {'torch', 'timm', 'onnx'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_verb_prints_the_bundle_and_keeps_what_is_there(bundle, run, polyhead):
    code, _, err = polyhead("export", run.path, bundle, "-q")
    assert code == 2
    assert "add --replace" in err
    code, out, _ = polyhead("export", run.path, bundle.parent / "n.bundle", "-q")
    assert code == 0
    assert out.strip() == str(bundle.parent / "n.bundle")


@pytest.mark.parametrize("words", [["evaluate"], ["export", "n.bundle"], ["train", "--resume"]])
def test_verbs_that_need_the_run_say_so(bundle, polyhead, words):
    verb, *rest = words
    order = [bundle, *rest] if verb == "export" else [*rest, bundle]
    code, _, err = polyhead(verb, *order)
    assert code == 1
    assert "is a bundle, which only predicts; expected the run" in err


def test_a_head_that_answers_worse_stops_the_export():
    tasks = {"kind": ClassDecider("kind", ("a", "b")), "size": NumberDecider("size")}
    compared = certificate.EngineComparison(tasks)
    right = {"logits": np.eye(2, dtype=np.float32), "probabilities": np.eye(2, dtype=np.float32)}
    wrong = {key: array[::-1].copy() for key, array in right.items()}
    value, other = ({"value": np.array(v, np.float32)} for v in ([1.0, 2.0], [1.0, 2.1]))
    targets = {"kind": np.array([0, 1]), "size": np.array([1.5, 2.5])}
    sizes = np.full((2, 2), 8)
    compared.update({"kind": right, "size": value}, {"kind": wrong, "size": other}, sizes, targets)
    entry = compared.entry()
    assert entry["tasks"]["kind"]["changed_images"] == 2
    assert entry["tasks"]["kind"]["largest_difference"] == {"logits": 1.0, "probabilities": 1.0}
    assert entry["tasks"]["size"]["torch"] == pytest.approx(0.5)
    assert entry["tasks"]["size"]["engine"] == pytest.approx(0.45)
    with pytest.raises(ParityError, match=r"kind accuracy 0\.0000 against 1\.0000 in PyTorch"):
        certificate.check_parity("onnxruntime", entry, 0.01)
    only_better = entry | {"tasks": {"size": entry["tasks"]["size"]}}
    certificate.check_parity("onnxruntime", only_better, 0.0)


def compared_sizes(ours, theirs, targets):
    """The certificate's entry of a number head."""
    compared = certificate.EngineComparison({"size": NumberDecider("size")})
    arrays = ({"size": {"value": np.array(v, np.float32)}} for v in (ours, theirs))
    compared.update(*arrays, np.full((2, 2), 8), {"size": np.array(targets)})
    return compared.entry()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_in_the_engine_alone_stop_the_export(value):
    entry = compared_sizes([1.0, 2.0], [1.0, value], [1.0, 2.0])
    with pytest.raises(ParityError, match="size has values that are not finite"):
        certificate.check_parity("onnxruntime", entry, 1e9)


def test_a_head_without_known_labels_is_judged_by_its_arrays():
    unknown = [np.nan, np.nan]
    certificate.check_parity("o", compared_sizes([1.0, 2.0], [1.0, 2.0], unknown), 0.01)
    with pytest.raises(ParityError, match=r"size has no known label .* differs by up to 0\.5"):
        certificate.check_parity("o", compared_sizes([1.0, 2.0], [1.0, 2.5], unknown), 0.01)


def test_a_figure_that_only_one_of_both_has_stops_the_export():
    entry = compared_sizes([1.0, 2.0], [1.0, 2.0], [1.0, 2.0])
    entry["tasks"]["size"]["engine"] = None
    with pytest.raises(ParityError, match="size has the MAE None against 0"):
        certificate.check_parity("o", entry, 0.01)


def test_the_verb_has_the_default_of_the_function():
    from polyhead.cli.export import run as verb

    defaults = (inspect.signature(each).parameters["tolerance"].default for each in (verb, export))
    assert len(set(defaults)) == 1


def test_load_takes_the_weights_that_it_was_asked_for(run, images):
    last = load(run.path, weights="last").predict(images[0])
    expected = TorchEngine(load_run(run.path, weights="last", device="cpu").network)(images[:1])
    assert last["people"].value == pytest.approx(float(expected["people"]["value"][0]))
    away = run.last_weights.with_suffix(".away")
    run.last_weights.rename(away)
    try:
        load(run.path)
        with pytest.raises(CheckpointError, match=run.last_weights.name):
            load(run.path, weights="last")
    finally:
        away.rename(run.last_weights)


def test_tasks_are_answered_in_the_order_of_the_run(run, bundle, tmp_path):
    image = tmp_path / "a.png"
    Image.new("RGB", (40, 30), (9, 90, 200)).save(image)
    by_run, by_bundle = (load(path).predict(image).to_dict() for path in (run.path, bundle))
    assert list(by_bundle["tasks"]) == list(by_run["tasks"])
    for name, answer in by_run["tasks"].items():
        assert list(by_bundle["tasks"][name]) == list(answer)


def test_weights_that_are_not_finite_are_refused(run, tmp_path, monkeypatch):
    loaded = load_run(run.path, device="cpu")
    next(loaded.network.parameters()).data.fill_(float("nan"))
    monkeypatch.setattr("polyhead.export.export_run.load_run", lambda *_, **__: loaded)
    with pytest.raises(CheckpointError, match="not finite"):
        export(run, tmp_path / "n.bundle", reporter=QUIET)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_taken_is_refused_before_work(run, tmp_path):
    (tmp_path / "here").mkdir()
    with pytest.raises(ConfigError, match="is no bundle"):
        export(run, tmp_path / "here", replace=True, reporter=QUIET)
