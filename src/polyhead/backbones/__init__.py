"""Shared backbones, by timm name."""

from polyhead.backbones.backbone import Backbone

__all__ = ["Backbone"]
