"""Requests on remedies against resampling noise, and their figures."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from atm_viewer.engine.errors import one_line
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.results.remedy import Remedy
from atm_viewer.engine.results.written import WrittenProducts
from atm_viewer.jobs.requests.base import Backends, Report, Request, Slot
from atm_viewer.jobs.requests.products import written_sentence

if TYPE_CHECKING:
    from atm_viewer.engine.service.remedy_place import RemedyPlace


class RemedyRequest(Request[Remedy]):
    """What a remedy does at a place; ``degree`` is that of the polynomials by which spectra are divided."""

    title: ClassVar[str]
    extraction: Extraction
    degree: int

    @property
    def job_name(self) -> str:
        """The remedy."""
        return self.title

    @property
    def slot(self) -> Slot:
        """One for each remedy."""
        return Slot(type(self))

    def answer(self, backends: Backends, report: Report) -> Remedy:
        """Apply it at the place."""
        from atm_viewer.engine.service.remedy_place import RemedyPlace

        return self.apply(RemedyPlace(backends.bench, self.extraction, self.degree, report))

    def apply(self, place: RemedyPlace) -> Remedy:
        """Apply it at a place on the bench."""
        raise NotImplementedError


@dataclass(frozen=True)
class RankSpaxels(RemedyRequest):
    """Spectra of the brightest spaxels in an aperture.

    ``ranks`` from 1 for the brightest; ``fringes``: for MIRI with residual fringes removed too; ``cubes``: names and
    paths of cubes from elsewhere that are shown beside.
    """

    title = "Ranked spaxels"

    extraction: Extraction
    ranks: tuple[int, ...] = (1, 2, 4, 8, 16)
    fringes: bool = True
    degree: int = 3
    cubes: tuple[tuple[str, str], ...] = ()

    def apply(self, place: RemedyPlace) -> Remedy:
        """Compare spaxels."""
        return place.ranked(self.ranks, self.fringes, self.cubes)


@dataclass(frozen=True)
class CompareApertures(RemedyRequest):
    """Apertures about a place, with radii in widths of the point-spread function.

    The extraction's own radius does not count.
    """

    title = "Apertures"

    extraction: Extraction
    radii: tuple[float, ...] = (0.5, 0.75, 1.0, 1.5, 2.0)
    degree: int = 3

    def apply(self, place: RemedyPlace) -> Remedy:
        """Compare apertures."""
        return place.apertures(self.radii)


@dataclass(frozen=True)
class CompareDithers(RemedyRequest):
    """Noise of a spaxel for subsets of the exposures, one of them ``chosen`` (keys)."""

    title = "Dithers"

    extraction: Extraction
    chosen: tuple[str, ...] = ()
    degree: int = 3

    def apply(self, place: RemedyPlace) -> Remedy:
        """Compare subsets."""
        return place.dithers(self.chosen)


@dataclass(frozen=True)
class RemoveFringes(RemedyRequest):
    """What removing residual fringes does to a spaxel and its aperture."""

    title = "Residual fringes"

    extraction: Extraction
    degree: int = 3

    def apply(self, place: RemedyPlace) -> Remedy:
        """Compare with and without."""
        return place.fringes()


@dataclass(frozen=True)
class SaveFigure(Request[WrittenProducts]):
    """Draw the answer to a request as a figure (PDF, SVG or PNG by the path's ending)."""

    remedy: RemedyRequest
    path: str
    overwrite: bool = False

    lasting = True
    announced = True
    writes = True

    @property
    def folder(self) -> str:
        """Where the figure goes."""
        return os.path.dirname(self.path) or "."

    @property
    def job_name(self) -> str:
        """The file."""
        return f"Writing {one_line(Path(self.path).name)}"

    def answer(self, backends: Backends, report: Report) -> WrittenProducts:
        """Apply the remedy and draw what it does."""
        from atm_viewer.engine.output.figures import write_figure

        found = self.remedy.answer(backends, report)
        report("Drawing", 0.99)
        place = self.remedy.extraction
        write_figure(found, self.path, place.recipe, place.exposures, self.overwrite)
        return WrittenProducts((str(Path(self.path)),))

    def done(self, result: WrittenProducts) -> str:
        """Say what was written."""
        return written_sentence(self.folder, result)
