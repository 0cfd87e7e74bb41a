"""`predict --csv` and `--csv-boxes`: tables for spreadsheets, of a real run."""

import csv

import pytest


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_of_answers_is_what_json_says(polyhead, trained, scenes, tmp_path):
    images = sorted((scenes / "images").iterdir())[:3]
    (tmp_path / "broken.jpg").write_text("no image")
    table = tmp_path / "new" / "answers.csv"
    words = ("predict", trained.path, *images, tmp_path / "broken.jpg", "--csv", table)
    code, out, err = polyhead(*words)
    assert (code, len(out.splitlines())) == (1, 4)
    assert f"wrote {table}: 4 of 4 images" in err
    rows = rows_of(table)
    answer = polyhead("predict", trained.path, images[0])
    assert f"daytime: {rows[0]['daytime']} " in answer.out
    assert rows[0]["image"] == str(images[0])
    labels = rows[0]["contents"].split("|")
    assert all(f" {label} 0." in answer.out or labels == ["[]"] for label in labels)
    assert (rows[3]["daytime"], rows[3]["image/error"][:11]) == ("", "E_NOT_IMAGE")


def test_a_table_can_be_corrected_and_trained_on(polyhead, trained, scenes, tmp_path):
    table = tmp_path / "answers.csv"
    assert polyhead("predict", trained.path, scenes / "images", "--csv", table).code == 0
    rows = rows_of(table)
    for number, row in enumerate(rows):  # the tiny run says the same of every image
        corrected = (("car|bus", "day"), ("car", "night"), ("[]", "day"))[number % 3]
        row["contents"], row["daytime"] = corrected
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    code, out, err = polyhead("init", scenes, table, "--out", tmp_path / "new.yaml")
    assert code == 0, err
    assert "contents: task contents (tags)" in out
    assert polyhead("check", tmp_path / "new.yaml").code == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--csv", "a.xlsx"], "expected a name that ends in .csv"),
        (["--csv", "a.csv", "--csv-boxes", "./a.csv"], "expected two files"),
        (["--csv-boxes", "b.csv"], "no boxes task"),
    ],
)
def test_wrong_tables_are_refused(polyhead, trained, scenes, tmp_path, monkeypatch, words, told):
    monkeypatch.chdir(tmp_path)
    code, out, err = polyhead("predict", trained.path, scenes / "images", *words)
    assert (code, out, told in err) == (2, "", True)
    assert list(tmp_path.iterdir()) == []
