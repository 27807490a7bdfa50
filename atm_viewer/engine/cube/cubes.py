"""Builds cubes as ``cube_build`` does: with our own drizzle, or with the pipeline itself.

Our own way fills the sums of a cube exposure by exposure, and hands them to ``CubeBuildStep``, which makes the product
of them as of its own sums. The pipeline maps every pixel through gwcs and compares every pixel with every plane; that
is where its time goes.
"""

from __future__ import annotations

import tempfile
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from atm_viewer.engine.arrays import Flags, Floats, Integers, Singles
from atm_viewer.engine.cube.cube_grid import CubeGrid, channel_columns
from atm_viewer.engine.cube.footprints import Footprints, SkyMapper
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.io.fits_input import open_fits
from atm_viewer.engine.kernels.cubes import drizzle_cube, find_pixels, finish_sums, flag_slices, open_holes, slice_ends
from atm_viewer.engine.progress import Progress
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.recipe.cube_options import SKY
from atm_viewer.engine.tangent import TangentPlane
from atm_viewer.engine.threads import ahead, in_threads, processors, without_warnings
from atm_viewer.engine.trace.oversample import (
    Corrected,
    OversampledSlice,
    correct_slices,
    empty_frame,
    per_native_pixel,
    put_slice,
)
from atm_viewer.engine.trace.traces import DO_NOT_USE

NON_SCIENCE = 512

_BATCH = 125_000  # pixels that are mapped and drizzled at a time: some 25 MB, and a fraction of a second
_SLICES = 30  # of NIRSpec


@dataclass(frozen=True, eq=False)
class PixelValues:
    """Values of an exposure as ``cube_build`` takes them, in the detector's frame.

    Parameters
    ----------
    factor : float
        Oversampling factor.
    flux, err : ndarray of float32
        Science and error arrays [unit of the exposure]; ``flux`` is NaN in pixels that are left out.
    """

    factor: float
    flux: Singles
    err: Singles


def native_values(exposure: Exposure) -> PixelValues:
    """Values of an exposure as it is."""
    return PixelValues(1, _good(exposure.sci, exposure.err, exposure.dq, exposure.variances.values()), exposure.err)


def corrected_values(corrected: Corrected, exposure: Exposure) -> PixelValues:
    """Values of a corrected exposure; where they are flux per pixel, per pixel of the detector as before correction."""
    variances = [v for v in (corrected.var_poisson, corrected.var_rnoise, corrected.var_flat) if v is not None]
    flux = _good(corrected.sci, corrected.err, corrected.dq, variances)
    scale = per_native_pixel(exposure, corrected.oversample)
    if scale == 1:
        return PixelValues(corrected.oversample, flux, corrected.err)
    return PixelValues(corrected.oversample, flux * scale, corrected.err * scale)


def values_after(exposure: Exposure, recipe: Recipe, progress: Progress | None = None) -> PixelValues:
    """Values of an exposure's correction, as `corrected_values` of `correct_exposure` are, in a fraction of the memory.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    recipe : Recipe
        Parameters.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.

    Returns
    -------
    PixelValues
    """
    factor = recipe.oversample
    if factor == 1:
        return native_values(exposure)
    flux, err = empty_frame(exposure, factor), empty_frame(exposure, factor)
    scale = per_native_pixel(exposure, factor)

    def take(fine: OversampledSlice) -> None:
        given = fine.given
        for frame, values in ((flux, _good(fine.sci, fine.err, fine.dq, ())), (err, fine.err)):
            values = values if scale == 1 else values * scale
            put_slice(exposure, frame, fine.row, values, given)

    correct_slices(exposure, recipe, take, progress)
    return PixelValues(factor, flux, err)


def _good(sci: Singles, err: Singles, dq: Flags, variances: Iterable[Singles]) -> Singles:
    """Science array with NaN where ``match_nans_and_flags`` or the flags that ``cube_build`` looks at say so."""
    bad = np.isnan(err) | ((dq & (DO_NOT_USE | NON_SCIENCE)) > 0) | ~np.isfinite(sci)
    for variance in variances:
        bad |= np.isnan(variance)
    return np.where(bad, np.float32(np.nan), sci)


class CubeSums:
    """Sums over pixels, from which a cube follows (``IFUCubeData.spaxel_flux`` and so on).

    Parameters
    ----------
    grid : CubeGrid
        Grid of the cube.

    Attributes
    ----------
    total : ndarray of float64, shape (planes, ny, nx, 4)
        Weighted flux, weight, weighted variance, number of pixels.
    dq : ndarray of uint32, shape (planes, ny * nx)
        Not 0 where a slice of NIRSpec passes through. For MIRI the pipeline means to flag its field of view, but
        compares with a maximum that is the minimum (``overlap_fov_with_spaxels``), so that it flags nothing.
    """

    def __init__(self, grid: CubeGrid) -> None:
        self.grid = grid
        planes, ny, nx = grid.wavelength.size, grid.y.size, grid.x.size
        self.total = np.zeros((planes, ny, nx, 4))
        self.dq = np.zeros((planes, ny * nx), dtype=np.uint32)
        # Distances of planes, their mean and the spaxel's place in the pipeline's order of operations and precision.
        steps = np.diff(grid.wavelength)
        self._steps = np.append(steps, steps[-1])
        self._reach = float(np.nanmean(self._steps))
        self._corner = float(np.float32(grid.x[0])), float(np.float32(grid.y[0]))

    @property
    def size(self) -> int:
        """Memory that the sums take [byte]."""
        return self.total.nbytes + self.dq.nbytes

    def add(self, pixels: Iterable[MappedPixels], planes: tuple[int, int] | None = None) -> None:
        """Add the pixels of one exposure.

        Parameters
        ----------
        pixels : iterable of MappedPixels
            All of them, or those that reach ``planes``; in the order of `map_pixels`, on which rounding depends.
        planes : (int, int), optional
            Planes that are added to, the second one excluded; by default all. Others are left as they are.
        """
        grid = self.grid
        begin, end = planes or (0, grid.wavelength.size)
        ends = None
        for some in pixels:
            self._drizzle(some, begin, end)
            if some.number is not None:
                if ends is None:
                    ends = np.empty((grid.wavelength.size, _SLICES, 4))
                    ends[..., ::2], ends[..., 1::2] = 10000.0, -10000.0
                centre = some.plane.onto(grid.plane, some.xi[4], some.eta[4])
                slice_ends(*centre, some.wavelength, some.number, grid.wavelength, self._reach, ends)
        if ends is not None:
            ends, flags = ends[begin:end], self.dq[begin:end]
            flag_slices(ends, *self._corner, grid.spaxel, grid.x.size, 1, flags)

    def finish(self, hole: int, outside: int) -> tuple[Singles, Singles, Floats, Flags]:
        """Make the values and flags of voxels, one after the other; the flags are those of the sums, changed in place.

        Parameters
        ----------
        hole, outside : int
            Flags where no pixel is: on a slice, and elsewhere.

        Returns
        -------
        flux, number : ndarray of float32
            Flux, and the number of pixels that it is of.
        variance : ndarray of float64
            Variance of the flux.
        dq : ndarray of uint32
            Flags.
        """
        grid, dq = self.grid, self.dq.ravel()
        flux, number = np.empty((2, dq.size), dtype=np.float32)
        variance = np.empty(dq.size)
        finish_sums(self.total.reshape(-1, 4), hole, outside, dq, flux, number, variance)
        open_holes(dq.reshape(grid.wavelength.size, grid.y.size, grid.x.size), hole, outside)
        return flux, number, variance, dq

    def _drizzle(self, pixels: MappedPixels, begin: int, end: int) -> None:
        """Drizzle pixels, which are sorted by wavelength: threads share the planes."""
        grid, wavelength = self.grid, pixels.wavelength
        matrix = pixels.plane.matrix(grid.plane)
        beyond = pixels.reach + grid.step

        def work(planes: tuple[int, int]) -> None:
            ends = grid.wavelength[planes[0]] - beyond, grid.wavelength[planes[1] - 1] + beyond
            part = slice(*np.searchsorted(wavelength, ends))
            drizzle_cube(
                np.ascontiguousarray(pixels.xi[:4, part]),
                np.ascontiguousarray(pixels.eta[:4, part]),
                matrix,
                wavelength[part],
                pixels.width[part],
                pixels.flux[part],
                pixels.err[part],
                grid.x,
                grid.y,
                grid.spaxel,
                grid.wavelength,
                self._steps,
                *planes,
                self.total,
            )

        count = 2 * processors()
        at = wavelength[np.linspace(0, wavelength.size - 1, count + 1)[1:-1].astype(int)] if wavelength.size else []
        edges = np.unique([begin, *np.clip(np.searchsorted(grid.wavelength, at), begin, end), end])
        in_threads(work, list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)))


@dataclass(frozen=True, eq=False)
class MappedPixels:
    """Pixels of an exposure with their values and their places on the sky, sorted by wavelength.

    Parameters
    ----------
    plane : TangentPlane
        Plane that places are given in.
    xi, eta : ndarray of float64, shape (4 or 5, n)
        Corners in order around the pixel [arcsec], and in NIRSpec its centre.
    wavelength, width : ndarray of float64, shape (n,)
        Wavelength of the centre and range of wavelengths that the pixel covers [um].
    flux, err : ndarray of float32, shape (n,)
        Values.
    number : ndarray of int64, shape (n,), or None
        Slices of NIRSpec; None for MIRI, whose cubes do not tell where slices are.
    """

    plane: TangentPlane
    xi: Floats
    eta: Floats
    wavelength: Floats
    width: Floats
    flux: Singles
    err: Singles
    number: Integers | None

    @property
    def reach(self) -> float:
        """Half of the widest range of wavelengths that a pixel covers [um]."""
        return float(np.fmax.reduce(self.width, initial=0.0)) / 2

    def within(self, low: float, high: float) -> MappedPixels:
        """Return the pixels whose centres are at these wavelengths [um]."""
        part = slice(*np.searchsorted(self.wavelength, (low, high)))
        return MappedPixels(
            self.plane,
            self.xi[:, part],
            self.eta[:, part],
            self.wavelength[part],
            self.width[part],
            self.flux[part],
            self.err[part],
            None if self.number is None else self.number[part],
        )


def add_exposure(
    sums: Mapping[str, CubeSums],
    exposure: Exposure,
    mapper: SkyMapper,
    values: PixelValues,
    progress: Callable[[str, float], None] | None = None,
) -> None:
    """Add an exposure's pixels to the sums of cubes.

    Parameters
    ----------
    sums : mapping of str to CubeSums
        By band.
    exposure : Exposure
        The exposure.
    mapper : SkyMapper
        Its footprints.
    values : PixelValues
        Its values, or those of its correction.
    progress : callable, optional
        Called with a band and the fraction of it that is done, every fraction of a second; may raise `Cancelled`.
    """
    mapped = map_pixels(exposure, mapper, list(sums), values)

    def pixels(some: Iterable[tuple[str, float, MappedPixels]]) -> Iterator[MappedPixels]:
        for band, done, here in some:
            if progress is not None:
                progress(band, done)
            yield here

    for band, some in groupby(mapped, key=itemgetter(0)):
        sums[band].add(pixels(some))


def map_pixels(
    exposure: Exposure, mapper: SkyMapper, bands: Sequence[str], values: PixelValues
) -> Iterator[tuple[str, float, MappedPixels]]:
    """Map the pixels of an exposure that have a value, some slices at a time, while those before them are used.

    Parameters
    ----------
    exposure, mapper, values
        As for `add_exposure`.
    bands : sequence of str
        Bands that are wanted.

    Yields
    ------
    band : str
        Band of the pixels; one band after the other.
    done : float
        Fraction of the band's slices that come before.
    pixels : MappedPixels
        Pixels.
    """
    return ahead("atm-viewer-pixels", _mapped(exposure, mapper, bands, values))


def _mapped(
    exposure: Exposure, mapper: SkyMapper, bands: Sequence[str], values: PixelValues
) -> Iterator[tuple[str, float, MappedPixels]]:
    for band in bands:
        for done, x, y, number in _batches(exposure, band, values):
            # Not in a variable, which would keep footprints while the next ones are made.
            yield band, done, _sorted(mapper.footprints(x, y, number, values.factor), values, exposure.rotated)


def _sorted(foot: Footprints, values: PixelValues, miri: bool) -> MappedPixels:
    """Sort pixels by wavelength."""
    order, corners = np.argsort(foot.wavelength, kind="stable"), 4 if miri else 5
    x, y = foot.x[order], foot.y[order]
    return MappedPixels(
        foot.plane,
        np.take(foot.xi[:corners], order, axis=1),
        np.take(foot.eta[:corners], order, axis=1),
        foot.wavelength[order],
        foot.width[order],
        values.flux[y, x],
        values.err[y, x],
        None if miri else foot.number[order],
    )


def _batches(
    exposure: Exposure, band: str, values: PixelValues
) -> Iterator[tuple[float, Integers, Integers, Integers]]:
    """Pixels that have a value, as (fraction done before, x, y, slice number), some slices at a time."""
    slices = [n for n in exposure.slices if exposure.band_of(n) == band]
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    begun, held = 0.0, 0
    for k, number in enumerate(slices):
        x, y = _pixels(exposure, number, band, values)
        found.append((x, y, np.full(x.size, number)))
        held += x.size
        if held and (held >= _BATCH or k == len(slices) - 1):
            x, y, numbers = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
            found.clear()
            yield begun, x, y, numbers
            held, begun = 0, (k + 1) / len(slices)


def _pixels(exposure: Exposure, number: int, band: str, values: PixelValues) -> tuple[Integers, Integers]:
    """(Oversampled) pixels of a slice that have a value, in the detector's frame."""
    pixels, (height, width) = exposure.slice_pixels(number), exposure.regions.shape
    sides = np.arange(width if exposure.rotated else height)
    parts, which = exposure.fine_pixels(sides, values.factor)
    starts = np.searchsorted(which, np.append(sides, sides.size))
    ends = channel_columns(band, values.factor) if exposure.rotated else (0, values.flux.shape[1])
    x, y = np.empty((2, pixels.size * int(np.diff(starts).max())), dtype=np.int64)
    count = find_pixels(pixels, width, exposure.rotated, parts, starts, *ends, values.flux, x, y)
    return x[:count], y[:count]


def build_cubes(
    models: Sequence[Any],
    bands: Sequence[str],
    product: str,
    cubepar: str,
    options: Mapping[str, Any],
    sums: MutableMapping[str, CubeSums] | None = None,
) -> list[Any]:
    """Build a cube per band with jwst's ``CubeBuildStep``.

    Parameters
    ----------
    models : sequence of IFUImageModel
        Open exposures of one band; without ``sums`` NaN and DO_NOT_USE are matched in place, with ``sums`` only
        metadata are taken (see `open_metadata`).
    bands : sequence of str
        Bands that the cubes are to have, in the pipeline's order.
    product : str
        Product's name.
    cubepar : str
        CUBEPAR file, with ``crds://`` in front when it is CRDS's.
    options : mapping of str to object
        Arguments of the step, see `CubeOptions.of_step` and `on_grid`.
    sums : mapping of str to CubeSums, optional
        By band: in place of the pipeline's mapping and drizzling. Those of each band are taken out and used up.

    Returns
    -------
    list of IFUCubeModel
        In the order of ``bands``.
    """
    from jwst import __version__
    from jwst.cube_build import CubeBuildStep, cube_build_step
    from jwst.datamodels import ModelContainer

    class CubesOfOurModels(CubeBuildStep):  # type: ignore[misc]  # a class of jwst, which has no types
        def prepare_output(self, init: Any, **kwargs: Any) -> Any:
            """Take the models as they are: nobody else has them, so a deep copy would only cost memory."""
            return init

    if sums is not None:
        # The step names the class of its cubes within one long method. That method is given other names to look up,
        # so that the pipeline's modules stay as they are.
        names = vars(cube_build_step) | {
            "ifu_cube": types.SimpleNamespace(IFUCubeData=_cube_of_sums(sums)),
            "match_nans_and_flags": lambda model: None,
        }
        CubesOfOurModels.process = types.FunctionType(CubeBuildStep.process.__code__, names)

    container = ModelContainer(list(models))
    container.asn_table["products"][0]["name"] = product
    channel = bands[0][2] if len(bands) == 1 and bands[0].startswith("ch") else "all"
    with without_warnings(), _table_for_bands(cubepar.removeprefix("crds://"), sums is not None) as table:
        step = CubesOfOurModels(override_cubepar=table, output_type="band", channel=channel, **options)
        # Not run(): that asks CRDS for its context, and without CRDS ends the program.
        built = {
            cube.meta.filename.removesuffix("_internal").rpartition("_")[2]: cube for cube in step.process(container)
        }
    for cube in built.values():
        cube.meta.calibration_software_version = __version__
        cube.meta.ref_file.cubepar.name = f"crds://{Path(cubepar).name}" if cubepar.startswith("crds://") else cubepar
    return [built[band] for band in bands]


@contextmanager
def _table_for_bands(cubepar: str, short: bool) -> Iterator[str]:
    """CUBEPAR file; if ``short``, one without the wavelengths of cubes of several bands.

    The pipeline reads thousands of them row by row, which takes longer than all that it does for a cube of one band.
    """
    if not short:
        yield cubepar
        return
    from astropy.io import fits

    with tempfile.TemporaryDirectory() as folder:
        short_file = str(Path(folder) / "cubepar.fits")
        with open_fits(Path(cubepar)) as file, fits.open(file) as hdus:
            for hdu in hdus:
                if hdu.name.startswith("MULTICHAN"):
                    hdu.data = hdu.data[:1]
            hdus.writeto(short_file)
        yield short_file


def on_grid(options: Mapping[str, Any], grid: CubeGrid) -> dict[str, Any]:
    """Arguments of ``CubeBuildStep`` that make it build a cube of other exposures on the same grid."""
    placed = {"ra_center": grid.ra, "dec_center": grid.dec, "nspax_x": grid.x.size, "nspax_y": grid.y.size}
    return {**options, "coord_system": SKY, "cube_pa": grid.angle, **placed}


def _cube_of_sums(sums: MutableMapping[str, CubeSums]) -> type[Any]:
    """Make a class of ``IFUCubeData`` whose cubes follow from sums that are there already."""
    from jwst.cube_build.ifu_cube import IFUCubeData

    class CubeOfSums(IFUCubeData):  # type: ignore[misc]  # a class of jwst, which has no types
        def setup_ifucube_wcs(self) -> None:
            """Take the grid of the sums."""
            prefix = "ch" if self.instrument == "MIRI" else ""
            self._sums = sums.pop(f"{prefix}{self.list_par1[0]}-{self.list_par2[0]}".lower())
            grid = self._sums.grid
            self.num_bands = 1
            self.cdelt1 = self.cdelt2 = self.spatial_size
            self.cdelt3 = self.spectral_size
            self.crval1, self.crval2, self.crval3 = grid.ra, grid.dec, self.wavemin + self.cdelt3 / 2.0
            self.naxis1, self.naxis2, self.naxis3 = grid.x.size, grid.y.size, grid.wavelength.size
            self.rot_angle = grid.angle
            self.crpix1, self.crpix2, self.crpix3 = (self.naxis1 + 1) / 2, (self.naxis2 + 1) / 2, 1.0

        def build_ifucube(self) -> tuple[Any, int]:
            """Make the product of the sums."""
            self.output_name = self.output_name_base + self.define_cubename_suffix()
            self._finish_sums()
            of_instrument = self.master_table.FileMap[self.instrument]
            self.input_models_this_cube = list(of_instrument[self.list_par1[0]][self.list_par2[0]])
            made: tuple[Any, int] = self.setup_final_ifucube_model(self.input_models_this_cube[0])
            return made

        def _finish_sums(self) -> None:
            """Do what ``find_spaxel_flux`` and ``set_final_dq_flags`` do, in compiled code."""
            nothing = int(self.overlap_no_coverage | DO_NOT_USE)
            finished = self._sums.finish(self.overlap_hole, nothing)
            del self._sums
            self.spaxel_flux, self.spaxel_iflux, self.spaxel_var, self.spaxel_dq = finished

    return CubeOfSums
