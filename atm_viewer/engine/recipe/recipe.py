"""The user's parameters: global values, and overrides for slices."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from atm_viewer.engine.recipe.cube_options import DEFAULT_CUBE, CubeOptions
from atm_viewer.engine.recipe.parameters import PARAMETERS, PIPELINE, Stage
from atm_viewer.engine.recipe.shapes import Shape

Range = tuple[float, float]

#: What a region can say of where the spline is used.
USES = "spline", "interpolate"


@dataclass(frozen=True)
class RegionRange:
    """A part of a slice in which a region says whether the spline is used.

    Parameters
    ----------
    low, high : float
        Alpha range, both ends included [arcsec].
    use : {"spline", "interpolate"}
        What is done there.
    name : str
        Name of the region.
    """

    low: float
    high: float
    use: str
    name: str

    def without(self, other: RegionRange) -> list[RegionRange]:
        """Return the parts of the range that lie outside of another one."""
        ends = (self.low, min(self.high, other.low)), (max(self.low, other.high), self.high)
        return [replace(self, low=low, high=high) for low, high in ends if low < high]


@dataclass(frozen=True)
class SliceRegions:
    """What regions say of one slice of one exposure.

    Parameters
    ----------
    ranges : tuple of RegionRange
        Where the spline is used, and where not, whatever the slope is: what later regions have left of earlier ones,
        in the recipe's order. Where two meet, the point belongs to the later one.
    forced : bool
        Whether the slice is fitted for these ranges even if its peak is not above the threshold. Outside of them it
        is interpolated then, as it would be without regions.
    values : tuple of (str, str)
        Parameters that have their values from regions, each with the name of the region.
    """

    ranges: tuple[RegionRange, ...] = ()
    forced: bool = False
    values: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the regions that decide anything here, in the order of the recipe's ranges and values."""
        return tuple(dict.fromkeys([*(r.name for r in self.ranges), *(name for _, name in self.values)]))

    def at(self, alpha: float) -> RegionRange | None:
        """Range that decides at a position [arcsec]: the last that holds it; None where none does."""
        return next((r for r in reversed(self.ranges) if r.low <= alpha <= r.high), None)


#: Of a slice that no region touches.
NO_REGIONS = SliceRegions()


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
    residual : {"interpolated", "none", "lines"}
        What is added to the spline where it is used: the interpolated residual of the fit, nothing, or the residual in
        columns alone where lines have light that the spline lacks.
    edges : {"pipeline", "keep"}
        What happens to the outermost pixels of each column where the spline is not used: dropped, or interpolated.
    regions : SliceRegions
        What regions on the sky say besides.
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
    edges: str = PIPELINE
    regions: SliceRegions = NO_REGIONS

    def of_stage(self, stage: Stage) -> tuple[Any, ...]:
        """Values of all that a stage depends on: a key of what it makes. Names of regions are not part of it."""
        values = tuple(getattr(self, name) for name in OVERRIDABLE if PARAMETERS[name].stage is stage)
        if stage is Stage.FIT:
            return *values, self.regions.forced
        return *values, tuple((r.low, r.high, r.use) for r in self.regions.ranges)


#: Parameters that a slice may override, in the order in which they are written.
OVERRIDABLE = tuple(f.name for f in fields(FitParams) if f.name != "regions")

#: Those that a region may set: its own ``use`` is not one of alpha ranges.
OF_REGION = tuple(name for name in OVERRIDABLE if name != "use")


@dataclass(frozen=True)
class SliceOverride:
    """Values that replace the global ones in one slice; None inherits.

    Parameters
    ----------
    number : int
        Slice number of the region map (MIRI 101..., NIRSpec 1 to 30).
    exposure : str or None
        Name of the one exposure it applies to (file name without ``_cal``/``_crf`` and ending); None: all.
    band : str or None
        The one band whose exposures it applies to, such as ``ch1-short``, since slice numbers repeat in every setting
        of MRS; None: all.
    fit_threshold, slope_limit, window, breakpoints, use, wavelengths, reach, peak_cut, residual, edges
        As in `FitParams`.
    """

    number: int
    exposure: str | None = None
    band: str | None = None
    fit_threshold: float | None = None
    slope_limit: float | None = None
    window: int | None = None
    breakpoints: int | None = None
    use: tuple[tuple[float, float], ...] | None = None
    wavelengths: tuple[float, float] | None = None
    reach: str | None = None
    peak_cut: str | None = None
    residual: str | None = None
    edges: str | None = None

    @property
    def key(self) -> tuple[int, str | None, str | None]:
        """What it applies to: slice, exposure and band."""
        return self.number, self.exposure, self.band

    def values(self) -> dict[str, Any]:
        """Overridden values by name."""
        return {name: v for name in OVERRIDABLE if (v := getattr(self, name)) is not None}


@dataclass(frozen=True)
class Region:
    """A part of the sky, and what applies to the slices that see it, in all exposures.

    A position along a slice lies in the region where the region covers at least half of the slice's width, or where
    at least half of the region's own width across the slice falls into the slice. So a region reaches the slices that
    see it more than marginally, and one at least where it lies in the field, however small it is.

    * ``use = "spline"`` uses the spline there, whatever its slope is. A slice that is not fitted otherwise is fitted
      for that, and goes on to be interpolated everywhere else; but where a region or an override of the slice sets
      ``fit_threshold``, that decides.
    * ``use = "interpolate"`` does not use the spline there.
    * Other values apply to the whole of each slice that has any position in the region.

    Where regions overlap, the later one wins: for ``use`` at each position, for values in each slice. Overrides of a
    slice win over regions; its ``use``, over all that regions say of where the spline is used in it.

    Parameters
    ----------
    name : str
        What people call it; no two regions of a recipe have the same.
    shape : Circle, Ellipse or Polygon
        Where it is.
    use : {"spline", "interpolate"} or None
        Whether the spline is used within it; None leaves that as it is.
    fit_threshold, slope_limit, window, breakpoints, wavelengths, reach, peak_cut, residual, edges
        As in `FitParams`; None leaves them as they are.
    """

    name: str
    shape: Shape
    use: Literal["spline", "interpolate"] | None = None
    fit_threshold: float | None = None
    slope_limit: float | None = None
    window: int | None = None
    breakpoints: int | None = None
    wavelengths: tuple[float, float] | None = None
    reach: str | None = None
    peak_cut: str | None = None
    residual: str | None = None
    edges: str | None = None

    def values(self) -> dict[str, Any]:
        """Values that it sets, by name, without ``use``."""
        return {name: v for name in OF_REGION if (v := getattr(self, name)) is not None}


@dataclass(frozen=True)
class Recipe:
    """Parameters of a run. Without regions, overrides and options beyond it, it means what the pipeline's step means.

    Parameters
    ----------
    oversample : float
        Factor by which pixels are divided along a slice, in eighths; 1 only makes the trace model.
    fit_threshold, slope_limit : float
        As in `FitParams`.
    psf_optimal : bool
        Simple isolated point source: every slice fitted, spline used everywhere, no residual added; what
        slices or other parameters say on this is ignored.
    reach, peak_cut, residual, edges : str
        As in `FitParams`; other values than the defaults go beyond the pipeline.
    regions : tuple of Region
        Later entries win over earlier ones, and overrides over all of them.
    overrides : tuple of SliceOverride
        Later entries win over earlier ones; an entry for one exposure wins over one for all.
    cube : CubeOptions
        Options of the cubes.
    """

    oversample: float = 3
    fit_threshold: float = 10.0
    slope_limit: float = 0.1
    psf_optimal: bool = False
    overrides: tuple[SliceOverride, ...] = field(default=())
    reach: str = PIPELINE
    peak_cut: str = PIPELINE
    residual: str = "interpolated"
    edges: str = PIPELINE
    regions: tuple[Region, ...] = field(default=())
    cube: CubeOptions = DEFAULT_CUBE

    @property
    def beyond_pipeline(self) -> tuple[str, ...]:
        """What goes beyond the pipeline, such as ``reach = "slice" (slice 112)``."""
        found = []
        for name in self._can_go_beyond:
            default = PARAMETERS[name].default
            if self.goes_beyond(name):
                found.append(f"{name} = {json.dumps(getattr(self, name))}")
            slices: dict[Any, set[int]] = {}
            for override in self.overrides:
                if (own := getattr(override, name)) not in (None, default):
                    slices.setdefault(own, set()).add(override.number)
            for own, numbers in slices.items():
                word = "slice" if len(numbers) == 1 else "slices"
                found.append(f"{name} = {json.dumps(own)} ({word} {_in_words(numbers)})")
        found += [
            f"region {json.dumps(region.name, ensure_ascii=False)} "
            f"({', '.join(f'{name} = {json.dumps(value)}' for name, value in stated.items())})"
            for region in self.regions
            if (stated := self.in_force_of(region))
        ]
        return tuple(found)

    def in_force_of(self, region: Region) -> dict[str, Any]:
        """Return what a region says that takes effect, by name: not what ``psf_optimal`` decides."""
        use = {"use": region.use} if region.use is not None else {}
        return use | {name: value for name, value in region.values().items() if not self.ignores(name)}

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
        if count := sum(bool(self.in_force_of(region)) for region in self.regions):
            reasons.append(f"because it has {'a region' if count == 1 else f'{count} regions'} on the sky")
        if self.cube.offsets:
            reasons.append("because its exposures have offsets")
        if beyond := [name for name in GLOBAL if self.goes_beyond(name)]:
            reasons.append(f"because {', '.join(beyond)} {'goes' if len(beyond) == 1 else 'go'} beyond it")
        return " and ".join(reasons)

    def params(
        self,
        number: int,
        exposure: str,
        touched: Iterable[tuple[Region, Sequence[Range]]] = (),
        bands: Collection[str] = (),
    ) -> FitParams:
        """Resolve what applies to one slice of one exposure.

        Parameters
        ----------
        number : int
            Slice number.
        exposure : str
            Exposure name.
        touched : iterable of (Region, sequence of (float, float))
            The regions that the slice sees, in the recipe's order, and the alpha ranges [arcsec] in which it does;
            `atm_viewer.engine.trace.prepared.slice_params` finds them by the exposure's WCS.
        bands : collection of str
            Bands of the exposure. An override for one band comes before one for all, and one for the exposure before
            both.

        Returns
        -------
        FitParams
            With ``psf_optimal``, threshold and slope limit are 0, as in ``fit_and_oversample``.
        """
        merged: dict[str, Any] = {name: getattr(self, name) for name in GLOBAL if PARAMETERS[name].of_slice}
        owners: dict[str, str] = {}
        ranges: list[RegionRange] = []
        forced = False
        for region, seen in touched:
            merged.update(region.values())
            owners.update(dict.fromkeys(region.values(), region.name))
            if region.use is not None:
                for new in (RegionRange(low, high, region.use, region.name) for low, high in seen):
                    ranges = [*(part for old in ranges for part in old.without(new)), new]
            forced = region.fit_threshold is None and (forced or region.use == "spline")
        for override in self.overrides_of(number, exposure, bands):
            merged.update(override.values())
            for name in override.values():
                owners.pop(name, None)
            forced &= override.fit_threshold is None
        if self.psf_optimal:
            merged.update({name: PARAMETERS[name].psf_optimal for name in OVERRIDABLE if self.ignores(name)})
            owners = {name: owner for name, owner in owners.items() if not self.ignores(name)}
        if merged.get("use") is not None:
            ranges, forced = [], False
        forced &= any(one.use == "spline" for one in ranges)
        if not (ranges or owners):
            return FitParams(**merged)
        return FitParams(**merged, regions=SliceRegions(tuple(ranges), forced, tuple(owners.items())))

    def of_stage(self, stage: Stage) -> tuple[Any, ...]:
        """Values of a stage's parameters that no slice overrides, see `FitParams.of_stage` on the others."""
        names = (name for name in GLOBAL if not PARAMETERS[name].of_slice)
        return tuple(getattr(self, name) for name in names if PARAMETERS[name].stage is stage)

    def region(self, name: str) -> Region | None:
        """Return the region of that name; None when there is none."""
        return next((region for region in self.regions if region.name == name), None)

    def with_region(self, region: Region, name: str | None = None) -> Recipe:
        """Return a recipe in which a region stands in place of the one of its name, or of ``name``; else at the end."""
        name = region.name if name is None else name
        if self.region(name) is None:
            return replace(self, regions=(*self.regions, region))
        return replace(self, regions=tuple(region if r.name == name else r for r in self.regions))

    def without_region(self, name: str) -> Recipe:
        """Return a recipe without the region of that name."""
        return replace(self, regions=tuple(r for r in self.regions if r.name != name))

    def free_name(self, wanted: str) -> str:
        """Return a name for a new region: the wanted one, or with the first number that no region has."""
        names = {region.name for region in self.regions}
        numbered = (wanted if k == 1 else f"{wanted} {k}" for k in range(1, len(names) + 2))
        return next(name for name in numbered if name not in names)

    def overrides_of(self, number: int, exposure: str | None, bands: Collection[str] = ()) -> tuple[SliceOverride, ...]:
        """Return the overrides that apply to a slice of an exposure with some bands, the most particular ones last."""
        found = [
            one
            for one in self.overrides
            if one.number == number and one.exposure in (None, exposure) and (one.band is None or one.band in bands)
        ]
        return tuple(sorted(found, key=lambda one: (one.exposure is not None, one.band is not None)))

    def override(self, number: int, exposure: str | None = None, band: str | None = None) -> SliceOverride:
        """Return the override of a slice exactly as asked: for all exposures, one, or a band's; empty without any."""
        found = SliceOverride(number, exposure, band)
        for entry in self.overrides:
            if entry.key == found.key:
                found = replace(found, **entry.values())
        return found

    def with_override(self, override: SliceOverride) -> Recipe:
        """Return a recipe in which this entry stands in place of any other for the same slice, exposure and band."""
        kept = [o for o in self.overrides if o.key != override.key]
        if override.values():
            kept.append(override)
        kept.sort(key=lambda o: (o.number, o.exposure or "", o.band or ""))
        return replace(self, overrides=tuple(kept))


def _in_words(numbers: set[int]) -> str:
    """Slice numbers, such as ``7, 8, 101-121``, in ASCII, since headers take nothing else."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


#: Parameters with a value for all slices, in the order in which they are written.
GLOBAL = tuple(f.name for f in fields(Recipe) if f.name not in ("overrides", "regions", "cube"))
