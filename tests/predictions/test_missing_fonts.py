"""Labels in a script that no installed font has: which, and what to install."""

import unicodedata

import pytest

from polyhead.predictions.drawing import lettering, missing_fonts, undrawable

LATIN = ["car", "Straße", "шина", "αβγ"]


@pytest.fixture
def only_dejavu(monkeypatch):
    """A bare machine: every other face is as if it were not installed."""
    load = lettering._load

    def few(name, size):
        return load(name, size) if name.startswith("DejaVu") else None

    monkeypatch.setattr(lettering, "_load", few)


@pytest.mark.usefixtures("only_dejavu")
def test_labels_that_a_font_has_are_not_named():
    assert undrawable([*LATIN, "a\nb", ""]) == []
    assert missing_fonts(LATIN) == []


@pytest.mark.usefixtures("only_dejavu")
@pytest.mark.parametrize(
    ("label", "package"),
    [
        ("日本", "fonts-noto-cjk"),
        ("自行车", "fonts-noto-cjk"),
        ("くるま", "fonts-noto-cjk"),
        ("자동차", "fonts-noto-cjk"),
        ("कार", "fonts-noto-core"),
        ("รถ", "fonts-noto-core"),
    ],
)
def test_the_package_of_the_script_is_named(label, package):
    assert undrawable([*LATIN, label]) == [label]
    assert missing_fonts([label]) == [package]


@pytest.mark.usefixtures("only_dejavu")
def test_several_scripts_need_several_packages():
    assert missing_fonts(["日本 कार"]) == ["fonts-noto-cjk", "fonts-noto-core"]


def test_every_script_of_the_faces_is_a_script():
    known = {unicodedata.name(chr(code), "").split(" ")[0] for code in range(0x3000)}
    special = {"Regular", "CJK", "Symbols"}
    for face, _ in lettering.FACES:
        if face.startswith("NotoSans"):
            script = face.removeprefix("NotoSans").split("-")[0]
            assert not script or script.upper() in known or script in special
