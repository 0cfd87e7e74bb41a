"""What `propose` makes of columns of every kind."""

import random

import pytest
from label_tables import NUM_ROWS, cycle, decide, write

from polyhead.config_guess.infer import propose
from polyhead.errors import ConfigError, DataError

NUMBERS = [f"{row * 7.3 % 50:.2f}" for row in range(NUM_ROWS)]
VECTORS = cycle(["0.1", "0.7", "2"], ["3", "2.5", "1"])
WORDS = ["the", "a", "road", "house", "near", "under", "with", "tall", "green", "quiet"]
PROSE = [" ".join(random.Random(row).choices(WORDS, k=9)) + f" {row}" for row in range(NUM_ROWS)]

CASES = {
    "words": ("daytime", cycle("day", "dusk", "night"), "class"),
    "words with unknown cells": ("daytime", cycle("day", None, "night", ""), "class"),
    "labels of two words": ("kind", cycle("traffic light", "stop sign", "car"), "class"),
    "labels that share words": ("kind", cycle("red light", "green light", "red sign"), "class"),
    "labels with a comma": ("city", cycle("Paris, France", "Lyon, France", "Bern"), "class"),
    "pairs of words": (
        "article",
        [f"{a} {b}" for a in ["red", "blue", "green", "black"] for b in ["shirt", "dress"]] * 10,
        "class",
    ),
    "words that YAML mistakes": ("answer", cycle("no", "null", "012", "12:30"), "class"),
    "zero-padded codes": ("code", cycle("012", "007", "100"), "class"),
    "one yes/no column": ("night", cycle("yes", "no", "no"), "class"),
    "few whole numbers": ("stars", cycle("1", "2", "3", "4", "5"), "class"),
    "many whole numbers, by name classes": ("class_id", cycle(*map(str, range(20))), "class"),
    "bar": ("things", cycle("car|bus", "car", "dog|car", "bus"), "tags"),
    "semicolon": ("things", cycle("car; bus", "car", "dog; car", "bus"), "tags"),
    "comma": ("things", cycle("car, bus", "car", "dog, car", "bus"), "tags"),
    "space": ("things", cycle("car bus", "car", "dog car", "bus", "dog", "dog bus car"), "tags"),
    "bracketed": ("things", cycle('["car", "bus"]', "[]", '["car"]', '["bus"]'), "tags"),
    "single labels and empty lists": ("things", cycle("car", "[]", "traffic light"), "tags"),
    "lists": ("things", cycle(["car", "bus"], [], ["car"], None), "tags"),
    "lists of numbers of classes": ("things", cycle(["1", "5"], ["1"], ["5", "7", "1"]), "tags"),
    "yes/no with unknown": ("night", cycle("1", "0", "?"), "tags"),
    "decimal numbers": ("price", NUMBERS, "number"),
    "decimal commas": ("price", [cell.replace(".", ",") for cell in NUMBERS], "number"),
    "many whole numbers": ("people", cycle(*map(str, range(30))), "number"),
    "few whole numbers, not repeated": (
        "people",
        ["1", "2", "3", "4", "5", None, None, None],
        "number",
    ),
    "lists of many numbers": ("vector", VECTORS, "number"),
    "masks": ("mask", [f"masks/{row}.png" for row in range(NUM_ROWS)], "mask"),
    "other images": ("thumb", [f"{row}.webp" for row in range(NUM_ROWS)], "image"),
    "nested boxes": ("objects", cycle([[1, 2, 3, 4]], [], [[5, 6, 7, 8], [1, 2, 3, 4]]), "boxes"),
    "objects in JSON text": ("objects", cycle('[{"x": 1}]', "[]", '[{"x": 2}]'), "boxes"),
    "one box": ("place", [f"{row} 2 {row + 5} 9" for row in range(NUM_ROWS)], "boxes"),
    "split": ("part", cycle("train", "train", "val", "test"), "split"),
    "split by number": ("fold", cycle("0", "1", "2"), "split"),
    "all different": ("sku", [f"a{row * 37 % 1000:x}" for row in range(NUM_ROWS)], "identifier"),
    "running number": ("row", [str(row + 1) for row in range(NUM_ROWS)], "identifier"),
    "units": ("weight", [f"{row * 37 % 1000} kg" for row in range(NUM_ROWS)], "number"),
    "signs": ("price", [f"€{row * 37 % 1000}.50" for row in range(NUM_ROWS)], "number"),
    "thousands": ("area", [f"{row % 90 + 1}.{row:03},50" for row in range(NUM_ROWS)], "number"),
    "web addresses": ("page", cycle("https://a.b/1", "https://a.b/2"), "identifier"),
    "patients": ("patient_id", [f"{row // 3}" for row in range(NUM_ROWS)], "group"),
    "codes": ("listing", [f"L{row // 3}" for row in range(NUM_ROWS)], "group"),
    "dates": ("taken", cycle("2024-05-01", "2024-05-02"), "date"),
    "days and hours": ("taken", cycle("1.5.2024 12:30", "12/31/99"), "date"),
    "prose": ("comment", PROSE, "text"),
    "prose with commas": ("comment", [f"{text}, and {text[::-1]}" for text in PROSE], "text"),
    "one value": ("camera", cycle("Leica"), "constant"),
    "only yes": ("dog", cycle("1", None), "constant"),
    "nothing": ("notes", cycle(None, ""), "empty"),
}


@pytest.mark.parametrize("case", CASES)
def test_every_kind_of_column(tmp_path, case):
    name, cells, kind = CASES[case]
    decision = decide(tmp_path, name, cells)
    assert decision.type == kind
    unread = ("lists of many numbers", "units", "signs", "thousands")
    is_task = kind in ("tags", "class", "number") and case not in unread
    assert (decision.task is not None) == is_task
    assert decision.reason
    assert "\n" not in decision.reason


@pytest.mark.parametrize("case", [c for c, (_, _, kind) in CASES.items() if kind == "tags"])
def test_labels_of_tags(tmp_path, case):
    name, cells, _ = CASES[case]
    labels = set(decide(tmp_path, name, cells).labels)
    assert labels <= {"car", "bus", "dog", "1", "5", "7", "traffic light", "night"}


@pytest.mark.parametrize(
    ("case", "keys"),
    [
        ("bar", {"column": "things", "delimiter": "|"}),
        ("space", {"column": "things", "delimiter": " "}),
        ("bracketed", {"column": "things"}),
        ("lists", {"column": "things"}),
        ("yes/no with unknown", {"columns": ("night",)}),
        ("words", {"column": "daytime"}),
    ],
)
def test_keys_of_the_task(tmp_path, case, keys):
    name, cells, _ = CASES[case]
    assert decide(tmp_path, name, cells).keys == keys


def test_a_cell_that_says_none(tmp_path):
    cells = cycle("Mass|Edema", "No Finding", "Mass", "Edema", None, "[]")
    decision = decide(tmp_path, "findings", cells)
    assert decision.keys == {"column": "findings", "delimiter": "|", "none": "No Finding"}
    assert decision.labels == ("Edema", "Mass")
    assert "20 cells say" in decision.reason
    assert "20 cells are an empty list" in decision.reason
    assert "20 of 120 cells are empty" in decision.reason


def test_none_beside_other_labels_is_a_label(tmp_path):
    decision = decide(tmp_path, "things", cycle("car|none", "none", "car", "bus"))
    assert "none" not in decision.keys
    assert "none" in decision.labels


def test_a_class_that_may_mean_unknown_is_pointed_out(tmp_path):
    decision = decide(tmp_path, "colour", cycle("red", "blue", "unknown"))
    assert '"unknown" is read as a class of its own' in decision.reason


@pytest.mark.parametrize("word", ["N/A", "nan", "None", "null", "-", "NA", "<NA>"])
def test_words_for_unknown_are_unknown(tmp_path, word):
    decision = decide(tmp_path, "colour", cycle("red", "blue", word))
    assert decision.labels == ("blue", "red")
    assert f'40 of 120 cells are empty or say "{word}", read as unknown' in decision.reason
    assert decide(tmp_path, "price", cycle(*NUMBERS[:119], word)).type == "number"


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (cycle("val", "test"), "no row says train"),
        (cycle("train", "val", None), "40 cells are empty"),
        (cycle("A", "B"), "found A, B"),
    ],
)
def test_a_split_that_cannot_be_used_is_not(tmp_path, cells, problem):
    decision = decide(tmp_path, "split", cells)
    assert decision.type == "split"
    assert problem in decision.reason
    assert not decision.keys


def test_split_and_groups_of_the_proposal(tmp_path):
    path = write(
        tmp_path,
        part=cycle("Training", "valid", "test"),
        patient=[str(row // 3) for row in range(NUM_ROWS)],
        sure=cycle("a", "b"),
    )
    proposal = propose(None, [path])
    assert proposal.split_column == "part"
    assert proposal.group_columns == ("patient",)
    assert [task.task for task in proposal.tasks] == ["sure"]


def test_class_folders(tmp_path):
    for name in ("yes", "no", "no/deep"):
        (tmp_path / name).mkdir()
        for row in range(3):
            (tmp_path / name / f"{row}.png").write_bytes(b"x")
    proposal = propose(tmp_path, [tmp_path])
    (task,) = proposal.tasks
    assert (task.task, task.type, task.labels) == ("class", "class", ("no", "yes"))
    assert "2 folders" in task.reason
    assert proposal.images is None


def test_nothing_to_learn_lists_every_column(tmp_path):
    path = write(tmp_path, vector=VECTORS, notes=cycle(None), comment=PROSE)
    with pytest.raises(DataError, match="no column can be learnt") as caught:
        propose(None, [path])
    faults = caught.value.faults
    assert [fault.code for fault in faults] == ["E_NO_TASK"] * 3
    assert [fault.where for fault in faults] == [
        f'labels.jsonl column "{name}"' for name in ("vector", "notes", "comment")
    ]
    assert all(fault.message for fault in faults)


def test_names_of_images_alone(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("image\na.jpg\n")
    with pytest.raises(DataError, match="no column besides"):
        propose(None, [path])


def test_the_image_column_is_passed_on(tmp_path):
    path = write(tmp_path, shot=[f"{row}.jpg" for row in range(NUM_ROWS)], sure=cycle("a", "b"))
    proposal = propose(None, [path], "shot")
    assert proposal.image_column == "shot"
    kinds = {decision.columns[0]: decision.type for decision in proposal.decisions}
    assert kinds == {"image (other)": "image", "sure": "class"}
    with pytest.raises(ConfigError, match="no column"):
        propose(None, [path], "shoot")


def test_a_split_without_validation_rows_is_used(tmp_path):
    decision = decide(tmp_path, "split", cycle("train", "test"))
    assert decision.keys == {"column": "split"}
    assert "drawn from the training rows" in decision.reason
