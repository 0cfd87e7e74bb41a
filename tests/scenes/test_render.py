import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from polyhead.errors import ConfigError
from polyhead.scenes import (
    DAYTIMES,
    MASK_CLASSES,
    OBJECT_LABELS,
    TAGS,
    LabelDistribution,
    render_scene,
    render_scenes,
)
from polyhead.scenes.air import KOSCHMIEDER
from polyhead.scenes.camera import Camera

CLASS_OF_LABEL = {"car": "vehicle", "bus": "vehicle"}


@pytest.fixture(scope="module")
def scenes():
    return list(render_scenes(160, size=96, seed=5))


def exactly(*true_tags):
    """A distribution that always draws the same tags."""
    unary = np.array([40.0 if tag in true_tags else -40.0 for tag in TAGS])
    return LabelDistribution(TAGS, unary, np.zeros((len(TAGS), len(TAGS))))


def in_mask(scene, name):
    return int((scene.mask == MASK_CLASSES.index(name)).sum())


def test_shapes_and_types(scenes):
    for scene in scenes:
        assert scene.image.shape == (96, 96, 3)
        assert scene.image.dtype == scene.mask.dtype == np.uint8
        assert scene.mask.shape == (96, 96)
        assert scene.boxes_xyxy.dtype == np.float32
        assert scene.boxes_xyxy.shape == (len(scene.box_labels), 4)
        assert tuple(scene.tags) == TAGS
        assert scene.daytime in DAYTIMES


def test_boxes_lie_inside_and_are_tight_around_what_the_mask_shows(scenes):
    for scene in scenes:
        for box, label, area in zip(scene.boxes_xyxy, scene.box_labels, scene.areas, strict=True):
            x0, y0, x1, y1 = box.astype(int)
            assert 0 <= x0 < x1 <= 96
            assert 0 <= y0 < y1 <= 96
            shown = scene.mask[y0:y1, x0:x1] == MASK_CLASSES.index(CLASS_OF_LABEL.get(label, label))
            assert 3 <= area <= shown.sum()
            assert shown.any(axis=0)[[0, -1]].all()
            assert shown.any(axis=1)[[0, -1]].all()


def test_object_tags_are_true_exactly_when_there_is_a_box(scenes):
    for scene in scenes:
        assert {tag for tag in OBJECT_LABELS if scene.tags[tag]} == set(scene.box_labels)
        assert scene.people == scene.box_labels.count("person")


def test_mask_agrees_with_tags(scenes):
    for scene in scenes:
        assert scene.mask.max() < len(MASK_CLASSES)
        for tag, name in (("building", "building"), ("tree", "tree"), ("dog", "dog")):
            assert (in_mask(scene, name) > 0) == scene.tags[tag]
        assert in_mask(scene, "road") > 0
        assert (in_mask(scene, "vehicle") > 0) == (scene.tags["car"] or scene.tags["bus"])


def test_visibility_is_lowest_in_fog_and_lower_in_rain_snow_and_night(scenes):
    for scene in scenes:
        assert (scene.visibility_m < 100) == scene.tags["fog"]

    def mean(chosen):
        return np.mean([s.visibility_m for s in scenes if not s.tags["fog"] and chosen(s)])

    def dry(scene):
        return not (scene.tags["rain"] or scene.tags["snow"])

    assert mean(lambda s: not dry(s)) < mean(dry)
    assert mean(lambda s: s.daytime == "night") < mean(lambda s: s.daytime == "day")


def test_the_same_arguments_give_the_same_bytes_whatever_came_before(scenes):
    again = render_scene(7, 5, 96)
    np.testing.assert_array_equal(again.image, scenes[7].image)
    np.testing.assert_array_equal(again.mask, scenes[7].mask)
    np.testing.assert_array_equal(again.boxes_xyxy, scenes[7].boxes_xyxy)
    assert again.tags == scenes[7].tags


def test_seeds_and_indices_differ(scenes):
    assert not np.array_equal(render_scene(7, 6, 96).image, scenes[7].image)
    assert not np.array_equal(scenes[8].image, scenes[7].image)


@pytest.mark.parametrize("size", [64, 97, 160, 320])
def test_sizes(size):
    scene = render_scene(3, 0, size)
    assert scene.image.shape == (size, size, 3)
    assert scene.mask.shape == (size, size)
    assert (scene.boxes_xyxy <= size).all()


@pytest.mark.parametrize("weather", ["rain", "snow", "fog"])
def test_a_crowded_street_in_any_weather_finds_room(weather):
    crowd = exactly(*(tag for tag in TAGS if tag not in {"rain", "snow", "fog"}), weather)
    for index in range(6):
        scene = render_scene(index, 2, 160, crowd)
        assert set(scene.box_labels) == set(OBJECT_LABELS)
        assert scene.tags[weather]


def test_an_empty_street_shows_nothing():
    for index in range(6):
        scene = render_scene(index, 0, 96, exactly())
        assert scene.boxes_xyxy.shape == (0, 4)
        for name in ("building", "tree", "vehicle", "bicycle", "person", "dog", "traffic light"):
            assert in_mask(scene, name) == 0


@pytest.mark.parametrize("weather", ["rain", "snow"])
def test_falling_weather_roughens_the_sky(weather):
    def roughness(*tags):
        values = []
        for index in range(12):
            scene = render_scene(index, 1, 160, exactly(*tags))
            sky = scene.image[:40].astype(float).mean(axis=2)
            # Streaks and flakes are rare strong edges; sensor noise has none.
            edges = np.abs(np.diff(sky, axis=1))
            values.append(np.quantile(edges, 0.99) / (np.median(edges) + 1))
        return np.median(values)

    assert roughness(weather) > 1.3 * roughness()


def test_mean_colour_does_not_solve_the_tags():
    rendered = list(render_scenes(300, size=64, seed=11))
    colours = np.array([scene.image.mean(axis=(0, 1)) for scene in rendered])
    precisions, chances = [], []
    for tag in TAGS:
        truth = np.array([scene.tags[tag] for scene in rendered])
        probe = make_pipeline(StandardScaler(), LogisticRegression())
        scores = np.asarray(cross_val_predict(probe, colours, truth, cv=3, method="predict_proba"))
        precisions.append(average_precision_score(truth, scores[:, 1]))
        chances.append(truth.mean())
    assert np.mean(precisions) < 0.6
    assert np.mean(precisions) < np.mean(chances) + 0.2


def test_fog_takes_contrast_as_koschmieder_says():
    assert np.exp(-KOSCHMIEDER) == pytest.approx(0.02, abs=1e-4)


def test_camera_projects_the_ground_as_its_depth_table_says():
    camera = Camera(size=200, focal=180.0, height=2.0, horizon=80.0, centre=100.0)
    depths = camera.ground_depths()
    assert np.isinf(depths[:80]).all()
    for row in (85, 120, 199):
        assert camera.project(0.0, 0.0, depths[row])[1] == pytest.approx(row + 0.5)
    assert camera.project(0.0, 0.0, camera.nearest)[1] == pytest.approx(200)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"index": 0, "size": 32}, "at least 64"),
        ({"index": -1}, "at least 0"),
        ({"index": 0, "seed": -4}, "at least 0"),
        (
            {"index": 0, "distribution": LabelDistribution("a", np.zeros(1), np.zeros((1, 1)))},
            "labels",
        ),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        render_scene(**arguments)
