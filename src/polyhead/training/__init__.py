"""Training: loop, checkpoints, resume."""

from polyhead.training.run import resume, train

__all__ = ["resume", "train"]
