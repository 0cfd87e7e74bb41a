import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_files import encoded, oriented, scene
from PIL import Image

from polyhead.data import load_image, resize

sides = st.integers(1, 40)


@settings(max_examples=50, deadline=None)
@given(sides, sides, sides, sides, st.integers(0, 255))
def test_flat_images_stay_flat_at_any_size(height, width, new_height, new_width, value):
    image = resize(np.full((height, width, 3), value, np.uint8), (new_height, new_width))
    assert image.shape == (new_height, new_width, 3)
    assert (image == value).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 65000), (65000, 1)])
@pytest.mark.parametrize("size", [(1, 1), (32, 24)])
def test_extreme_shapes(shape, size):
    image = resize(np.full((*shape, 3), 9, np.uint8), size)
    assert image.shape == (*size, 3)
    assert (image == 9).all()


def test_the_same_size_changes_nothing():
    np.testing.assert_array_equal(resize(scene(), (48, 64)), scene())


def test_upscaling_is_pillows_bicubic():
    expected = Image.fromarray(scene()).resize((200, 100), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(resize(scene(), (100, 200)), np.asarray(expected))


@pytest.mark.parametrize("side", [256, 1024])
def test_downscaling_is_antialiased(side):
    """A fine checkerboard averages to grey, and a large reduction stays near the exact filter."""
    board = (np.indices((side, side)).sum(axis=0) % 2 * 255).astype(np.uint8)
    image = resize(np.dstack([board] * 3), (60, 60)).astype(int)
    assert np.abs(image[2:-2, 2:-2] - 127).max() <= 3
    noise = np.random.default_rng(0).integers(0, 255, (side, side, 3), dtype=np.uint8)
    smooth = resize(noise, (side // 2, side // 2))
    exact = np.asarray(Image.fromarray(smooth).resize((40, 40), Image.Resampling.BICUBIC))
    assert np.abs(resize(smooth, (40, 40)).astype(int) - exact).mean() < 3


def test_views_and_read_only_arrays_work_and_the_result_is_writable():
    view = scene()[::-1, ::2]
    view.flags.writeable = False
    image = resize(view, (10, 10))
    np.testing.assert_array_equal(image, resize(view.copy(), (10, 10)))
    assert image.flags.writeable


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_other_arrays_are_refused(image):
    with pytest.raises(ValueError, match="image"):
        resize(image, (4, 4))


@pytest.mark.parametrize("size", [(0, 4), (4, -1)])
def test_empty_sizes_are_refused(size):
    with pytest.raises(ValueError, match="size"):
        resize(scene(), size)
    with pytest.raises(ValueError, match="size"):
        load_image(encoded(scene()), size)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("size", [(224, 224), (30, 50), (500, 700)])
def test_one_path_for_paths_bytes_and_arrays(tmp_path, kind, orientation, size):
    from polyhead.data import decode

    path = tmp_path / "a"
    path.write_bytes(oriented(kind, orientation, scene(480, 640)))
    loaded = load_image(path, size)
    decoded = decode(path.read_bytes(), at_least=size)
    np.testing.assert_array_equal(loaded.image, resize(decoded.image, size))
    np.testing.assert_array_equal(loaded.image, load_image(path.read_bytes(), size).image)
    assert (loaded.width, loaded.height) == ((480, 640) if orientation == 6 else (640, 480))
    assert loaded.image.flags.writeable


def test_drafting_stays_close_to_the_full_decode():
    from polyhead.data import decode

    data = encoded(scene(480, 640), "JPEG", quality=90)
    full = resize(decode(data).image, (224, 224)).astype(int)
    assert np.abs(load_image(data, (224, 224)).image - full).mean() < 2
