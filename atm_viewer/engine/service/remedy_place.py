"""Answers the window's requests on remedies: ranked spaxels, apertures, dithers, fringes, and their figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from atm_viewer.engine.analysis.aperture_series import REFERENCE, compare_apertures
from atm_viewer.engine.analysis.dither_comparison import compare_dithers
from atm_viewer.engine.analysis.fringe import channel_of, compare_fringes
from atm_viewer.engine.analysis.ranked import compare_ranked, with_cube
from atm_viewer.engine.cube.place_spectra import PlaceShares, PlaceSpectra
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.progress import Progress, part_of
from atm_viewer.engine.psf import SOURCES, psf_fwhm
from atm_viewer.engine.references.spectra import reference_spectrum
from atm_viewer.engine.results.references import CUBE
from atm_viewer.engine.results.remedy import Remedy
from atm_viewer.engine.service.bench import Bench


class RemedyPlace:
    """A place in a band of some exposures, before and after correction.

    Parameters
    ----------
    bench : Bench
        Has the exposures open.
    extraction : Extraction
        Exposures, recipe, band, place and aperture.
    degree : int
        Of the polynomials by which spectra are divided.
    progress : callable
        ``progress(step, fraction)``; may raise `Cancelled`.
    """

    def __init__(self, bench: Bench, extraction: Extraction, degree: int, progress: Progress) -> None:
        self._bench, self._wanted = bench, extraction
        self._degree, self._progress = degree, progress

    def ranked(self, ranks: Sequence[int], fringes: bool, cubes: Sequence[tuple[str, str]] = ()) -> Remedy:
        """Spectra of the brightest spaxels in an aperture, see `compare_ranked`; beside them those in ``cubes``.

        These are names and paths; a note says which of them have no light of the band there.
        """
        radius = self._wanted.radius
        before, after = (shares.spectra() for shares in self._shares(radius, 0.5))
        channel = channel_of(self._wanted.band) if fringes else None
        removing = part_of(self._progress, 0.5, 1.0)
        found = compare_ranked(
            *(before, after, radius, ranks, self._degree, channel),
            lambda fraction: removing("Removing residual fringes", fraction),
        )
        order = before.ranked(radius)
        spaxels = [order[rank - 1] for rank in sorted(set(ranks))]
        for name, path in cubes:
            found = self._beside(found, name, path, spaxels)
        return self._with_settings(
            found,
            aperture_radius_arcsec=radius,
            ranks=list(ranks),
            rf1d=channel is not None,
            **({"references": [path for _, path in cubes]} if cubes else {}),
        )

    def _beside(self, found: Remedy, name: str, path: str, spaxels: Sequence[tuple[int, int]]) -> Remedy:
        """Put the same places in a cube from elsewhere beside ranked spaxels."""
        read, wanted = self._bench.reference(path), self._wanted
        grid = self._bench.grid(wanted.exposures, wanted.band, wanted.recipe.cube)
        places = [wanted.place, *(grid.position(float(grid.x[x]), float(grid.y[y])) for x, y in spaxels)]
        spectra = [reference_spectrum(path, read, *place, wanted.radius) for place in places]
        wave = spectra[0].wavelength
        within = (wave >= grid.wavelength[0] - grid.step) & (wave <= grid.wavelength[-1] + grid.step)
        each = [spectra[0].aperture[within], *(one.flux[within] for one in spectra[1:])]
        if spectra[0].kind != CUBE or not all(np.isfinite(one).any() for one in each):
            return replace(found, note=f"{found.note} {name} has no spectra of these spaxels in {wanted.band}.")
        return with_cube(found, name, wave[within], each, self._degree)

    def apertures(self, radii: Sequence[float]) -> Remedy:
        """Apertures that grow with the point-spread function, see `compare_apertures`."""
        instrument = "NIRSPEC" if channel_of(self._wanted.band) is None else "MIRI"
        grid = self._bench.grid(self._wanted.exposures, self._wanted.band, self._wanted.recipe.cube)
        largest = float(np.max(psf_fwhm(instrument, grid.wavelength)))
        before, after = (s.spectra() for s in self._shares(max(REFERENCE, *radii) * largest, 0.95))
        found = compare_apertures(before, after, instrument, radii, self._degree)
        words = SOURCES[instrument]
        return self._with_settings(found, radii_fwhm=list(radii), fwhm=words, reference_radius_fwhm=REFERENCE)

    def dithers(self, chosen: Sequence[str]) -> Remedy:
        """Noise for subsets of the exposures, see `compare_dithers`; ``chosen`` are keys."""
        radius = self._wanted.radius
        inputs = self._bench.inputs_before(self._wanted.exposures, self._wanted.band, self._wanted.recipe.cube)
        exposures = [one.exposure for one in inputs]
        names = [str(e.dither) for e in exposures]
        if len(set(names)) < len(names) or "0" in names:
            names = [str(k + 1) for k in range(len(names))]
        before, after = self._shares(radius, 0.7)
        combining = part_of(self._progress, 0.7, 1.0)

        def combined(subset: Sequence[int]) -> tuple[PlaceSpectra, PlaceSpectra]:
            first = before.spectra(subset)
            return first, first if after is before else after.spectra(subset)

        found = compare_dithers(
            *(combined, names, radius, [k for k, e in enumerate(exposures) if e.key in chosen], self._degree),
            lambda fraction: combining("Combining dithers", fraction),
        )
        return self._with_settings(found, aperture_radius_arcsec=radius)

    def fringes(self) -> Remedy:
        """Tell what RF1D does to the place's spaxel and aperture, see `compare_fringes`."""
        channel = channel_of(self._wanted.band)
        if channel is None:
            raise InputError("Residual fringes occur in MIRI spectra only; there are none to remove for NIRSpec.")
        radius = self._wanted.radius
        before, after = (shares.spectra() for shares in self._shares(radius, 0.5))
        self._progress("Removing residual fringes", 0.5)
        at = before.nearest(0.0, 0.0)
        spaxels = before.spectrum(*at), after.spectrum(*after.nearest(*before.offset(*at)))
        apertures = before.aperture(radius), after.aperture(radius)
        found = compare_fringes(before.wavelength, spaxels, apertures, channel, self._degree)
        return self._with_settings(found, aperture_radius_arcsec=radius, spaxel=list(at), channel=channel)

    def _shares(self, radius: float, until: float) -> tuple[PlaceShares, PlaceShares]:
        """Drizzle the place's spaxels before and after; progress goes to ``until``."""
        progress = part_of(self._progress, 0.0, until)
        progress("Drizzling before correction", 0.0)
        keys, recipe, band = self._wanted.exposures, self._wanted.recipe, self._wanted.band
        inputs = self._bench.inputs_before(keys, band, recipe.cube)
        grid, fine_grid = self._bench.grids(keys, band, recipe)
        before = PlaceShares.of(inputs, grid, *self._wanted.place, radius)
        if recipe.oversample == 1:
            return before, before
        fine = self._bench.inputs_after(keys, band, recipe, part_of(progress, 0.2, 0.7))
        progress("Drizzling after correction", 0.7)
        return before, PlaceShares.of(fine, fine_grid, *self._wanted.place, radius)

    def _with_settings(self, found: Remedy, **settings: object) -> Remedy:
        common = {"band": self._wanted.band, "ra_deg": self._wanted.ra, "dec_deg": self._wanted.dec}
        return replace(found, settings={**common, **settings, "polynomial_degree": self._degree})
