"""Curves of the spectrum view as arrays, a pure function of spectra and settings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from atm_viewer.engine.results.spectra import HoveredSpectrum, SpaxelSpectra
from atm_viewer.session.edits.variants import ShownSpectra
from atm_viewer.session.spectrum.lines import LineList, SpectralLine
from atm_viewer.session.spectrum.settings import SpectrumSettings
from atm_viewer.session.spectrum.units import (
    AXES,
    FLUX_UNITS,
    Values,
    flux_factor,
    from_axis,
    smooth,
    spans,
    to_axis,
)

#: Kinds of wavelengths without a value, and what they mean.
MASKS = {
    "nothing": "no data (outside the field, or all pixels flagged)",
    "filled": "filled (data only after correction, from the spline)",
    "lost": "lost (data only before correction)",
}


@dataclass(frozen=True)
class Scale:
    """Horizontal axis.

    Parameters
    ----------
    kind : str
        One of `spectral.AXES`.
    redshift : float
        Of the source.
    line : SpectralLine or None
        What velocities are about.
    """

    kind: str = "wavelength"
    redshift: float = 0.0
    line: SpectralLine | None = None

    @property
    def label(self) -> str:
        """Name of the axis, without its unit."""
        name = AXES[self.kind][0]
        shifted = f", z = {self.redshift:g}" if self.redshift and self.kind in ("rest wavelength", "velocity") else ""
        return f"{name} about {self.line.name}{shifted}" if self.kind == "velocity" and self.line else name + shifted

    @property
    def unit(self) -> str:
        """Unit of the axis."""
        return AXES[self.kind][1]

    def at(self, wavelength: Values) -> Values:
        """Positions of observed wavelengths [um]."""
        return to_axis(self.kind, wavelength, self.redshift, self.line.wavelength if self.line else 1.0)

    def wavelength(self, position: Values) -> Values:
        """Observed wavelengths [um] of positions."""
        return from_axis(self.kind, position, self.redshift, self.line.wavelength if self.line else 1.0)


@dataclass(frozen=True, eq=False)
class Curve:
    """A spectrum as it is drawn.

    Parameters
    ----------
    role : str
        ``before``, ``after`` or ``aperture``.
    variant : str
        Letter of the variant, of ``after``; else empty.
    place : int
        Number of the place.
    label : str
        Words for the legend.
    flux : ndarray, shape (n,)
        In the unit of the axis, with offset, smoothed; ``x`` and what follows alike.
    x : ndarray, shape (n,)
        Position on the horizontal axis.
    error : ndarray, shape (n,), or None
        One sigma of single planes; None where no error band is drawn.
    ratio, difference : ndarray, shape (n,), or None
        Against the reference; None where the curve is not in that panel.
    plain : ndarray, shape (n,)
        Values in the unit of the axis as they are: without offset, neither smoothed nor normalised.
    stale : bool
        Newer spectra are on their way.
    """

    role: str
    variant: str
    place: int
    label: str
    x: np.ndarray
    flux: np.ndarray
    error: np.ndarray | None
    ratio: np.ndarray | None
    difference: np.ndarray | None
    plain: np.ndarray
    stale: bool


@dataclass(frozen=True, eq=False)
class Picture:
    """All that the spectrum view draws.

    Parameters
    ----------
    main : SpaxelSpectra or None
        Spectra of the active variant at the active place.
    curves : tuple of Curve
        The first ones are drawn below the others.
    scale : Scale
        Horizontal axis.
    label, unit : str
        Name and unit of the vertical axis.
    reference : str
        What ratio and difference are against, in words.
    masks : mapping of str to list of (float, float)
        Ranges of the horizontal axis by kind of `MASKS`.
    treatment : str
        Says whether residual fringes are removed and how spectra are smoothed; empty when they are as in the cubes.
    """

    main: SpaxelSpectra | None
    curves: tuple[Curve, ...]
    scale: Scale
    label: str
    unit: str
    reference: str
    masks: dict[str, list[tuple[float, float]]]
    treatment: str

    def after(self, variant: str, place: int) -> Curve | None:
        """Curve of a variant after correction at a place."""
        wanted = ("after", variant, place)
        return next((c for c in self.curves if (c.role, c.variant, c.place) == wanted), None)


def make_picture(
    shown: Sequence[ShownSpectra], variant: str, place: int, settings: SpectrumSettings, lines: LineList
) -> Picture:
    """Work out what to draw.

    Parameters
    ----------
    shown : sequence of ShownSpectra
        Spectra of all variants at all places.
    variant, place : str, int
        The active ones.
    settings : SpectrumSettings
        How to show them.
    lines : LineList
        Has the line that velocities are about.

    Returns
    -------
    Picture
    """
    known = [s for s in shown if s.spectra is not None]
    main = next((s.spectra for s in known if (s.variant.name, s.place) == (variant, place)), None)
    if main is not None:  # after a change of band the others' answers come later
        known = [s for s in known if s.spectra is not None and s.spectra.band == main.band]
    maker = _Maker(known, variant, place, settings, _scale(main, settings, lines))
    curves = maker.curves()
    unit = maker.unit_of(main) if main is not None else settings.unit
    relative = settings.arrangement == "normalised"
    return Picture(
        main,
        tuple(curves),
        maker.scale,
        "flux over its median" if relative else FLUX_UNITS.get(unit, "flux"),
        "" if relative else unit,
        maker.reference,
        maker.masks(main),
        _treatment(settings, main),
    )


def median_ratio(spaxel: np.ndarray, aperture: np.ndarray) -> float:
    """Median of spaxel over aperture, NaN when they have no wavelength in common."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = spaxel / aperture
    ratio = ratio[np.isfinite(ratio)]
    return float(np.median(ratio)) if ratio.size else math.nan


def hovered_curve(
    hovered: HoveredSpectrum, picture: Picture, variant: str, place: int
) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Put the spectrum under the mouse beside the curves: it has their unit, and the level of the active one.

    Returns
    -------
    (ndarray, ndarray, float) or None
        Positions on the horizontal axis, values, and the number that they are multiplied by; None where it cannot be
        compared, as in another band or where either has no light.
    """
    main, active = picture.main, picture.after(variant, place)
    if main is None or active is None or (hovered.band, hovered.unit) != (main.band, main.unit):
        return None
    if hovered.flux.shape != active.flux.shape:
        return None
    values = hovered.flux
    if picture.unit in FLUX_UNITS and hovered.unit in FLUX_UNITS:
        values = values * flux_factor(hovered.unit, picture.unit, hovered.wavelength, main.solid_angle)
    factor = median_ratio(active.flux, values)
    if not factor > 0:
        return None
    return np.asarray(picture.scale.at(hovered.wavelength)), values * factor, factor


class _Maker:
    """Makes the curves; what they have in common is kept here."""

    def __init__(
        self, shown: list[ShownSpectra], variant: str, place: int, settings: SpectrumSettings, scale: Scale
    ) -> None:
        self.shown, self.variant, self.place, self.settings, self.scale = shown, variant, place, settings, scale
        self.places = sorted({s.place for s in shown})
        self.variants = sorted({s.variant.name for s in shown})
        name = settings.reference.removeprefix("variant:")
        is_variant = settings.reference != name
        self.against = "aperture" if is_variant and (name not in self.variants) else settings.reference
        self.reference = f"variant {name}" if self.against.startswith("variant:") else self.against
        # with several places it takes room for each to tell before and aperture apart as well
        self.all_roles = settings.arrangement != "overlaid"

    def unit_of(self, spectra: SpaxelSpectra) -> str:
        """Tell the unit that spectra are shown in; exposures in units of another kind are not converted."""
        return self.settings.unit if spectra.unit in FLUX_UNITS else spectra.unit

    def curves(self) -> list[Curve]:
        """Curves of all places and variants, with their offsets."""
        found: list[Curve] = []
        top = -math.inf
        for place in self.places:
            here = [s for s in self.shown if s.place == place]
            here.sort(key=lambda s: s.variant.name == self.variant)  # the active one is drawn last
            made = [c for s in here for c in self._of(s)]
            if self.settings.arrangement != "overlaid":
                made, top = self._stack(made, here[-1], top)
            found += made
        rank = {"before": 0, "aperture": 1, "after": 2}
        return sorted(found, key=lambda c: (c.place == self.place, rank[c.role], c.variant == self.variant))

    def masks(self, main: SpaxelSpectra | None) -> dict[str, list[tuple[float, float]]]:
        """Ranges on the horizontal axis without a value, by kind, see `MASKS`; empty unless they are wanted."""
        if main is None or not self.settings.masks:
            return {}
        before, after = np.isfinite(main.before), np.isfinite(main.after)
        flags = {"nothing": ~before & ~after, "filled": ~before & after, "lost": before & ~after}
        found = {}
        for kind, flag in flags.items():
            ends = [self.scale.at(np.array(r)) for r in spans(flag, main.wavelength)]
            if ends:
                found[kind] = [(float(x.min()), float(x.max())) for x in ends]
        return found

    def _of(self, shown: ShownSpectra) -> list[Curve]:
        """Curves of a variant at a place."""
        spectra, settings = shown.spectra, self.settings
        assert spectra is not None
        unit, wave = self.unit_of(spectra), spectra.wavelength
        factor = flux_factor(spectra.unit, unit, wave, spectra.solid_angle) if unit != spectra.unit else 1.0
        scale = median_ratio(spectra.after, spectra.aperture_after)
        before, after = spectra.before * factor, spectra.after * factor
        scaled = spectra.aperture_after * scale * factor
        active = shown.variant.name == self.variant
        full = active and (self.all_roles or shown.place == self.place)
        x = self.scale.at(wave)
        made = []
        if full and settings.before:
            own = median_ratio(spectra.before, spectra.aperture_before)
            ratio = difference = None
            if self.against == "aperture":
                ratio = _over(spectra.before, spectra.aperture_before * own)
                difference = (spectra.before - spectra.aperture_before * own) * factor
            made.append(("before", "", before, spectra.before_err * factor, ratio, difference))
        if full and settings.aperture:
            values, error = scaled, spectra.aperture_after_err * scale * factor
            if not settings.scaled and unit in FLUX_UNITS:
                circle = math.pi * (spectra.radius / _spaxel_size(spectra)) ** 2 * spectra.solid_angle
                own_factor = flux_factor("Jy", unit, wave, circle)
                values, error = spectra.aperture_after * own_factor, spectra.aperture_after_err * own_factor
            made.append(("aperture", "", values, error, None, None))
        ratio, difference = self._against(shown, after, before, scaled, factor)
        made.append(("after", shown.variant.name, after, spectra.after_err * factor, ratio, difference))
        return [
            Curve(
                role=role,
                variant=name,
                label=self._label(role, shown, spectra),
                flux=self._smooth(values, wave),
                error=error if full and settings.errors else None,
                ratio=None if ratio is None else self._smooth(ratio, wave),
                difference=None if difference is None else self._smooth(difference, wave),
                plain=values,
                x=x,
                place=shown.place,
                stale=shown.stale,
            )
            for role, name, values, error, ratio, difference in made
        ]

    def _against(
        self, shown: ShownSpectra, after: np.ndarray, before: np.ndarray, scaled: np.ndarray, factor: np.ndarray | float
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Ratio and difference of a spectrum after correction; None for the reference itself."""
        if self.against == "aperture":
            return _over(after, scaled), after - scaled
        if self.against == "before":
            return _over(after, before), after - before
        name = self.against.removeprefix("variant:")
        other = next((s.spectra for s in self.shown if (s.variant.name, s.place) == (name, shown.place)), None)
        if name == shown.variant.name or other is None or other.after.shape != after.shape:
            return None, None
        return _over(after, other.after * factor), after - other.after * factor

    def _stack(self, curves: list[Curve], main: ShownSpectra, top: float) -> tuple[list[Curve], float]:
        """Put the curves of a place above what reaches up to ``top``; normalise them first where that is wanted."""
        after = next(c for c in curves[::-1] if c.variant == main.variant.name)
        level = 1.0
        if self.settings.arrangement == "normalised" and np.isfinite(after.plain).any():
            level = float(np.nanmedian(after.plain)) or 1.0
        values = np.concatenate([c.flux for c in curves]) / level
        values = values[np.isfinite(values)]
        if not values.size:
            return curves, top
        low, high = (float(v) for v in np.percentile(values, (0.5, 99.5)))
        offset = 0.0 if top == -math.inf else top - low + 0.08 * (high - low)
        told = f" + {float(f'{offset:.3g}'):g}" if offset else ""
        moved = [
            replace(
                c,
                flux=c.flux / level + offset,
                error=None if c.error is None else c.error / level,
                label=c.label + told if c.role == "after" else c.label,
            )
            for c in curves
        ]
        return moved, high + offset

    def _label(self, role: str, shown: ShownSpectra, spectra: SpaxelSpectra) -> str:
        """Words for the legend: what is common to all curves is not said."""
        several_places, several = len(self.places) > 1, len(self.variants) > 1
        if role == "aperture":
            how = ", scaled" if self.settings.scaled else " (mean)" if self.settings.unit == "MJy/sr" else " (total)"
            size = "" if several_places and self.all_roles else f" {spectra.radius:.2f}″"
            return f"aperture{size}{how}"
        if role == "before":
            return "before"
        if several_places:
            return f"{shown.place} {shown.variant.name}" if several else f"place {shown.place}"
        return shown.variant.title if several else "after"

    def _smooth(self, values: np.ndarray, wavelength: np.ndarray) -> np.ndarray:
        chosen = self.settings
        if chosen.kernel == "none":
            return values
        return smooth(values, wavelength, chosen.kernel, chosen.width, chosen.width_unit, chosen.region)


def _scale(main: SpaxelSpectra | None, settings: SpectrumSettings, lines: LineList) -> Scale:
    line = lines.find(settings.line)
    if line is None and main is not None and main.wavelength.size:
        middle = float(main.wavelength[main.wavelength.size // 2])
        chosen = [n for n in lines.lines if not n.width and n.family in settings.families]
        line = min(
            chosen or [n for n in lines.lines if not n.width],
            key=lambda n: abs(n.observed(settings.redshift) - middle),
            default=None,
        )
        if line is None:  # without any line the middle will do
            line = SpectralLine("", f"{middle:.4f} µm", middle / (1.0 + settings.redshift))
    return Scale(settings.axis, settings.redshift, line)


def _treatment(settings: SpectrumSettings, main: SpaxelSpectra | None) -> str:
    freed = "RF1D" if main is not None and main.fringe_free else ""
    return "; ".join(filter(None, (freed, _smoothing(settings))))


def _smoothing(settings: SpectrumSettings) -> str:
    if settings.kernel == "none":
        return ""
    width = f"{settings.width:g} {settings.width_unit}" + (" FWHM" if settings.kernel == "gaussian" else "")
    where = "" if settings.region is None else " {:.3f}–{:.3f} µm".format(*settings.region)
    return f"smoothed: {settings.kernel} {width}{where}"


def _spaxel_size(spectra: SpaxelSpectra) -> float:
    """Side of a spaxel [arcsec]."""
    return math.degrees(math.sqrt(spectra.solid_angle)) * 3600.0


def _over(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Ratio; NaN where undefined."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = values / reference
    return np.where(np.isfinite(ratio), ratio, np.nan)
