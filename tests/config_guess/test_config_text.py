"""The YAML that `polyhead init` writes: it loads, says why, and names the columns exactly."""

import csv
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead.config import load_config, parse_yaml
from polyhead.config.schema import TASK_NAME
from polyhead.config_guess.config_text import render_yaml, write_config
from polyhead.config_guess.infer import propose
from polyhead.config_guess.proposal import Decision, Proposal
from polyhead.config_guess.task_names import task_name
from polyhead.config_guess.yaml_scalars import scalar
from polyhead.errors import ConfigError
from polyhead.formats import Source, read_table

ODD_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


def write_rows(path, columns, num_rows=60):
    rows = [
        {"image": f"{row}.jpg"} | {name: cells[row % len(cells)] for name, cells in columns.items()}
        for row in range(num_rows)
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def init(folder, annotations, images=None):
    """Propose, write and load; the proposal and the config."""
    proposal = propose(images, [annotations])
    path = folder / "polyhead.yaml"
    write_config(path, render_yaml(proposal, folder.name, folder))
    return proposal, load_config(path)


def assert_same_labels(proposal, config):
    table = read_table(config.data.annotations, config.data.images, config.data.image_column)
    assert list(config.tasks) == [task.task for task in proposal.tasks]
    for decision in proposal.tasks:
        task = config.tasks[decision.task].resolve(decision.task, table)
        assert task.type == decision.type
        assert task.classes == decision.labels
        assert not [fault for fault in task.encode(table).faults if fault.is_error]


def test_a_table_of_everything(tmp_path):
    (tmp_path / "photos").mkdir()
    columns = {
        "Finding Labels": ["Mass|Edema", "No Finding", "Mass", "", "Edema"],
        "Größe (m)": ["no", "yes", "maybe", "null", "012"],
        "bilder: art": ["a#b", "c: d", "- e"],
        "tag:bus": ["0", "1", "?"],
        "tag:a|b": ["1", "0"],
        "part": ["train", "val", "test"],
        "patient": ["p1", "p2", "p3"],
        "age": [str(age) for age in range(30)],
    }
    path = write_rows(tmp_path / "labels.jsonl", columns)
    proposal, config = init(tmp_path, path, tmp_path / "photos")
    assert_same_labels(proposal, config)
    assert list(config.tasks) == ["Finding_Labels", "Größe_m", "bilder_art", "tags", "age"]
    assert config.data.split.column == "part"
    assert config.data.images == tmp_path / "photos"
    text = (tmp_path / "polyhead.yaml").read_text(encoding="utf-8")
    assert "  images: photos/\n  annotations: labels.jsonl\n" in text
    assert "# split: {column: part, group_by: patient}" in text
    assert "  # 30 different whole numbers from 0 to 29, as counts are.\n  age:\n" in text
    assert "  age:\n    type: number\n    column: age\n    distribution: poisson\n" in text


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_of_any_separator(tmp_path, separator):
    path = tmp_path / "labels.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(["Photo", "tags", "light"])
        for row in range(40):
            tags = ["car, bus", "car", "[]", "bus, dog", "dog"][row % 5]
            writer.writerow([f"{row}.jpg", tags, ["day", "night"][row % 2]])
    proposal, config = init(tmp_path, path)
    assert_same_labels(proposal, config)
    assert {name: keys.type for name, keys in config.tasks.items()} == {
        "tags": "tags",
        "light": "class",
    }


def test_class_folders(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for row in range(3):
            (tmp_path / "photos" / name / f"{row}.png").write_bytes(b"x")
    proposal, config = init(tmp_path, tmp_path / "photos", tmp_path / "photos")
    assert_same_labels(proposal, config)
    assert config.data.images is None


@settings(deadline=None, max_examples=60)
@given(
    st.lists(ODD_TEXT.filter(lambda text: text.strip()), min_size=2, max_size=4, unique=True),
    st.lists(ODD_TEXT.filter(lambda text: len(text.strip()) > 1), min_size=2, max_size=4),
)
def test_odd_headers_and_labels_come_back(tmp_path_factory, names, labels):
    names = [f"a{name}b" for name in names]
    cells = [*dict.fromkeys(f"u{label.casefold().strip()}w" for label in labels), "other"]
    columns = {names[0]: cells, **{name: ["1", "0", ""] for name in names[1:]}}
    folder = tmp_path_factory.mktemp("t")
    path = write_rows(folder / "labels.jsonl", columns | {"sure": ["day", "night"]})
    proposal, config = init(folder, path)
    named = set()
    for keys in config.tasks.values():
        columns_of_task = (keys.column,) if keys.column else keys.columns
        named.update(columns_of_task)
    decided = {key for task in proposal.tasks for key in flat(task.keys)}
    assert named == decided
    assert all(TASK_NAME.fullmatch(name) for name in config.tasks)


def flat(keys):
    return (keys["column"],) if "column" in keys else keys["columns"]


@given(ODD_TEXT)
def test_any_text_is_a_scalar(text):
    assert parse_yaml(f"key: {scalar(text)}", "t").value == {"key": text}
    assert parse_yaml(f"[{scalar(text)}, b]", "t").value == [text, "b"]


@pytest.mark.parametrize("word", ["no", "Yes", "null", "012", "1e3", "12:30", "~", "a: b", " a"])
def test_words_that_other_readers_mistake_are_quoted(word):
    assert scalar(word) == f'"{word}"'


@pytest.mark.parametrize("word", ["labels.csv", "No Finding", "../a b/c", "Größe"])
def test_plain_words_stay_plain(word):
    assert scalar(word) == word


@given(st.lists(ODD_TEXT, max_size=6))
def test_task_names_are_valid_and_unique(texts):
    names = []
    for text in texts:
        names.append(task_name(text, names))
    assert all(TASK_NAME.fullmatch(name) for name in names)
    assert len({name.casefold() for name in names}) == len(names)


@pytest.mark.parametrize(
    ("text", "name"),
    [("", "tags"), ("🙂", "tags"), ("is_", "tags"), ("weather:", "weather"), ("2d", "column_2d")],
)
def test_task_names(text, name):
    assert task_name(text, []) == name
    assert task_name(text, [name.upper()]) == f"{name}_2"


def proposal_of(**changes):
    decision = Decision(("kind",), "kind", "class", "seen", ("a", "b"), {"column": "kind"})
    given = {
        "images": None,
        "sources": (Source(Path("labels.csv")),),
        "image_column": None,
        "num_rows": 10,
        "num_sampled": 10,
        "decisions": (decision,),
    }
    return Proposal(**given | changes)


def test_paths_start_at_the_folder_of_the_file(tmp_path):
    real = tmp_path / "real"
    (real / "photos").mkdir(parents=True)
    (tmp_path / "link").symlink_to(real)
    (tmp_path / "configs").mkdir()
    proposal = proposal_of(images=tmp_path / "link" / "photos", sources=(Source(real / "t.csv"),))
    for folder in (tmp_path / "configs", real, tmp_path / "link"):
        path = folder / "polyhead.yaml"
        write_config(path, render_yaml(proposal, "x", folder), overwrite=True)
        data = load_config(path).data
        assert os.path.samefile(data.images, real / "photos")
        assert not os.path.relpath(data.annotations.resolve(), real / "t.csv").strip(".")


def test_the_sample_is_admitted():
    assert "judged by 20,000 rows" in render_yaml(
        proposal_of(num_rows=10**6, num_sampled=20_000), "x"
    ).replace("\n# ", " ")


def test_many_and_long_labels_are_cut(tmp_path):
    labels = tuple(f"l{number:02d}" + "x" * 100 for number in range(25))
    decision = Decision(("kind",), "kind", "class", "seen", labels, {"column": "kind"})
    text = render_yaml(proposal_of(decisions=(decision,)), "x")
    assert "l19" in text
    assert "l20" not in text
    assert "and 5 more" in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_name_becomes_fit_for_a_folder(tmp_path):
    path = tmp_path / "c.yaml"
    write_config(path, render_yaml(proposal_of(image_column="my: file"), "my photos/2024!"))
    config = load_config(path)
    assert config.name == "my-photos-2024"
    assert config.data.image_column == "my: file"


def test_defaults_in_comments_are_the_defaults(tmp_path):
    text = render_yaml(proposal_of(), "x", tmp_path)
    plain, live = tmp_path / "plain.yaml", tmp_path / "live.yaml"
    plain.write_text(text)
    live.write_text(
        text.replace("# model:", "model:")
        .replace("# train:", "train:")
        .replace("# split:", "split:")
    )
    assert load_config(plain) == load_config(live)
    assert "\ntrain:" in live.read_text()


def test_an_existing_file_is_kept(tmp_path):
    path = tmp_path / "polyhead.yaml"
    write_config(path, "a")
    with pytest.raises(ConfigError, match="give another name") as caught:
        write_config(path, "b")
    assert caught.value.code == "E_EXISTS"
    assert path.read_text() == "a"
    write_config(path, "b", overwrite=True)
    assert path.read_text() == "b"


def test_a_folder_that_is_missing(tmp_path):
    with pytest.raises(ConfigError, match="cannot be written"):
        write_config(tmp_path / "none" / "polyhead.yaml", "a")
