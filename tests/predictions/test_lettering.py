import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from polyhead.predictions.drawing import lettering
from polyhead.predictions.drawing.lettering import fit, font_for, lettered, printable


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=40), st.integers(20, 200))
def test_fitted_text_is_no_wider_than_asked(text, width):
    text = printable(text)
    font = font_for(text, 15)
    fitted = fit(text, font, width)
    assert font.getlength(fitted) <= width
    assert fitted == text or text.startswith(fitted.removesuffix("…"))


def test_text_that_fits_stays():
    assert fit("car", font_for("car", 15), 500) == "car"


def test_unprintable_characters_are_escaped():
    assert printable("a\nb\x00\ud800é") == "a\\nb\\x00\\ud800é"


def test_missing_fonts_fall_back_to_the_built_in_one(monkeypatch):
    monkeypatch.setattr(lettering, "FACES", (("no-such-font.ttf", "no-such-font.ttf"),))
    font = font_for("car", 15)
    assert font.getlength("car") > 0
    assert font_for("日本語", 15) is font


def test_font_with_the_characters_is_preferred(monkeypatch):
    try:
        ImageFont.truetype("DejaVuSans.ttf", 15)
    except OSError:
        pytest.skip("DejaVu is not installed")
    monkeypatch.setattr(lettering, "FACES", (("DejaVuSansMono.ttf",) * 2, ("DejaVuSans.ttf",) * 2))
    for text, family in (("car", "DejaVu Sans Mono"), ("⠿𝔸", "DejaVu Sans")):
        font = font_for(text, 15)
        assert isinstance(font, ImageFont.FreeTypeFont)
        assert font.getname()[0] == family


def test_what_no_font_has_is_escaped_with_its_marks(monkeypatch):
    monkeypatch.setattr(lettering, "FACES", ())
    assert lettered("car \U0001f697", 15)[0] == "car \\U0001f697"
    assert lettered("\u092d\u093e", 15)[0] == "\\u092d\\u093e"
    assert lettered("a" * 600, 15)[0] == "a" * 500


def test_two_labels_that_no_font_has_look_different(monkeypatch):
    monkeypatch.setattr(lettering, "FACES", ())
    assert lettered("日本", 15)[0] != lettered("中国", 15)[0]


def test_nothing_is_written_where_not_even_the_ellipsis_fits():
    assert fit("car", font_for("car", 15), 3) == ""
