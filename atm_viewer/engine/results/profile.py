"""The fit of one column of a slice."""

from __future__ import annotations

from dataclasses import dataclass

from atm_viewer.engine.arrays import Bytes, Floats, Integers32, Mask, Singles
from atm_viewer.engine.results.pixels import Fate


@dataclass(frozen=True, eq=False)
class SliceProfile:
    """The fit of one column of one slice: what the spline saw and what came of it.

    Values are normalised as in the fit: flux divided by the sum of its column over the slice.

    Parameters
    ----------
    exposure : str
        Key of the exposure.
    number, column : int
        Slice and column.
    fate : Fate
        Why there is a spline or none.
    reused_from : int
        Column the spline was taken from (-1 unless ``REUSED``).
    wavelength : float
        Median wavelength of the column within the slice [um].
    alpha, flux : ndarray of float64, shape (n,)
        Points of the window: alpha [arcsec], normalised flux.
    distance : ndarray of int32, shape (n,)
        Columns between each point and this column, signed.
    rejected : ndarray of bool, shape (n,)
        Points the fit did not use in the end.
    spline_alpha, spline_flux : ndarray of float64, shape (m,)
        The spline on a fine grid within its bounds; empty without a spline.
    breakpoints : ndarray of float64
        Inner knots [arcsec].
    bounds : (float, float)
        Range of alpha in which the spline is defined [arcsec]; NaN without a spline.
    norm : float
        Sum the column's flux was divided by [unit of the exposure].
    scale : float
        Factor that takes the spline to the column's flux [unit of the exposure]; NaN without a spline.
    pixels, slope : ndarray of float64, shape (k,)
        The column's own pixels within the spline's bounds: alpha [arcsec], and how much the normalised spline changes
        from the pixel before, which the slope limit is compared with; 0 for the first one.
    counted : ndarray of bool, shape (k,)
        Pixels that can count as steep: the outermost ones never do.
    use : tuple of (float, float)
        Alpha ranges [arcsec] in which the spline is used in this slice.
    reach : float
        Compact sources are looked for within this distance of the slice's centre [arcsec]; NaN without
        splines, and where the recipe looks in the whole slice.
    window : int
        Columns on each side whose pixels entered the fit.
    level : (float, float)
        Mean and standard deviation that make the slice's threshold: mean + ``fit_threshold`` times the other [unit of
        the exposure].
    fates : ndarray of uint8, shape (columns,)
        `Fate` of every column of the slice.
    wavelengths : ndarray of float32, shape (columns,)
        Median wavelength of every column of the slice [um]; NaN where it has no pixel.
    """

    exposure: str
    number: int
    column: int
    fate: Fate
    reused_from: int
    wavelength: float
    alpha: Floats
    flux: Floats
    distance: Integers32
    rejected: Mask
    spline_alpha: Floats
    spline_flux: Floats
    breakpoints: Floats
    bounds: tuple[float, float]
    norm: float
    scale: float
    pixels: Floats
    slope: Floats
    counted: Mask
    use: tuple[tuple[float, float], ...]
    reach: float
    window: int
    level: tuple[float, float]
    fates: Bytes
    wavelengths: Singles
