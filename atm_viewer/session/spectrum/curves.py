"""Curves of the spectrum view as arrays, a pure function of spectra and settings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from atm_viewer.engine.results.references import CUBE
from atm_viewer.engine.results.spectra import HoveredSpectrum, SpaxelSpectra
from atm_viewer.session.edits.variants import ShownSpectra
from atm_viewer.session.spectrum.lines import LineList, SpectralLine
from atm_viewer.session.spectrum.references import ShownReference
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
        ``before``, ``after``, ``aperture`` or ``reference``.
    variant : str
        Letter of the variant, of ``after``; name of the reference, of ``reference``; else empty.
    place : int
        Number of the place.
    label : str
        Words for the legend.
    wavelength : ndarray, shape (n,)
        Observed wavelengths [um].
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
    band : str
        Its band where all are shown; else empty.
    """

    role: str
    variant: str
    place: int
    label: str
    wavelength: np.ndarray
    x: np.ndarray
    flux: np.ndarray
    error: np.ndarray | None
    ratio: np.ndarray | None
    difference: np.ndarray | None
    plain: np.ndarray
    stale: bool
    band: str = ""


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
    parts : tuple of SpaxelSpectra
        Spectra of all bands that are shown: of one unless all are.
    bands : mapping of str to str
        Where all bands are shown, each of them, with a word on why it is not there; else empty.
    """

    main: SpaxelSpectra | None
    curves: tuple[Curve, ...]
    scale: Scale
    label: str
    unit: str
    reference: str
    masks: dict[str, list[tuple[float, float]]]
    treatment: str
    parts: tuple[SpaxelSpectra, ...] = ()
    bands: Mapping[str, str] = field(default_factory=dict)

    def after(self, variant: str, place: int) -> Curve | None:
        """Curve of a variant after correction at a place, in the chosen band."""
        band = self.main.band if self.main is not None and self.bands else ""
        wanted = ("after", variant, place, band)
        return next((c for c in self.curves if (c.role, c.variant, c.place, c.band) == wanted), None)

    @property
    def awaits_aperture(self) -> bool:
        """Whether the aperture's spectrum, with ratio and difference, follows later than the spaxel's."""
        return self.main is not None and self.main.spaxel_only

    def part_at(self, wavelength: float) -> SpaxelSpectra | None:
        """Spectra with the plane nearest to a wavelength [um]; the chosen band's where bands overlap."""

        def distance(part: SpaxelSpectra) -> float:
            first, last = float(part.wavelength[0]), float(part.wavelength[-1])
            return max(first - wavelength, wavelength - last, 0.0)

        there = [part for part in self.parts if part.wavelength.size]
        return min(there, key=lambda part: (distance(part), part is not self.main), default=None)


def make_picture(
    shown: Sequence[ShownSpectra],
    variant: str,
    place: int,
    settings: SpectrumSettings,
    lines: LineList,
    references: Sequence[ShownReference] = (),
    bands: Sequence[tuple[str, ShownSpectra]] = (),
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
    references : sequence of ShownReference
        Spectra of files from elsewhere at the active place.
    bands : sequence of (str, ShownSpectra)
        Spectra of the active variant at the active place in all bands, where these are shown; each has a curve before
        and one after correction.

    Returns
    -------
    Picture
    """
    known = [s for s in shown if s.spectra is not None]
    main = next((s.spectra for s in known if (s.variant.name, s.place) == (variant, place)), None)
    if main is not None:  # after a change of band the others' answers come later
        known = [s for s in known if s.spectra is not None and s.spectra.band == main.band]
    there = [s.spectra for _, s in bands if s.spectra is not None] if main is not None else []
    parts = there or ([main] if main is not None else [])
    maker = _Maker(known, variant, place, settings, _scale(main, settings, lines), references, parts)
    curves = maker.band_curves(bands) if there else maker.curves()
    unit = maker.unit_of(main) if main is not None else settings.unit
    relative = settings.arrangement == "normalised" and not there
    return Picture(
        main,
        tuple(curves),
        maker.scale,
        "flux over its median" if relative else FLUX_UNITS.get(unit, "flux"),
        "" if relative else unit,
        maker.reference,
        maker.masks(),
        _treatment(settings, main),
        tuple(parts),
        {band: "" if s.spectra is not None else "…" if s.stale else "no data here" for band, s in bands if there},
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
        self,
        shown: list[ShownSpectra],
        variant: str,
        place: int,
        settings: SpectrumSettings,
        scale: Scale,
        references: Sequence[ShownReference],
        parts: Sequence[SpaxelSpectra],
    ) -> None:
        self.shown, self.variant, self.place, self.settings, self.scale = shown, variant, place, settings, scale
        self.given, self.parts = references, parts
        self.places = sorted({s.place for s in shown})
        self.variants = sorted({s.variant.name for s in shown})
        kind, _, name = settings.reference.partition(":")
        self.file = next((r.spectrum for r in references if (kind, r.reference.name) == ("file", name)), None)
        known = {"variant": name in self.variants, "file": self.file is not None and not self.file.outside}
        self.against = settings.reference if known.get(kind, True) else "aperture"
        self.reference = self.against.replace("variant:", "variant ").removeprefix("file:")
        # Converted once for all spectra on a grid: changing units takes longer than all the rest.
        self._x: dict[bytes, np.ndarray] = {}
        self._factors: dict[tuple[str, float, bytes], np.ndarray] = {}
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
            if place == self.place:
                made = [*self._references(here), *made]
            if self.settings.arrangement != "overlaid":
                made, top = self._stack(made, here[-1], top)
            found += made
        rank = {"before": 0, "aperture": 1, "reference": 2, "after": 3}
        return sorted(found, key=lambda c: (c.place == self.place, rank[c.role], c.variant == self.variant))

    def band_curves(self, bands: Sequence[tuple[str, ShownSpectra]]) -> list[Curve]:
        """Curves of the active place before and after correction in all bands, and of references."""
        found: list[Curve] = []
        for band, shown in bands:
            made = self._of(shown) if shown.spectra is not None else []
            labels = {"before": "before, faint", "after": band}
            found += [replace(c, band=band, label=labels[c.role]) for c in made if c.role in labels]
        here = [s for s in self.shown if s.place == self.place]
        rank = {"before": 0, "reference": 1, "after": 2}
        return sorted([*found, *self._references(here)], key=lambda c: rank[c.role])

    def masks(self) -> dict[str, list[tuple[float, float]]]:
        """Ranges on the horizontal axis without a value, by kind, see `MASKS`; empty unless they are wanted."""
        found: dict[str, list[tuple[float, float]]] = {}
        for part in self.parts if self.settings.masks else ():
            before, after = np.isfinite(part.before), np.isfinite(part.after)
            flags = {"nothing": ~before & ~after, "filled": ~before & after, "lost": before & ~after}
            for kind, flag in flags.items():
                ends = np.array(spans(flag, part.wavelength))
                if ends.size:
                    found.setdefault(kind, []).extend(map(tuple, np.sort(self.scale.at(ends), axis=1).tolist()))
        return found

    def _of(self, shown: ShownSpectra) -> list[Curve]:
        """Curves of a variant at a place."""
        spectra, settings = shown.spectra, self.settings
        assert spectra is not None
        unit, wave = self.unit_of(spectra), spectra.wavelength
        factor = self._factor(spectra)
        scale = median_ratio(spectra.after, spectra.aperture_after)
        before, after = spectra.before * factor, spectra.after * factor
        scaled = spectra.aperture_after * scale * factor
        active = shown.variant.name == self.variant
        full = active and (self.all_roles or shown.place == self.place)
        x = self._positions(wave)
        made = []
        if full and settings.before:
            own = median_ratio(spectra.before, spectra.aperture_before)
            ratio = difference = None
            if self.against == "aperture":
                ratio = _over(spectra.before, spectra.aperture_before * own)
                difference = (spectra.before - spectra.aperture_before * own) * factor
            elif (values := self._of_file(spectra, wave)) is not None and self.against.startswith("file:"):
                ratio, difference = _over(spectra.before, values), (spectra.before - values) * factor
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
                wavelength=wave,
                x=x,
                place=shown.place,
                stale=shown.stale,
            )
            for role, name, values, error, ratio, difference in made
        ]

    def _references(self, here: Sequence[ShownSpectra]) -> list[Curve]:
        """Curves of files from elsewhere, as far as the spectra reach."""
        main = next((s.spectra for s in here if s.variant.name == self.variant), None)
        if main is None or not main.wavelength.size:
            return []
        step = float(np.median(np.diff(main.wavelength))) if main.wavelength.size > 1 else 0.0
        ends = [float(part.wavelength[k]) for part in self.parts if part.wavelength.size for k in (0, -1)]
        first, last = min(ends) - step, max(ends) + step
        return [c for shown in self.given if (c := self._reference(shown, main, first, last)) is not None]

    def _reference(self, shown: ShownReference, main: SpaxelSpectra, first: float, last: float) -> Curve | None:
        """Curve of a file from elsewhere between two wavelengths; None where it has none, or another kind of unit."""
        found, settings = shown.spectrum, self.settings
        if found is None or found.unit != main.unit:
            return None
        within = (found.wavelength >= first) & (found.wavelength <= last)
        if not within.any():
            return None
        wave, unit = found.wavelength[within], self.unit_of(main)
        ratio = difference = None
        label = shown.reference.title
        if found.kind == CUBE:
            # Surface brightness, so that flux is that of the same part of the sky, whatever the size of spaxels.
            factor = flux_factor(found.unit, unit, wave, main.solid_angle) if unit != found.unit else np.ones(wave.size)
            flux, aperture = found.flux[within], found.aperture[within]
            values, error = flux * factor, found.flux_err[within] * factor
            if self.against == "aperture":
                own = aperture * median_ratio(flux, aperture)
                ratio, difference = _over(flux, own), (flux - own) * factor
            elif self.against != f"file:{shown.reference.name}":
                other = self._of_reference(main, wave)
                if other is not None:
                    ratio, difference = _over(flux, other), (flux - other) * factor
            noise = "" if math.isnan(found.noise) else f" {100.0 * found.noise:.1f} %"
            label += " (place outside)" if found.outside else noise
        else:
            values, error, how = self._extracted(found.aperture[within], found.flux[within], wave, main)
            error = error * found.aperture_err[within]
            label += how
        return Curve(
            role="reference",
            variant=shown.reference.name,
            place=self.place,
            label=label,
            wavelength=wave,
            x=np.asarray(self.scale.at(wave)),
            flux=self._smooth(values, wave),
            error=error if settings.errors else None,
            ratio=None if ratio is None else self._smooth(ratio, wave),
            difference=None if difference is None else self._smooth(difference, wave),
            plain=values,
            stale=shown.stale,
        )

    def _extracted(
        self, density: np.ndarray, brightness: np.ndarray, wave: np.ndarray, main: SpaxelSpectra
    ) -> tuple[np.ndarray, np.ndarray, str]:
        """Give an extracted spectrum [Jy, MJy/sr] as the aperture's is shown; what errors are multiplied by, words."""
        unit = self.unit_of(main)
        if self.settings.scaled:
            factor = flux_factor("Jy", unit, wave, main.solid_angle)
            there = np.interp(wave, main.wavelength, main.after * self._factor(main), left=np.nan, right=np.nan)
            scale = median_ratio(there, density * factor)
            return density * factor * scale, factor * scale, ", scaled" if math.isfinite(scale) else " (nothing here)"
        if unit == "MJy/sr":
            known = np.isfinite(brightness).any()
            with np.errstate(divide="ignore", invalid="ignore"):
                return brightness, brightness / density, "" if known else " (without surface brightness)"
        factor = flux_factor("Jy", unit, wave, main.solid_angle)
        return density * factor, factor, " (total)"

    def _of_reference(self, main: SpaxelSpectra, wave: np.ndarray) -> np.ndarray | None:
        """Give what ratio and difference are against, at the wavelengths of another grid [unit of ``main``]."""
        if self.against.startswith("file:"):
            return self._of_file(main, wave)
        name = self.against.removeprefix("variant:")
        found = next((s.spectra for s in self.shown if (s.variant.name, s.place) == (name, self.place)), None)
        other = main.before if self.against == "before" else found.after if found is not None else None
        if other is None or other.shape != main.wavelength.shape:
            return None
        if wave.shape == main.wavelength.shape and np.allclose(wave, main.wavelength, rtol=1e-9, atol=0.0):
            return other
        there: np.ndarray = np.interp(wave, main.wavelength, other, left=np.nan, right=np.nan)
        return there

    def _of_file(self, spectra: SpaxelSpectra, wave: np.ndarray) -> np.ndarray | None:
        """Give the spectrum of the file that ratio and difference are against, at some wavelengths.

        It has the unit of ``spectra``, at whose level an extracted spectrum is put; None where it has another one.
        """
        found = self.file
        if found is None or found.unit != spectra.unit:
            return None
        values = found.flux if found.kind == CUBE else found.aperture
        there: np.ndarray = np.interp(wave, found.wavelength, values, left=np.nan, right=np.nan)
        if found.kind != CUBE:
            level = np.interp(spectra.wavelength, found.wavelength, values, left=np.nan, right=np.nan)
            there = there * median_ratio(spectra.after, level)
        return there

    def _positions(self, wave: np.ndarray) -> np.ndarray:
        """Find the places on the horizontal axis."""
        key = wave.tobytes()
        if key not in self._x:
            self._x[key] = self.scale.at(wave)
        return self._x[key]

    def _factor(self, spectra: SpaxelSpectra) -> np.ndarray | float:
        """Give what makes the unit of the axis of the spectra's own."""
        unit = self.unit_of(spectra)
        if unit == spectra.unit:
            return 1.0
        key = spectra.unit, spectra.solid_angle, spectra.wavelength.tobytes()
        if key not in self._factors:
            self._factors[key] = flux_factor(spectra.unit, unit, spectra.wavelength, spectra.solid_angle)
        return self._factors[key]

    def _against(
        self, shown: ShownSpectra, after: np.ndarray, before: np.ndarray, scaled: np.ndarray, factor: np.ndarray | float
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Ratio and difference of a spectrum after correction; None for the reference itself."""
        if self.against == "aperture":
            return _over(after, scaled), after - scaled
        if self.against == "before":
            return _over(after, before), after - before
        if self.against.startswith("file:"):
            assert shown.spectra is not None
            values = self._of_file(shown.spectra, shown.spectra.wavelength)
            return (None, None) if values is None else (_over(after, values * factor), after - values * factor)
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
            share = 1.0 if spectra.coverage_after is None else float(spectra.coverage_after.max(initial=0.0))
            covered = f", {share:.0%} covered" if share < 0.995 else ""
            return f"aperture{size}{how}{covered}"
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
