"""`polyhead evaluate CONFIG --predictions`: anybody's scores against the labels of a config."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv
from sklearn.metrics import average_precision_score

from polyhead.config import load_config
from polyhead.formats import read_tables
from polyhead.preparation import resolve_classes


@pytest.fixture
def truth(config):
    """Image names, and the labels and 0/1 targets of the tags task."""
    loaded = load_config(config)
    table = read_tables(loaded.data.sources())
    task = resolve_classes(loaded, table)["contents"]
    return table.data.column("image").to_pylist(), task.classes, task.encode(table).targets


@pytest.fixture
def columns(truth):
    """A table of made-up probabilities, one row an image."""
    images, classes, targets = truth
    noise = np.random.default_rng(0).random(targets.shape)
    scores = np.round(0.7 * noise + 0.3 * targets, 2)
    return {"image": images} | {f"contents/{c}": scores[:, i] for i, c in enumerate(classes)}


def write(path, columns):
    pq.write_table(pa.table(columns), path)
    return path


def evaluated(polyhead, config, path, *words):
    answer = polyhead("evaluate", config, "--predictions", path, "--json", "-q", *words)
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_figures_equal_scikit_learn(polyhead, config, truth, columns, tmp_path):
    found = evaluated(polyhead, config, write(tmp_path / "scores.parquet", columns))
    images, classes, targets = truth
    assert (found["split"], found["num_images"], found["num_rows"]) == ("all", *[len(images)] * 2)
    for place, label in enumerate(classes):
        expected = average_precision_score(targets[:, place], columns[f"contents/{label}"])
        entry = found["tasks"]["contents"]["per_class"][label]
        assert entry["AP"] == pytest.approx(expected, abs=1e-9)


def test_rows_may_stand_in_any_order_and_be_some(polyhead, config, columns, tmp_path):
    rows = np.random.default_rng(1).permutation(len(columns["image"]))[:20]
    some = {name: np.array(cells)[rows] for name, cells in columns.items()}
    sorted_some = {name: np.array(cells)[np.sort(rows)] for name, cells in columns.items()}
    found = evaluated(polyhead, config, write(tmp_path / "a.parquet", some))
    expected = evaluated(polyhead, config, write(tmp_path / "b.parquet", sorted_some))
    assert (found["num_images"], found["num_rows"]) == (20, len(columns["image"]))
    entries, wanted = (figures["tasks"]["contents"]["per_class"] for figures in (found, expected))
    for label, entry in entries.items():
        assert entry == pytest.approx(wanted[label], abs=1e-12)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_text_is_read_as_parquet_is(polyhead, config, columns, tmp_path, separator):
    expected = evaluated(polyhead, config, write(tmp_path / "scores.parquet", columns))
    path = tmp_path / ("scores.tsv" if separator == "\t" else "scores.csv")
    options = csv.WriteOptions(delimiter=separator)
    csv.write_csv(pa.table(columns), path, options)
    assert evaluated(polyhead, config, path) == expected


def test_a_protocol_stands_beside_the_default(polyhead, config, columns, tmp_path):
    path = write(tmp_path / "scores.parquet", columns)
    task = evaluated(polyhead, config, path, "--protocol", "voc07")["tasks"]["contents"]
    assert task["protocol"]["name"] == "voc07"
    assert task["protocol"]["metrics"]["mAP"] != task["metrics"]["mAP"]
    answer = polyhead("evaluate", config, "--predictions", path, "--protocol", "voc07", "-q")
    assert "voc07: precision is interpolated and read at the 11 recalls" in answer.out


def test_scores_that_are_no_probabilities_only_rank(polyhead, config, columns, tmp_path):
    logits = {name: cells if name == "image" else 9 * cells - 4 for name, cells in columns.items()}
    path = write(tmp_path / "scores.parquet", logits)
    found = evaluated(polyhead, config, path)["tasks"]["contents"]
    assert not found["are_probabilities"]
    assert "Brier" not in found["metrics"]
    answer = polyhead("evaluate", config, "--predictions", path, "-q")
    assert "they only rank" in answer.out


def test_one_part_of_the_split(polyhead, config, columns, tmp_path):
    path = write(tmp_path / "scores.parquet", columns)
    found = evaluated(polyhead, config, path, "--split", "test")
    assert found["split"] == "test"
    assert found["num_images"] == found["num_rows"] < len(columns["image"])


def without_car(columns):
    return {name: cells for name, cells in columns.items() if name != "contents/car"}


def changed(name, row, value):
    def change(columns):
        cells = list(columns[name])
        cells[row] = cells[0] if value == "first" else value
        return columns | {name: cells}

    return change


FAULTS = {
    "no image column": (
        lambda c: {n: v for n, v in c.items() if n != "image"},
        2,
        'no column "image"',
    ),
    "only images": (lambda c: {"image": c["image"]}, 2, "no column of scores"),
    "a label is missing": (without_car, 2, 'lacks 1 of the 12 columns of the task contents: "con'),
    "a strange label": (lambda c: c | {"contents/carr": c["contents/car"]}, 2, '"contents/car"?'),
    "the index of a data frame": (
        lambda c: c | {"Unnamed: 0": c["contents/car"]},
        2,
        "belongs to no label",
    ),
    "an empty cell": (changed("contents/car", 2, None), 3, '"contents/car" of images/000002.jpg'),
    "NaN": (changed("contents/car", 2, np.nan), 3, "1 cells of the task"),
    "text": (lambda c: c | {"contents/car": ["high"] * len(c["image"])}, 3, 'holds "high"'),
    "a strange image": (changed("image", 3, "images/00003.jpg"), 3, "Did you mean"),
    "an image twice": (changed("image", 3, "first"), 3, "images/000000.jpg occurs twice"),
    "no rows": (lambda c: {n: list(v)[:0] for n, v in c.items()}, 3, "no rows"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_told_with_the_place(polyhead, config, columns, tmp_path, fault):
    change, code, words = FAULTS[fault]
    path = write(tmp_path / "scores.parquet", change(dict(columns)))
    answer = polyhead("evaluate", config, "--predictions", path)
    assert answer.code == code
    assert words in answer.err
    assert "Traceback" not in answer.err


def test_classes_of_a_image_sum_to_one(polyhead, config, columns, tmp_path):
    apart = {f"daytime/{c}": np.full(len(columns["image"]), 0.5) for c in ("day", "dusk", "night")}
    path = write(tmp_path / "scores.parquet", {"image": columns["image"]} | apart)
    answer = polyhead("evaluate", config, "--predictions", path)
    assert (answer.code, "sum to 1.5" in answer.err) == (3, True)
    rounded = {name: np.full(len(columns["image"]), 0.33) for name in apart}
    path = write(tmp_path / "scores.parquet", {"image": columns["image"]} | rounded)
    assert evaluated(polyhead, config, path)["tasks"]["daytime"]["metrics"]["ECE"]["value"] < 0.7


def test_a_probability_that_rounding_carried_past_one_is_one(polyhead, config, columns, tmp_path):
    cells = columns["contents/car"].copy()
    cells[3] = 1
    exact = evaluated(
        polyhead, config, write(tmp_path / "a.parquet", columns | {"contents/car": cells})
    )
    cells[3] = 1.0000001
    past = write(tmp_path / "b.parquet", columns | {"contents/car": cells})
    assert evaluated(polyhead, config, past) == exact


def test_an_unknown_cell_needs_a_score_where_it_counts_as_no(polyhead, tmp_path):
    (tmp_path / "labels.csv").write_text("image,car,bus\na.jpg,1,\nb.jpg,0,1\n")
    (tmp_path / "scores.csv").write_text("image,t/car,t/bus\na.jpg,.9,\nb.jpg,.2,.7\n")
    (tmp_path / "config.yaml").write_text(
        "data: {images: ., annotations: labels.csv}\n"
        "tasks: {t: {type: tags, columns: [car, bus]}}\n"
    )
    words = (tmp_path / "config.yaml", tmp_path / "scores.csv", "--protocol")
    assert "mAP" in evaluated(polyhead, *words, "voc07")["tasks"]["t"]["metrics"]
    answer = polyhead("evaluate", words[0], "--predictions", *words[1:], "unknown_negative")
    assert (answer.code, 'column "t/bus" of a.jpg' in answer.err) == (3, True)


def test_wrong_files_and_names_are_told(polyhead, config, tmp_path):
    (tmp_path / "scores.json").write_text("{}")
    (tmp_path / "scores.parquet").write_text("junk")
    for name, words in (("none.csv", "E_NO_FILE"), ("scores.json", "E_FORMAT")):
        answer = polyhead("evaluate", config, "--predictions", tmp_path / name)
        assert (answer.code, words in answer.err) == (2, True)
    answer = polyhead("evaluate", config, "--predictions", tmp_path / "scores.parquet")
    assert (answer.code, "E_SCORES" in answer.err) == (3, True)
    answer = polyhead("evaluate", config, "--predictions", "x.csv", "--protocol", "vco07")
    assert 'Did you mean "voc07"?' in answer.err


def test_a_run_writes_the_table_that_is_read(polyhead, trained, config, tmp_path):
    run, path = tmp_path / "run", tmp_path / "scores.parquet"
    shutil.copytree(trained.path, run)
    words = ("--save-scores", path, "--protocol", "raw", "--json", "-q")
    answer = polyhead("evaluate", run, *words)
    assert answer.code == 0, answer.err
    own = json.loads(answer.out)["tasks"]
    theirs = evaluated(polyhead, config, path)["tasks"]
    assert theirs["contents"]["metrics"]["mAP"] == own["contents"]["metrics"]["mAP"]
    assert own["contents"]["protocol"]["name"] == "raw"
    assert theirs["daytime"]["metrics"] == own["daytime"]["metrics"]


def test_scoring_needs_no_torch():
    code = "import sys, polyhead.evaluation.score_predictions; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
