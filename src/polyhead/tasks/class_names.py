"""Class names as the YAML declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    for name in names:
        if name != name.strip() or not name:
            raise ValueError(f'found the class "{name}"; expected names without spaces around them')
        if name in seen:
            raise ValueError(f'found the class "{name}" twice; expected each once')
        seen.add(name)
    return names


ClassNames = Annotated[tuple[str, ...], AfterValidator(_distinct)]
