"""How the slices of an exposure were fitted and corrected."""

from __future__ import annotations

from dataclasses import dataclass, field

from atm_viewer.engine.arrays import Floats, Singles
from atm_viewer.engine.recipe import FitParams
from atm_viewer.engine.results.pixels import WhyMap


@dataclass(frozen=True, eq=False)
class SliceReport:
    """How one slice was fitted.

    Parameters
    ----------
    number : int
        Slice number.
    band : str
        Band the slice belongs to.
    peak, threshold : float
        Peak of the collapsed profile and the threshold it must exceed [unit of the exposure]; peak is NaN for
        an empty slice, threshold is ``-inf`` when every slice is to be fitted.
    fitted, reused, sparse, few, empty : int
        Numbers of columns by `Fate`.
    used : float
        Share of the slice's valid oversampled pixels where the spline is used, 0 to 1.
    reason : str
        One sentence: what was decided for the slice and why.
    alpha, flux : ndarray of float64, shape (n,)
        Collapsed profile: alpha [arcsec] and median over wavelength [unit of the exposure].
    window, breakpoints : int
        Values in force.
    compact : tuple of (float, float)
        Alpha ranges [arcsec] in which the spline is used.
    noise_before, noise_after : float
        Resampling noise on the slice's brightest trace, see `atm_viewer.engine.analysis.slice_noise`; a fraction, NaN
        where nothing stands out.
    params : FitParams
        Parameters in force, with what regions on the sky say.
    """

    number: int
    band: str
    peak: float
    threshold: float
    fitted: int
    reused: int
    sparse: int
    few: int
    empty: int
    used: float
    reason: str
    alpha: Floats
    flux: Floats
    window: int
    breakpoints: int
    compact: tuple[tuple[float, float], ...]
    noise_before: float = float("nan")
    noise_after: float = float("nan")
    params: FitParams = field(default_factory=FitParams)


@dataclass(frozen=True, eq=False)
class CorrectionReport:
    """What a recipe does to one exposure.

    Parameters
    ----------
    exposure : str
        Key of the exposure.
    slices : tuple of SliceReport
        One per slice, ascending.
    trace : ndarray of float32, shape (ny, nx)
        Trace model evaluated at the detector's pixels where the spline is used [unit of the exposure]; NaN
        elsewhere.
    seconds : float
        Time it took [s].
    why : WhyMap or None
        What became of each pixel.
    """

    exposure: str
    slices: tuple[SliceReport, ...]
    trace: Singles
    seconds: float
    why: WhyMap | None = None
