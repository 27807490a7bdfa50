"""The user's parameters: global values, and overrides for slices."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from typing import Any

from atm_viewer.engine.recipe.parameters import PARAMETERS, PIPELINE, Stage


@dataclass(frozen=True)
class FitParams:
    """What applies to one slice of one exposure.

    Parameters
    ----------
    fit_threshold : float
        Sigma above the clipped mean (of the channel in MIRI, of the exposure in NIRSpec) that the peak of the
        collapsed profile must exceed; 0 or less fits the slice whatever its signal.
    slope_limit : float
        Slope of the normalised spline above which pixels count as compact; 0 or less uses the spline everywhere.
    window : int or None
        Columns on each side that enter a column's fit; None takes the pipeline's value for the mode.
    breakpoints : int or None
        Spline intervals; None takes the pipeline's value for the mode.
    use : tuple of (float, float), or None
        Alpha ranges [arcsec] in which the spline replaces interpolation; None decides by slope.
    wavelengths : (float, float) or None
        Wavelength range [um] in which the spline may be used; None sets no limit.
    reach : {"pipeline", "slice"}
        Where compact sources are looked for: near the slice's centre as the pipeline does, or in the whole slice.
    peak_cut : {"pipeline", "source"}
        Which peaks of steep pixels are compact sources: those of a fifth of the highest, as in the pipeline, or
        besides each that has enough steep pixels of its own.
    residual : {"interpolated", "none"}
        What is added to the spline where it is used: the interpolated residual of the fit, or nothing.
    """

    fit_threshold: float = 10.0
    slope_limit: float = 0.1
    window: int | None = None
    breakpoints: int | None = None
    use: tuple[tuple[float, float], ...] | None = None
    wavelengths: tuple[float, float] | None = None
    reach: str = PIPELINE
    peak_cut: str = PIPELINE
    residual: str = "interpolated"

    def of_stage(self, stage: Stage) -> tuple[Any, ...]:
        """Values of all parameters of a stage: a key of what it makes."""
        return tuple(getattr(self, name) for name in OVERRIDABLE if PARAMETERS[name].stage is stage)


#: Parameters that a slice may override, in the order in which they are written.
OVERRIDABLE = tuple(f.name for f in fields(FitParams))


@dataclass(frozen=True)
class SliceOverride:
    """Values that replace the global ones in one slice; None inherits.

    Parameters
    ----------
    number : int
        Slice number of the region map (MIRI 101..., NIRSpec 1 to 30).
    exposure : str or None
        Name of the one exposure it applies to (file name without ``_cal``/``_crf`` and ending); None: all.
    fit_threshold, slope_limit, window, breakpoints, use, wavelengths, reach, peak_cut, residual
        As in `FitParams`.
    """

    number: int
    exposure: str | None = None
    fit_threshold: float | None = None
    slope_limit: float | None = None
    window: int | None = None
    breakpoints: int | None = None
    use: tuple[tuple[float, float], ...] | None = None
    wavelengths: tuple[float, float] | None = None
    reach: str | None = None
    peak_cut: str | None = None
    residual: str | None = None

    def values(self) -> dict[str, Any]:
        """Overridden values by name."""
        return {name: v for name in OVERRIDABLE if (v := getattr(self, name)) is not None}


@dataclass(frozen=True)
class Recipe:
    """Parameters of a run. Without overrides and options beyond it, it means what the pipeline's own step means.

    Parameters
    ----------
    oversample : int
        Factor by which pixels are divided along a slice; 1 only makes the trace model.
    fit_threshold, slope_limit : float
        As in `FitParams`.
    psf_optimal : bool
        Simple isolated point source: every slice fitted, spline used everywhere, no residual added; what
        slices or other parameters say on this is ignored.
    reach, peak_cut, residual : str
        As in `FitParams`; other values than the defaults go beyond the pipeline.
    overrides : tuple of SliceOverride
        Later entries win over earlier ones; an entry for one exposure wins over one for all.
    """

    oversample: int = 3
    fit_threshold: float = 10.0
    slope_limit: float = 0.1
    psf_optimal: bool = False
    overrides: tuple[SliceOverride, ...] = field(default=())
    reach: str = PIPELINE
    peak_cut: str = PIPELINE
    residual: str = "interpolated"

    @property
    def beyond_pipeline(self) -> tuple[str, ...]:
        """What goes beyond the pipeline, such as ``reach = "slice" (slice 112)``."""
        found = []
        for name in self._can_go_beyond:
            default = PARAMETERS[name].default
            if self.goes_beyond(name):
                found.append(f"{name} = {json.dumps(getattr(self, name))}")
            slices: dict[Any, list[str]] = {}
            for override in self.overrides:
                if (own := getattr(override, name)) not in (None, default):
                    slices.setdefault(own, []).append(str(override.number))
            for own, numbers in slices.items():
                word = "slice" if len(set(numbers)) == 1 else "slices"
                found.append(f"{name} = {json.dumps(own)} ({word} {', '.join(dict.fromkeys(numbers))})")
        return tuple(found)

    def goes_beyond(self, name: str) -> bool:
        """Whether a parameter's value for all slices goes beyond the pipeline."""
        return name in self._can_go_beyond and getattr(self, name) != PARAMETERS[name].default

    def ignores(self, name: str) -> bool:
        """Whether ``psf_optimal`` decides a parameter."""
        return self.psf_optimal and PARAMETERS[name].psf_optimal is not None

    @property
    def _can_go_beyond(self) -> tuple[str, ...]:
        return tuple(name for name in OVERRIDABLE if PARAMETERS[name].beyond and not self.ignores(name))

    @property
    def why_no_pipeline(self) -> str:
        """Why the pipeline's own step cannot do what this asks for, as a part of a sentence; empty when it can."""
        changed = [o for o in self.overrides if o.values()]
        reasons = []
        if changed:
            count = len({o.number for o in changed})
            reasons.append(f"because {count} {'slice has' if count == 1 else 'slices have'} overrides")
        if beyond := [name for name in GLOBAL if self.goes_beyond(name)]:
            reasons.append(f"because {', '.join(beyond)} {'goes' if len(beyond) == 1 else 'go'} beyond it")
        return " and ".join(reasons)

    def params(self, number: int, exposure: str) -> FitParams:
        """Resolve what applies to one slice of one exposure.

        Parameters
        ----------
        number : int
            Slice number.
        exposure : str
            Exposure name.

        Returns
        -------
        FitParams
            With ``psf_optimal``, threshold and slope limit are 0, as in ``fit_and_oversample``.
        """
        merged: dict[str, Any] = {name: getattr(self, name) for name in GLOBAL if PARAMETERS[name].of_slice}
        for wanted in (None, exposure):
            for override in self.overrides:
                if override.number == number and override.exposure == wanted:
                    merged.update(override.values())
        if self.psf_optimal:
            merged.update({name: PARAMETERS[name].psf_optimal for name in OVERRIDABLE if self.ignores(name)})
        return FitParams(**merged)

    def of_stage(self, stage: Stage) -> tuple[Any, ...]:
        """Values of a stage's parameters that no slice overrides, see `FitParams.of_stage` on the others."""
        names = (name for name in GLOBAL if not PARAMETERS[name].of_slice)
        return tuple(getattr(self, name) for name in names if PARAMETERS[name].stage is stage)

    def override(self, number: int, exposure: str | None = None) -> SliceOverride:
        """Return the override of a slice exactly as asked (for all exposures, or for one); empty when there is none."""
        found = SliceOverride(number, exposure)
        for entry in self.overrides:
            if (entry.number, entry.exposure) == (number, exposure):
                found = replace(found, **entry.values())
        return found

    def with_override(self, override: SliceOverride) -> Recipe:
        """Return a recipe in which this entry stands in place of any other for the same slice and exposure."""
        key = (override.number, override.exposure)
        kept = [o for o in self.overrides if (o.number, o.exposure) != key]
        if override.values():
            kept.append(override)
        kept.sort(key=lambda o: (o.number, o.exposure or ""))
        return replace(self, overrides=tuple(kept))


#: Parameters with a value for all slices, in the order in which they are written.
GLOBAL = tuple(f.name for f in fields(Recipe) if f.name != "overrides")
