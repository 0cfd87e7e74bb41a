"""Training: epochs of steps, validation, saving, resume, calibration."""

from polyhead.training.run import resume, train

__all__ = ["resume", "train"]
