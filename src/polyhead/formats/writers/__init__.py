"""Writers, one file a format: Table -> annotation file, and what it cannot hold."""

from polyhead.formats.writers.conversion_loss import ConversionLoss, describe
from polyhead.formats.writers.write import KINDS, TargetKind, check_out, write_table

__all__ = ["KINDS", "ConversionLoss", "TargetKind", "check_out", "describe", "write_table"]
