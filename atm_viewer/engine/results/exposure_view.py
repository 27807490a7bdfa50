"""The data of an open exposure that the window needs, and how exposures lie against each other.

Images are in the detector's own frame, ``[y, x]``; a *column* is one element along dispersion (x in NIRSpec, y in
MIRI, where the dispersion runs along y). ``alpha`` is in arcsec along the slice for both instruments.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from atm_viewer.engine.arrays import DeflatedFrame, Flags, Floats, Frame, Integers16, Integers32, PackedFrame, Singles
from atm_viewer.engine.recipe.cube_options import CubeOptions, Offset, offset_of
from atm_viewer.engine.results.sky_strips import NO_STRIPS, SkyStrips


@dataclass(frozen=True)
class FileState:
    """What a file has other values of when another one is in its place: time of change [ns], size [byte], number."""

    changed: int
    size: int
    number: int

    @classmethod
    def of(cls, path: Path) -> FileState:
        """State of a file that is there."""
        found = path.stat()
        return cls(found.st_mtime_ns, found.st_size, found.st_ino)

    def differs(self, path: str | os.PathLike[str]) -> bool:
        """Whether there is another file in this place by now; one that is gone does not differ."""
        try:
            return FileState.of(Path(path)) != self
        except OSError:
            return False


#: Pixels of open exposures up to which all stay in memory: four of NIRSpec, or sixteen of MIRI.
MOST_PIXELS = 4 * 2048 * 2048


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
    dq : ndarray or DeflatedFrame of uint32, shape (ny, nx)
        Data-quality flags.
    regions : ndarray of int16 or int32, shape (ny, nx)
        Slice number, 0 outside of slices.
    alpha : ndarray or PackedFrame of float32, shape (ny, nx)
        Position along the slice [arcsec]; NaN outside.
    wavelength : ndarray or PackedFrame of float32, shape (ny, nx)
        Wavelength [um]; NaN outside.
    ra, dec : ndarray or PackedFrame of float64, shape (ny, nx)
        Sky position of the pixels' centres, ICRS [deg]; NaN outside.
    strips : SkyStrips
        The slices on the sky: which of them see a region.
    follows : (float, float) or None
        Where the moving target that it follows is shown, ICRS [deg]; None when it follows none.
    file : FileState or None
        What its file was when it was read.
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
    sci: Singles
    dq: Flags | DeflatedFrame
    regions: Integers16 | Integers32
    alpha: Frame
    wavelength: Frame
    ra: Frame
    dec: Frame
    strips: SkyStrips = NO_STRIPS
    follows: tuple[float, float] | None = None
    file: FileState | None = None

    @property
    def slices(self) -> tuple[int, ...]:
        """Slice numbers, ascending."""
        return tuple(int(n) for n in np.unique(self.regions) if n > 0)

    @property
    def dispersion_axis(self) -> int:
        """Array axis along which wavelength runs: 0 (y) for MIRI, 1 (x) for NIRSpec."""
        return 0 if self.instrument == "MIRI" else 1


def without_pixels(view: ExposureView) -> ExposureView:
    """Return a view that takes no memory to speak of: it knows its slices, but has no pixels."""
    none: dict[str, Any] = dict.fromkeys(frames_of(view), np.zeros((0, 0)))
    if "regions" in none:
        none["regions"] = DeflatedFrame.of(np.asarray(view.regions))
    return replace(view, **none)


def frames_of(view: ExposureView) -> dict[str, Any]:
    """Arrays of a view, packed or not, by the names of its fields."""
    found = {one.name: getattr(view, one.name) for one in fields(view)}
    return {name: frame for name, frame in found.items() if isinstance(frame, np.ndarray | PackedFrame | DeflatedFrame)}


@dataclass(frozen=True, eq=False)
class ExposureShifts:
    """Where exposures show the brightest source of their field.

    Parameters
    ----------
    band : str
        Band of the images in which it was looked for.
    keys, names : tuple of str
        The exposures.
    shift : ndarray of float64, shape (n, 2)
        Place of the source in each, to the east and north of the median of its places in the others [arcsec]; NaN
        where it is not seen.
    correction : ndarray of float64, shape (n, 2)
        What puts each on the median of all [arcsec].
    """

    band: str
    keys: tuple[str, ...]
    names: tuple[str, ...]
    shift: Floats
    correction: Floats

    def of(self, key: str) -> tuple[float, float] | None:
        """Shift of an exposure; None where it is not known."""
        found = dict(zip(self.keys, self.shift.tolist(), strict=True)).get(key)
        return None if found is None or found[0] != found[0] else (found[0], found[1])

    def offset_wanted(self, key: str, options: CubeOptions) -> tuple[float, float] | None:
        """Offset that puts an exposure on the median of all, in place of that with which the shifts were measured.

        None where it is not known.
        """
        for one, name, (east, north) in zip(self.keys, self.names, self.correction.tolist(), strict=True):
            if one == key and east == east:  # not NaN
                before = offset_of(options.offsets, name)
                return round(before[0] + east, 4), round(before[1] + north, 4)
        return None


def put_right(options: CubeOptions, shifts: ExposureShifts) -> tuple[Offset, ...]:
    """Offsets that put exposures on top of each other, in place of those with which the shifts were measured."""
    offsets = {name: (east, north) for name, east, north in options.offsets}
    for key, name in zip(shifts.keys, shifts.names, strict=True):
        if (wanted := shifts.offset_wanted(key, options)) is not None:
            offsets[name] = wanted
    return tuple((name, *offset) for name, offset in sorted(offsets.items()))
