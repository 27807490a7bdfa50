"""The state of a session: what is open, chosen and wanted, as one value that is replaced and never changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.recipe import FitParams, Recipe, Region
from atm_viewer.engine.recipe.cube_options import offset_of
from atm_viewer.engine.results.exposure_view import ExposureView, FileState
from atm_viewer.engine.results.sky_strips import SkyStrips
from atm_viewer.jobs.requests.base import Request
from atm_viewer.jobs.requests.remedies import RemedyRequest
from atm_viewer.session.edits import slice_edits
from atm_viewer.session.edits.scope import Scope, Seen, Where
from atm_viewer.session.edits.variants import Variants
from atm_viewer.session.spectrum.references import Reference
from atm_viewer.session.spectrum.settings import SpectrumSettings
from atm_viewer.session.state.measures import MeasureChoice
from atm_viewer.session.state.open_exposure import OpenExposure
from atm_viewer.session.state.places import Places, region_at
from atm_viewer.session.state.remedy_choice import RemedyChoice, has_fringes, remedy_request
from atm_viewer.session.state.saved_session import SavedExposure, SavedLook, SavedReference, SavedSession
from atm_viewer.session.state.selection import columns_of, slices_across
from atm_viewer.session.state.sky_choice import SkyChoice


@dataclass(frozen=True)
class State:
    """What is open, chosen and wanted.

    Parameters
    ----------
    exposures : tuple of OpenExposure
        Open exposures in the order of opening.
    chosen : str or None
        Key of the chosen exposure.
    band : str
        Band of sky image and spectra.
    number, column : int
        Chosen slice, 0 without an exposure, and column.
    looked : bool
        The slice has been chosen, by the user or at the first look; reports do not move it any more.
    anywhere : bool
        Nobody has chosen the column: it goes to the nearest one with a spline of its own as soon as that is known.
    moved_on : bool
        Another instrument was chosen, and its field is not there yet: the place may be far from its light.
    pixel : (str, int, int) or None
        Exposure and zero-based pixel that the user asks about.
    hovered : (float, float) or None
        ICRS position [deg] of the centre of the spaxel under the mouse; None while it is not over the sky image.
    variants : Variants
        All recipes and which of them is in force.
    scope : Scope
        Which slices an edit of a slice applies to.
    region : str
        Name of the region that is selected; empty for none.
    dragged : Recipe or None
        The recipe before the drag under way.
    places : Places
        Places on the sky whose spectra are shown, and which of them is active.
    references : tuple of Reference
        Cubes and extracted spectra from elsewhere, in the order of their numbers.
    spectrum_settings : SpectrumSettings
        How spectra are shown.
    sky_choice : SkyChoice
        Which images of the field are shown, and how.
    measure_choice : MeasureChoice
        What is measured beside the spectra.
    remedy_choice : RemedyChoice
        Which remedy against resampling noise is shown, and how.
    questions : tuple of callable
        Of views, beside those of `questions.plan`: ``question(answers)`` gives a request, or None.
    restoring : tuple of SavedExposure
        Exposures of a session that are still being opened.
    look : SavedLook or None
        What that session has looked at, until the user chooses.
    """

    exposures: tuple[OpenExposure, ...] = ()
    chosen: str | None = None
    band: str = ""
    number: int = 0
    column: int = 0
    looked: bool = False
    anywhere: bool = False
    moved_on: bool = False
    pixel: tuple[str, int, int] | None = None
    hovered: tuple[float, float] | None = None
    variants: Variants = field(default_factory=Variants)
    scope: Scope = Scope.PLACE
    region: str = ""
    dragged: Recipe | None = None
    places: Places = field(default_factory=Places)
    references: tuple[Reference, ...] = ()
    spectrum_settings: SpectrumSettings = field(default_factory=SpectrumSettings)
    sky_choice: SkyChoice = field(default_factory=SkyChoice)
    measure_choice: MeasureChoice = field(default_factory=MeasureChoice)
    remedy_choice: RemedyChoice = field(default_factory=RemedyChoice)
    questions: tuple[Callable[[Any], Request[Any] | None], ...] = ()
    restoring: tuple[SavedExposure, ...] = ()
    look: SavedLook | None = None

    def exposure(self, key: str | None) -> OpenExposure | None:
        """Open exposure of a key."""
        return next((e for e in self.exposures if e.view.key == key), None)

    @property
    def chosen_exposure(self) -> OpenExposure | None:
        """The chosen exposure, with its slices and whether it is included."""
        return self.exposure(self.chosen)

    @property
    def current(self) -> ExposureView | None:
        """The chosen exposure."""
        found = self.chosen_exposure
        return found.view if found else None

    @property
    def removes_fringes(self) -> bool:
        """Whether spectra are shown without residual fringes; those of a single band of MIRI alone can be."""
        return self.spectrum_settings.rf1d and has_fringes(self.band) and not self.shows_all_bands

    @property
    def shows_all_bands(self) -> bool:
        """Whether the active place's spectra of all bands are shown."""
        return self.spectrum_settings.all_bands and len(self.bands) > 1

    @property
    def included(self) -> tuple[str, ...]:
        """Keys of the exposures that take part in products."""
        return tuple(e.view.key for e in self.exposures if e.included)

    @property
    def together(self) -> tuple[OpenExposure, ...]:
        """Included exposures of the chosen band's setting: those that go into one product."""
        return tuple(e for e in self.exposures if e.included and self.band in e.view.bands)

    def as_shown(self, keys: Collection[str]) -> tuple[tuple[str, FileState], ...]:
        """Tell what the files of some exposures were when they were opened, by path."""
        return tuple((e.view.key, e.view.file) for e in self.exposures if e.view.file and e.view.key in keys)

    @property
    def sources(self) -> tuple[tuple[OpenExposure, ...], ...]:
        """Exposures of which products can be made: `together`, and all that are included if there are more."""
        included = tuple(e for e in self.exposures if e.included)
        return (self.together, included) if len(included) > len(self.together) else (self.together,)

    @property
    def keys_together(self) -> tuple[str, ...]:
        """Keys of the exposures that go into one product."""
        return tuple(e.view.key for e in self.together)

    @property
    def cubes(self) -> tuple[Reference, ...]:
        """Cubes from elsewhere whose images can be compared with those of the exposures: their units are the same."""
        units = {e.view.unit for e in self.together}
        return tuple(r for r in self.references if r.is_cube and r.file.unit in units)

    @property
    def target_at(self) -> tuple[float, float] | None:
        """Where the exposures that go into one product show a moving target, ICRS [deg]; None when they follow none."""
        return next((e.view.follows for e in self.together), None)

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands of the included exposures, in order of first appearance."""
        return tuple(dict.fromkeys(band for e in self.exposures if e.included for band in e.view.bands))

    def of_band(self, band: str) -> tuple[str, ...]:
        """Keys of the included exposures with a band."""
        return tuple(e.view.key for e in self.exposures if e.included and band in e.view.bands)

    @property
    def several_settings(self) -> bool:
        """Whether exposures of more than one setting are open."""
        return len({exposure.view.bands for exposure in self.exposures}) > 1

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Choices of which slices an edit applies to; a band is one where there are several settings."""
        return tuple(s for s in Scope if s is not Scope.BAND or self.several_settings or self.scope is Scope.BAND)

    @property
    def slices(self) -> tuple[int, ...]:
        """Slice numbers of the chosen exposure, ascending."""
        found = self.chosen_exposure
        return found.slices if found else ()

    @property
    def columns(self) -> tuple[int, int]:
        """First and last column of the chosen slice."""
        return columns_of(self.current, self.number) if self.current else (0, 0)

    @property
    def wavelength(self) -> float:
        """Wavelength in the middle of the chosen slice in the chosen column [um]; NaN where there is none."""
        found = self.chosen_exposure
        return found.slice_map.wavelength_at(self.number, self.column) if found else float("nan")

    @property
    def recipe(self) -> Recipe:
        """Recipe in force: that of the active variant."""
        return self.variants.recipe

    @property
    def position(self) -> tuple[float, float] | None:
        """ICRS position of the active place [deg]."""
        place = self.places.current
        return (place.ra, place.dec) if place else None

    @property
    def radius(self) -> float | None:
        """Radius of the active place's aperture [arcsec]."""
        place = self.places.current
        return place.radius if place else None

    @property
    def extraction(self) -> Extraction | None:
        """Which spectra the active variant has at the active place; None where there is nothing to look at."""
        keys, place = self.keys_together, self.places.current
        return place.extraction(keys, self.recipe, self.band) if keys and place is not None else None

    def params(self, number: int) -> FitParams:
        """Parameters in force in a slice of the chosen exposure."""
        view = self.current
        name, bands = (view.name, view.bands) if view else ("", ())
        return self.recipe.params(number, name, self.seen.get(number, ()), bands)

    @cached_property
    def seen(self) -> Mapping[int, Seen]:
        """Regions of the recipe that slices of the chosen exposure see, by slice number."""
        return self.strips(self.current).touched(self.recipe.regions) if self.current and self.recipe.regions else {}

    def strips(self, view: ExposureView) -> SkyStrips:
        """Slices of an exposure on the sky, shifted by its offset."""
        return view.strips.moved(*offset_of(self.recipe.cube.offsets, view.name))

    @property
    def selected_region(self) -> Region | None:
        """The selected region, as long as the recipe has it."""
        return self.recipe.region(self.region)

    def where(self, recipe: Recipe) -> Where:
        """Say where an edit of a slice of the chosen exposure goes, in a recipe."""
        view = self.current
        if view is None:
            return Where(scope=self.scope)
        target = region_at(recipe, self.places.current)
        strips = self.strips(view)
        reached = frozenset(strips.ranges(target.shape)) if target is not None else frozenset()
        return Where(view.name, self.scope, strips.touched(recipe.regions), target, reached, view.bands)

    @property
    def edited_region(self) -> Region | None:
        """Region that values set for the chosen slice go to; None where they become overrides of the slice."""
        return slice_edits.goes_to(self.recipe, self.number, self.where(self.recipe))

    def slices_across(self, number: int) -> tuple[int, ...]:
        """Slices of the chosen exposure in a slice's band, in their order on the sky; see `slices_across`."""
        return slices_across(self.current, number) if self.current else ()

    def overridden(self, number: int) -> dict[str, str | None]:
        """Names of the parameters set for a slice; the exposure or band they are set for, or None for all."""
        view = self.current
        name, bands = (view.name, view.bands) if view else (None, ())
        return slice_edits.overridden(self.recipe, number, name, bands)

    def remedy_request(self, kind: str) -> RemedyRequest | None:
        """Say what is asked about a remedy of the active variant at the active place; None where there is none."""
        cubes = tuple((cube.title, cube.file.path) for cube in self.cubes if cube.shown)
        return remedy_request(kind, self.remedy_choice, self.extraction, cubes)

    @property
    def saved(self) -> SavedSession:
        """What a session file keeps of this: exposures, choices and recipes."""
        exposures = tuple(
            SavedExposure((e.view.key,), e.mark, e.included, e.view.key == self.chosen) for e in self.exposures
        )
        look = SavedLook(self.band, self.number, self.column, self.scope)
        references = tuple(SavedReference(r.number, (r.file.path,), r.shown) for r in self.references)
        return SavedSession(exposures, look, self.variants, self.places, self.spectrum_settings, references=references)

    def with_exposure(self, exposure: OpenExposure) -> State:
        """Open an exposure, or put it in the place of the one that has its key."""
        key = exposure.view.key
        if self.exposure(key) is None:
            return replace(self, exposures=(*self.exposures, exposure))
        return replace(self, exposures=tuple(exposure if e.view.key == key else e for e in self.exposures))
