"""How exposures lie against each other on the sky."""

from __future__ import annotations

from dataclasses import dataclass

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.recipe.cube_options import CubeOptions, Offset, offset_of


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


def put_right(options: CubeOptions, shifts: ExposureShifts) -> tuple[Offset, ...]:
    """Offsets that put exposures on top of each other, in place of those with which the shifts were measured."""
    offsets = {name: (east, north) for name, east, north in options.offsets}
    for name, (east, north) in zip(shifts.names, shifts.correction.tolist(), strict=True):
        if east == east:  # not NaN
            before = offset_of(options.offsets, name)
            offsets[name] = round(before[0] + east, 4), round(before[1] + north, 4)
    return tuple((name, *offset) for name, offset in sorted(offsets.items()))
