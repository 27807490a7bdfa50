"""What the engine tells people: light result types that travel from the worker process to the window.

Images are in the detector's own frame, ``[y, x]``; a *column* is one element along dispersion (x in NIRSpec, y in
MIRI, where the dispersion runs along y). ``alpha`` is in arcsec along the slice for both instruments.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np


class Fate(IntEnum):
    """Why a column of a slice has a spline or has none."""

    EMPTY = 0  #: no finite pixel in the slice's part of the column
    BELOW_THRESHOLD = 1  #: the slice's peak is not above its threshold: no column is fitted
    TOO_FEW_POINTS = 2  #: the column has too few finite pixels of its own
    TOO_SPARSE = 3  #: the window's points leave gaps, or the fit failed, and no earlier spline could be reused
    FITTED = 4  #: own spline
    REUSED = 5  #: own fit failed; the last good spline is used


class Why(IntEnum):
    """What became of a pixel of the detector, and why; from what matters least to what matters most."""

    OUTSIDE = 0  #: in no slice
    BELOW_THRESHOLD = 1  #: the slice's peak is not above its threshold
    TOO_FEW_POINTS = 2  #: the column has too few finite pixels, or none
    TOO_SPARSE = 3  #: the window's points leave gaps, or the fit failed, and no spline could be reused
    END_OF_SPLINE = 4  #: the spline does not reach the pixel: it ends where the fitted points end
    BELOW_SLOPE = 5  #: there is a spline, but no compact source: its slope is not over the limit
    NOT_WANTED = 6  #: outside of the recipe's ``use`` or ``wavelengths``
    OUT_OF_REACH = 7  #: about a compact source that the pipeline's histogram does not reach
    SECOND_SOURCE = 8  #: about a compact source with less than a fifth of the highest peak's steep pixels
    USED = 9  #: the column's own spline is used
    REUSED = 10  #: the spline of another column is used
    FILLED = 11  #: the spline is used where the input has no valid value


@dataclass(frozen=True, eq=False)
class ExposureView:
    """An open exposure, as the window shows it.

    Parameters
    ----------
    key : str
        Resolved path; identifies the exposure in requests.
    name : str
        File name without ``_cal``/``_crf`` and ending; recipes address the exposure by it.
    instrument, detector : str
        ``MIRI`` or ``NIRSPEC``; detector name.
    bands : tuple of str
        Bands as the pipeline names their cubes (``ch1-short``, ``g235m-f170lp``); two for MIRI.
    dither, dithers : int
        Number of this dither position, and how many there are (0 when the file does not say).
    target : str
        Name of the target, or empty.
    unit : str
        Unit of ``sci``.
    sci : ndarray of float32, shape (ny, nx)
        Science array [``unit``]; NaN where invalid.
    dq : ndarray of uint32, shape (ny, nx)
        Data-quality flags.
    regions : ndarray of int32, shape (ny, nx)
        Slice number, 0 outside of slices.
    alpha : ndarray of float32, shape (ny, nx)
        Position along the slice [arcsec]; NaN outside.
    wavelength : ndarray of float32, shape (ny, nx)
        Wavelength [um]; NaN outside.
    ra, dec : ndarray of float64, shape (ny, nx)
        Sky position of the pixels' centres, ICRS [deg]; NaN outside.
    """

    key: str
    name: str
    instrument: str
    detector: str
    bands: tuple[str, ...]
    dither: int
    dithers: int
    target: str
    unit: str
    sci: np.ndarray
    dq: np.ndarray
    regions: np.ndarray
    alpha: np.ndarray
    wavelength: np.ndarray
    ra: np.ndarray
    dec: np.ndarray

    @property
    def slices(self) -> tuple[int, ...]:
        """Slice numbers, ascending."""
        return tuple(int(n) for n in np.unique(self.regions) if n > 0)

    @property
    def dispersion_axis(self) -> int:
        """Array axis along which wavelength runs: 0 (y) for MIRI, 1 (x) for NIRSpec."""
        return 0 if self.instrument == "MIRI" else 1


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
        Resampling noise on the slice's brightest trace, see `atm_viewer.engine.slice_noise`; a fraction, NaN where
        nothing stands out.
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
    alpha: np.ndarray
    flux: np.ndarray
    window: int
    breakpoints: int
    compact: tuple[tuple[float, float], ...]
    noise_before: float = float("nan")
    noise_after: float = float("nan")


@dataclass(frozen=True, eq=False)
class WhyMap:
    """What became of every pixel of an exposure.

    Parameters
    ----------
    classes : ndarray of uint8, shape (ny, nx)
        `Why` of each pixel.
    counts : tuple of int
        Number of pixels by class; those in no slice are not counted.
    sources : dict of int to ndarray of int16, shape (columns,)
        Of the slices that reuse splines: the column whose spline each column uses, -1 for none.
    """

    classes: np.ndarray
    counts: tuple[int, ...]
    sources: dict[int, np.ndarray]


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
    trace: np.ndarray
    seconds: float
    why: WhyMap | None = None


@dataclass(frozen=True)
class PixelReport:
    """What happened to one pixel of the detector.

    Parameters
    ----------
    exposure : str
        Key of the exposure.
    x, y : int
        Zero-based pixel.
    number, column : int
        Slice and column.
    why : Why
        What became of it.
    sentence : str
        The same for people, with the parameter that would change it.
    """

    exposure: str
    x: int
    y: int
    number: int
    column: int
    why: Why
    sentence: str


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
    alpha: np.ndarray
    flux: np.ndarray
    distance: np.ndarray
    rejected: np.ndarray
    spline_alpha: np.ndarray
    spline_flux: np.ndarray
    breakpoints: np.ndarray
    bounds: tuple[float, float]
    norm: float
    scale: float
    pixels: np.ndarray
    slope: np.ndarray
    counted: np.ndarray
    use: tuple[tuple[float, float], ...]
    reach: float
    window: int
    level: tuple[float, float]
    fates: np.ndarray
    wavelengths: np.ndarray


@dataclass(frozen=True, eq=False)
class SkyImage:
    """Image of the field on the grid of the cube, in white light or of a few planes.

    Parameters
    ----------
    band : str
        Band it is made of.
    image : ndarray of float32, shape (ny, nx)
        Mean over wavelength [``unit``]; NaN without coverage. x grows to the west, y to the north.
    unit : str
        Unit of ``image``.
    ra, dec : float
        Tangent point, ICRS [deg].
    x0, y0 : float
        Zero-based pixel of the tangent point.
    spaxel : float
        Size of a spaxel [arcsec].
    peak : (float, float)
        ICRS position of the brightest spaxel [deg].
    wavelengths : (float, float) or None
        Range that the image is the mean of [um]; None for all of the band.
    """

    band: str
    image: np.ndarray
    unit: str
    ra: float
    dec: float
    x0: float
    y0: float
    spaxel: float
    peak: tuple[float, float]
    wavelengths: tuple[float, float] | None = None

    def offsets(self, ra, dec) -> tuple[np.ndarray, np.ndarray]:
        """Gnomonic offsets [arcsec] to the east and north of the tangent point for ICRS positions [deg]."""
        a, d = np.radians(np.asarray(ra) - self.ra), np.radians(dec)
        d0 = np.radians(self.dec)
        h = np.sin(d) * np.sin(d0) + np.cos(d) * np.cos(d0) * np.cos(a)
        east = np.cos(d) * np.sin(a) / h
        north = (np.sin(d) * np.cos(d0) - np.cos(d) * np.sin(d0) * np.cos(a)) / h
        return np.degrees(east) * 3600.0, np.degrees(north) * 3600.0

    def position(self, east, north) -> tuple[np.ndarray, np.ndarray]:
        """ICRS position [deg] for offsets [arcsec] to the east and north: the inverse of `offsets`."""
        xi, eta = np.radians(np.asarray(east) / 3600.0), np.radians(np.asarray(north) / 3600.0)
        d0 = np.radians(self.dec)
        base = np.cos(d0) - eta * np.sin(d0)
        ra = self.ra + np.degrees(np.arctan2(xi, base))
        dec = np.degrees(np.arctan2(np.sin(d0) + eta * np.cos(d0), np.hypot(xi, base)))
        return ra % 360.0, dec


@dataclass(frozen=True, eq=False)
class SpaxelSpectra:
    """Spectra at one sky position, before and after, equal to those of the cubes.

    Parameters
    ----------
    band : str
        Band of the cube.
    ra, dec : float
        Centre of the spaxel, ICRS [deg].
    spaxel : (int, int)
        Zero-based (x, y) in the cube.
    unit : str
        Unit of spaxel spectra.
    solid_angle : float
        Of a spaxel [sr].
    wavelength : ndarray, shape (n,)
        Wavelength of the cube's planes [um].
    before, after, before_err, after_err : ndarray, shape (n,)
        Spectrum of the spaxel and its error [``unit``]; NaN without coverage.
    radius : float
        Radius of the aperture [arcsec].
    aperture_before, aperture_after, aperture_before_err, aperture_after_err : ndarray, shape (n,)
        Flux density within the aperture and its error [Jy]; NaN without coverage.
    noise_before, noise_after : float
        Resampling noise: 1.4826 MAD of spaxel over aperture, about a cubic; a fraction, NaN if undefined.
    """

    band: str
    ra: float
    dec: float
    spaxel: tuple[int, int]
    unit: str
    solid_angle: float
    wavelength: np.ndarray
    before: np.ndarray
    after: np.ndarray
    before_err: np.ndarray
    after_err: np.ndarray
    radius: float
    aperture_before: np.ndarray
    aperture_after: np.ndarray
    aperture_before_err: np.ndarray
    aperture_after_err: np.ndarray
    noise_before: float
    noise_after: float


@dataclass(frozen=True, eq=False)
class PredictedArtifact:
    """What a spaxel and an aperture would show of a point source of constant spectrum, without noise.

    Parameters
    ----------
    band : str
        Band of the cube.
    place, source : (float, float)
        ICRS positions of spaxel and aperture, and of the source [deg].
    radius : float
        Radius of the aperture [arcsec].
    wavelength : ndarray, shape (n,)
        Wavelength of the cube's planes [um].
    before, after : ndarray, shape (n,)
        Spaxel over aperture before and after correction; NaN without coverage.
    noise_before, noise_after : float
        As in `SpaxelSpectra`.
    fwhm : float
        Width of the source's image in the middle of the band [arcsec].
    fitted : tuple of int
        Slices in which the spline is used.
    seconds : float
        Time it took [s].
    """

    band: str
    place: tuple[float, float]
    source: tuple[float, float]
    radius: float
    wavelength: np.ndarray
    before: np.ndarray
    after: np.ndarray
    noise_before: float
    noise_after: float
    fwhm: float
    fitted: tuple[int, ...]
    seconds: float


@dataclass(frozen=True)
class Tool:
    """Another program that files can be sent to by SAMP.

    Parameters
    ----------
    number : str
        What the hub calls it.
    name : str
        What people call it.
    takes : tuple of str
        Messages that it takes, such as ``table.load.fits`` and ``image.load.fits``.
    """

    number: str
    name: str
    takes: tuple[str, ...]


@dataclass(frozen=True)
class WrittenProducts:
    """Files that were written, in order."""

    paths: tuple[str, ...]
