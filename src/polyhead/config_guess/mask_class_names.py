"""Names for the values and colours of masks: from files beside them, from known data sets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from polyhead.config_guess.mask_names import named_codes
from polyhead.config_guess.mask_palettes import (
    CITYSCAPES_IDS,
    CITYSCAPES_TRAIN_IDS,
    known_palette,
    palettes_of,
)
from polyhead.config_guess.mask_samples import MaskSample
from polyhead.errors import first_few
from polyhead.table.mask_map import TRANSPARENT, UNKNOWN_PIXEL, colour_text

_TRIMAP = re.compile(r"(?i)trimap")
_CITYSCAPES = re.compile(r"(?i)(?:label|instance)_?ids")
_TRAIN_IDS = re.compile(r"(?i)train_?ids")
_INSTANCES = 1000  # Cityscapes writes 1000 times the class and a number
_BACKGROUND, _FOREGROUND = "background", "foreground"
_GREYS = (127, 128)  # of the border in a trimap from 0 to 255
_AS_THERE = "with the class names used there; correct them if yours only look alike"
_PLAIN = {
    0x000000: "black",
    0xFFFFFF: "white",
    0xFF0000: "red",
    0x00FF00: "green",
    0x0000FF: "blue",
    0xFFFF00: "yellow",
    0xFF00FF: "magenta",
    0x00FFFF: "cyan",
    0x808080: "grey",
}


@dataclass(frozen=True)
class Naming:
    """Classes of the values or colours of masks.

    Attributes:
        names: Value or colour, as the YAML writes it, to class.
        ignored: Values or colours that are unknown.
        basis: Where the names come from, a sentence; "" where they are only made from the codes.
        hint: What the names may be, a sentence.
    """

    names: Mapping[str, str]
    ignored: tuple[str, ...] = ()
    basis: str = ""
    hint: str = field(default="")


def have_meaning(place: str) -> bool:
    """Whether the name of a mask is one of formats whose values are ids, not class indices.

    Args:
        place: Column and name of a mask.
    """
    return bool(_TRIMAP.search(place) or _CITYSCAPES.search(place))


def name_values(sample: MaskSample, values: Sequence[int], place: str) -> Naming:
    """Names for pixel values.

    Args:
        sample: The masks.
        values: Those that classes have.
        place: Column and name of a mask.
    """
    found = named_codes(sample.folders, values, is_colour=False)
    if found is not None:
        path, named = found
        names = {v: named.get(v, f"class_{v}") for v in values if v in named or v < UNKNOWN_PIXEL}
        return Naming(_texts(names), basis=f"{path.name} beside them holds the names")
    if _TRIMAP.search(place):
        trimap = _trimap(values)
        if trimap is not None:
            return trimap
    if _CITYSCAPES.search(place):
        return _cityscapes(values)
    known = [value for value in values if value != UNKNOWN_PIXEL]
    if _TRAIN_IDS.search(place) and max(known, default=0) < len(CITYSCAPES_TRAIN_IDS):
        basis = "Train ids of Cityscapes by their name, with the names used there"
        return Naming(_texts(dict(enumerate(CITYSCAPES_TRAIN_IDS))), basis=basis)
    if sample.palette:
        return _of_palette(sample, values)
    if len(values) == 2 and values[0] == 0 and values[1] > 1:
        return Naming({"0": _BACKGROUND, str(values[1]): _FOREGROUND})
    if max(values) >= _INSTANCES:
        return _instances(values)
    return Naming({str(value): f"class_{value}" for value in values})


def _texts(names: Mapping[int, str]) -> dict[str, str]:
    return {str(value): name for value, name in names.items()}


def _trimap(values: Sequence[int]) -> Naming | None:
    """Foreground, background and the border between them, which is neither."""
    if list(values) == [1, 2, 3]:
        names, border = {"1": _FOREGROUND, "2": _BACKGROUND}, 3
        how = "1 foreground, 2 background and 3 the border, as the Oxford pets have them"
    elif len(values) == 3 and values[0] == 0 and values[1] in _GREYS and values[2] == UNKNOWN_PIXEL:
        names, border = {"0": _BACKGROUND, str(UNKNOWN_PIXEL): _FOREGROUND}, values[1]
        how = f"0 background, {UNKNOWN_PIXEL} foreground and {border} the border"
    else:
        return None
    basis = f"Trimaps by their name: {how}, which is unknown; mend that if it is otherwise"
    return Naming(names, (str(border),), basis)


def _cityscapes(values: Sequence[int]) -> Naming:
    """The classes of labelIds, or of instanceIds, which are 1000 times the class and a number."""
    classes = {v: v // _INSTANCES if v >= _INSTANCES else v for v in values}
    names = {v: CITYSCAPES_IDS[k] for v, k in classes.items() if k in CITYSCAPES_IDS}
    ignored = tuple(str(value) for value in values if value not in names)
    basis = "Ids of Cityscapes by their name, with the names used there"
    if ignored:
        basis += "; values that are no class there are under ignore"
    if max(values) >= _INSTANCES:
        basis += f"; {_OTHER_INSTANCES}"
    if len(set(names.values())) < 2:
        return _instances(values)
    return Naming(_texts(names), ignored, basis)


_OTHER_INSTANCES = (
    f"numbers from {_INSTANCES} are taken for {_INSTANCES} times the class and the number of an "
    "instance, of which further masks may hold others: masks of classes (labelIds) are simpler"
)


def _instances(values: Sequence[int]) -> Naming:
    classes = {v: v // _INSTANCES if v >= _INSTANCES else v for v in values}
    hint = f"{_OTHER_INSTANCES[:1].upper()}{_OTHER_INSTANCES[1:]}"
    has_instances = max(values) >= _INSTANCES
    return Naming(
        _texts({v: f"class_{k}" for v, k in classes.items()}), hint=hint if has_instances else ""
    )


def _of_palette(sample: MaskSample, values: Sequence[int]) -> Naming:
    """Names of values by the colours that the masks' own palette shows them in."""
    shown = {value: sample.palette[value] for value in values if value in sample.palette}
    colours = [code for value, code in shown.items() if value != UNKNOWN_PIXEL]
    palette = known_palette(colours)
    if palette is not None:
        names = {v: palette.classes[c] for v, c in shown.items() if c in palette.classes}
        basis = f"Their palette is that of {palette.name}, {_AS_THERE}"
        return Naming(_texts(names), basis=basis)
    names = {value: f"class_{value}" for value in shown if value != UNKNOWN_PIXEL}
    return Naming(_texts(names), hint=_hint({str(value): shown[value] for value in names}))


def _hint(colours: Mapping[str, int]) -> str:
    """The names of the colours in all palettes that have them; "" where none has.

    Args:
        colours: Value or colour as the YAML writes it to packed colour.
    """
    hints = [
        f"in the palette of {palette.name} "
        + first_few([f"{k} is {palette.classes[c]}" for k, c in colours.items() if c in named], 4)
        for palette in palettes_of(colours.values())
        if (named := palette.classes.keys() - {0})
    ]
    return f"Perhaps these: {'; '.join(hints)}" if hints else ""


def name_colours(sample: MaskSample, colours: Sequence[int], _place: str) -> Naming:
    """Names for packed colours; arguments as `name_values`."""
    found = named_codes(sample.folders, colours, is_colour=True)
    if found is not None:
        path, named = found
        names = {code: named.get(code, _stand_in(code, colours)) for code in colours}
        return _coloured(names, basis=f"{path.name} beside them holds the names")
    palette = known_palette(colours)
    if palette is not None:
        names = {code: palette.classes[code] for code in colours if code in palette.classes}
        ignored = [code for code in colours if code in palette.unknown]
        basis = f"All are colours of {palette.name}, {_AS_THERE}"
        if ignored:
            basis += f"; {first_few([colour_text(c) for c in ignored], 3)} is unknown there"
        return _coloured(names, [colour_text(code) for code in ignored], basis)
    hint = _hint({colour_text(code): code for code in colours})
    names = {code: _stand_in(code, colours) for code in colours}
    return _coloured(names, hint=hint)


def _coloured(
    names: Mapping[int, str], ignored: Sequence[str] = (), basis: str = "", hint: str = ""
) -> Naming:
    texts = {colour_text(code): name for code, name in names.items()}
    return Naming(texts, tuple(ignored), basis, hint)


def _stand_in(code: int, colours: Sequence[int]) -> str:
    """A name that says which colour it stands for; what is transparent, or black, is background."""
    if code == TRANSPARENT or (code == 0 and TRANSPARENT not in colours):
        return _BACKGROUND
    return _PLAIN.get(code, f"colour_{colour_text(code).replace(',', '_')}")
