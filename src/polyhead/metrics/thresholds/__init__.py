"""Decision thresholds."""
