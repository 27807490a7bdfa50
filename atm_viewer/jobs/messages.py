"""Messages between the window and its worker processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.jobs.remedy_messages import RemedyRequest, SaveFigure


@dataclass(frozen=True)
class OpenExposures:
    """Open cal/crf files and associations; the result is `Opened`, and so is that of progress, file by file."""

    paths: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Opened:
    """Exposures that could be opened, and a sentence for every file that could not."""

    exposures: tuple[ExposureView, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class CloseExposures:
    """Forget exposures (by key) and what was computed for them; the result is None."""

    exposures: tuple[str, ...]


@dataclass(frozen=True)
class Correct:
    """Apply a recipe to an exposure (by key); the result is a `CorrectionReport`."""

    exposure: str
    recipe: Recipe


@dataclass(frozen=True)
class ShowProfile:
    """Fit of one column of one slice; the result is a `SliceProfile`."""

    exposure: str
    recipe: Recipe
    number: int
    column: int


@dataclass(frozen=True)
class ExplainPixel:
    """What happened to a pixel (zero-based) of an exposure, and why; the result is a `PixelReport`."""

    exposure: str
    recipe: Recipe
    x: int
    y: int


@dataclass(frozen=True)
class MakeSkyImage:
    """Image of some exposures (by key) in one band; the result is a `SkyImage`.

    Before correction without a recipe, else after it. White light without a wavelength [um], else the mean of so many
    ``planes`` of the cube about it. ``slot`` as in `MakeSpectra`.
    """

    exposures: tuple[str, ...]
    band: str
    recipe: Recipe | None = None
    wavelength: float | None = None
    planes: int = 1
    slot: str = ""


@dataclass(frozen=True)
class MakeSpectra:
    """Spectra before and after; the result is `SpaxelSpectra`.

    ``slot`` tells for whom they are: of two requests for the same slot only the newer one counts. Spectra that are not
    ``urgent`` wait for everything that is.
    """

    extraction: Extraction
    slot: str = ""
    urgent: bool = field(default=True, compare=False)


@dataclass(frozen=True)
class MakePeriods:
    """Predicted and measured periods; the result is a `PeriodReport`."""

    extraction: Extraction


@dataclass(frozen=True)
class MeasureLines:
    """Lines, by name and observed wavelength [um]; the result is a `LineReport`.

    ``speed`` is the full width of each line's range [km/s].
    """

    extraction: Extraction
    lines: tuple[tuple[str, float], ...]
    speed: float


@dataclass(frozen=True)
class MakeNoiseMap:
    """Noise of all bright spaxels of some exposures (by key) in one band; the result is a `NoiseMap`.

    ``radius`` is that of the apertures [arcsec], 0 for five spaxels; ``faintest`` the brightness of the faintest
    spaxels against the brightest.
    """

    exposures: tuple[str, ...]
    recipe: Recipe
    band: str
    radius: float = 0.0
    faintest: float = 0.01


@dataclass(frozen=True)
class MeasureSpaxels:
    """Everything that is measured, for the ``count`` brightest spaxels; gives a tuple of `SpaxelMetrics`.

    The other fields are those of `MakeNoiseMap` and `MeasureLines`.
    """

    exposures: tuple[str, ...]
    recipe: Recipe
    band: str
    radius: float
    count: int
    lines: tuple[tuple[str, float], ...] = ()
    speed: float = 600.0


@dataclass(frozen=True)
class PredictArtifact:
    """What a point source without noise, at an ICRS position [deg], would show; the result is a `PredictedArtifact`."""

    extraction: Extraction
    source: tuple[float, float]


@dataclass(frozen=True)
class TuneRecipe:
    """Make a recipe automatically for some exposures (by key); the result is a `Tuning`.

    It begins with ``recipe``; ``slices`` are those to tune, None all.
    """

    exposures: tuple[str, ...]
    recipe: Recipe
    slices: tuple[int, ...] | None = None


@dataclass(frozen=True)
class WriteCubes:
    """Write cubes of some files, see `atm_viewer.engine.output.products.write_cubes`; gives `WrittenProducts`."""

    paths: tuple[str, ...]
    recipe: Recipe
    folder: str
    product: str
    which: str = "both"
    channel: str | None = None
    cubepar: str | None = None
    overwrite: bool = False
    engine: str = "own"


@dataclass(frozen=True)
class WriteExposures:
    """Write corrected exposures, see `atm_viewer.engine.output.products.write_exposures`; gives `WrittenProducts`."""

    paths: tuple[str, ...]
    recipe: Recipe
    folder: str
    overwrite: bool = False


@dataclass(frozen=True)
class WriteRecipe:
    """Write what reproduces a result outside, see `atm_viewer.engine.output.pipeline_export`; gives `WrittenProducts`.

    ``kind`` is ``pipeline`` for a call of ``calwebb_spec3``, which not every recipe can have, or ``script``.
    """

    kind: str
    paths: tuple[str, ...]
    recipe: Recipe
    folder: str
    product: str = ""
    overwrite: bool = False


@dataclass(frozen=True, eq=False)
class WriteSpectra:
    """Write spectra to tables, see `atm_viewer.engine.output.spectrum_files`; gives `WrittenProducts`.

    ``spectra`` are in the order of ``names``, each with the recipe that made it; ``unit`` is that of flux densities.
    """

    spectra: tuple[tuple[SpaxelSpectra, Recipe], ...]
    exposures: tuple[str, ...]
    folder: str
    names: tuple[str, ...]
    unit: str = "Jy"
    overwrite: bool = False


@dataclass(frozen=True)
class FindTools:
    """Find the programs that files can be sent to by SAMP; the result is a tuple of `Tool`."""

    folder: str = ""


@dataclass(frozen=True, eq=False)
class SendFile:
    """Send something to another program by SAMP; the result is None, the sentence tells what became of it.

    ``what`` is spectra or an image of the field, which are written to ``folder`` first, or the path of a cube. An empty
    ``tool`` stands for all programs that take such files.
    """

    what: WriteSpectra | SkyImage | str
    tool: str
    folder: str


@dataclass(frozen=True)
class ClearCache:
    """Delete what is kept of files' coordinates, and old kernels; the result is None, the sentence says how much."""


Request = (
    OpenExposures
    | CloseExposures
    | Correct
    | ShowProfile
    | ExplainPixel
    | MakeSkyImage
    | MakeSpectra
    | MakePeriods
    | MeasureLines
    | MakeNoiseMap
    | MeasureSpaxels
    | PredictArtifact
    | TuneRecipe
    | RemedyRequest
    | SaveFigure
    | WriteCubes
    | WriteExposures
    | WriteRecipe
    | WriteSpectra
    | FindTools
    | SendFile
    | ClearCache
)

#: Requests that write files into a ``folder``, or wait for other programs: each has a process of its own, which
#: cancelling kills.
Writing = WriteCubes | WriteExposures | WriteRecipe | WriteSpectra | FindTools | SendFile


class Status(Enum):
    """How a job ended."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CRASHED = "crashed"


@dataclass(frozen=True, eq=False)
class Progress:
    """A running job's step, as people name it, and the fraction of the whole job that is done (0 to 1).

    ``result`` is what this step has brought, where the request's docstring speaks of it; else None.
    """

    job: int
    step: str
    fraction: float
    result: Any = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """The end of a job: exactly one for every submitted request.

    Parameters
    ----------
    job : int
        Number that `submit` returned.
    request : Request
        What was asked.
    status : Status
        How it ended.
    sentence : str
        For people; says what to do unless the job is done.
    result : object
        The result named in the request's docstring when ``DONE``, else None.
    detail : str
        Traceback of an unexpected failure, for the log; empty otherwise.
    """

    job: int
    request: Request
    status: Status
    sentence: str
    result: Any = None
    detail: str = ""
