"""Shared backbones, by timm name."""

from polyhead.backbones.backbone import Backbone, Features, check_backbone, weights_licence

__all__ = ["Backbone", "Features", "check_backbone", "weights_licence"]
