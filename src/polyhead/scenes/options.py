"""Options of a written set of scenes."""

from __future__ import annotations

from dataclasses import dataclass

from polyhead.errors import ConfigError, nearest

PATTERNS = ("random", "per_class", "single_positive", "per_task")


@dataclass(frozen=True)
class SceneOptions:
    """The knobs of `write_scenes`.

    Attributes:
        size: Side of the images, in pixels.
        seed: Number of the series; the same options give the same files.
        correlation: Scale of the couplings between tags; 0 keeps only "rain excludes snow".
        unknown_fraction: How much is hidden, 0 to 1; see `hide_labels` for each pattern.
        unknown_pattern: One of `PATTERNS`.
        label_noise: Share of tag cells that are flipped, 0 to 1.

    Raises:
        ConfigError: A value is out of its range.
    """

    size: int = 160
    seed: int = 0
    correlation: float = 1.0
    unknown_fraction: float = 0.0
    unknown_pattern: str = "random"
    label_noise: float = 0.0

    def __post_init__(self) -> None:
        for name in ("unknown_fraction", "label_noise"):
            require_share(name, getattr(self, name))
        require_pattern(self.unknown_pattern)
        if self.seed < 0:
            raise ConfigError(f"Found seed {self.seed}, expected a whole number of at least 0.")


def require_share(name: str, value: float) -> None:
    """Refuse a number outside 0 to 1."""
    if not 0.0 <= value <= 1.0:
        raise ConfigError(f"Found {name} {value}, expected a number from 0 to 1.")


def require_pattern(pattern: str) -> None:
    """Refuse an unknown pattern of missing labels."""
    if pattern not in PATTERNS:
        raise ConfigError(f'Found pattern "{pattern}". {nearest(pattern, PATTERNS)}')
