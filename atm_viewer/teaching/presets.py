"""Presets of the one-dimensional model: instruments, and the open exposure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from atm_viewer.engine.psf import psf_fwhm
from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.teaching.model import OVERLAP, Optics, Trace, trace_across

#: Parts into which the trace model divides a pixel, as the pipeline's parameter file has it.
OVERSAMPLE = 3


@dataclass(frozen=True)
class LearnSetup:
    """A source on a detector, and how a spectrum is made of it.

    Parameters
    ----------
    name : str
        What it is of.
    fwhm : float
        Width of the source's image in the middle of the band [arcsec].
    pixel, width, spaxel : float
        Pixel along the slice, width of a slice, and spaxel [arcsec].
    trace : Trace
        Wavelengths, and how the source drifts and grows with them.
    phase : float
        Place of the source at the first wavelength [pixel]; pixels are centred on whole numbers.
    method : str
        How values between pixels are found, see `atm_viewer.teaching.model.METHODS`.
    dithers : int
        Exposures that are averaged.
    radius : float
        Of the aperture [FWHM].
    model : bool
        Whether trace models are used.
    """

    name: str
    fwhm: float
    pixel: float
    width: float
    spaxel: float
    trace: Trace
    phase: float = 0.25
    method: str = OVERLAP
    dithers: int = 1
    radius: float = 1.0
    model: bool = False

    @property
    def optics(self) -> Optics:
        """Source and resampling, in pixels."""
        return self._optics(OVERSAMPLE if self.model else 1)

    @property
    def without_model(self) -> Optics:
        """The same without trace models."""
        return self._optics(1)

    def _optics(self, oversample: int) -> Optics:
        return Optics(self.fwhm / self.pixel, self.method, self.spaxel / self.pixel, self.dithers, oversample)

    def like(self, other: LearnSetup) -> LearnSetup:
        """Keep the instrument, and take from another one what people choose apart from it."""
        chosen = ("phase", "method", "dithers", "radius", "model")
        return replace(self, **{name: getattr(other, name) for name in chosen})


def _growth(instrument: str, start: float, stop: float) -> float:
    return float(psf_fwhm(instrument, stop) / psf_fwhm(instrument, start))


#: Traces are those of the middle of slices 105 (MRS) and 5 (NIRSpec) by the flight distortion models.
MRS_1A = LearnSetup(
    "MIRI MRS 1A",
    fwhm=round(psf_fwhm("MIRI", 5.32), 3),
    pixel=0.196,
    width=0.177,
    spaxel=0.13,
    trace=Trace(4.90, 5.74, crossed=-1.2, bow=-3.9, growth=_growth("MIRI", 4.90, 5.74)),
)
G235M = LearnSetup(
    "NIRSpec G235M",
    fwhm=round(float(psf_fwhm("NIRSPEC", 2.4)), 3),
    pixel=0.1,
    width=0.1,
    spaxel=0.1,
    trace=Trace(1.66, 3.17, crossed=-12.6, bow=-1.84, growth=_growth("NIRSPEC", 1.66, 3.17)),
)
PRESETS = (MRS_1A, G235M)


def setup_of(view: ExposureView, number: int, wavelength: float, alpha: float, spaxel: float) -> LearnSetup | None:
    """Numbers of an open exposure.

    Parameters
    ----------
    view : ExposureView
        The exposure.
    number : int
        Slice.
    wavelength : float
        Wavelength for which the FWHM is taken [um].
    alpha : float
        Place in the slice whose trace is followed [arcsec].
    spaxel : float
        Of the cube [arcsec]; NaN for the usual one.

    Returns
    -------
    LearnSetup or None
        None when the slice does not hold the place.
    """
    rows, columns = np.nonzero(view.regions == number)
    if not rows.size:
        return None
    cut = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    inside = view.regions[cut] == number
    arrays = [np.where(inside, array[cut], np.nan) for array in (view.alpha, view.wavelength)]
    along, lam = (a.T if view.dispersion_axis == 0 else a for a in arrays)
    found = trace_across(along, lam, alpha)
    if found is None or not math.isfinite(wavelength):
        return None
    step, trace = found
    usual = MRS_1A if view.instrument == "MIRI" else G235M
    return LearnSetup(
        f"{view.name}, slice {number}",
        fwhm=round(float(psf_fwhm(view.instrument, wavelength)), 3),
        pixel=round(step, 4),
        width=usual.width if view.instrument != "MIRI" else round(_slice_width(number), 3),
        spaxel=round(spaxel, 3) if math.isfinite(spaxel) else usual.spaxel,
        trace=replace(trace, growth=_growth(view.instrument, trace.start, trace.stop)),
    )


def _slice_width(number: int) -> float:
    """Width of a slice of MIRI MRS by channel [arcsec] (Law et al. 2023)."""
    return {1: 0.177, 2: 0.280, 3: 0.390, 4: 0.656}.get(number // 100, math.nan)
