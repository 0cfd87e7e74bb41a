from itertools import combinations

import numpy as np
import pytest
from colour_difference import ciede2000, lab

from polyhead.predictions.drawing.palette import COLOURS, NUM_PATTERNS, Paint, paints, rgb, stripes


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [  # of the published test data of CIEDE2000
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ],
)
def test_the_measure_of_difference_is_right(one, other, difference):
    assert ciede2000(one, other) == pytest.approx(difference, abs=1e-4)


@pytest.mark.parametrize(
    ("sight", "least"),
    [("normal", 12), ("protanopia", 9), ("deuteranopia", 9), ("tritanopia", 7)],
)
def test_any_eyes_tell_the_colours_apart(sight, least):
    seen = lab([rgb(colour) for colour in COLOURS], sight)
    assert min(ciede2000(one, other) for one, other in combinations(seen, 2)) >= least


@pytest.mark.parametrize("colour", COLOURS)
def test_ink_reads_well_on_every_colour(colour):
    paint = Paint(rgb(colour))
    lightness = lab([paint.colour, paint.ink, paint.stripe])[:, 0]
    assert abs(lightness[0] - lightness[1]) > 35
    assert abs(lightness[0] - lightness[2]) > 15


def test_paints_depend_on_the_place_alone_and_a_hundred_differ():
    names = [f"class {k}" for k in range(len(COLOURS) * NUM_PATTERNS)]
    painted = paints(names)
    assert len(set(painted.values())) == len(names) == 100
    assert paints(names[:3]) == {name: painted[name] for name in names[:3]}
    assert paints(["a", "b", "a", "c"]) == paints(["a", "b", "c"])


def test_more_classes_start_again():
    painted = list(paints(list(map(str, range(250)))).values())
    assert painted[100:200] == painted[:100]


@pytest.mark.parametrize("pattern", range(NUM_PATTERNS))
def test_stripes_take_a_third_in_their_own_direction(pattern):
    striped = stripes(pattern, 36, 24, 12)
    assert striped.shape == (24, 36)
    assert striped.mean() == (pattern and pytest.approx(1 / 3))
    swatch = np.asarray(Paint((255, 0, 0), pattern).swatch(36, 24, 12))
    assert ((swatch == (255, 0, 0)).all(axis=2) == ~striped).all()
    directions = {stripes(p, 36, 24, 12).tobytes() for p in range(NUM_PATTERNS)}
    assert len(directions) == NUM_PATTERNS
