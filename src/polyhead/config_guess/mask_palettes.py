"""Colours and values of masks that are known by name: those of public data sets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

_MIN_COLOURS = 3  # besides black: fewer are in too many palettes

_VOC_CLASSES = (
    *("background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat"),
    *("chair", "cow", "diningtable", "dog", "horse", "motorbike", "person", "pottedplant"),
    *("sheep", "sofa", "train", "tvmonitor"),
)
_CITYSCAPES = {
    5: ("dynamic", 0x6F4A00),
    6: ("ground", 0x510051),
    7: ("road", 0x804080),
    8: ("sidewalk", 0xF423E8),
    9: ("parking", 0xFAAAA0),
    10: ("rail track", 0xE6968C),
    11: ("building", 0x464646),
    12: ("wall", 0x66669C),
    13: ("fence", 0xBE9999),
    14: ("guard rail", 0xB4A5B4),
    15: ("bridge", 0x966464),
    16: ("tunnel", 0x96785A),
    17: ("pole", 0x999999),
    19: ("traffic light", 0xFAAA1E),
    20: ("traffic sign", 0xDCDC00),
    21: ("vegetation", 0x6B8E23),
    22: ("terrain", 0x98FB98),
    23: ("sky", 0x4682B4),
    24: ("person", 0xDC143C),
    25: ("rider", 0xFF0000),
    26: ("car", 0x00008E),
    27: ("truck", 0x000046),
    28: ("bus", 0x003C64),
    29: ("caravan", 0x00005A),
    30: ("trailer", 0x00006E),
    31: ("train", 0x005064),
    32: ("motorcycle", 0x0000E6),
    33: ("bicycle", 0x770B20),
}
CITYSCAPES_IDS = {number: name for number, (name, _) in _CITYSCAPES.items()} | {18: "polegroup"}
"""The classes of labelIds; 0 to 4 are what nobody annotated."""
_TRAINED = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
CITYSCAPES_TRAIN_IDS = tuple(CITYSCAPES_IDS[number] for number in _TRAINED)
"""The classes of labelTrainIds, from 0."""
_CAMVID = {
    0x408040: "Animal",
    0xC00080: "Archway",
    0x0080C0: "Bicyclist",
    0x008040: "Bridge",
    0x800000: "Building",
    0x400080: "Car",
    0x4000C0: "CartLuggagePram",
    0xC08040: "Child",
    0xC0C080: "Column_Pole",
    0x404080: "Fence",
    0x8000C0: "LaneMkgsDriv",
    0xC00040: "LaneMkgsNonDriv",
    0x808040: "Misc_Text",
    0xC000C0: "MotorcycleScooter",
    0x804040: "OtherMoving",
    0x40C080: "ParkingBlock",
    0x404000: "Pedestrian",
    0x804080: "Road",
    0x8080C0: "RoadShoulder",
    0x0000C0: "Sidewalk",
    0x3C28DE: "Pavement",
    0xC08080: "SignSymbol",
    0x808080: "Sky",
    0x4080C0: "SUVPickupTruck",
    0x000040: "TrafficCone",
    0x004040: "TrafficLight",
    0xC04080: "Train",
    0x808000: "Tree",
    0xC080C0: "Truck_Bus",
    0x400040: "Tunnel",
    0xC0C000: "VegetationMisc",
    0x40C000: "Wall",
}
_BLACK, _VOC_BORDER = 0, 0xE0E0C0


@dataclass(frozen=True)
class Palette:
    """The colours of a data set.

    Attributes:
        name: Of the data set.
        classes: Colour, as `colour_code` packs it, to class.
        unknown: Colours of pixels that nobody annotated.
    """

    name: str
    classes: Mapping[int, str]
    unknown: frozenset[int]


def voc_colour(index: int) -> int:
    """The packed colour of an index in Pascal VOC's map: its bits, spread over the channels.

    >>> f"{voc_colour(1):06x} {voc_colour(15):06x} {voc_colour(255):06x}"
    '800000 c08080 e0e0c0'
    """
    channels = [0, 0, 0]
    for place in range(8):
        for channel in range(3):
            channels[channel] |= (index >> (3 * place + channel) & 1) << (7 - place)
    return channels[0] << 16 | channels[1] << 8 | channels[2]


PALETTES = (
    Palette(
        "Pascal VOC",
        {voc_colour(index): name for index, name in enumerate(_VOC_CLASSES)},
        frozenset([_VOC_BORDER]),
    ),
    Palette("Cityscapes", {code: name for name, code in _CITYSCAPES.values()}, frozenset([_BLACK])),
    Palette("CamVid", _CAMVID, frozenset([_BLACK])),
)


def palettes_of(colours: Collection[int]) -> list[Palette]:
    """The palettes that have all of some colours, of which at least one is not black."""
    found = set(colours)
    if not found - {_BLACK}:
        return []
    return [p for p in PALETTES if found <= p.classes.keys() | p.unknown]


def known_palette(colours: Collection[int]) -> Palette | None:
    """The one palette that has all of some colours; None where these are too few to tell."""
    found = palettes_of(colours)
    is_enough = len(set(colours) - {_BLACK}) >= _MIN_COLOURS
    return found[0] if len(found) == 1 and is_enough else None
