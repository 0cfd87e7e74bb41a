"""Average precision of boxes."""
