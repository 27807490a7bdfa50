"""The one description of what an exposure is; a file is held against it before any of its arrays is read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atm_viewer.engine.errors import InputError, one_line

#: Rows and columns of a detector: those of MIRI exactly; NIRSpec may have fewer.
DETECTOR_SHAPES = {"MIRI": (1024, 1032), "NIRSPEC": (2048, 2048)}

#: Extensions that are read: whether they must be there, and whether they hold floats or flags (integers).
EXTENSIONS: Mapping[str, tuple[bool, str]] = {
    "SCI": (True, "float"),
    "ERR": (True, "float"),
    "DQ": (True, "integer"),
    "REGIONS": (False, "integer"),
    "VAR_RNOISE": (False, "float"),
    "VAR_POISSON": (False, "float"),
    "VAR_FLAT": (False, "float"),
}

#: Values that keywords may have, by type of exposure.
KEYWORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "MIR_MRS": {
        "INSTRUME": ("MIRI",),
        "DETECTOR": ("MIRIFUSHORT", "MIRIFULONG"),
        "BAND": ("SHORT", "MEDIUM", "LONG"),
    },
    "NRS_IFU": {
        "INSTRUME": ("NIRSPEC",),
        "DETECTOR": ("NRS1", "NRS2"),
        "GRATING": ("PRISM", "G140M", "G140H", "G235M", "G235H", "G395M", "G395H"),
        "FILTER": ("CLEAR", "F070LP", "F100LP", "F170LP", "F290LP"),
    },
}

#: Wavelengths [um] of bands: of MIRI by channel and BAND, of NIRSpec by FILTER, a little wider than they are.
_MRS_BANDS = {
    "1": {"SHORT": (4.8, 5.8), "MEDIUM": (5.6, 6.7), "LONG": (6.4, 7.75)},
    "2": {"SHORT": (7.4, 8.9), "MEDIUM": (8.6, 10.2), "LONG": (9.9, 11.8)},
    "3": {"SHORT": (11.4, 13.6), "MEDIUM": (13.2, 15.7), "LONG": (15.3, 18.1)},
    "4": {"SHORT": (17.5, 21.1), "MEDIUM": (20.5, 24.7), "LONG": (24.2, 28.7)},
}
_FILTERS = {
    "CLEAR": (0.5, 5.6),
    "F070LP": (0.6, 1.9),
    "F100LP": (0.9, 2.0),
    "F170LP": (1.6, 3.3),
    "F290LP": (2.8, 5.6),
}
#: Wavelength [um] up to which NIRSpec sees light.
_FARTHEST = 5.6
#: Wavelength per pixel [um] of NIRSpec's gratings.
_STEPS = {
    "PRISM": 8e-3,
    "G140M": 6.4e-4,
    "G235M": 1.07e-3,
    "G395M": 1.79e-3,
    "G140H": 2.4e-4,
    "G235H": 4.0e-4,
    "G395H": 6.7e-4,
}

#: Greatest number of a slice; those of MIRI begin with the channel.
_MOST_SLICE = {"MIRI": 499, "NIRSPEC": 30}

#: Share of the pixels in slices that have coordinates, at least.
_LEAST_FINITE = 0.1

#: Of the flags in DQ, the one of pixels that are not used.
_DO_NOT_USE = 1

#: Settings without an M grating whose light does not reach NRS2.
_ONLY_ON_NRS1 = {("G140H", "F070LP"), ("PRISM", "CLEAR")}

_CHANNELS = {"MIRIFUSHORT": "12", "MIRIFULONG": "34"}

_KINDS = {
    "MIR_IMAGE": "a MIRI imaging exposure",
    "MIR_LRS-FIXEDSLIT": "a MIRI LRS exposure",
    "MIR_LRS-SLITLESS": "a MIRI LRS exposure",
    "NRS_MSASPEC": "a NIRSpec MOS exposure",
    "NRS_FIXEDSLIT": "a NIRSpec fixed-slit exposure",
    "NRS_BRIGHTOBJ": "a NIRSpec bright-object exposure",
    "NRS_IMAGE": "a NIRSpec imaging exposure",
}

Header = Any
Check = Callable[[str, Header, Header], None]


def check_exposure(name: str, headers: Sequence[tuple[str, Header]]) -> None:
    """Refuse a file that is no exposure.

    Parameters
    ----------
    name : str
        Name of the file.
    headers : sequence of (str, Header)
        Name and header of each extension, the primary one first.

    Raises
    ------
    InputError
        One sentence: which extension or keyword, what was found, what was expected, and what to do.
    """
    primary = headers[0][1]
    by_name = dict(reversed(headers[1:]))
    science = by_name.get("SCI")
    _check_kind(name, primary, science)
    if _text(primary, "S_WCS") != "COMPLETE" or "ASDF" not in by_name:
        state = _text(primary, "S_WCS")
        grating, key = _text(primary, "GRATING"), _text(primary, "FILTER")
        if _text(primary, "DETECTOR") == "NRS2" and (grating.endswith("M") or (grating, key) in _ONLY_ON_NRS1):
            raise InputError(
                f"{name} has no WCS: the light of {one_line(grating)} with {one_line(key)} does not reach the detector "
                "NRS2, so that the pipeline makes no WCS for it; open the exposure of NRS1."
            )
        reason = f" (step assign_wcs is {one_line(state)})" if state and state != "COMPLETE" else ""
        if not state:
            reason = " (step assign_wcs was not run: there is no S_WCS)"
        raise InputError(f"{name} has no WCS{reason}; run calwebb_spec2 on it and open its _cal file.")
    missing = [key for key, (needed, _) in EXTENSIONS.items() if needed and key not in by_name]
    if missing:
        raise InputError(f"{name} has no {missing[0]} extension; run calwebb_spec2 again to create it.")
    _check_keywords(name, primary)
    shape = _check_shape(name, primary, science)
    names = [key for key, _ in headers]
    for key, (_, kind) in EXTENSIONS.items():
        if names.count(key) > 1:
            raise InputError(f"{name} has {names.count(key)} extensions {key}; an exposure has one: process it again.")
        if key in by_name:
            _check_array(name, key, by_name[key], kind, shape)


def check_slices(name: str, instrument: str, regions: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Refuse a map of slices that has another shape than the exposure, or numbers that no slice has."""
    most = _MOST_SLICE[instrument]
    if regions.shape != tuple(shape):
        raise InputError(
            f"{name} has a map of slices of {_by(regions.shape)} pixels; {_by(shape)} were expected: process it again."
        )
    if not regions.any():
        raise InputError(
            f"{name} has no slices (REGIONS is 0 everywhere), as on a detector that no light reaches; leave it out."
        )
    if regions.min() < 0 or regions.max() > most:
        raise InputError(
            f"{name} has slices {regions.min()} to {regions.max()} in its map of slices; numbers up to {most}, 0 "
            "between slices, were expected: process it again."
        )


def check_values(name: str, arrays: Mapping[str, NDArray[Any]], regions: NDArray[Any]) -> None:
    """Refuse an exposure none of whose pixels can be used."""
    for step in (32, 1):  # in most exposures a few rows tell
        inside = regions[::step] > 0
        science, flags, errors = (arrays[key][::step][inside] for key in ("SCI", "DQ", "ERR"))
        valid = np.isfinite(science)
        usable = valid & (flags & _DO_NOT_USE == 0)
        if usable.any() and (errors > 0).any():
            return
    if not valid.any():
        raise InputError(f"{name} has no valid pixels (all of its slices are NaN) and cannot be used.")
    if not usable.any():
        raise InputError(f"{name} has no valid pixels (all have the flag DO_NOT_USE in DQ) and cannot be used.")
    raise InputError(f"{name} has no errors above zero in ERR; process it again.")


def check_geometry(name: str, regions: NDArray[Any], finite: Mapping[str, NDArray[np.bool_]]) -> None:
    """Refuse a WCS that gives numbers in hardly any pixel of the slices; where there are any, by coordinates' names."""
    inside = regions > 0
    for what, known in finite.items():
        if known[inside].mean() < _LEAST_FINITE:
            raise InputError(
                f"{name} has a WCS that gives no {what} in most pixels of its slices; download it or process it again."
            )


def check_coordinates(
    name: str, primary: Header, bands: Sequence[str], regions: NDArray[Any], wavelength: NDArray[Any]
) -> None:
    """Refuse an exposure whose WCS is not that of its keywords.

    Parameters
    ----------
    name : str
        Name of the file.
    primary : Header
        Its primary header, which `check_exposure` has accepted.
    bands : sequence of str
        Bands as the pipeline names cubes.
    regions : ndarray of int, shape (ny, nx)
        Map of slices.
    wavelength : ndarray, shape (ny, nx)
        Wavelengths by the WCS [um].

    Raises
    ------
    InputError
        Which keyword does not fit.
    """
    if _text(primary, "INSTRUME") == "MIRI":
        _check_channels(name, primary, bands, regions, wavelength)
        return
    key, grating = _text(primary, "FILTER"), _text(primary, "GRATING")
    low, high = _FILTERS[key]
    if _text(primary, "DETECTOR") == "NRS2" and grating.endswith("M"):
        high = _FARTHEST  # on NRS2 these gratings have what lies beyond their filter's usual range
    _check_range(name, f"FILTER {key}", wavelength[::16][regions[::16] > 0], (low, high))
    step = np.abs(np.diff(wavelength[::16], axis=1))
    found = float(np.median(step[np.isfinite(step)])) if np.isfinite(step).any() else np.nan
    if grating in _STEPS and not 0.7 < found / _STEPS[grating] < 1.5:
        raise InputError(
            f"{name} has GRATING {grating}, but its WCS has {found * 1e3:.3g} nm per pixel where that grating has "
            f"{_STEPS[grating] * 1e3:.3g}: its header or its WCS is of another exposure; process it again."
        )


def beyond_cubes(
    primary: Header, bands: Sequence[str], regions: NDArray[Any], wavelength: NDArray[Any]
) -> tuple[str, ...]:
    """Say of an exposure, none of whose wavelengths its cubes have, that it adds nothing to them.

    Arguments as those of `check_coordinates`; a clause as those of `notes_on`. Such are M gratings on NRS2.
    """
    if _text(primary, "INSTRUME") != "NIRSPEC":
        return ()
    found = wavelength[::16][regions[::16] > 0]
    found = found[np.isfinite(found)]
    if not found.size or found.min() <= _FILTERS[_text(primary, "FILTER")][1]:
        return ()
    return (
        f"its wavelengths, {found.min():.3g} to {found.max():.3g} µm, are beyond those of cubes of {bands[0]}; it adds "
        "nothing to cubes and spectra",
    )


def _check_channels(
    name: str, primary: Header, bands: Sequence[str], regions: NDArray[Any], wavelength: NDArray[Any]
) -> None:
    band = _text(primary, "BAND")
    channels = {band[2] for band in bands}
    # Slices run along the rows' other axis: a few rows tell all.
    rows = slice(regions.shape[0] // 4, None, max(regions.shape[0] // 8, 1))
    numbers = regions[rows] // 100
    found = {str(number) for number in np.unique(numbers) if number}
    if found != channels:
        raise InputError(
            f"{name} has CHANNEL {''.join(sorted(channels))}, but its WCS has slices of channel "
            f"{' and '.join(sorted(found)) or 'none'}: its header or its WCS is of another exposure; process it again."
        )
    for channel in sorted(channels):
        expected = _MRS_BANDS[channel][band]
        _check_range(
            name, f"BAND {band}", wavelength[rows][numbers == int(channel)], expected, f" in channel {channel}"
        )


def _check_range(
    name: str, keyword: str, wavelength: NDArray[Any], expected: tuple[float, float], where: str = ""
) -> None:
    finite = wavelength[np.isfinite(wavelength)]
    if not finite.size:
        raise InputError(f"{name} has a WCS without wavelengths{where}; process it again.")
    middle = float(np.median(finite))
    if not expected[0] < middle < expected[1]:
        raise InputError(
            f"{name} has {keyword}, but its WCS has wavelengths around {middle:.4g} µm{where}, where "
            f"{expected[0]:g} to {expected[1]:g} were expected: its header or its WCS is of another exposure; "
            "process it again."
        )


def footprint_of(science: Header) -> str:
    """S_REGION where it is a polygon of four corners on the sky; else empty."""
    words = str(science.get("S_REGION") or "").split()
    try:
        corners = [float(word) for word in words[-8:]]
    except ValueError:
        return ""
    sound = len(words) == 10 and all(map(math.isfinite, corners)) and all(abs(dec) <= 90.0 for dec in corners[1::2])
    return " ".join(words) if sound else ""


@dataclass(frozen=True)
class Target:
    """What an exposure says of its target.

    Parameters
    ----------
    target : str
        Its name, or empty.
    moving : bool
        Whether it moves.
    target_at : (float, float) or None
        Where the WCS sees a moving target, ICRS [deg]: once it follows the target, at the mean of the exposures'; None
        when the file does not say.
    """

    target: str
    moving: bool
    target_at: tuple[float, float] | None


def target_of(primary: Header, science: Header) -> Target:
    """Read what the headers of an exposure say of its target."""
    name = one_line(primary.get("TARGNAME") or primary.get("TARGPROP") or "")
    moving = str(primary.get("TARGTYPE", "")).upper() == "MOVING"
    return Target(name, moving, _target_position(science) if moving else None)


def _target_position(science: Header) -> tuple[float, float] | None:
    for keys in (("MT_AVRA", "MT_AVDEC"), ("MT_RA", "MT_DEC")):
        found = [science.get(key) for key in keys]
        if all(isinstance(value, float | int) and math.isfinite(value) for value in found):
            return float(found[0]), float(found[1])
    return None


def whole_number(header: Header, key: str) -> int:
    """Value of a keyword that only informs: 0 where it is not a number from 1 to 9999."""
    value = header.get(key)
    return int(value) if isinstance(value, int | float) and value is not True and 1 <= value <= 9999 else 0


def _text(header: Header, key: str) -> str:
    return str(header.get(key) or "").strip().upper()


def _check_kind(name: str, primary: Header, science: Header | None) -> None:
    kind = _text(primary, "EXP_TYPE")
    if _text(primary, "TELESCOP") != "JWST" or not kind or science is None:
        raise InputError(f"{name} is not a product of the JWST pipeline; open _cal.fits or _crf.fits files.")
    if kind not in KEYWORDS:
        what = _KINDS.get(kind, f"an exposure of type {one_line(kind)}")
        raise InputError(f"{name} is {what}; ATM Viewer works on MIRI MRS and NIRSpec IFU exposures.")
    if science.get("NAXIS") == 3:
        if _text(primary, "TSOVISIT") in ("T", "TRUE") or "CALINTS" in name.upper():
            raise InputError(
                f"{name} is a time series with one image per integration; open the _cal file, which has their average."
            )
        raise InputError(
            f"{name} is a cube; open the _cal or _crf exposures from which it was built, or File > Open Reference."
        )


def _check_keywords(name: str, primary: Header) -> None:
    kind = _text(primary, "EXP_TYPE")
    for key, allowed in KEYWORDS[kind].items():
        found = _text(primary, key)
        if key == "BAND" and "-" in found and all(part in allowed for part in found.split("-")):
            raise InputError(
                f"{name} has two bands at once (BAND {found}), for which there are no cube parameters; give exposures "
                "whose BAND is SHORT, MEDIUM or LONG."
            )
        if found not in allowed:
            raise InputError(
                f"{name} has {key} {_quoted(found)}; an exposure of type {kind} has {_listed(allowed)}: "
                "download it or process it again."
            )
    if kind == "MIR_MRS":
        detector, channel = _text(primary, "DETECTOR"), _text(primary, "CHANNEL")
        if channel != _CHANNELS[detector]:
            raise InputError(
                f"{name} has CHANNEL {_quoted(channel)}; the detector {detector} has {_CHANNELS[detector]}: "
                "download it or process it again."
            )


def _check_shape(name: str, primary: Header, science: Header) -> tuple[int, int]:
    """Shape of the science array."""
    instrument = _text(primary, "INSTRUME")
    rows, columns = DETECTOR_SHAPES[instrument]
    shape = science.get("NAXIS2"), science.get("NAXIS1")
    if science.get("NAXIS") != 2 or not all(isinstance(size, int) and size > 0 for size in shape):
        raise InputError(f"{name} has an extension SCI that is not an image; download it or process it again.")
    exact = instrument == "MIRI"
    if shape == (rows, columns) or (not exact and shape[0] <= rows and shape[1] <= columns):
        return shape
    if "COMPLETE" in (_text(primary, "S_TRCMOD"), _text(primary, "S_TRCMDL")):
        raise InputError(f"{name} is already oversampled by adaptive_trace_model; open the original _cal or _crf file.")
    raise InputError(
        f"{name} has {shape[1]} × {shape[0]} pixels in SCI; {'' if exact else 'at most '}{columns} × {rows} were "
        "expected: open the _cal or _crf file as calwebb_spec2 wrote it, without oversampling."
    )


def _check_array(name: str, key: str, header: Header, kind: str, shape: tuple[int, int]) -> None:
    found = tuple(header.get(f"NAXIS{k}") for k in range(int(header.get("NAXIS") or 0), 0, -1))
    if header.get("XTENSION", "IMAGE").strip() != "IMAGE" or found != shape:
        what = " × ".join(map(str, found[::-1])) or "nothing"
        raise InputError(
            f"{name} has {what} values in {key}; an image of {shape[1]} × {shape[0]} pixels, as in SCI, was expected: "
            "process it again."
        )
    bits = header.get("BITPIX")
    if (bits in (-32, -64)) != (kind == "float"):
        raise InputError(f"{name} has BITPIX {bits} in {key}; {kind} values were expected: process it again.")
    scale, zero = header.get("BSCALE", 1), header.get("BZERO", 0)
    unsigned = kind == "integer" and bits == 32 and zero == 2**31
    if scale != 1 or (zero != 0 and not unsigned):
        raise InputError(
            f"{name} stores {key} scaled (BSCALE {scale}, BZERO {zero}), as the pipeline never does; process it again."
        )


def _by(shape: Sequence[int]) -> str:
    return " × ".join(map(str, reversed(shape)))


def _quoted(value: str) -> str:
    return f"'{one_line(value)}'" if value else "without a value"


def _listed(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"
