"""Splits, subjects and folders of several files, as `polyhead init` takes them."""

import json
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from spatial_tables import save

from polyhead.config import load_config
from polyhead.config_guess import meaningful_name, propose, render_yaml, write_config
from polyhead.errors import DataError
from polyhead.formats import read_table
from polyhead.preparation import divide, examine
from polyhead.progress import Reporter


def fill(folder, *names):
    for name in names:
        seed = zlib.crc32(name.encode())
        save(folder / name, np.random.default_rng(seed).integers(0, 255, (16, 16, 3)))
    return folder


def table(path, header, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n")


def coco(path, names):
    box = {"category_id": 1, "bbox": [1, 2, 5, 6], "area": 30, "iscrowd": 0}
    images = [{"id": k, "file_name": name, "width": 16, "height": 16} for k, name in names]
    annotations = [{"id": k, "image_id": k, **box} for k, _ in names]
    path.parent.mkdir(parents=True, exist_ok=True)
    categories = [{"id": 1, "name": "car"}]
    path.write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )


def ready(folder, proposal):
    """The config as written, and its rows as shared out."""
    path = folder / "polyhead.yaml"
    write_config(path, render_yaml(proposal, "x", folder), overwrite=True)
    config = load_config(path)
    return config, divide(config, examine(config, Reporter(quiet=True)))


def names(num):
    return [f"{k:02d}.png" for k in range(num)]


def kinds(proposal):
    return {d.columns[0]: (d.task and d.type) for d in proposal.decisions}


def test_images_a_table_and_a_coco_file_in_one_folder(tmp_path):
    fill(tmp_path, *(f"images/{n}" for n in names(24)), *(f"masks/{n}" for n in names(3)))
    rows = [f"{n},{'day' if k % 2 else 'night'}" for k, n in enumerate(names(24))]
    table(tmp_path / "labels.csv", "image,light", *rows)
    coco(tmp_path / "coco.json", list(enumerate(names(24))))
    table(tmp_path / "sample_submission.csv", "image,light", *rows)
    table(tmp_path / "about.csv", "file,rows", "labels.csv,24")
    proposal = propose(None, [tmp_path])
    assert kinds(proposal) == {"light": "class", "image_id": None, "objects": "boxes"}
    assert "labels.csv (24 rows)" in proposal.notes[0]
    assert "coco.json (24 rows)" in proposal.notes[0]
    assert any("about.csv" in note for note in proposal.notes[1:])
    assert any("sample_submission.csv" in note for note in proposal.notes[1:])
    config, prepared = ready(tmp_path, proposal)
    assert config.data.images == tmp_path / "images"
    assert not [f for f in prepared.faults if f.code == "W_IMAGE_ORPHAN"]
    assert set(config.tasks) == {"light", "objects"}


def test_exports_with_a_folder_a_part(tmp_path):
    for part, num in {"train": 14, "valid": 5, "test": 5}.items():
        own = [f"{part}{k}.png" for k in range(num)]
        fill(tmp_path, *(f"{part}/{n}" for n in own))
        coco(tmp_path / part / "_annotations.coco.json", list(enumerate(own)))
        rows = [f"{n},{k % 2},{k // 2 % 2}" for k, n in enumerate(own)]
        table(tmp_path / part / "_classes.csv", "filename,dent,rust", *rows)
    proposal = propose(None, [tmp_path])
    assert kinds(proposal)["objects"] == "boxes"
    assert kinds(proposal)["dent"] == "tags"
    assert proposal.own_split.basis.startswith("the names of folders")
    _, prepared = ready(tmp_path, proposal)
    assert [len(prepared.rows(part)) for part in ("train", "val", "test")] == [14, 5, 5]


def test_a_table_a_part_beside_the_images(tmp_path):
    fill(tmp_path, *(f"pictures/{n}" for n in names(20)))
    for part, rows in {
        "train": names(20)[:12],
        "dev": names(20)[12:16],
        "test": names(20)[16:],
    }.items():
        cells = [f"{n},{'ab'[k % 2]}" for k, n in enumerate(rows)]
        table(tmp_path / f"{part}.csv", "image,kind", *cells)
    proposal = propose(None, [tmp_path])
    assert "dev.csv" in proposal.own_split.basis
    config, prepared = ready(tmp_path, proposal)
    assert config.data.images == tmp_path / "pictures"
    assert [len(prepared.rows(part)) for part in ("train", "val", "test")] == [12, 4, 4]


@pytest.mark.parametrize("labels", ["labels/train", "images/train"])
def test_label_files_of_yolo_are_no_tables(tmp_path, labels):
    fill(tmp_path, *(f"images/train/{name}" for name in names(6)))
    (tmp_path / "data.yaml").write_text("path: .\ntrain: images/train\nnames: [plate]\n")
    (tmp_path / labels).mkdir(parents=True, exist_ok=True)
    for k, name in enumerate(names(6)):
        (tmp_path / labels / name.replace("png", "txt")).write_text(f"{k % 1} 0.5 0.5 0.5 0.25\n")
    table(
        tmp_path / "grades.csv",
        "image,grade",
        *(f"{n},{'ab'[k % 2]}" for k, n in enumerate(names(6))),
    )
    proposal = propose(None, [tmp_path])
    text = render_yaml(proposal, "x", tmp_path)
    assert not [note for note in proposal.notes if "not read" in note and ".txt" in note]
    assert kinds(proposal)["objects"] == "boxes"
    assert "grades.csv" in text


def test_metadata_in_each_part(tmp_path):
    for part in ("train", "validation", "test"):
        own = [f"{part}{k}.png" for k in range(6)]
        fill(tmp_path, *(f"{part}/{n}" for n in own))
        lines = [json.dumps({"file_name": n, "kind": "ab"[k % 2]}) for k, n in enumerate(own)]
        (tmp_path / part / "metadata.jsonl").write_text("\n".join(lines))
    proposal = propose(None, [tmp_path])
    assert kinds(proposal) == {"kind": "class"}
    _, prepared = ready(tmp_path, proposal)
    assert [len(prepared.rows(part)) for part in ("train", "val", "test")] == [6, 6, 6]


def test_a_partition_in_a_table_of_its_own(tmp_path):
    fill(tmp_path, *(f"img/{n}" for n in names(20)))
    table(
        tmp_path / "attributes.csv",
        "image_id,smiling",
        *(f"{n},{k % 2}" for k, n in enumerate(names(20))),
    )
    parts = ["0"] * 12 + ["1"] * 4 + ["2"] * 4
    cells = [f"{n},{part}" for n, part in zip(names(20), parts, strict=True)]
    table(tmp_path / "list_eval_partition.csv", "image_id,partition", *cells)
    proposal = propose(None, [tmp_path])
    assert kinds(proposal) == {"smiling": "class", "partition": None}
    config, prepared = ready(tmp_path, proposal)
    assert config.data.split.column == "partition"
    assert [len(prepared.rows(part)) for part in ("train", "val", "test")] == [12, 4, 4]


@pytest.mark.parametrize(
    ("header", "cell", "part"),
    [("is_valid", "True", "val"), ("is_test", "1", "test"), ("isValidation", "yes", "val")],
)
def test_flags_are_the_split_and_no_head(tmp_path, header, cell, part):
    no = {"True": "False", "1": "0", "yes": "no"}[cell]
    fill(tmp_path, *(f"train/{n}" for n in names(24)))
    rows = [f"{n},{'ab'[k % 2]},{cell if k % 4 == 3 else no}" for k, n in enumerate(names(24))]
    table(tmp_path / "train.csv", f"fname,kind,{header}", *rows)
    proposal = propose(None, [tmp_path])
    assert kinds(proposal) == {"kind": "class", header: None}
    config, prepared = ready(tmp_path, proposal)
    assert config.data.split.column == header
    assert len(prepared.rows(part)) == 6
    assert (prepared.split[3::4] == part).all()


def test_folds_are_a_hint_that_works(tmp_path):
    fill(tmp_path, *names(25))
    rows = [f"{n},{'ab'[k % 2]},{k % 5}" for k, n in enumerate(names(25))]
    table(tmp_path / "labels.csv", "image,kind,fold", *rows)
    proposal = propose(None, [tmp_path])
    assert kinds(proposal) == {"kind": "class", "fold": None}
    assert proposal.own_split is None
    reason = next(d.reason for d in proposal.decisions if d.columns == ("fold",))
    hint = "split: {column: fold, parts: {val: [0], test: [1]}}"
    assert hint in reason
    path = tmp_path / "mended.yaml"
    text = render_yaml(proposal, "x", tmp_path)
    path.write_text(text.replace("\ntasks:", f"  {hint}\n\ntasks:", 1))
    config = load_config(path)
    prepared = divide(config, examine(config, Reporter(quiet=True)))
    assert [len(prepared.rows(part)) for part in ("train", "val", "test")] == [15, 5, 5]


@pytest.mark.parametrize("header", ["Patient ID", "camera", "video_name", "plot", "subject"])
def test_subjects_are_kept_together(tmp_path, header):
    fill(tmp_path, *names(30))
    rows = [f"{n},{'ab'[k % 2]},S{k // 3}" for k, n in enumerate(names(30))]
    table(tmp_path / "labels.csv", f"image,kind,{header}", *rows)
    proposal = propose(None, [tmp_path])
    assert kinds(proposal) == {"kind": "class", header: None}
    config, prepared = ready(tmp_path, proposal)
    assert config.data.split.group_by == header
    parts = prepared.split.reshape(10, 3)
    assert (parts == parts[:, :1]).all()


def test_a_split_that_is_not_clear_is_told_in_the_config_and_by_check(tmp_path):
    fill(tmp_path, *names(8))
    rows = [f"{n},{'ab'[k % 2]},{'True' if k else 'False'}" for k, n in enumerate(names(8))]
    table(tmp_path / "labels.csv", "image,kind,is_valid", *rows)
    proposal = propose(None, [tmp_path])
    assert "says yes in most rows" in proposal.split_problem
    assert "Your own split is not clear" in render_yaml(proposal, "x", tmp_path)


def test_several_tables_with_images_of_their_own_keep_them(tmp_path):
    for shop in ("north", "south"):
        own = [f"{shop[0]}{k}.png" for k in range(6)]
        fill(tmp_path, *(f"{shop}/pictures/{n}" for n in own))
        cells = [f"{n},{'ab'[k % 2]}" for k, n in enumerate(own)]
        table(tmp_path / f"{shop}.csv", "image,kind", *cells)
    proposal = propose(None, [tmp_path])
    config, prepared = ready(tmp_path, proposal)
    assert len(prepared.table) == 12
    assert config.data.images is None
    assert {item.images.name for item in config.data.annotations} == {"pictures"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("photos", "photos"),
        ("photos/images", "photos"),
        ("photos/images/train", "photos"),
        ("photos/.", "photos"),
        ("photos/images/..", "photos"),
    ],
)
def test_the_name_is_that_of_the_folder_that_means_something(tmp_path, path, name):
    assert meaningful_name(tmp_path / path) == name


def test_a_source_given_as_a_dot_has_a_name(tmp_path, monkeypatch):
    fill(tmp_path, *(f"pets/cat/{n}" for n in names(3)), *(f"pets/dog/{n}" for n in names(3)))
    (tmp_path / "pets" / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "pets")
    assert read_table(Path()).source == "pets"
    assert [f.where for f in read_table(Path()).faults] == ["pets/empty"]
    assert meaningful_name(Path()) == "pets"


def test_a_path_through_a_link_stays_as_typed(tmp_path, monkeypatch):
    store = tmp_path / "far" / "store"
    fill(store, *(f"shots/{n}" for n in names(8)))
    table(
        store / "labels.csv", "image,kind", *(f"{n},{'ab'[k % 2]}" for k, n in enumerate(names(8)))
    )
    home = tmp_path / "home"
    home.mkdir()
    (home / "link").symlink_to(store, target_is_directory=True)
    monkeypatch.chdir(home)
    proposal = propose(Path("link/shots"), [Path("link/labels.csv")])
    text = render_yaml(proposal, "x", Path())
    assert "  images: link/shots/\n  annotations: link/labels.csv\n" in text
    config, _ = ready(home, proposal)
    assert config.data.images == home / "link/shots"


def test_a_table_named_after_a_part_means_the_images_of_that_part(tmp_path):
    fill(tmp_path, *(f"train/{n}" for n in names(12)))
    fill(tmp_path, *(f"test/{n}" for n in names(12)))
    rows = [f"{n},{'ab'[k % 2]}" for k, n in enumerate(names(12))]
    table(tmp_path / "train.csv", "image,kind", *rows)
    proposal = propose(None, [tmp_path])
    assert proposal.images == tmp_path / "train"
    table(tmp_path / "test.csv", "image,kind", *rows)
    _, prepared = ready(tmp_path, propose(None, [tmp_path]))
    read = [
        (path.parent.name, part)
        for path, part in zip(prepared.table.paths(), prepared.split, strict=True)
    ]
    assert {place for place, part in read if part == "test"} == {"test"}
    assert {place for place, part in read if part != "test"} == {"train"}


@pytest.mark.parametrize(
    ("others", "meant"),
    [("annotated", "images"), ("masks", "images"), ("GT", "images"), ("old/Images", "Images")],
)
def test_folders_with_images_of_the_same_names(tmp_path, others, meant):
    """One folder is meant, or the two are asked about, and the command in the message works."""
    fill(tmp_path, *(f"{meant}/{n}" for n in names(12)))
    fill(tmp_path, *(f"{others}/{n}" for n in names(12)))
    table(
        tmp_path / "t.csv", "image,kind", *(f"{n},{'ab'[k % 2]}" for k, n in enumerate(names(12)))
    )
    if meant == "images":
        assert propose(None, [tmp_path]).images == tmp_path / "images"
        return
    with pytest.raises(DataError, match="several folders") as caught:
        propose(None, [tmp_path])
    command = re.search(r"polyhead init (\S+) (\S+),", caught.value.message)
    assert command is not None
    assert kinds(propose(Path(command[1]), [Path(command[2])])) == {"kind": "class"}


@pytest.mark.parametrize("form", ["data/{0}/{1}", "{1}/{0}", "{0}_{1}"])
def test_names_of_masks_in_folders_of_parts_are_no_split(tmp_path, form):
    for part, num in (("Train", 8), ("Valid", 3)):
        for name in names(num):
            fill(tmp_path, f"{form.format(part, 'images')}/{name}")
            place = tmp_path / form.format(part, "masks") / name
            save(place, np.arange(256).reshape(16, 16) // 128)
    proposal = propose(None, [tmp_path])
    assert kinds(proposal)["mask"] == "mask"
    assert proposal.own_split is not None
    assert [(proposal.own_split.parts == part).sum() for part in ("train", "val")] == [8, 3]


def test_ids_that_two_folders_have_are_those_of_the_part(tmp_path):
    rows = [f"{k},{'ab'[k % 2]}" for k in range(12)]
    fill(tmp_path, *(f"{part}/{k}.png" for part in ("test", "train") for k in range(12)))
    table(tmp_path / "train.csv", "id,kind", *rows)
    assert propose(None, [tmp_path]).images == tmp_path / "train"
    (tmp_path / "train.csv").rename(tmp_path / "labels.csv")
    with pytest.raises(DataError, match="several folders"):
        propose(None, [tmp_path])


def test_packed_images_are_told(tmp_path):
    table(tmp_path / "labels.csv", "image,kind", "a.png,x", "b.png,y")
    (tmp_path / "images.zip").write_bytes(b"PK")
    with pytest.raises(DataError) as caught:
        propose(None, [tmp_path])
    assert "labels.csv: it names no images of this folder" in caught.value.message
    assert "images.zip: unpack archives first" in caught.value.message


def test_tables_of_one_folder_start_there_though_a_copy_holds_some(tmp_path):
    fill(tmp_path, *(f"flat/{n}" for n in names(12)))
    (tmp_path / "part/images").mkdir(parents=True)
    for name in names(6):
        (tmp_path / "part/images" / name).write_bytes((tmp_path / "flat" / name).read_bytes())
    rows = [f"{n},{'ab'[k % 2]}" for k, n in enumerate(names(12))]
    table(tmp_path / "all.csv", "image,kind", *rows)
    table(tmp_path / "some.csv", "image,grade", *rows[:5])
    proposal = propose(None, [tmp_path])
    assert (proposal.images, proposal.num_rows) == (tmp_path / "flat", 12)
