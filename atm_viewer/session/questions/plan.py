"""What the window should show, as a pure function of the state: the requests that are wanted, in their order."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from atm_viewer.engine.psf import psf_fwhm
from atm_viewer.engine.recipe import Recipe
from atm_viewer.jobs.requests.base import Request, Slot
from atm_viewer.jobs.requests.measures import (
    CountPlanes,
    GiveVerdict,
    MeasureLines,
    MeasureShifts,
    SummariseBands,
)
from atm_viewer.jobs.requests.previews import (
    Correct,
    ExplainPixel,
    MakeFringeFree,
    MakeHoveredSpectrum,
    MakeSkyImage,
    MakeSpectra,
    MeasureFilled,
    PredictArtifact,
    ShowProfile,
)
from atm_viewer.jobs.requests.references import MakeReferenceSpectrum
from atm_viewer.session.questions.answers import CURVE, Answers
from atm_viewer.session.questions.slots import Plan
from atm_viewer.session.state.measures import lines_request, wanted_measures
from atm_viewer.session.state.places import spectra_name
from atm_viewer.session.state.remedy_choice import REMEDIES
from atm_viewer.session.state.selection import holds
from atm_viewer.session.state.sky_choice import BEFORE, wanted_images
from atm_viewer.session.state.source import light_centre
from atm_viewer.session.state.state import State


def make_plan(answers: Answers) -> Plan:
    """List what a state asks for.

    Parameters
    ----------
    answers : Answers
        The state, and what is known so far: the field decides which places have spectra.

    Returns
    -------
    Plan
    """
    state = answers.state
    asked = (question(answers) for question in state.questions)
    return Plan(
        (
            # First what needs no fit, then what is quick and looked at; the report would begin to fit the same.
            *_field(state),
            *_profile_and_pixel(state),
            *_images(state),
            *filter(None, (state.remedy_request(kind) for kind in REMEDIES if kind == state.remedy_choice.seen)),
            *wanted_measures(state.measure_choice, state.spectrum_settings, state.extraction, _cubes(state)),
            *_other_bands(state),
            *_spectra(answers),
            *_references(answers),
            *_fringe_free(answers),
            *filter(None, asked),
            *_report(state),
            *_shifts(state),
        ),
        frozenset(_kept(state)),
    )


def _profile_and_pixel(state: State) -> Iterator[Request[Any]]:
    view = state.current
    if view is not None:
        yield ShowProfile(view.key, state.recipe, state.number, state.column)
        if state.pixel is not None and state.pixel[0] == view.key:
            yield ExplainPixel(view.key, state.recipe, *state.pixel[1:])


def _field(state: State) -> Iterator[Request[Any]]:
    if keys := state.keys_together:
        yield MakeSkyImage(keys, state.band, cube=state.recipe.cube)


def _images(state: State) -> Iterator[Request[Any]]:
    if keys := state.keys_together:
        light = state.wavelength if math.isfinite(state.wavelength) else None
        yield from wanted_images(state.sky_choice, state.variants, keys, state.band, light, dict(_cubes(state)))


def _cubes(state: State) -> tuple[tuple[str, str], ...]:
    return tuple((cube.name, cube.file.path) for cube in state.cubes)


def _spectra(answers: Answers) -> Iterator[MakeSpectra]:
    state, sky = answers.state, answers.sky
    keys, places, variants = state.keys_together, state.places, state.variants
    for place in places.active_first if keys else ():
        active = place.number == places.active
        # the fields of bands differ: a place may be outside of this one, and be inside again in the next
        if not active and sky is not None and sky.band == state.band and not holds(sky, place.ra, place.dec):
            continue
        for variant in variants.active_first:
            extraction = place.extraction(keys, variant.recipe, state.band)
            urgent = active and variant.name == variants.active
            yield MakeSpectra(extraction, spectra_name(variant.name, place.number), urgent)


def _other_bands(state: State) -> Iterator[MakeSpectra]:
    """Have the active place's spectra of the other bands, where all are shown.

    They are asked before the active one's: what that shows when another band is chosen is known by then.
    """
    place, active = state.places.current, state.variants.active
    if place is None or not state.shows_all_bands:
        return
    for band in state.bands:
        if band != state.band:
            extraction = place.extraction(state.of_band(band), state.recipe, band)
            yield MakeSpectra(extraction, spectra_name(active, place.number, band), urgent=False, beside=True)


def _references(answers: Answers) -> Iterator[MakeReferenceSpectrum]:
    """Have references' spectra at the active place, where they have any of the wavelengths that are shown."""
    state = answers.state
    place = state.places.current
    if place is None or not state.keys_together:
        return
    every = (answers.spectra, *(one.spectra for _, one in answers.band_spectra))
    bands = state.bands if state.shows_all_bands else (state.band,)
    shown = [one.wavelength[[0, -1]].tolist() for one in every if one is not None and one.band in bands]
    for reference in state.references:
        if reference.shown and any(reference.file.overlaps(*ends) for ends in shown):
            yield MakeReferenceSpectrum(reference.file.path, reference.name, place.ra, place.dec, place.radius)


def _fringe_free(answers: Answers) -> Iterator[MakeFringeFree]:
    """Have residual fringes removed from the spectra that are there, where that is wanted."""
    for request in _spectra(answers) if answers.state.removes_fringes else ():
        spectra = answers.latest(MakeSpectra, request.shown_as)
        if spectra is not None and spectra.band == answers.state.band:
            yield MakeFringeFree(spectra, request.shown_as, request.urgent)


def _report(state: State) -> Iterator[Correct]:
    if state.chosen is not None:
        yield Correct(state.chosen, state.recipe)


def _shifts(state: State) -> Iterator[MeasureShifts]:
    if len(state.keys_together) > 1:
        yield MeasureShifts(state.keys_together, state.band, state.recipe.cube)


def _kept(state: State) -> Iterator[Slot]:
    """Slots of what is not in sight at the moment, as long as there is something to show in them."""
    yield from (Slot(Correct, exposure.view.key) for exposure in state.exposures)
    if state.keys_together:
        cubes = (cube.name for cube in state.cubes)
        yield from (Slot(MakeSkyImage, name) for name in (BEFORE, *state.variants.names, *cubes))
        yield from (Slot(request) for request in REMEDIES.values())


def prediction(answers: Answers, centred: bool = True) -> PredictArtifact | None:
    """Ask what geometry predicts of a point source for the active place; for `Session.ask`.

    Parameters
    ----------
    answers : Answers
        State and field.
    centred : bool
        The source is where the light near the place is centred, if there is any; else at the place.
    """
    state, sky = answers.state, answers.sky
    extraction, view = state.extraction, state.current
    if extraction is None or view is None:
        return None
    source = None
    if centred and sky is not None and sky.band == state.band:
        light = state.wavelength
        wide = psf_fwhm(view.instrument, light) if math.isfinite(light) else 4.0 * sky.spaxel
        source = light_centre(sky, *extraction.place, float(wide))
    return PredictArtifact(extraction, source or extraction.place)


def predicted_curve(answers: Answers) -> PredictArtifact | None:
    """Ask what geometry predicts before correction, for the ratio panel of the spectra; for `Session.ask`.

    What is before correction is the same for every recipe; so is the question, and edits have no need to repeat it.
    """
    settings, asked = answers.state.spectrum_settings, prediction(answers)
    if asked is None or not (settings.predicted and settings.ratio and settings.reference == "aperture"):
        return None
    uncorrected = Recipe(oversample=1, cube=asked.extraction.recipe.cube)
    return replace(asked, extraction=replace(asked.extraction, recipe=uncorrected), shown_as=CURVE)


def hovered_spectrum(answers: Answers) -> MakeHoveredSpectrum | None:
    """Ask for the spectrum of the spaxel under the mouse; for `Session.ask`."""
    state = answers.state
    if state.hovered is None or not state.keys_together:
        return None
    return MakeHoveredSpectrum(state.keys_together, state.band, *state.hovered, state.recipe.cube)


def filled_share(answers: Answers) -> MeasureFilled | None:
    """Ask which planes of the active spectrum come from pixels that the spline fills; for `Session.ask`."""
    extraction = answers.state.extraction
    if extraction is None or not answers.state.spectrum_settings.masks:
        return None
    return MeasureFilled(replace(extraction, radius=0.0))


def verdict(answers: Answers) -> GiveVerdict | None:
    """Ask whether what the active place shows is resampling noise; for `Session.ask`."""
    extraction, sky = answers.state.extraction, answers.sky
    if extraction is None or sky is None or sky.band != answers.state.band:
        return None
    return GiveVerdict(extraction, max(sky.sources_within(*extraction.place, extraction.radius), 1))


def coverage(answers: Answers) -> CountPlanes | None:
    """Ask which planes the active variant takes away; for `Session.ask`."""
    state = answers.state
    return CountPlanes(state.keys_together, state.recipe, state.band) if state.keys_together else None


def marked_lines(answers: Answers) -> MeasureLines | None:
    """Ask for the fluxes of the marked lines at the active place; for `Session.ask`."""
    state = answers.state
    if state.extraction is None or not state.spectrum_settings.families:
        return None
    return lines_request(state.measure_choice, state.spectrum_settings, state.extraction)


def band_summaries(answers: Answers, bands: Collection[str] = ()) -> SummariseBands | None:
    """Ask for a summary of the active place band by band, of all bands unless some are named; for `Session.ask`."""
    state = answers.state
    place, wanted = state.places.current, [band for band in state.bands if not bands or band in bands]
    if place is None or len(wanted) < 2:
        return None
    return SummariseBands(tuple(place.extraction(state.of_band(band), state.recipe, band) for band in wanted))


def of_report(bands: Collection[str] = ()) -> tuple[Callable[[Answers], Request[Any] | None], ...]:
    """Questions about what a report says and nothing else asks for, of some bands or all.

    They are functions of their own, so that to forget them is not to forget what panels ask.
    """
    return partial(coverage), partial(marked_lines), partial(band_summaries, bands=tuple(bands))
