"""Gather objects that come one after the other into one list an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from polyhead.table import OBJECTS_TYPE


@dataclass(frozen=True)
class ObjectCells:
    """M objects in any order.

    Attributes:
        rows: (M,) the row of the table that each belongs to.
        labels: (M,) index into the names passed to `column`.
        boxes_xyxy: (M, 4) float64.
        crowd: (M,) bool, or None where none is.
        difficult: (M,) bool, or None where none is.
        areas: M numbers or nulls, or None where there are none.
        segmentations: M JSON texts or nulls, or None where there are none.
    """

    rows: np.ndarray
    labels: np.ndarray
    boxes_xyxy: np.ndarray
    crowd: np.ndarray | None = None
    difficult: np.ndarray | None = None
    areas: pa.Array | None = None
    segmentations: pa.Array | None = None

    def column(self, names: Sequence[str], known: np.ndarray) -> pa.Array:
        """The cells of N images; objects of an image keep their order.

        Args:
            names: K labels.
            known: (N,) bool, whether the objects are known; else the cell is null.
        """
        order = np.argsort(self.rows, kind="stable")
        offsets = np.concatenate([[0], np.cumsum(np.bincount(self.rows, minlength=len(known)))])
        taken = pa.array(order)
        labels = pa.array(list(names), pa.string()).take(pa.array(self.labels[order], pa.int32()))
        values = [
            labels,
            *(pa.array(self.boxes_xyxy[order, side]) for side in range(4)),
            self._flags(self.crowd, order),
            self._flags(self.difficult, order),
            self._values_or_nulls(self.areas, pa.float64(), taken),
            self._values_or_nulls(self.segmentations, pa.string(), taken),
        ]
        structs = pa.StructArray.from_arrays(values, fields=list(OBJECTS_TYPE.value_type))
        return pa.ListArray.from_arrays(
            pa.array(offsets, pa.int32()), structs, type=OBJECTS_TYPE, mask=pa.array(~known)
        )

    def _flags(self, values: np.ndarray | None, order: np.ndarray) -> pa.Array:
        return pa.array(np.zeros(len(order), bool) if values is None else values[order])

    def _values_or_nulls(
        self, values: pa.Array | None, kind: pa.DataType, order: pa.Array
    ) -> pa.Array:
        return pa.nulls(len(order), kind) if values is None else values.take(order)
