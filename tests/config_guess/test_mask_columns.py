"""What `propose` makes of masks as people have them: colours, palettes, JPEGs, trimaps, ids."""

import numpy as np
import pytest
from PIL import Image
from spatial_tables import images, table

from polyhead.config import load_config
from polyhead.config_guess import propose, render_yaml, write_config
from polyhead.config_guess.mask_palettes import PALETTES, voc_colour
from polyhead.errors import DataError
from polyhead.preparation import examine
from polyhead.progress import Reporter
from polyhead.table.mask_map import colour_code, colour_text

SIZE = (48, 64)
STRIPES = np.indices(SIZE).sum(0) // 12  # 0 to 9


def rgb(*colours):
    """Stripes of packed colours."""
    codes = np.array(colours)[STRIPES % len(colours)]
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=2).astype(np.uint8)


def write(folder, *masks, name="masks/{}.png", **options):
    """Twelve images with their masks, and the table of both."""
    images(folder)
    for number in range(12):
        path = folder / name.format(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        mask = masks[number % len(masks)]
        image = mask if isinstance(mask, Image.Image) else Image.fromarray(mask)
        image.save(path, **options)
    return folder


def proposed(folder, name="masks/{}.png", column="mask"):
    """The mask task, the decision, and its masks as the check reads them."""
    proposal = propose(None, [table(folder, name=column, cell=name, light=["day", "night"])])
    decision = next(d for d in proposal.decisions if column in d.columns)
    if decision.task is None:
        return decision, None
    path = folder / "polyhead.yaml"
    write_config(path, render_yaml(proposal, "x", folder), overwrite=True)
    found = examine(load_config(path), Reporter(quiet=True))
    assert [str(fault) for fault in found.faults if fault.is_error] == []
    return decision, found.targets[decision.task][0]


def test_colours_get_a_class_each(tmp_path):
    decision, mask = proposed(write(tmp_path, rgb(0, 0xFF0000, 0x123456)))
    assert decision.keys["colours"] == {
        "0,0,0": "background",
        "18,52,86": "colour_18_52_86",
        "255,0,0": "red",
    }
    assert "correct those made from the colours" in decision.reason
    assert (mask == np.array([0, 2, 1])[STRIPES % 3]).all()


def test_transparent_pixels_are_the_background(tmp_path):
    mask = np.dstack([rgb(0, 0xFFFFFF), np.array([0, 255], np.uint8)[STRIPES % 2]])
    decision, found = proposed(write(tmp_path, mask))
    assert decision.keys["colours"] == {"transparent": "background", "255,255,255": "white"}
    assert (found == STRIPES % 2).all()


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
def test_the_palettes_of_data_sets_name_their_classes(tmp_path, palette):
    codes = [code for code in palette.classes if code][3:9]
    unknown = next(iter(palette.unknown))
    decision, mask = proposed(write(tmp_path, rgb(*codes, unknown)))
    names = {colour_text(code): palette.classes[code] for code in sorted(codes)}
    assert decision.keys["colours"] == names
    assert decision.keys["ignore"] == (colour_text(unknown),)
    assert f"colours of {palette.name}" in decision.reason
    assert (mask == 255).sum() == (STRIPES % 7 == 6).sum()


def test_colours_of_several_palettes_are_not_named_by_one(tmp_path):
    decision, _ = proposed(write(tmp_path, rgb(0, 0x800000)))
    assert decision.keys["colours"] == {"0,0,0": "background", "128,0,0": "colour_128_0_0"}
    assert "Pascal VOC 128,0,0 is aeroplane" in decision.reason
    assert "CamVid 128,0,0 is Building" in decision.reason


def test_the_palettes_are_those_of_their_data_sets():
    voc, cityscapes, camvid = PALETTES
    assert [len(p.classes) for p in PALETTES] == [21, 28, 32]
    assert voc.classes[colour_code("192,128,128")] == "person"
    assert cityscapes.classes[colour_code("0,0,142")] == "car"
    assert cityscapes.classes[colour_code("220,20,60")] == "person"
    assert camvid.classes[colour_code("64,0,128")] == "Car"


def in_palette(palette, values):
    image = Image.fromarray(values.astype(np.uint8), "L").convert("P")
    image.putpalette(
        [part for code in palette for part in (code >> 16, code >> 8 & 255, code & 255)]
    )
    return image


def test_a_palette_names_values_where_it_is_that_of_a_data_set(tmp_path):
    voc = [voc_colour(index) for index in range(256)]
    mask = in_palette(voc, np.array([0, 7, 15, 19, 255])[STRIPES % 5])
    decision, found = proposed(write(tmp_path, mask))
    assert decision.keys["values"] == {"0": "background", "7": "car", "15": "person", "19": "train"}
    assert (found == np.array([0, 1, 2, 3, 255])[STRIPES % 5]).all()
    voc[255] = 0  # of unknown, which each tool shows as it likes
    few, _ = proposed(write(tmp_path, in_palette(voc, np.array([0, 1, 255])[STRIPES % 3])))
    assert few.keys["classes"] == ("class_0", "class_1")
    assert "Pascal VOC 1 is aeroplane" in few.reason


def test_palettes_that_differ_from_file_to_file_are_read_as_colours(tmp_path):
    masks = [in_palette(each, STRIPES % 2) for each in ([0, 0xFF0000], [0xFF0000, 0])]
    decision, found = proposed(write(tmp_path, *masks))
    assert decision.keys["colours"] == {"0,0,0": "background", "255,0,0": "red"}
    assert (found == STRIPES % 2).all()


def test_jpegs_of_few_greys(tmp_path):
    name = "masks/{}.jpg"
    grey = np.array([0, 255], np.uint8)[STRIPES % 2]
    decision, mask = proposed(write(tmp_path, grey, name=name, quality=80), name)
    assert decision.keys["values"] == {"0": "background", "255": "foreground"}
    assert "JPEG" in decision.reason
    known = mask != 255
    assert known.mean() > 0.9
    assert (mask == STRIPES % 2)[known].all()


def test_jpegs_of_three_greys_and_of_photos(tmp_path):
    name = "masks/{}.jpg"
    grey = np.array([0, 128, 255], np.uint8)[np.indices(SIZE)[1] // 24]
    decision, mask = proposed(write(tmp_path, grey, name=name, quality=90), name)
    middle = [value for value in map(int, decision.keys["values"]) if value not in (0, 255)]
    assert abs(middle[0] - 128) <= 2
    assert (mask != 255).mean() > 0.8
    noise = np.random.default_rng(0).integers(0, 255, SIZE).astype(np.uint8)
    decision, _ = proposed(write(tmp_path, noise, name=name), name)
    assert (decision.task, "as grey photos do" in decision.reason) == (None, True)


def test_coloured_jpegs_say_what_to_do(tmp_path):
    name = "masks/{}.jpg"
    decision, _ = proposed(write(tmp_path, rgb(0, 0xFF0000), name=name), name)
    assert decision.task is None
    assert "JPEG" in decision.reason
    assert "PNG" in decision.reason


@pytest.mark.parametrize(
    ("values", "names", "border"),
    [
        ([1, 2, 3], {"1": "foreground", "2": "background"}, "3"),
        ([0, 128, 255], {"0": "background", "255": "foreground"}, "128"),
    ],
)
def test_the_border_of_trimaps_is_unknown(tmp_path, values, names, border):
    name = "trimaps/{}.png"
    mask = np.array(values, np.uint8)[STRIPES % 3]
    decision, found = proposed(write(tmp_path, mask, name=name), name)
    assert (decision.keys["values"], decision.keys["ignore"]) == (names, (border,))
    assert ((found == 255) == (mask == int(border))).all()
    assert f"{border} the border" in decision.reason


def test_ids_of_cityscapes_have_names(tmp_path):
    name = "gtFine/{}_gtFine_labelIds.png"
    mask = np.array([0, 3, 7, 23, 26], np.uint8)[STRIPES % 5]
    decision, found = proposed(write(tmp_path, mask, name=name), name)
    assert decision.keys["values"] == {"7": "road", "23": "sky", "26": "car"}
    assert decision.keys["ignore"] == ("0", "3")
    assert (found == np.array([255, 255, 0, 1, 2])[STRIPES % 5]).all()
    name = "gtFine/{}_gtFine_labelTrainIds.png"
    mask = np.array([0, 13, 255], np.uint8)[STRIPES % 3]
    decision, _ = proposed(write(tmp_path, mask, name=name), name)
    assert (decision.keys["classes"][0], decision.keys["classes"][13]) == ("road", "car")


def test_ids_of_instances_are_their_classes(tmp_path):
    mask = np.array([7, 26000, 26001], np.uint16)[STRIPES % 3]
    decision, found = proposed(write(tmp_path, mask))
    values = {"7": "class_7", "26000": "class_26", "26001": "class_26"}
    assert decision.keys["values"] == values
    assert "1000 times the class" in decision.reason
    assert (found == np.array([0, 1, 1])[STRIPES % 3]).all()


def test_sixteen_bits_of_black_and_white(tmp_path):
    decision, found = proposed(write(tmp_path, np.array([0, 65535], np.uint16)[STRIPES % 2]))
    assert decision.keys["values"] == {"0": "background", "65535": "foreground"}
    assert (found == STRIPES % 2).all()


@pytest.mark.parametrize("coloured", [False, True])
def test_smoothed_edges_are_unknown(tmp_path, coloured):
    size = (SIZE[1] * 4, SIZE[0] * 4)
    sharp = rgb(0, 0xFF8000) if coloured else np.array([0, 255], np.uint8)[STRIPES // 5 % 2]
    large = Image.fromarray(sharp).resize((64, 48)).resize(size, Image.Resampling.NEAREST)
    smooth = large.resize((310, 230), Image.Resampling.BICUBIC)
    images(tmp_path, size=(230, 310))
    for number in range(12):
        (tmp_path / "masks").mkdir(exist_ok=True)
        smooth.save(tmp_path / f"masks/{number}.png")
    decision, found = proposed(tmp_path)
    assert decision.keys["ignore"] == "others"
    assert "smoothed edges" in decision.reason
    assert 0.7 < (found != 255).mean() < 1


LABEL_FILES = {
    "labelmap.txt": "# label:color_rgb:parts:actions\n"
    "background:0,0,0::\nrust:255,0,0::\ncrack:9,8,7::\n",
    "label_colors.txt": "0 0 0\tbackground\n255 0 0\trust\n9 8 7\tcrack\n",
    "class_dict.csv": "name,r,g,b\nbackground,0,0,0\nrust,255,0,0\ncrack,9,8,7\n",
}


@pytest.mark.parametrize("file", LABEL_FILES)
def test_files_beside_masks_name_colours(tmp_path, file):
    write(tmp_path, rgb(0, 0xFF0000, 0x090807))
    (tmp_path / file).write_text(LABEL_FILES[file])
    decision, _ = proposed(tmp_path)
    assert decision.keys["colours"] == {"0,0,0": "background", "9,8,7": "crack", "255,0,0": "rust"}
    assert f"{file} beside them holds the names" in decision.reason


def test_files_beside_masks_name_values(tmp_path):
    write(tmp_path, (STRIPES % 3).astype(np.uint8))
    (tmp_path / "_classes.csv").write_text("Pixel Value, Class\n0, background\n1, rust\n2, crack\n")
    decision, _ = proposed(tmp_path)
    assert decision.keys["classes"] == ("background", "rust", "crack")


def test_masks_of_any_name_with_few_values(tmp_path):
    name = "lesions/{}.png"
    write(tmp_path, np.array([0, 255], np.uint8)[STRIPES % 2], name=name)
    decision, _ = proposed(tmp_path, name, column="lesion")
    assert decision.keys["values"] == {"0": "background", "255": "foreground"}


def test_one_colour_tells_nothing(tmp_path):
    decision, _ = proposed(write(tmp_path, rgb(0xFF0000)))
    assert "masks of a single colour hold no information" in decision.reason
    with pytest.raises(DataError):
        propose(None, [table(tmp_path)])
