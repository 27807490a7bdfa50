"""Calibrated IFU exposures: checks and opens files, and provides their pixel coordinates."""

from __future__ import annotations

import io
import logging
import os
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from atm_viewer.engine.arrays import DeflatedFrame, Flags, Floats, Integers, Integers32, PackedFrame, Singles
from atm_viewer.engine.checks.asdf_check import check_asdf
from atm_viewer.engine.checks.exposure_check import (
    EXTENSIONS,
    beyond_cubes,
    check_coordinates,
    check_exposure,
    check_geometry,
    check_slices,
    check_values,
    footprint_of,
    target_of,
    whole_number,
)
from atm_viewer.engine.checks.exposure_notes import notes_on
from atm_viewer.engine.errors import Cancelled, InputError, UserError, one_line, shortage
from atm_viewer.engine.give_back import without_garbage_search
from atm_viewer.engine.io.coordinate_cache import KeptGeometry, content_key
from atm_viewer.engine.io.coordinates import (
    Coordinates,
    Division,
    WavelengthScale,
    divide,
    keep_nothing,
    native_coordinates,
    oversampled_slicer,
)
from atm_viewer.engine.io.fits_input import open_fits
from atm_viewer.engine.io.in_time import in_time
from atm_viewer.engine.io.packing import pack, unpack
from atm_viewer.engine.kernels.labels import label_ranges
from atm_viewer.engine.names import exposure_name
from atm_viewer.engine.placement import AS_OBSERVED, Placement
from atm_viewer.engine.results.exposure_view import ExposureView, FileState
from atm_viewer.engine.threads import without_warnings
from atm_viewer.engine.wcs.exposure_wcs import ExposureWcs, wcs_of_model, wcs_of_tree
from atm_viewer.engine.wcs.models import load_datamodels, load_libraries
from atm_viewer.engine.wcs.tree import NotUnderstoodError, read_tree

_LOG = logging.getLogger(__name__)

#: Frames that the WCS of an IFU exposure has.
_FRAMES = {"MIRI": {"detector", "alpha_beta", "v2v3", "world"}, "NIRSPEC": {"slicer", "world"}}

_VARIANCES = ("VAR_RNOISE", "VAR_POISSON", "VAR_FLAT")


class DataFile:
    """A file of an exposure, whose datamodel is open or not.

    Parameters
    ----------
    path : Path
        The file.
    state : FileState
        What the file was when its arrays were read.
    """

    def __init__(self, path: Path, state: FileState) -> None:
        self.path, self.state = path, state
        self._model: Any = None
        self._wcs: ExposureWcs | None = None

    @property
    def is_open(self) -> bool:
        """Whether the datamodel is open."""
        return self._model is not None

    @property
    def model(self) -> Any:
        """The datamodel, with WCS and all metadata: opened, which takes seconds, when first asked for.

        Raises
        ------
        InputError
            The file is gone, damaged, or not the one that was opened.
        """
        if self._model is None:
            self.check()
            self._model = _open_model(self.path)
        return self._model

    @property
    def wcs(self) -> ExposureWcs:
        """The file's WCS, without its datamodel where that is possible.

        Raises
        ------
        InputError
            The file is gone, damaged, without a WCS, or not the one that was opened.
        """
        if self._wcs is None:
            self.check()
            load_libraries()
            try:
                content = _asdf_bytes(self.path)
                self._wcs = wcs_of_tree(read_tree(content, check_asdf(self.path.name, content)))
            except NotUnderstoodError as reason:
                _LOG.info("the WCS of %s is evaluated by gwcs: %s", self.path.name, one_line(reason))
                self._wcs = _wcs_by_gwcs(self.path, self.model)
        return self._wcs

    @property
    def has_changed(self) -> bool:
        """Whether there is another file in the place of the one that was read; one that is gone has not changed."""
        return self.state.differs(self.path)

    def check(self) -> None:
        """Refuse to go on with what was read from a file that has changed since.

        Raises
        ------
        InputError
            It has changed.
        """
        if self.has_changed:
            raise InputError(
                f"{self.path.name} has changed since it was opened; open it again to see what is in it now."
            )

    def close(self) -> None:
        """Close the datamodel and drop the WCS; both are read again when they are asked for."""
        self._wcs = None
        if self._model is not None:
            self._model.close()
            self._model = None


@dataclass(frozen=True, eq=False)
class Exposure:
    """One calibrated IFU exposure of MIRI MRS or NIRSpec.

    Arrays are in the detector's frame, ``[y, x]``.

    Parameters
    ----------
    path : Path
        The file.
    instrument : {"MIRI", "NIRSPEC"}
        Instrument.
    detector : str
        ``MIRIFUSHORT``, ``MIRIFULONG``, ``NRS1`` or ``NRS2``.
    grating : str
        NIRSpec grating; empty for MIRI.
    bands : tuple of str
        Bands as the pipeline names cubes: ``ch1-short``, ``g235m-f170lp``.
    unit : str
        Unit of the science array.
    sci, err : ndarray of float32, shape (ny, nx)
        Science and error arrays [unit]; NaN where invalid.
    variances : dict of str to ndarray
        ``var_poisson``, ``var_rnoise``, ``var_flat`` [unit squared], those the file has.
    dq : ndarray of uint32, shape (ny, nx)
        Data-quality flags.
    regions : ndarray of int32, shape (ny, nx)
        Region map: slice number, 0 outside.
    coordinates : Coordinates
        Of the pixels' centres.
    dither, dithers : int
        Dither position and their number, 0 when the file does not say.
    target : str
        Target's name, or empty.
    footprint : str
        S_REGION of the file, empty without or where ``cube_build`` does not use it.
    kept : KeptGeometry
        What was computed from the file's WCS, now or in earlier runs.
    setting_kept : KeptGeometry
        The same of what all exposures of the setting share: positions on the slicer.
    scale : WavelengthScale
        Takes wavelengths on the slicer to the exposure's.
    file : DataFile
        The file's datamodel.
    moving : bool
        Whether the target moves.
    target_at : (float, float) or None
        Where the WCS sees a moving target during the exposure, ICRS [deg]; None when the file does not say.
    notes : tuple of str
        What is unusual in it, see `notes_on`.
    """

    path: Path
    instrument: str
    detector: str
    grating: str
    bands: tuple[str, ...]
    unit: str
    sci: Singles
    err: Singles
    variances: dict[str, Singles]
    dq: Flags
    regions: Integers32
    coordinates: Coordinates
    dither: int
    dithers: int
    target: str
    footprint: str
    kept: KeptGeometry
    setting_kept: KeptGeometry
    scale: WavelengthScale
    file: DataFile
    moving: bool = False
    target_at: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()

    @property
    def model(self) -> Any:
        """The datamodel, see `DataFile.model`."""
        return self.file.model

    @property
    def wcs(self) -> ExposureWcs:
        """The WCS as observed, see `DataFile.wcs`; positions on the sky are without `placement`."""
        return self.file.wcs

    @property
    def can_be_read_again(self) -> bool:
        """Whether its file is there as it was, and its coordinates need not be computed again."""
        return self.geometry_on_disk and self.path.is_file() and not self.file.has_changed

    @property
    def geometry_on_disk(self) -> bool:
        """Whether all that was computed of the WCS is on disk, see `KeptGeometry.on_disk`."""
        return self.kept.on_disk and self.setting_kept.on_disk

    @property
    def _shape(self) -> tuple[int, int]:
        ny, nx = self.regions.shape
        return ny, nx

    def close(self) -> None:
        """Close the datamodel, if it is open; it is opened again when it is asked for."""
        self.file.close()

    def release(self) -> None:
        """Drop what takes memory and is quickly made again, see `Coordinates.release`."""
        self.coordinates.release()
        vars(self).pop("_pixels", None)

    @property
    def placement(self) -> Placement:
        """Shift of the exposure on the sky."""
        return self.coordinates.placement

    @property
    def follows(self) -> tuple[float, float] | None:
        """Where the exposure shows a moving target that it follows, ICRS [deg]; None when it follows none."""
        if self.target_at is None or not self.placement.following:
            return None
        return self.target_at[0] + self.placement.ra, self.target_at[1] + self.placement.dec

    def placed(self, placement: Placement) -> Exposure:
        """Return the exposure with another shift on the sky; nothing else of it changes, nor what is open."""
        if placement == self.placement:
            return self
        made = replace(self, coordinates=self.coordinates.placed(placement))
        known = {name: value for name, value in vars(self).items() if name not in vars(made)}
        vars(made).update(known)
        return made

    def oversampled_coordinates(self, factor: float) -> tuple[PackedFrame, PackedFrame]:
        """Coordinates of the oversampled pixels, with the dispersion along x.

        Parameters
        ----------
        factor : float
            Oversampling factor.

        Returns
        -------
        alpha : PackedFrame of float64, shape (factor * rows, columns)
            In the pipeline's unit, see `Coordinates`; rows run along the slices.
        wavelength : PackedFrame of float32, same shape
            Wavelength [um].
        """
        packed = self._packed_oversampled(factor)
        return unpack(packed, "alpha"), self.scale.wavelengths(unpack(packed, "wavelength"))

    def oversampled_alpha(self, factor: float) -> PackedFrame:
        """Alpha of the oversampled pixels alone: all exposures with the same ``setting_kept`` have the same."""
        return unpack(self._packed_oversampled(factor), "alpha")

    def _packed_oversampled(self, factor: float) -> dict[str, NDArray[Any]]:
        def make() -> dict[str, NDArray[Any]]:
            return pack(oversampled_slicer(self.wcs, self.rotated, self._shape, factor))

        return self.setting_kept.get_or_make(_oversampled(factor), make)

    def make_oversampled_coordinates(self, factor: float) -> None:
        """Make the coordinates of the oversampled pixels and keep them, unless they are kept already."""
        if not self.setting_kept.has(_oversampled(factor)):
            self.oversampled_coordinates(factor)

    @property
    def key(self) -> str:
        """Resolved path: identifies the exposure in requests."""
        return str(self.path)

    @property
    def name(self) -> str:
        """File name without ending and ``_cal``/``_crf``: how recipes and products name the exposure."""
        return exposure_name(self.path)

    @property
    def rotated(self) -> bool:
        """Whether the dispersion runs along y, so that the arrays are rotated for fitting (MIRI)."""
        return self.instrument == "MIRI"

    @property
    def column_count(self) -> int:
        """Number of columns: elements along dispersion."""
        return int(self.regions.shape[0 if self.rotated else 1])

    def division(self, factor: float) -> Division:
        """How the rows of `to_dispersion` are divided by oversampling."""
        return divide(self.regions.shape[1 if self.rotated else 0], factor, self.rotated)

    def fine_pixels(self, along: Integers, factor: float) -> tuple[Integers, Integers]:
        """Pixels that others are divided into, by their coordinates along the slices in the detector's frame.

        Returns
        -------
        fine : ndarray of int64, shape (parts,)
            Coordinate along the slices of each part.
        which : ndarray of int64, same shape
            Index of the pixel that it is a part of.
        """
        division = self.division(factor)
        if not self.rotated:
            return division.parts(along)
        fine, which = division.parts(self.regions.shape[1] - 1 - along)
        return division.at.size - 1 - fine, which

    def to_dispersion(self, array: np.ndarray) -> np.ndarray:
        """View of a detector array with the dispersion along x, as the pipeline fits it."""
        return np.rot90(array) if self.rotated else array

    @cached_property
    def slices(self) -> tuple[int, ...]:
        """Slice numbers, ascending."""
        return tuple(self.slice_rows)

    @cached_property
    def _pixels(self) -> dict[int, Integers]:
        flat = self.regions.ravel()
        chosen = np.flatnonzero(flat > 0)
        # Numbers of 16 bits are sorted by their digits: in a tenth of the time.
        chosen = chosen[np.argsort(flat[chosen].astype(np.uint16), kind="stable")]
        starts = np.searchsorted(flat[chosen], self.slices)
        return dict(zip(self.slices, np.split(chosen, starts[1:]), strict=True))

    def slice_pixels(self, number: int) -> Integers:
        """Flat indices of a slice's pixels in the detector's frame, ascending."""
        if self.rotated or "_pixels" in vars(self):
            return self._pixels[number]
        rows = self.slice_rows[number]
        found: Integers = np.flatnonzero(self.regions[rows] == number) + rows.start * self.regions.shape[1]
        return found

    def slice_coordinates(self, number: int) -> tuple[Floats, Floats, Floats]:
        """Right ascension and declination [deg] and wavelength [um] of a slice's pixels, in their order."""
        at, c = self.slice_pixels(number), self.coordinates
        if self.rotated:
            return c.ra.ravel()[at], c.dec.ravel()[at], c.wavelength.ravel()[at]
        # In NIRSpec a slice has few of the detector's rows: the others stay packed.
        rows = self.slice_rows[number]
        frames = (np.asarray(frame[rows], dtype=np.float64) for frame in (*c.packed_sky, c.packed_pixels[1]))
        ra, dec, wavelength = (frame.ravel()[at - rows.start * self.regions.shape[1]] for frame in frames)
        return *c.placement.positions(ra, dec), wavelength

    @cached_property
    def middle_columns(self) -> dict[int, tuple[Floats, Floats, Integers]]:
        """Right ascension, declination [deg] and column of the pixels of each slice's middle column, by its number.

        Without the exposure's placement; empty where the slice has no position on the sky.
        """
        found, width = {}, self.regions.shape[1]
        plain = self.placed(AS_OBSERVED)
        for number in self.slices:
            at, (ra, dec, _) = self.slice_pixels(number), plain.slice_coordinates(number)
            column, known = at // width if self.rotated else at % width, np.isfinite(ra)
            middle = np.flatnonzero(known)[:0]
            if known.any():
                middle = np.flatnonzero(known & (column == np.sort(column[known])[known.sum() // 2]))
            found[number] = ra[middle], dec[middle], column[middle]
        return found

    @cached_property
    def slice_rows(self) -> dict[int, slice]:
        """Rows of `to_dispersion` that each slice has pixels in, first to last, by slice number, ascending."""
        # Of the array as it lies in memory, which is the same kind for all instruments.
        ranges = enumerate(label_ranges(self.regions, int(self.rotated)).tolist())
        found = {n: slice(first, last) for n, (first, last) in ranges if first < last}
        if not self.rotated:
            return found
        width = self.regions.shape[1]  # see `to_dispersion`
        return {n: slice(width - own.stop, width - own.start) for n, own in found.items()}

    @cached_property
    def _steps(self) -> dict[int, float]:
        alpha = self.to_dispersion(np.asarray(self.coordinates.packed_pixels[0], dtype=np.float64))
        regions = self.to_dispersion(self.regions)
        found = {}
        for number, rows in self.slice_rows.items():
            inside, steps = regions[rows] == number, np.abs(np.diff(alpha[rows], axis=0))
            steps = steps[inside[1:] & inside[:-1] & np.isfinite(steps)]
            found[number] = float(np.median(steps[::50])) * self.coordinates.arcsec
        return found

    def pixel_step(self, number: int) -> float:
        """Distance of pixels along a slice on the sky [arcsec]."""
        return self._steps[number]

    @cached_property
    def column_wavelengths(self) -> dict[int, Floats]:
        """Least and greatest wavelength [um] of each slice's pixels by column; (2, columns), NaN where it has none."""
        wavelength = np.asarray(self.coordinates.packed_pixels[1], dtype=np.float64).ravel()
        width = self.regions.shape[1]
        found = {}
        for number in self.slices:
            at = self.slice_pixels(number)
            column, value = at // width if self.rotated else at % width, wavelength[at]
            ends = np.full((2, self.column_count), np.nan)
            np.fmin.at(ends[0], column, value)
            np.fmax.at(ends[1], column, value)
            found[number] = ends
        return found

    def band_of(self, number: int) -> str:
        """Band that a slice belongs to."""
        if self.instrument != "MIRI":
            return self.bands[0]
        return next(band for band in self.bands if band.startswith(f"ch{number // 100}-"))

    def view(self) -> ExposureView:
        """Return what the window shows of the exposure."""
        c = self.coordinates
        (alpha, wavelength), (ra, dec) = c.packed_pixels, c.placed_sky
        return ExposureView(
            key=self.key,
            name=self.name,
            instrument=self.instrument,
            detector=self.detector,
            bands=self.bands,
            dither=self.dither,
            dithers=self.dithers,
            target=self.target,
            unit=self.unit,
            sci=self.sci,
            dq=DeflatedFrame.of(self.dq),
            regions=self.regions.astype(np.int16),
            alpha=alpha.with_values((alpha.values * c.arcsec).astype(np.float32)),
            wavelength=wavelength.with_values(wavelength.values.astype(np.float32)),
            ra=ra.single(),
            dec=dec.single(),
            follows=self.follows,
            file=self.file.state,
        )


def _oversampled(factor: float) -> str:
    """Name of the part of the geometry that holds the coordinates of oversampled pixels."""
    return f"oversampled-{factor:g}"


@in_time
def open_exposure(path: str | os.PathLike[str]) -> Exposure:
    """Open a ``_cal`` or ``_crf`` file of MIRI MRS or the NIRSpec IFU.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Exposure

    Raises
    ------
    InputError
        One sentence: not FITS, truncated, not from the pipeline, another mode, no WCS, a cube, already
        oversampled, or without a finite pixel.
    """
    path = Path(path).resolve()
    try:
        return _open(path)
    except Cancelled:
        raise
    except Exception as error:  # whatever is wrong with a file is this file's fault, and said so
        _refuse_for_shortage(path, error)
        if isinstance(error, UserError):
            raise
        _LOG.debug("cannot use %s", path, exc_info=True)
        raise InputError(
            f"{path.name} cannot be used: {one_line(error) or type(error).__name__} ({type(error).__name__}); "
            "download it or process it again."
        ) from error


def _refuse_for_shortage(path: Path, error: Exception) -> None:
    """Say what the machine lacks, where that is the reason of an error: nothing is wrong with the file then."""
    if lacking := shortage(error):
        raise InputError(f"{path.name} cannot be opened: {lacking}") from error


def _open(path: Path) -> Exposure:
    content = _read(path)
    primary, science = content.headers
    instrument = str(primary["INSTRUME"]).upper()
    band = str(primary.get("BAND", "")).lower()
    grating = "" if instrument == "MIRI" else str(primary.get("GRATING", "")).upper()
    if instrument == "MIRI":
        bands = tuple(f"ch{channel}-{band}" for channel in str(primary.get("CHANNEL", "")))
    else:
        bands = (f"{grating}-{primary.get('FILTER')}".lower(),)
    arrays, kept = content.arrays, content.kept
    shape, known_regions = arrays["SCI"].shape, None if instrument == "MIRI" else arrays.get("REGIONS")
    # Once read, the WCS stays: other parts of the geometry are not known either, and will be wanted soon.
    file = DataFile(path, content.state)

    def geometry() -> dict[str, dict[str, NDArray[Any]]]:
        return _geometry(path, file.wcs, instrument, shape, known_regions)

    def pixels() -> dict[str, NDArray[Any]]:
        parts = geometry()
        kept.get_or_make("sky", lambda: parts["sky"])
        return parts["pixels"]

    def read_sky() -> tuple[PackedFrame, PackedFrame]:
        # The WCS serves only where the sky was not kept, or is no more.
        found = kept.get_or_make("sky", lambda: geometry()["sky"])
        return unpack(found, "ra"), unpack(found, "dec")

    def read_pixels() -> tuple[PackedFrame, PackedFrame]:
        found = kept.get_or_make("pixels", pixels)
        return unpack(found, "alpha"), unpack(found, "wavelength")

    packed = kept.get_or_make("pixels", pixels)
    regions = packed["regions"].astype(np.int32) if known_regions is None else known_regions
    coordinates = Coordinates(read_pixels, float(packed["arcsec"]), read_sky)
    vars(coordinates)["packed_pixels"] = unpack(packed, "alpha"), unpack(packed, "wavelength")  # no need to read again
    wavelength = coordinates.packed_pixels[1][:]
    check_values(path.name, arrays, regions)
    check_coordinates(path.name, primary, bands, regions, wavelength)
    target = target_of(primary, science)
    return Exposure(
        path=path,
        instrument=instrument,
        detector=str(primary.get("DETECTOR", "")).upper(),
        grating=grating,
        bands=bands,
        unit=one_line(science.get("BUNIT") or ""),
        sci=arrays["SCI"],
        err=arrays["ERR"],
        variances={name.lower(): arrays[name] for name in _VARIANCES if name in arrays},
        dq=arrays["DQ"],
        regions=regions,
        coordinates=coordinates,
        dither=whole_number(primary, "PATT_NUM"),
        dithers=whole_number(primary, "NUMDTHPT"),
        target=target.target,
        footprint=footprint_of(science) if packed["spectral_region"] and not target.moving else "",
        kept=kept,
        setting_kept=KeptGeometry(setting) if (setting := str(packed["setting"])) else kept,
        scale=WavelengthScale(
            float(packed["doppler"]), 1.0 if instrument == "MIRI" else 1e6, packed["ranges"].astype(float)
        ),
        file=file,
        moving=target.moving,
        target_at=target.target_at,
        notes=(*notes_on(primary, science), *beyond_cubes(primary, bands, regions, wavelength)),
    )


@dataclass(frozen=True, eq=False)
class _Content:
    """What is in a file, apart from its WCS."""

    headers: tuple[Any, Any]
    arrays: dict[str, NDArray[Any]]
    kept: KeptGeometry
    state: FileState


def _geometry(
    path: Path, wcs: ExposureWcs, instrument: str, shape: tuple[int, ...], regions: Integers32 | None
) -> dict[str, dict[str, NDArray[Any]]]:
    """Region map and coordinates of the pixels, and whether there is a spectral region.

    In two parts: sky coordinates are not always wanted.
    """
    miri = instrument == "MIRI"
    if miri:
        assert wcs.labels is not None
        regions = wcs.labels.astype(np.int32)
    if regions is None:
        raise InputError(f"{path.name} has no REGIONS extension; run calwebb_spec2 of jwst 2.0 or later again.")
    check_slices(path.name, instrument, regions, shape)
    slices = regions.astype(np.int16)
    setting = content_key([f"{wcs.setting} {shape}".encode(), slices.data]) if wcs.setting else ""
    with _evaluating_wcs(path):
        with without_warnings():
            keep = KeptGeometry(setting).get_or_make if setting else keep_nothing
            found = native_coordinates(wcs, miri, regions, keep)
        frames = *found.packed_pixels, found.packed_sky[0]
        names = "positions in slices", "wavelengths", "positions on the sky"
        check_geometry(path.name, regions, {name: one.mask for name, one in zip(names, frames, strict=True)})
    pixels = pack(dict(zip(("alpha", "wavelength"), found.packed_pixels, strict=True))) | {
        "regions": slices,
        "arcsec": np.array(found.arcsec),
        "spectral_region": np.array(wcs.spectral_region),
        "setting": np.array(setting),
        "doppler": np.array(wcs.doppler),
        "ranges": wcs.ranges,
    }
    return {"pixels": pixels, "sky": pack(dict(zip(("ra", "dec"), found.packed_sky, strict=True)))}


def _asdf_bytes(path: Path) -> bytes:
    """Metadata and WCS of a file, as the ASDF file that they are."""
    from astropy.io import fits

    with without_warnings(), open_fits(path) as file, fits.open(file, memmap=False) as hdus:
        return _raw(file, hdus["ASDF"].fileinfo())


@contextmanager
def _evaluating_wcs(path: Path) -> Iterator[None]:
    """Say of which file a WCS cannot be evaluated: it is a program of the pipeline's, which may fail in any way."""
    try:
        yield
    except (UserError, Cancelled, MemoryError):
        raise
    except Exception as error:
        _refuse_for_shortage(path, error)
        _LOG.debug("cannot evaluate the WCS of %s", path, exc_info=True)
        raise InputError(
            f"{path.name} has a WCS that cannot be evaluated ({one_line(error)}); download it or process it again."
        ) from error


def _wcs_by_gwcs(path: Path, model: Any) -> ExposureWcs:
    from gwcs import WCS

    wcs, instrument = model.meta.wcs, str(model.meta.instrument.name).upper()
    if wcs is None:
        raise InputError(f"{path.name} has no WCS; run calwebb_spec2 on it and open its _cal file.")
    if not isinstance(wcs, WCS) or not _FRAMES[instrument] <= set(wcs.available_frames):
        raise InputError(f"{path.name} has a WCS that is not one of {instrument}'s IFU; process it again.")
    with _evaluating_wcs(path):
        return wcs_of_model(model)


def _open_model(path: Path) -> Any:
    load_datamodels()
    import asdf

    try:
        with without_warnings(), without_garbage_search(), asdf.config_context() as config:
            config.validate_on_read = False  # against the schemas of thousands of transforms
            model = _open_datamodel(path)
            _ = model.meta.wcs
    except (UserError, Cancelled, MemoryError):
        raise
    except Exception as error:  # three libraries read it, each with errors of its own
        _refuse_for_shortage(path, error)
        _LOG.debug("cannot open %s", path, exc_info=True)
        raise InputError(f"{path.name} is damaged and cannot be opened; download it or process it again.") from error
    # Models refer to themselves. Python would warn about a file that garbage holds open before the model closes it.
    for file in model._file_references:
        weakref.finalize(model, file.decrement)
    return model


def _open_datamodel(path: Path) -> Any:
    from astropy.io import fits
    from stdatamodels.jwst import datamodels

    with open_fits(path) as file, fits.open(file, memmap=False, lazy_load_hdus=False) as hdus:
        check_asdf(path.name, _raw(file, hdus["ASDF"].fileinfo()))
        if isinstance(file, io.BytesIO):
            for hdu in hdus:
                _ = hdu.data  # read before the unpacked file is gone
            return datamodels.IFUImageModel(hdus)
    return datamodels.open(path)


def _raw(file: BinaryIO, place: Mapping[str, int]) -> bytes:
    """Bytes of an extension's data as they are in the file."""
    file.seek(place["datLoc"])
    return file.read(place["datSpan"])


def _state(path: Path) -> FileState:
    try:
        return FileState.of(path)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}; its name is wrong, or it was moved or deleted.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}; check its permissions.") from error


def _read(path: Path) -> _Content:
    """Read a file's arrays; refuse what its headers show to be unusable."""
    from astropy.io import fits

    name, state = path.name, _state(path)
    try:
        with (
            without_warnings(),
            open_fits(path) as file,
            fits.open(file, memmap=True, do_not_scale_image_data=True, disable_image_compression=True) as hdus,
        ):
            check_exposure(name, [(h.name, h.header) for h in hdus])
            headers = hdus[0].header, hdus["SCI"].header
            for header in headers:
                list(header.items())  # cards are read when they are asked for: those that are none are found now
            arrays = {key: _native(hdus[key]) for key in EXTENSIONS if key in hdus}
            wcs = _raw(file, hdus["ASDF"].fileinfo())
    except (OSError, ValueError, TypeError, IndexError, KeyError, AttributeError, fits.VerifyError) as error:
        raise InputError(f"{name} is a damaged FITS file; download it or process it again.") from error
    if _state(path) != state:
        raise InputError(f"{name} changed while it was read; open it again when it is complete.")
    shape = str(arrays["SCI"].shape).encode()
    depends_on = [shape, wcs, *([arrays["REGIONS"].tobytes()] if "REGIONS" in arrays else [])]
    return _Content(headers, arrays, KeptGeometry(content_key(depends_on)), state)


def _native(hdu: Any) -> np.ndarray:
    """Array of an extension in the machine's byte order, flags as unsigned integers: one copy, no more."""
    stored: NDArray[Any] = hdu.data
    if stored.dtype.kind == "f":
        return stored.astype(np.float32)
    if hdu.header.get("BZERO", 0) == 2**31 and stored.dtype.itemsize == 4:
        flags = stored.astype(np.int32).view(np.uint32)
        flags ^= np.uint32(2**31)
        return flags
    return stored.astype(np.uint32 if hdu.name == "DQ" else np.int32)
