"""Requests for what the window shows of a recipe: fits, pixels, images of the field, spectra."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.private_cache import FITS, is_complete
from atm_viewer.engine.recipe import CubeOptions, Recipe
from atm_viewer.engine.recipe.cube_options import DEFAULT_CUBE
from atm_viewer.engine.results.correction import CorrectionReport
from atm_viewer.engine.results.pixels import PixelReport
from atm_viewer.engine.results.profile import SliceProfile
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.engine.results.spectra import FilledShare, HoveredSpectrum, PredictedArtifact, SpaxelSpectra
from atm_viewer.jobs.requests.base import Backends, Report, Request, Slot, Urgency


@dataclass(frozen=True)
class Correct(Request[CorrectionReport]):
    """Apply a recipe to an exposure (by key)."""

    exposure: str
    recipe: Recipe

    #: Going back to another variant, or undoing an edit, shows its table at once; each has an image of its exposure.
    remembered = 4

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Fitting slices"

    @property
    def urgency(self) -> Urgency:
        """It takes a second or two."""
        return Urgency.EXPOSURE

    @property
    def slot(self) -> Slot:
        """One for each exposure."""
        return Slot(Correct, self.exposure)

    def answer(self, backends: Backends, report: Report) -> CorrectionReport:
        """Fit and correct all slices."""
        return backends.bench.correct(self.exposure, self.recipe, report)


@dataclass(frozen=True)
class ShowProfile(Request[SliceProfile]):
    """Fit of one column of one slice."""

    exposure: str
    recipe: Recipe
    number: int
    column: int

    @property
    def job_name(self) -> str:
        """Slice and column."""
        return f"Profile of slice {self.number}, column {self.column}"

    @property
    def urgency(self) -> Urgency:
        """It is made in a moment, except while fits are being compiled: the sky image is not to wait for that."""
        return Urgency.AT_ONCE if is_complete(FITS) else Urgency.SPECTRA

    @property
    def slot(self) -> Slot:
        """There is one profile."""
        return Slot(ShowProfile)

    @property
    def follows_drags(self) -> bool:
        """The lines that are dragged are in it."""
        return True

    def continues(self, earlier: Request[Any]) -> bool:
        """Whether nothing but the column differs."""
        return isinstance(earlier, ShowProfile) and replace(earlier, column=self.column) == self

    def keeps_in_sight(self, earlier: Request[Any]) -> bool:
        """Whether it is of the same exposure."""
        return isinstance(earlier, ShowProfile) and earlier.exposure == self.exposure

    def answer(self, backends: Backends, report: Report) -> SliceProfile:
        """Fit what the column needs."""
        if not is_complete(FITS):
            report("compiling, once after installation", 0.0)
        return backends.bench.profile(self.exposure, self.recipe, self.number, self.column)


@dataclass(frozen=True)
class ExplainPixel(Request[PixelReport]):
    """What happened to a pixel (zero-based) of an exposure, and why."""

    exposure: str
    recipe: Recipe
    x: int
    y: int

    @property
    def job_name(self) -> str:
        """The pixel."""
        return f"Explaining pixel x {self.x}, y {self.y}"

    @property
    def urgency(self) -> Urgency:
        """It is made in a moment."""
        return Urgency.AT_ONCE

    @property
    def slot(self) -> Slot:
        """There is one pixel that is asked for."""
        return Slot(ExplainPixel)

    def answer(self, backends: Backends, report: Report) -> PixelReport:
        """Fit what the pixel needs."""
        return backends.bench.explain(self.exposure, self.recipe, self.x, self.y)


@dataclass(frozen=True)
class MakeSkyImage(Request[SkyImage]):
    """Image of some exposures (by key) in one band.

    Before correction without a recipe, else after it. White light without a wavelength [um], else the mean of so many
    ``planes`` of the cube about it, whose options are ``cube``. ``shown_as`` names one of several images that are
    shown; it is empty for the field before correction in white light.
    """

    exposures: tuple[str, ...]
    band: str
    recipe: Recipe | None = None
    wavelength: float | None = None
    planes: int = 1
    shown_as: str = field(default="", compare=False)
    cube: CubeOptions = DEFAULT_CUBE

    @property
    def job_name(self) -> str:
        """The band."""
        return f"Sky image, {self.band}"

    @property
    def urgency(self) -> Urgency:
        """Before correction it needs no fit."""
        return Urgency.FIELD if self.recipe is None else Urgency.EXPOSURE

    @property
    def slot(self) -> Slot:
        """One for each name."""
        return Slot(MakeSkyImage, self.shown_as)

    def answer(self, backends: Backends, report: Report) -> SkyImage:
        """Build the image."""
        light = self.wavelength, self.planes
        return backends.bench.sky_image(self.exposures, self.band, report, self.recipe, *light, self.cube)


@dataclass(frozen=True)
class MakeSpectra(Request[SpaxelSpectra]):
    """Spectra before and after; urgent ones report those of the spaxel before the aperture is drizzled.

    ``shown_as`` names one of several that are shown. Those that are not ``urgent`` wait for everything that is. Where
    they are ``beside`` those of the chosen band, the place may be outside of their field.
    """

    extraction: Extraction
    shown_as: str = field(default="", compare=False)
    urgent: bool = field(default=True, compare=False)
    beside: bool = field(default=False, compare=False)

    @property
    def job_name(self) -> str:
        """The band, where there are several."""
        return f"Spectra, {self.extraction.band}" if self.beside else "Spectra"

    @property
    def quiet(self) -> bool:
        """To be outside of another band's field is no failure."""
        return self.beside

    @property
    def urgency(self) -> Urgency:
        """Those of the active place and variant come first."""
        return Urgency.SPECTRA if self.urgent else Urgency.LAST

    @property
    def slot(self) -> Slot:
        """One for each name."""
        return Slot(MakeSpectra, self.shown_as)

    @property
    def follows_drags(self) -> bool:
        """Those of the active place and variant do."""
        return self.urgent

    def answer(self, backends: Backends, report: Report) -> SpaxelSpectra:
        """Build the part of the cube that the spectra come from."""

        def found(spaxel: SpaxelSpectra) -> None:
            report("Drizzling the aperture", 0.35, spaxel)

        return backends.bench.spectra(self.extraction, report, found if self.urgent else None)


@dataclass(frozen=True)
class MakeFringeFree(Request[SpaxelSpectra]):
    """The same spectra without residual fringes; ``shown_as`` and ``urgent`` as in `MakeSpectra`."""

    spectra: SpaxelSpectra
    shown_as: str = field(default="", compare=False)
    urgent: bool = field(default=True, compare=False)

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Removing residual fringes"

    @property
    def urgency(self) -> Urgency:
        """The panel shows nothing else."""
        return Urgency.SPECTRA if self.urgent else Urgency.LAST

    @property
    def slot(self) -> Slot:
        """One for each name."""
        return Slot(MakeFringeFree, self.shown_as)

    @property
    def follows_drags(self) -> bool:
        """As the spectra do."""
        return self.urgent

    def answer(self, backends: Backends, report: Report) -> SpaxelSpectra:
        """Fit and remove them."""
        return backends.bench.fringe_free(self.spectra, report)


@dataclass(frozen=True)
class MeasureFilled(Request[FilledShare]):
    """How much of a spaxel's spectrum comes from pixels that the spline fills."""

    extraction: Extraction

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Filled pixels"

    @property
    def slot(self) -> Slot:
        """For the active variant and place."""
        return Slot(MeasureFilled)

    def keeps_in_sight(self, earlier: Request[Any]) -> bool:
        """Whether nothing but the recipe differs: marks that vanished at every edit would flicker."""
        return isinstance(earlier, MeasureFilled) and (
            replace(earlier.extraction, recipe=self.extraction.recipe) == self.extraction
        )

    def answer(self, backends: Backends, report: Report) -> FilledShare:
        """Drizzle the flags."""
        return backends.bench.filled_share(self.extraction, report)


@dataclass(frozen=True)
class MakeHoveredSpectrum(Request[HoveredSpectrum]):
    """Spectrum before correction of the spaxel under the mouse, at an ICRS position [deg]."""

    exposures: tuple[str, ...]
    band: str
    ra: float
    dec: float
    cube: CubeOptions = DEFAULT_CUBE

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Spectrum under the mouse"

    @property
    def urgency(self) -> Urgency:
        """It is made in a moment, and old a moment later."""
        return Urgency.AT_ONCE

    @property
    def slot(self) -> Slot:
        """There is one mouse."""
        return Slot(MakeHoveredSpectrum)

    def continues(self, earlier: Request[Any]) -> bool:
        """Whether the mouse has moved on: where it is by then is asked when there is an answer, and nothing between."""
        return self.keeps_in_sight(earlier)

    def keeps_in_sight(self, earlier: Request[Any]) -> bool:
        """Whether it is of the same cube."""
        return isinstance(earlier, MakeHoveredSpectrum) and replace(earlier, ra=self.ra, dec=self.dec) == self

    def answer(self, backends: Backends, report: Report) -> HoveredSpectrum:
        """Build the spaxel."""
        return backends.bench.hovered_spectrum(self.exposures, self.band, self.ra, self.dec, self.cube)


@dataclass(frozen=True)
class PredictArtifact(Request[PredictedArtifact]):
    """What a point source without noise, at an ICRS position [deg], would show.

    ``shown_as`` names one of several that are shown.
    """

    extraction: Extraction
    source: tuple[float, float]
    shown_as: str = field(default="", compare=False)

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Predicting resampling noise"

    @property
    def slot(self) -> Slot:
        """One for each name."""
        return Slot(PredictArtifact, self.shown_as)

    def answer(self, backends: Backends, report: Report) -> PredictedArtifact:
        """Put a source into the exposures' geometry and correct it."""
        from atm_viewer.engine.service.prediction import predict

        return predict(backends.bench, self.extraction, self.source, report)
