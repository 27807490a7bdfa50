"""Values the pipeline fixes by instrument mode (``_set_fit_kwargs`` and ``_set_oversample_kwargs``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.arrays import Integers
from atm_viewer.engine.recipe import PARAMETERS
from atm_viewer.engine.recipe.parameters import PerPixel


@dataclass(frozen=True)
class ModeDefaults:
    """What the pipeline fixes for a mode and what a slice may override.

    Parameters
    ----------
    window : int
        Columns on each side of a fit (``lrange``).
    breakpoints : int or None
        Spline intervals; None: ``breakpoint_factor`` per native pixel of the slice.
    breakpoint_factor : float
        See ``breakpoints``.
    require_ngood : int or None
        A column needs more finite pixels than this to be fitted; None: ``ngood_factor`` of the slice's pixels.
    ngood_factor : float
        See ``require_ngood``.
    space_ratio : float
        No fit where the tenth largest gap exceeds this times the knot spacing.
    order : {"inwards", "rightwards", "leftwards"}
        Order in which columns are fitted.
    pad : int
        Native pixels about a compact source in which the spline is used.
    trim_ends : bool
        Whether the spline's outermost pixels are dropped.
    sigma : float
        Rejection limit of the fit.
    iterations : int
        Maximum number of fits with rejection in between.
    oversample_ngood : int
        A column needs more finite pixels than this to be oversampled.
    """

    window: int
    breakpoints: int | None
    breakpoint_factor: float
    require_ngood: int | None
    ngood_factor: float
    space_ratio: float
    order: str
    pad: int
    trim_ends: bool
    sigma: float = 2.5
    iterations: int = 3
    oversample_ngood: int = 3

    def column_order(self, columns: int) -> Integers:
        """Columns in the order in which they are fitted."""
        ascending = np.arange(columns)
        if self.order == "rightwards":
            return ascending
        if self.order == "leftwards":
            return ascending[::-1].copy()
        middle = columns // 2 + 1
        return np.concatenate([ascending[:middle], ascending[middle:][::-1]])


def mode_defaults(instrument: str, detector: str, grating: str) -> ModeDefaults:
    """Pipeline's values for an exposure.

    Parameters
    ----------
    instrument : {"MIRI", "NIRSPEC"}
        Instrument.
    detector : str
        Detector's name.
    grating : str
        NIRSpec grating, or empty.

    Returns
    -------
    ModeDefaults
    """
    if instrument == "MIRI":
        return ModeDefaults(*_of_mode("MRS"), 8, 0.0, 1.2, "inwards", pad=3, trim_ends=False)
    order = "rightwards" if detector == "NRS1" else "leftwards"
    if grating.upper() == "PRISM":
        return ModeDefaults(*_of_mode("PRISM"), None, 0.25, 1.6, order, pad=2, trim_ends=True)
    return ModeDefaults(*_of_mode("NIRSpec"), None, 0.5, 1.6, order, pad=2, trim_ends=True)


def _of_mode(mode: str) -> tuple[int, int | None, float]:
    """Window, breakpoints and breakpoints per native pixel, of which one is left out."""
    window, breakpoints = (PARAMETERS[name].modes[mode] for name in ("window", "breakpoints"))
    assert not isinstance(window, PerPixel)
    if isinstance(breakpoints, PerPixel):
        return int(window), None, breakpoints.value
    return int(window), int(breakpoints), 0.0
