"""Street scenes with exact truth, drawn from a known joint distribution."""

from polyhead.scenes.distribution import LabelDistribution, street_distribution
from polyhead.scenes.hidden_labels import flip_labels, hide_labels, known_tasks
from polyhead.scenes.options import PATTERNS, SceneOptions
from polyhead.scenes.render import render_scene, render_scenes
from polyhead.scenes.scene import Scene
from polyhead.scenes.vocabulary import DAYTIMES, MASK_CLASSES, OBJECT_LABELS, TAGS
from polyhead.scenes.write import write_scenes

__all__ = [
    "DAYTIMES",
    "MASK_CLASSES",
    "OBJECT_LABELS",
    "PATTERNS",
    "TAGS",
    "LabelDistribution",
    "Scene",
    "SceneOptions",
    "flip_labels",
    "hide_labels",
    "known_tasks",
    "render_scene",
    "render_scenes",
    "street_distribution",
    "write_scenes",
]
