"""Finds labels that are likely wrong or missing, by probes fitted on the other images."""

from polyhead.evaluation.label_doctor.examine_labels import LabelReport, examine_labels
from polyhead.evaluation.label_doctor.findings import LabelFinding, doubtful_labels
from polyhead.evaluation.label_doctor.near_duplicates import image_hashes, near_duplicate_pairs
from polyhead.evaluation.label_doctor.probes import cross_fitted_probabilities

__all__ = [
    "LabelFinding",
    "LabelReport",
    "cross_fitted_probabilities",
    "doubtful_labels",
    "examine_labels",
    "image_hashes",
    "near_duplicate_pairs",
]
