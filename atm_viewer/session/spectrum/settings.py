"""Settings of the spectrum view as one value that can be saved and restored."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from atm_viewer.session.spectrum.units import AXES, FLUX_UNITS

KERNELS = ("none", "boxcar", "gaussian")
WIDTH_UNITS = ("planes", "km/s")
#: Of several places' spectra: as they are, each above the one before, or so and each over its own median.
ARRANGEMENTS = ("overlaid", "stacked", "normalised")
#: Fixed references of ratio and difference; others are ``variant:NAME``, or ``file:NAME`` for one from elsewhere.
REFERENCES = ("aperture", "before")


@dataclass(frozen=True)
class SpectrumSettings:
    """Choices of the spectrum view.

    Parameters
    ----------
    unit : str
        One of `units.FLUX_UNITS`.
    log : bool
        The flux axis is logarithmic.
    axis : str
        One of `units.AXES`.
    line : str
        Name of the line that velocities are about; empty for the one nearest to the middle.
    redshift : float
        Of the source, for lines, rest wavelength and velocity.
    families : tuple of str
        Families of the line list that are marked.
    before, aperture : bool
        Show the spectra before correction; the aperture's.
    scaled : bool
        Scale the aperture's spectrum so that its median ratio to the spaxel after is 1.
    errors : bool
        Show ± 1 sigma bands.
    masks : bool
        Mark wavelengths without a valid value.
    rf1d : bool
        Show MIRI spectra without residual fringes.
    crossings : bool
        Mark where the source's trace is centred on a pixel.
    arrangement : str
        How the spectra of several places stand to each other: one of `ARRANGEMENTS`.
    all_bands : bool
        Show the active place's spectra of all bands that are open, rather than those of one band.
    ratio, difference : bool
        Show these panels.
    predicted : bool
        Show in the ratio panel what a star would show before correction.
    reference : str
        What they are against: ``aperture``, ``before``, ``variant:`` and a variant's name, or ``file:`` and that of a
        cube or an extracted spectrum from elsewhere.
    kernel : str
        Smoothing, for display only: one of `KERNELS`.
    width : float
        Width of the kernel (full; at half maximum for the Gaussian).
    width_unit : str
        One of `WIDTH_UNITS`.
    region : (float, float) or None
        Observed wavelengths [um] between which is smoothed; None for everywhere.
    """

    unit: str = "MJy/sr"
    log: bool = False
    axis: str = "wavelength"
    line: str = ""
    redshift: float = 0.0
    families: tuple[str, ...] = ()
    before: bool = True
    aperture: bool = True
    scaled: bool = True
    errors: bool = False
    masks: bool = True
    rf1d: bool = False
    crossings: bool = False
    all_bands: bool = False
    arrangement: str = "overlaid"
    ratio: bool = True
    difference: bool = False
    predicted: bool = True
    reference: str = "aperture"
    kernel: str = "none"
    width: float = 5.0
    width_unit: str = "planes"
    region: tuple[float, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Values that differ from the defaults, as TOML can hold them."""
        defaults = asdict(SpectrumSettings())
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value != defaults[name]
        }

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> SpectrumSettings:
        """Take settings from `to_dict`; what is unknown or makes no sense is left at its default."""
        known: dict[str, Any] = {}
        for name in {field.name for field in fields(SpectrumSettings)} & values.keys():
            value = tuple(values[name]) if isinstance(values[name], list) else values[name]
            if _valid(name, value):
                known[name] = value
        return SpectrumSettings(**known)


def _valid(name: str, value: Any) -> bool:
    """Whether a value makes sense for a setting."""
    choices = {
        "unit": tuple(FLUX_UNITS),
        "axis": tuple(AXES),
        "arrangement": ARRANGEMENTS,
        "kernel": KERNELS,
        "width_unit": WIDTH_UNITS,
    }
    if name in choices:
        return value in choices[name]
    if name == "families":
        return isinstance(value, tuple) and all(isinstance(v, str) for v in value)
    if name == "region":
        return isinstance(value, tuple) and len(value) == 2 and all(map(_number, value)) and value[0] < value[1]
    if name == "reference":
        return isinstance(value, str) and (value in REFERENCES or value.startswith(("variant:", "file:")))
    if name == "redshift":
        return _number(value) and value > -1.0
    if name == "width":
        return _number(value) and value > 0.0
    return isinstance(value, str if name == "line" else bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
