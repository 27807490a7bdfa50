"""Corrected exposures: oversampled with their trace models, as ``fit_and_oversample`` of the pipeline returns them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atm_viewer.engine.arrays import Flags, Floats, Frame, Integers, Integers32, Mask, Reals, Singles
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.io.slices import SliceData
from atm_viewer.engine.kernels import resample as kernels
from atm_viewer.engine.names import STEPS
from atm_viewer.engine.progress import Progress, no_progress, part_of
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.threads import at_most, beside, in_threads, processors
from atm_viewer.engine.trace.compact import NO_USE, Use, within
from atm_viewer.engine.trace.line_columns import continuum_share, line_columns
from atm_viewer.engine.trace.prepared import Prepared, compact_intervals, fit_slices, prepare
from atm_viewer.engine.trace.trace_fit import TraceFit
from atm_viewer.engine.trace.traces import DO_NOT_USE, find_slice_use, native_slice, slice_trace, trace_slices
from atm_viewer.engine.trace.why import NativeSlice

#: Gives oversampled alpha and wavelength, when they are there.
FindCoordinates = Callable[[], tuple[Frame, Frame]]

FLUX_ESTIMATED = 1 << 28  # stdatamodels.jwst.datamodels.dqflags.pixel["FLUX_ESTIMATED"]


@dataclass(frozen=True, eq=False)
class OversampledSlice:
    """One slice after adaptive trace modelling; dispersion along x.

    Parameters
    ----------
    number : int
        Slice number.
    row : int
        First row of the cut-out in the oversampled (rotated) exposure.
    inside : ndarray of bool, shape (oversampled rows, columns)
        Pixels of the slice.
    sci, err : ndarray of float32, same shape
        Science and error arrays [unit of the exposure]; NaN where invalid.
    variances : dict of str to ndarray
        Variances [unit squared]; none where nobody wants them.
    dq : ndarray of uint32, same shape
        Flags.
    trace : ndarray of float32, same shape
        Spline where it is used; NaN elsewhere.
    use : Use
        Where the spline is used, and why not elsewhere.
    defined : ndarray of bool, same shape, or None
        Pixels that have a value of the spline; None for an exposure as it is.
    factor : float
        Oversampling factor.
    steps : dict of str to ndarray of float32
        What the correction is made of, by `atm_viewer.engine.names.STEPS`; empty where nobody wants them.
    """

    number: int
    row: int
    inside: Mask
    sci: Reals
    err: Reals
    variances: dict[str, Singles]
    dq: Flags
    trace: Reals
    use: Use = NO_USE
    defined: Mask | None = None
    factor: float = 1
    steps: dict[str, Singles] = field(default_factory=dict)

    @property
    def rows(self) -> slice:
        """Rows of the cut-out in the oversampled exposure."""
        return slice(self.row, self.row + self.sci.shape[0])

    @property
    def given(self) -> Mask:
        """Pixels that the slice gives to the oversampled exposure.

        With a factor such as 1.5 the pipeline gives values to parts that lie half outside of the slice, too.
        """
        return self.inside | np.isfinite(self.sci)

    @property
    def share(self) -> float:
        """Share of the valid pixels where the spline is used."""
        valid = self.inside & np.isfinite(self.sci)
        used, count = np.isfinite(self.trace) & valid, int(np.count_nonzero(valid))
        return int(np.count_nonzero(used)) / max(count, 1)


@cache
def is_flux_density(unit: str) -> bool:
    """Whether a unit is of flux per pixel, which the pipeline shares out among the oversampled pixels."""
    from astropy import units as u

    try:
        return bool(u.Unit(unit).is_equivalent(u.Jy))
    except (ValueError, TypeError):
        return False


def per_native_pixel(exposure: Exposure, factor: float) -> float:
    """Factor that takes flux per oversampled pixel to flux per pixel of the detector; 1 for surface brightness."""
    return factor if is_flux_density(exposure.unit) else 1


@dataclass(frozen=True, eq=False)
class Corrected:
    """An exposure after adaptive trace modelling, in the detector's frame.

    With ``oversample`` 1 only ``trace`` differs from the exposure.

    Parameters
    ----------
    oversample : float
        Factor by which pixels were divided along the slices (x in MIRI, y in NIRSpec).
    sci, err : ndarray of float32
        Science and error arrays [unit of the exposure]; NaN where invalid.
    var_poisson, var_rnoise, var_flat : ndarray of float32, or None
        Variances [unit squared]; None when the exposure has none.
    dq : ndarray of uint32
        Flags; FLUX_ESTIMATED in place of DO_NOT_USE where the spline fills in.
    wavelength : ndarray of float32
        Wavelength [um].
    regions : ndarray of int32
        Region map.
    trace : ndarray of float32
        Trace model where the spline is used [unit of the exposure]; NaN elsewhere.
    steps : dict of str to ndarray of float32
        See `atm_viewer.engine.names.STEPS`; the first two of them with ``oversample`` 1. Empty where nobody wants them.
    """

    oversample: float
    sci: Singles
    err: Singles
    var_poisson: Singles | None
    var_rnoise: Singles | None
    var_flat: Singles | None
    dq: Flags
    wavelength: Singles
    regions: Integers32
    trace: Singles
    steps: dict[str, Singles] = field(default_factory=dict)


def correct_exposure(
    exposure: Exposure, recipe: Recipe, progress: Progress | None = None, steps: bool = False
) -> Corrected:
    """Fit trace models to an exposure and oversample it with them.

    Equals ``jwst.adaptive_trace_model.trace_model.fit_and_oversample`` for a recipe without overrides.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    recipe : Recipe
        Parameters.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.
    steps : bool
        Whether `Corrected.steps` are wanted.

    Returns
    -------
    Corrected
    """
    progress = progress or no_progress
    with _fitted(exposure, recipe, progress) as (prepared, fits, coordinates):
        return oversample(prepared, fits, recipe, coordinates, part_of(progress, 0.8, 1.0), steps)


def correct_slices(
    exposure: Exposure,
    recipe: Recipe,
    take: Callable[[OversampledSlice], object],
    progress: Progress | None = None,
) -> None:
    """Correct an exposure slice by slice, for those who need less of it than `correct_exposure` puts together.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    recipe : Recipe
        Parameters; pixels are divided by them.
    take : callable
        ``take(slice)`` is given each slice, without variances, by several threads at the same time.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.
    """
    progress = progress or no_progress
    with _fitted(exposure, recipe, progress) as (prepared, fits, find_coordinates):
        assert find_coordinates is not None, "nothing is oversampled by 1"
        intervals, coordinates = compact_intervals(fits, prepared), find_coordinates()

    def work(number: int) -> None:
        own = cut_coordinates(prepared, fits[number], recipe.oversample, coordinates)
        take(oversample_slice(prepared, fits[number], recipe, own, intervals, variances=False))

    tell = part_of(progress, 0.8, 1.0)
    in_threads(work, prepared.slices, lambda number, fraction: tell(f"Oversampling slice {number}", fraction))


@contextmanager
def _fitted(
    exposure: Exposure, recipe: Recipe, progress: Progress
) -> Iterator[tuple[Prepared, dict[int, TraceFit], FindCoordinates | None]]:
    """Prepare an exposure, fit its slices and, when it is oversampled, find the coordinates for that meanwhile."""

    def prepared_and_fitted() -> tuple[Prepared, dict[int, TraceFit]]:
        prepared = prepare(exposure, part_of(progress, 0.0, 0.1))
        return prepared, fit_slices(prepared, recipe, part_of(progress, 0.1, 0.7))

    if recipe.oversample == 1:
        yield *prepared_and_fitted(), None
        return

    def made_coordinates() -> tuple[Frame, Frame]:
        # Many short steps, which threads would take from each other with Python's lock.
        with at_most(max(processors() // 2, 1)):
            return exposure.oversampled_coordinates(recipe.oversample)

    # Beside the fits: each of them leaves processors idle now and then.
    with beside("atm-viewer-coordinates", made_coordinates) as coordinates:

        def found() -> tuple[Frame, Frame]:
            progress("Computing oversampled coordinates", 0.7)
            return coordinates.result()

        yield *prepared_and_fitted(), found


def oversample(
    prepared: Prepared,
    fits: Mapping[int, TraceFit],
    recipe: Recipe,
    coordinates: tuple[Frame, Frame] | FindCoordinates | None,
    progress: Progress | None = None,
    steps: bool = False,
) -> Corrected:
    """Oversample an exposure with its trace models (``oversample_flux`` and the end of ``fit_and_oversample``).

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    fits : mapping of int to TraceFit
        Trace models of its slices.
    recipe : Recipe
        Parameters.
    coordinates : (ndarray or PackedFrame, same), callable, or None
        Oversampled alpha and wavelength, see `oversampled_coordinates`, or what gives them: that is called when all is
        ready that does not need them. None for factor 1.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.
    steps : bool
        Whether `Corrected.steps` are wanted.

    Returns
    -------
    Corrected
    """
    progress = progress or no_progress
    if recipe.oversample == 1 or coordinates is None:
        return _only_trace(prepared, fits, steps)
    exposure, factor = prepared.exposure, recipe.oversample
    intervals = compact_intervals(fits, prepared)

    def work(number: int) -> None:
        own = cut_coordinates(prepared, fits[number], factor, (alpha, wavelength))
        fine = oversample_slice(prepared, fits[number], recipe, own, intervals, steps=steps)
        given = fine.given
        for name, cut in {
            "sci": fine.sci,
            "err": fine.err,
            "dq": fine.dq,
            "trace": fine.trace,
            **fine.variances,
        }.items():
            put_slice(exposure, frames[name], fine.row, cut, given)
        for name, cut in fine.steps.items():
            put_slice(exposure, frames[name], fine.row, cut, np.isfinite(cut))

    # Copying of frames, which nothing waits for until the end.
    with ThreadPoolExecutor(1, "atm-viewer-frames") as copying:
        regions = copying.submit(_divided, exposure, exposure.regions, factor)
        frames = _empty_frames(exposure, factor, STEPS if steps else ())
        alpha, wavelength = coordinates() if callable(coordinates) else coordinates
        wavelengths = copying.submit(_in_detector_frame, exposure, wavelength)
        in_threads(
            work, prepared.slices, lambda number, fraction: progress(f"Oversampling slice {number}", 0.9 * fraction)
        )
        progress("Assembling the exposure", 0.9)
    return Corrected(
        oversample=factor,
        wavelength=wavelengths.result(),
        regions=regions.result(),
        sci=frames["sci"],
        err=frames["err"],
        dq=frames["dq"],
        trace=frames["trace"],
        steps={name: frames[name] for name in STEPS if steps},
        **{name: frames.get(name) for name in _VARIANCES},
    )


def _in_detector_frame(exposure: Exposure, frame: Frame) -> Singles:
    """Array in the detector's frame of one with the dispersion along x; by blocks, so that no other is made."""
    shape = frame.shape[::-1] if exposure.rotated else frame.shape
    whole = np.empty(shape, dtype=frame[:0].dtype)
    for row in range(0, frame.shape[0], 128):
        block = frame[row : row + 128]
        put_slice(exposure, whole, row, block, np.ones(block.shape, dtype=bool))
    return whole


def put_slice(exposure: Exposure, frame: NDArray[Any], row: int, values: NDArray[Any], given: Mask) -> None:
    """Put values of a slice into an array of the whole exposure.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    frame : ndarray of float32 or uint32
        Array in the detector's frame, oversampled or not; changed.
    row : int
        First row of the slice in the array with the dispersion along x.
    values : ndarray of the same type, shape (rows, columns)
        Values with the dispersion along x.
    given : ndarray of bool, shape (rows, columns)
        Which of them are put.

    Raises
    ------
    ValueError
        The slice does not fit into the array.
    """
    rows, columns = frame.shape[::-1] if exposure.rotated else frame.shape
    if not 0 <= row <= rows - values.shape[0] or values.shape != given.shape or values.shape[1] != columns:
        raise ValueError(f"a slice of shape {values.shape} does not fit into rows {row} and on of {rows}")
    bits = np.ascontiguousarray(values).view(np.uint32)
    kernels.put_slice(bits, np.ascontiguousarray(given), exposure.rotated, row, frame.view(np.uint32))


def _across(exposure: Exposure) -> int:
    """Axis of the detector's arrays that runs along the slices."""
    return 1 if exposure.rotated else 0


def _divided(exposure: Exposure, frame: NDArray[Any], factor: float) -> NDArray[Any]:
    """Give each oversampled pixel the value of its nearest one; in the detector's frame."""
    nearest = exposure.division(factor).nearest
    if exposure.rotated:
        nearest = frame.shape[1] - 1 - nearest[::-1]
    return np.take(frame, nearest, axis=_across(exposure))


def empty_frame(exposure: Exposure, factor: float) -> Singles:
    """Array for values of an oversampled exposure, all NaN; in the detector's frame."""
    shape = list(exposure.dq.shape)
    shape[_across(exposure)] = exposure.division(factor).at.size
    return np.full(shape, np.nan, dtype=np.float32)


def _empty_frames(exposure: Exposure, factor: float, steps: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Arrays of an oversampled exposure without any slice, in the detector's frame."""

    def make(name: str) -> np.ndarray:
        if name == "dq":
            return _divided(exposure, exposure.dq | np.uint32(DO_NOT_USE), factor)
        return empty_frame(exposure, factor)

    names = ("dq", "sci", "err", "trace", *exposure.variances, *steps)
    return dict(zip(names, in_threads(make, names), strict=True))


def cut_coordinates(
    prepared: Prepared, fit: TraceFit, factor: float, coordinates: tuple[Frame, Frame]
) -> tuple[Floats, Singles | None]:
    """Cut what `oversample_slice` takes out of the oversampled coordinates of an exposure."""
    rows = prepared.fine_rows(fit.number, factor)
    return coordinates[0][rows], None if fit.params.wavelengths is None else coordinates[1][rows]


def oversample_slice(
    prepared: Prepared,
    fit: TraceFit,
    recipe: Recipe,
    coordinates: tuple[Floats, Singles | None],
    intervals: int,
    variances: bool = True,
    steps: bool = False,
) -> OversampledSlice:
    """Oversample one slice with its trace model.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    fit : TraceFit
        Trace model of the slice, with its parameters.
    recipe : Recipe
        Parameters that are the same for all slices.
    coordinates : (ndarray, ndarray or None)
        Oversampled alpha of the slice; wavelength, where its parameters ask for it, see `cut_coordinates`.
    intervals : int
        See `compact_intervals`.
    variances : bool
        Whether variances are wanted. Pixels are invalid where a variance is, in any case.
    steps : bool
        Whether `OversampledSlice.steps` are wanted.

    Returns
    -------
    OversampledSlice
    """
    data, params, factor = prepared.slices[fit.number], fit.params, recipe.oversample
    division, rows = prepared.exposure.division(factor), prepared.fine_rows(fit.number, factor)
    shape = rows.stop - rows.start, data.flux.shape[1]
    sci, spline, residual = np.empty(shape), *(np.full(shape, np.nan) for _ in range(2))
    slopes = np.zeros(data.flux.shape)
    kernels.oversample_slice(
        data.flux,
        data.alpha,
        data.inside,
        data.row,
        float(factor),
        division.at[rows],
        division.nearest[rows],
        prepared.defaults.oversample_ngood,
        prepared.defaults.trim_ends,
        params.edges == "keep",
        coordinates[0],
        fit.source,
        fit.knots,
        fit.intervals,
        fit.poly,
        fit.scale,
        fit.bounds,
        sci,
        spline,
        residual,
        slopes,
    )
    use = find_slice_use(prepared, fit, slopes, intervals)
    made_of = {"spline_full": spline.copy(), "linear_interp": sci.copy(), "spline_residual": residual} if steps else {}
    if fit.has_splines:
        defined = _put_spline(data, fit, use, coordinates, sci, spline, residual)
    else:
        defined = np.zeros(shape, dtype=bool)
    if prepared.background.offset is not None:
        sci += prepared.background.offset
        spline += prepared.background.offset
    made = replace(_with_errors(prepared, data, factor, sci, spline, variances), use=use, defined=defined)
    return replace(made, steps=_steps(prepared, made_of, made)) if steps else made


def _put_spline(
    data: SliceData,
    fit: TraceFit,
    use: Use,
    coordinates: tuple[Floats, Singles | None],
    sci: Floats,
    spline: Floats,
    residual: Floats,
) -> Mask:
    """Put the spline in the place of interpolated flux where it is used, and make it NaN elsewhere; both in place.

    Returns where it was defined.
    """
    params, (alpha, wavelength) = fit.params, coordinates
    defined = np.isfinite(spline)
    at = defined & within(alpha, use.ranges)
    if params.wavelengths is not None and wavelength is not None:
        at &= (wavelength >= params.wavelengths[0]) & (wavelength <= params.wavelengths[1])
    np.copyto(spline, np.nan, where=~at)
    linear = sci.copy() if params.residual == "lines" else sci
    np.copyto(sci, spline, where=at)
    if params.residual != "none":
        at &= np.isfinite(residual)
        if params.residual == "lines":
            at &= line_columns(data, fit)
        np.add(sci, residual, out=sci, where=at)
        if params.residual == "lines":
            at &= np.isfinite(linear)
            share = np.broadcast_to(continuum_share(data, fit), at.shape)[at]
            sci[at] = linear[at] + share * (sci[at] - linear[at])
    return defined


def native_slice_of(prepared: Prepared, fit: TraceFit, fine: OversampledSlice) -> NativeSlice:
    """Tell what became of the detector's own pixels of a slice that `oversample_slice` made."""
    assert fine.defined is not None, "the exposure as it is has no splines"
    return native_slice(prepared, fit, fine.use, fine.factor, fine.defined, ~np.isnan(fine.trace))


def _steps(prepared: Prepared, made_of: Mapping[str, Floats], made: OversampledSlice) -> dict[str, Singles]:
    """Give what a slice's correction is made of the unit and the background of the pipeline's files."""
    arrays = dict(made_of)
    if prepared.background.offset is not None:
        arrays["spline_full"] = arrays["spline_full"] + prepared.background.offset
    if is_flux_density(prepared.exposure.unit):
        for name in ("linear_interp", "spline_residual"):
            arrays[name] = arrays[name] / made.factor
    return {"spline_used": made.trace} | {name: array.astype(np.float32) for name, array in arrays.items()}


def _with_errors(
    prepared: Prepared,
    data: SliceData,
    factor: float,
    sci: Floats,
    trace: Floats,
    variances: bool,
) -> OversampledSlice:
    """Add errors and flags, and make NaN and flags agree in all of them (``match_nans_and_flags``)."""
    exposure = prepared.exposure
    division, rows = exposure.division(factor), prepared.fine_rows(data.number, factor)
    at, nearest = division.at[rows], division.nearest[rows]
    invalid = np.isnan(sci)
    dq, estimated = oversample_flags(exposure.to_dispersion(exposure.dq), invalid, nearest)
    density = is_flux_density(exposure.unit)
    if density:
        sci = sci / factor
        trace = trace / factor

    inflation = 0.23 * factor + 0.77
    errors: dict[str, np.ndarray] = {}
    for name, frame in {"err": exposure.err, **exposure.variances}.items():
        power = 2 if name.startswith("var") else 1
        values, ngood = exposure.to_dispersion(frame), prepared.defaults.oversample_ngood
        if power == 2 and not variances:
            invalid |= lacks_variance(values, data.inside, data.row, nearest, ngood, estimated)
            continue
        errors[name] = np.empty(sci.shape, dtype=np.float32)
        kernels.oversample_errors(
            values,
            power == 2,
            data.inside,
            data.row,
            float(factor),
            at,
            nearest,
            ngood,
            estimated,
            np.float32(inflation**power),
            np.float32(factor**power if density else 1),
            errors[name],
            invalid,
        )
    sci = sci.astype(np.float32)
    np.bitwise_or(dq, np.uint32(DO_NOT_USE), out=dq, where=invalid)
    for array in (sci, *errors.values()):
        np.copyto(array, np.nan, where=invalid)
    return OversampledSlice(
        number=data.number,
        row=rows.start,
        inside=_inside(data, division.owner[rows]),
        sci=sci,
        err=errors.pop("err"),
        variances=errors,
        dq=dq,
        trace=trace.astype(np.float32),
        factor=factor,
    )


def oversample_flags(dq: Flags, invalid: Mask, nearest: Integers) -> tuple[Flags, Mask]:
    """Give parts the flags of pixels; those that the spline fills in are good (``oversample_flux``).

    Parameters
    ----------
    dq : ndarray of uint32, shape (rows of the frame, columns)
        Flags.
    invalid : ndarray of bool, shape (parts, columns)
        Parts without flux.
    nearest : ndarray of int64, shape (parts,)
        Row of the frame that each part has its flags from, ascending.

    Returns
    -------
    flags : ndarray of uint32, shape (parts, columns)
        FLUX_ESTIMATED in place of DO_NOT_USE in parts that are filled in.
    estimated : ndarray of bool, same shape
        Which these are.
    """
    flags: Flags = np.take(dq[nearest[0] : nearest[-1] + 1], nearest - nearest[0], axis=0)
    estimated = (flags & np.uint32(DO_NOT_USE)) != 0
    estimated &= ~invalid
    flags[estimated] = (flags[estimated] ^ np.uint32(DO_NOT_USE)) | np.uint32(FLUX_ESTIMATED)
    return flags, estimated


def lacks_variance(
    variance: Singles, inside: Mask, row: int, nearest: Integers, require_ngood: int, estimated: Mask
) -> Mask:
    """Find the parts of a slice's pixels that have an error but no variance, without interpolating the variance.

    Parameters
    ----------
    variance : ndarray of float32, shape (rows of the frame, columns)
        Variance; NaN where invalid.
    inside : ndarray of bool, shape (rows, columns)
        Pixels of the slice.
    row : int
        First row of the cut-out in the frame.
    nearest : ndarray of int64, shape (parts,)
        Row of the frame that each part is nearest to, ascending.
    require_ngood : int
        A column needs more finite pixels than this.
    estimated : ndarray of bool, shape (parts, columns)
        Pixels that the spline fills in: they have a variance although the detector's pixel has none.

    Returns
    -------
    ndarray of bool, shape (parts, columns)
        Among the parts that belong to the slice, those that `kernels.oversample_errors` finds invalid.
    """
    low, high = min(nearest[0], row), max(nearest[-1] + 1, row + inside.shape[0])
    known = variance[low:high] >= 0  # not where it is NaN
    known &= variance[low:high] < np.inf
    few = (known[row - low :][: inside.shape[0]] & inside).sum(axis=0) <= require_ngood
    lacks: Mask = np.take(~known, nearest - low, axis=0)
    lacks &= ~estimated
    lacks |= few
    return lacks


def _inside(data: SliceData, owner: Integers) -> Mask:
    """Whether parts belong to a slice, from the rows of the frame that they belong to."""
    rows = owner - data.row
    known = (rows >= 0) & (rows < data.inside.shape[0])
    inside: Mask = data.inside[np.where(known, rows, 0)]
    inside[~known] = False
    return inside


_VARIANCES = ("var_poisson", "var_rnoise", "var_flat")


def _only_trace(prepared: Prepared, fits: Mapping[int, TraceFit], steps: bool) -> Corrected:
    exposure = prepared.exposure
    used = _native_frame(prepared, {number: native.trace for number, native in trace_slices(prepared, fits).items()})
    made_of: dict[str, Singles] = {}
    if steps:
        whole = {number: slice_trace(data, fits[number]) for number, data in prepared.slices.items()}
        made_of = {"spline_full": _native_frame(prepared, whole), "spline_used": used}
    return Corrected(
        oversample=1,
        sci=exposure.sci,
        err=exposure.err,
        dq=exposure.dq,
        wavelength=exposure.coordinates.wavelength.astype(np.float32),
        regions=exposure.regions,
        trace=used,
        steps=made_of,
        **{name: exposure.variances.get(name) for name in _VARIANCES},
    )


def _native_frame(prepared: Prepared, traces: Mapping[int, Singles]) -> Singles:
    """Put splines at the slices' own pixels together; in the detector's frame, with the background."""
    exposure, offset = prepared.exposure, prepared.background.offset
    whole = np.full(exposure.sci.shape, np.nan, dtype=np.float32)
    for number, trace in traces.items():
        data = prepared.slices[number]
        put_slice(exposure, whole, data.row, trace, data.inside)
    return whole if offset is None else (whole + offset).astype(np.float32)
