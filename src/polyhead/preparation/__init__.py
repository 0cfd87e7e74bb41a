"""From a config to checked, split data; and from a folder and a table to a config."""

from polyhead.preparation.examine import Examination, examine
from polyhead.preparation.prepare import Prepared, prepare

__all__ = ["Examination", "Prepared", "examine", "prepare"]
