"""Requests about cubes and extracted spectra from elsewhere."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from atm_viewer.engine.errors import UserError, one_line
from atm_viewer.engine.recipe import CubeOptions
from atm_viewer.engine.recipe.cube_options import DEFAULT_CUBE
from atm_viewer.engine.results.references import ReferenceFile, ReferenceSpectrum
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.jobs.requests.base import Backends, Report, Request, Slot, Urgency, count
from atm_viewer.jobs.requests.previews import MakeSkyImage


@dataclass(frozen=True)
class OpenedReferences:
    """Files that could be read, and a sentence for every one that could not."""

    files: tuple[ReferenceFile, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class OpenReferences(Request[OpenedReferences]):
    """Read cubes and extracted spectra, and say what they have.

    ``instead`` has other paths, of which the first that exists is read where one of ``paths`` does not exist.
    """

    paths: tuple[str, ...]
    instead: tuple[str, ...] = ()

    lasting = True

    @property
    def job_name(self) -> str:
        """Name of the file, or how many there are."""
        some = one_line(Path(self.paths[0]).name) if len(self.paths) == 1 else count(len(self.paths), "reference")
        return f"Reading {some}"

    def answer(self, backends: Backends, report: Report) -> OpenedReferences:
        """Read file by file."""
        from atm_viewer.engine.references.spectra import describe

        files, problems = [], []
        for k, path in enumerate(self.paths):
            report(f"Reading {Path(path).name}", k / len(self.paths))
            found = next((place for place in (path, *self.instead) if os.path.exists(place)), path)
            try:
                files.append(describe(found, backends.bench.reference(found)))
            except UserError as error:
                problems.append(str(error))
        return OpenedReferences(tuple(files), tuple(problems))


@dataclass(frozen=True)
class MakeReferenceSpectrum(Request[ReferenceSpectrum]):
    """Spectrum of a file at an ICRS position [deg], with an aperture of a radius [arcsec]; shown as ``name``."""

    path: str
    name: str = field(compare=False)
    ra: float
    dec: float
    radius: float

    @property
    def job_name(self) -> str:
        """The file."""
        return f"Spectrum of {one_line(Path(self.path).name)}"

    @property
    def urgency(self) -> Urgency:
        """It is cut out in a moment, but the first time the file is read."""
        return Urgency.EXPOSURE

    @property
    def slot(self) -> Slot:
        """One for each file."""
        return Slot(MakeReferenceSpectrum, self.name)

    def continues(self, earlier: Request[object]) -> bool:
        """Whether the place has been dragged on: its spectrum on the way is better than none."""
        return self.keeps_in_sight(earlier)

    def keeps_in_sight(self, earlier: Request[object]) -> bool:
        """Whether it is of the same file."""
        return isinstance(earlier, MakeReferenceSpectrum) and earlier.path == self.path

    def answer(self, backends: Backends, report: Report) -> ReferenceSpectrum:
        """Cut it out."""
        from atm_viewer.engine.references.spectra import reference_spectrum

        return reference_spectrum(self.path, backends.bench.reference(self.path), self.ra, self.dec, self.radius)


@dataclass(frozen=True)
class MakeReferenceImage(Request[SkyImage]):
    """Image of a cube on the grid of some exposures (by key) in one band; the other fields as in `MakeSkyImage`."""

    path: str
    exposures: tuple[str, ...]
    band: str
    wavelength: float | None = None
    planes: int = 1
    shown_as: str = field(default="", compare=False)
    cube: CubeOptions = DEFAULT_CUBE

    @property
    def job_name(self) -> str:
        """The file."""
        return f"Sky image of {one_line(Path(self.path).name)}"

    @property
    def urgency(self) -> Urgency:
        """As an image before correction."""
        return Urgency.FIELD

    @property
    def slot(self) -> Slot:
        """Among the images of the field, by its name."""
        return Slot(MakeSkyImage, self.shown_as)

    def answer(self, backends: Backends, report: Report) -> SkyImage:
        """Average planes, and put them on the grid."""
        light = self.wavelength, self.planes
        return backends.bench.reference_image(self.path, self.exposures, self.band, *light, self.cube)
