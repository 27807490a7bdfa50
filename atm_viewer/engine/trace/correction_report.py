"""Builds the report of a correction while its slices are oversampled."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from atm_viewer.engine.results.correction import CorrectionReport, SliceReport
from atm_viewer.engine.trace.prepared import Prepared
from atm_viewer.engine.trace.slice_report import report_slice
from atm_viewer.engine.trace.trace_fit import TraceFit
from atm_viewer.engine.trace.traces import trace_slices
from atm_viewer.engine.trace.why import NativeSlice, map_why


class CorrectionReportBuilder:
    """Collects per-slice results into a report; a slice's own arrays are not kept.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    fits : mapping of int to TraceFit
        Trace models of its slices.
    begun : float
        Time the work began, by `time.perf_counter`.
    """

    def __init__(self, prepared: Prepared, fits: Mapping[int, TraceFit], begun: float) -> None:
        self._prepared, self._fits, self._begun = prepared, fits, begun
        shape = prepared.exposure.sci.shape
        self._trace = np.full(shape, np.nan, dtype=np.float32)
        self._classes = np.zeros(shape, dtype=np.uint8)
        self._counts: list[np.ndarray] = []
        self._slices: dict[int, SliceReport] = {}

    def add(self, number: int, native: NativeSlice, share: float) -> None:
        """Add the result of a slice; threads may add different slices at the same time.

        Parameters
        ----------
        number : int
            Slice number.
        native : NativeSlice
            What became of its pixels.
        share : float
            Share of its valid pixels where the spline is used.
        """
        exposure, data = self._prepared.exposure, self._prepared.slices[number]
        rows = slice(data.row, data.row + data.flux.shape[0])
        np.copyto(exposure.to_dispersion(self._trace)[rows], native.trace, where=data.inside)
        np.copyto(exposure.to_dispersion(self._classes)[rows], native.why, where=data.inside)
        self._counts.append(native.counts)
        self._slices[number] = report_slice(exposure, data, self._fits[number], share, native.use)

    def report(self) -> CorrectionReport:
        """Return the report, after all slices."""
        trace, offset = self._trace, self._prepared.background.offset
        if offset is not None:
            trace = trace + offset
        numbers = sorted(self._slices)
        slices = tuple(self._slices[number] for number in numbers)
        fits = {number: self._fits[number] for number in numbers}
        why = map_why(self._classes, np.sum(self._counts, axis=0), fits)
        key = self._prepared.exposure.key
        return CorrectionReport(key, slices, trace, time.perf_counter() - self._begun, why)


def report_traces(prepared: Prepared, fits: Mapping[int, TraceFit], begun: float) -> CorrectionReport:
    """Tell what was decided where nothing is oversampled: the trace model at the detector's pixels decides.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    fits : mapping of int to TraceFit
        Trace models of its slices.
    begun : float
        Time the work began, by `time.perf_counter`.

    Returns
    -------
    CorrectionReport
    """
    builder = CorrectionReportBuilder(prepared, fits, begun)
    for number, native in trace_slices(prepared, fits).items():
        valid = np.isfinite(prepared.slices[number].flux)
        builder.add(number, native, float((np.isfinite(native.trace) & valid).sum() / max(valid.sum(), 1)))
    return builder.report()
