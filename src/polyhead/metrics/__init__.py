"""Figures over known cells: average precision, the F1 family, calibration, thresholds, meters."""

from polyhead.metrics.bootstrap import LEVEL, Interval, bootstrap_weights
from polyhead.metrics.boxes.boxes_meter import BoxesMeter
from polyhead.metrics.calibration.calibration import (
    brier_score,
    expected_calibration_error,
)
from polyhead.metrics.calibration.calibration_fit import (
    Calibration,
    choose_calibration,
    fit_calibration,
    fit_temperature,
)
from polyhead.metrics.calibration.conformal import Conformal, fit_conformal
from polyhead.metrics.calibration.log_loss import log_loss, tags_log_loss
from polyhead.metrics.calibration.reliability import (
    ReliabilityBins,
    label_calibration,
    reliability_bins,
)
from polyhead.metrics.class_meter import ClassMeter
from polyhead.metrics.confusion_counts import (
    ConfusionCounts,
    confusion_matrix,
    count_classes,
    count_labels,
)
from polyhead.metrics.entries import class_entries
from polyhead.metrics.mask_meter import MaskMeter
from polyhead.metrics.number_meter import NumberMeter
from polyhead.metrics.tags.agreement import example_f1, hamming_error, subset_accuracy
from polyhead.metrics.tags.average_precision import (
    MeanAveragePrecision,
    Ranking,
    average_precision,
    mean_average_precision,
)
from polyhead.metrics.tags.label_ranking import LabelRanking, rank_labels, top_labels
from polyhead.metrics.tags.protocols import (
    PROTOCOLS,
    Protocol,
    choose_protocol,
    mean_average_precision_under,
)
from polyhead.metrics.tags.scored_tags import ScoredTags
from polyhead.metrics.tags.tags_figures import protocol_entry, tags_entry
from polyhead.metrics.tags.tags_meter import TagsMeter
from polyhead.metrics.thresholds.threshold_objective import (
    Sharing,
    ThresholdObjective,
    parse_thresholds,
)
from polyhead.metrics.thresholds.thresholds import TagThresholds, Thresholds, fit_thresholds
from polyhead.metrics.trivial import TRIVIAL, Comparison, compare_to_trivial, trivial_twins

__all__ = [
    "LEVEL",
    "PROTOCOLS",
    "TRIVIAL",
    "BoxesMeter",
    "Calibration",
    "ClassMeter",
    "Comparison",
    "Conformal",
    "ConfusionCounts",
    "Interval",
    "LabelRanking",
    "MaskMeter",
    "MeanAveragePrecision",
    "NumberMeter",
    "Protocol",
    "Ranking",
    "ReliabilityBins",
    "ScoredTags",
    "Sharing",
    "TagThresholds",
    "TagsMeter",
    "ThresholdObjective",
    "Thresholds",
    "average_precision",
    "bootstrap_weights",
    "brier_score",
    "choose_calibration",
    "choose_protocol",
    "class_entries",
    "compare_to_trivial",
    "confusion_matrix",
    "count_classes",
    "count_labels",
    "example_f1",
    "expected_calibration_error",
    "fit_calibration",
    "fit_conformal",
    "fit_temperature",
    "fit_thresholds",
    "hamming_error",
    "label_calibration",
    "log_loss",
    "mean_average_precision",
    "mean_average_precision_under",
    "parse_thresholds",
    "protocol_entry",
    "rank_labels",
    "reliability_bins",
    "subset_accuracy",
    "tags_entry",
    "tags_log_loss",
    "top_labels",
    "trivial_twins",
]
