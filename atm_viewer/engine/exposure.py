"""Calibrated IFU exposures: checked, opened, with the coordinates of their pixels."""

from __future__ import annotations

import logging
import os
import re
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from atm_viewer.engine.coordinates import Coordinates, native_coordinates
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.reports import ExposureView

DETECTOR_SHAPES = {"MIRI": (1024, 1032), "NIRSPEC": (2048, 2048)}

_KINDS = {
    "MIR_IMAGE": "a MIRI imaging exposure",
    "MIR_LRS-FIXEDSLIT": "a MIRI LRS exposure",
    "MIR_LRS-SLITLESS": "a MIRI LRS exposure",
    "NRS_MSASPEC": "a NIRSpec MOS exposure",
    "NRS_FIXEDSLIT": "a NIRSpec fixed-slit exposure",
    "NRS_BRIGHTOBJ": "a NIRSpec bright-object exposure",
    "NRS_IMAGE": "a NIRSpec imaging exposure",
}

_SUFFIX = re.compile(r"_(cal|crf)$")


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
    model : IFUImageModel
        The open datamodel: WCS and metadata.
    """

    path: Path
    instrument: str
    detector: str
    grating: str
    bands: tuple[str, ...]
    unit: str
    sci: np.ndarray
    err: np.ndarray
    variances: dict[str, np.ndarray]
    dq: np.ndarray
    regions: np.ndarray
    coordinates: Coordinates
    dither: int
    dithers: int
    target: str
    model: Any

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

    def to_dispersion(self, array: np.ndarray) -> np.ndarray:
        """View of a detector array with the dispersion along x, as the pipeline fits it."""
        return np.rot90(array) if self.rotated else array

    def to_detector(self, array: np.ndarray) -> np.ndarray:
        """Inverse of `to_dispersion`."""
        return np.rot90(array, k=-1) if self.rotated else array

    @cached_property
    def slices(self) -> tuple[int, ...]:
        """Slice numbers, ascending."""
        return tuple(int(n) for n in np.unique(self.regions) if n > 0)

    @cached_property
    def _pixels(self) -> dict[int, np.ndarray]:
        flat = self.regions.ravel()
        chosen = np.flatnonzero(flat > 0)
        chosen = chosen[np.argsort(flat[chosen], kind="stable")]
        starts = np.searchsorted(flat[chosen], self.slices)
        return dict(zip(self.slices, np.split(chosen, starts[1:]), strict=True))

    def slice_pixels(self, number: int) -> np.ndarray:
        """Flat indices of a slice's pixels in the detector's frame, ascending."""
        return self._pixels[number]

    @cached_property
    def _steps(self) -> dict[int, float]:
        alpha = self.to_dispersion(self.coordinates.alpha)
        step = np.abs(np.diff(alpha, axis=0))
        regions = self.to_dispersion(self.regions)
        same = (regions[1:] == regions[:-1]) & np.isfinite(step)
        return {
            n: float(np.median(step[same & (regions[1:] == n)][::50])) * self.coordinates.arcsec for n in self.slices
        }

    def pixel_step(self, number: int) -> float:
        """Distance of pixels along a slice on the sky [arcsec]."""
        return self._steps[number]

    def band_of(self, number: int) -> str:
        """Band that a slice belongs to."""
        if self.instrument != "MIRI":
            return self.bands[0]
        return next(band for band in self.bands if band.startswith(f"ch{number // 100}-"))

    def view(self) -> ExposureView:
        """Return what the window shows of the exposure."""
        c = self.coordinates
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
            dq=self.dq,
            regions=self.regions,
            alpha=(c.alpha * c.arcsec).astype(np.float32),
            wavelength=c.wavelength.astype(np.float32),
            ra=c.ra,
            dec=c.dec,
        )


def exposure_name(path: str | os.PathLike) -> str:
    """File name without ending and ``_cal``/``_crf``."""
    return _SUFFIX.sub("", Path(path).stem)


def open_exposure(path: str | os.PathLike) -> Exposure:
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
    _check_header(path)
    import asdf
    from stdatamodels.jwst import datamodels

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = datamodels.open(path)
            _ = model.meta.wcs
    except (OSError, ValueError, TypeError, KeyError, AttributeError, EOFError, asdf.exceptions.ValidationError) as e:
        logging.getLogger(__name__).debug("cannot open %s", path, exc_info=True)
        raise InputError(f"{path.name} is damaged and cannot be opened; download or make it again.") from e
    return _exposure_of(path, model)


def _exposure_of(path: Path, model: Any) -> Exposure:
    instrument = str(model.meta.instrument.name).upper()
    detector = str(model.meta.instrument.detector).upper()
    if model.meta.wcs is None:
        raise InputError(f"{path.name} has no WCS; run calwebb_spec2 on it and open its _cal file.")
    if instrument == "MIRI":
        band = str(model.meta.instrument.band).lower()
        bands = tuple(f"ch{channel}-{band}" for channel in str(model.meta.instrument.channel))
        grating = ""
        regions = model.meta.wcs.get_transform("detector", "alpha_beta").label_mapper.mapper
    else:
        grating = str(model.meta.instrument.grating).upper()
        bands = (f"{grating}-{model.meta.instrument.filter}".lower(),)
        regions = model.regions
        if regions is None:
            raise InputError(f"{path.name} has no REGIONS extension; run assign_wcs of jwst 2.0 or later on it again.")
    sci = np.asarray(model.data, dtype=np.float32)
    regions = np.asarray(regions).astype(np.int32)
    if not np.isfinite(sci[regions > 0]).any():
        raise InputError(f"{path.name} holds no valid pixel: all of its slices are NaN; nothing can be done with it.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        coordinates = native_coordinates(model, regions)
    return Exposure(
        path=path,
        instrument=instrument,
        detector=detector,
        grating=grating,
        bands=bands,
        unit=str(model.meta.bunit_data or "MJy/sr"),
        sci=sci,
        err=np.asarray(model.err, dtype=np.float32),
        variances={
            name: np.asarray(getattr(model, name), dtype=np.float32)
            for name in ("var_rnoise", "var_poisson", "var_flat")
            if model.hasattr(name)
        },
        dq=np.asarray(model.dq, dtype=np.uint32),
        regions=regions,
        coordinates=coordinates,
        dither=int(model.meta.dither.position_number or 0),
        dithers=int(model.meta.dither.total_points or 0),
        target=str(model.meta.target.catalog_name or model.meta.target.proposer_name or ""),
        model=model,
    )


def _check_header(path: Path) -> None:
    """Refuse what the headers alone show to be unusable, before the slow work of opening."""
    from astropy.io import fits

    name = path.name
    try:
        size = path.stat().st_size
        with open(path, "rb") as handle:
            start = handle.read(30)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}; check the name.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}; check its permissions.") from error
    if not start.startswith(b"SIMPLE  ="):
        raise InputError(f"{name} is not a FITS file; open _cal.fits or _crf.fits files or an association.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with fits.open(path, memmap=True) as hdus:
                needed = max(h._data_offset + h._data_size for h in hdus)
                primary = hdus[0].header
                science = hdus["SCI"].header if "SCI" in hdus else None
                extensions = {h.name for h in hdus}
    except (OSError, ValueError, TypeError, IndexError, KeyError, fits.VerifyError) as error:
        raise InputError(f"{name} is a damaged FITS file; download or make it again.") from error
    if needed > size:
        raise InputError(
            f"{name} is truncated: {size} bytes where its headers say {needed}; download or make it again."
        )
    _check_keywords(name, primary, science, extensions)


def _check_keywords(name: str, primary: Any, science: Any, extensions: set[str]) -> None:
    kind = str(primary.get("EXP_TYPE", "")).upper()
    if str(primary.get("TELESCOP", "")).upper() != "JWST" or not kind or science is None:
        raise InputError(f"{name} is not a product of the JWST pipeline; open _cal.fits or _crf.fits files.")
    if kind not in ("MIR_MRS", "NRS_IFU"):
        what = _KINDS.get(kind, f"an exposure of type {kind}")
        raise InputError(f"{name} is {what}; this program works on MIRI MRS and NIRSpec IFU exposures.")
    if science.get("NAXIS") == 3:
        raise InputError(f"{name} is a cube; open the _cal or _crf exposures it was made from.")
    if str(primary.get("S_WCS", "")) != "COMPLETE" or "ASDF" not in extensions:
        raise InputError(f"{name} has no WCS; run calwebb_spec2 on it and open its _cal file.")
    instrument = str(primary.get("INSTRUME", "")).upper()
    expected = DETECTOR_SHAPES.get(instrument)
    shape = (science.get("NAXIS2"), science.get("NAXIS1"))
    if shape != expected and "COMPLETE" in (primary.get("S_TRCMOD"), primary.get("S_TRCMDL")):
        raise InputError(
            f"{name} was already oversampled by adaptive_trace_model; open the _cal or _crf file it came from."
        )
    missing = [e for e in ("ERR", "DQ") if e not in extensions]
    if missing:
        raise InputError(f"{name} has no {missing[0]} extension; run calwebb_spec2 again to make it.")
