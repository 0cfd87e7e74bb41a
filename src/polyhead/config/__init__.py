"""The config: what a user may set, checked and frozen."""

from polyhead.config.augment import AugmentConfig
from polyhead.config.loading import apply_override, json_schema, load_config, validate
from polyhead.config.sampler import SamplerConfig
from polyhead.config.schema import Config, DataConfig, ModelConfig, SplitConfig, TrainConfig
from polyhead.config.yaml_text import parse_yaml

__all__ = [
    "AugmentConfig",
    "Config",
    "DataConfig",
    "ModelConfig",
    "SamplerConfig",
    "SplitConfig",
    "TrainConfig",
    "apply_override",
    "json_schema",
    "load_config",
    "parse_yaml",
    "validate",
]
