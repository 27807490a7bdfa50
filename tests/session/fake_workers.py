"""Workers that answer at once from synthetic arrays, on a thread of their own as the real ones do."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from astropy.stats import sigma_clipped_stats

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.io.region_files import read_ds9, write_ds9
from atm_viewer.engine.recipe import FitParams, Recipe, SliceOverride
from atm_viewer.engine.results.correction import CorrectionReport, SliceReport
from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.engine.results.pixels import Fate, PixelReport, Why, WhyMap
from atm_viewer.engine.results.profile import SliceProfile
from atm_viewer.engine.results.references import CUBE, EXTRACTED, ReferenceFile, ReferenceSpectrum
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.engine.results.sky_strips import SkyStrips
from atm_viewer.engine.results.spectra import FilledShare, HoveredSpectrum, PredictedArtifact, SpaxelSpectra
from atm_viewer.engine.results.tuning import SliceTuning, Tuning
from atm_viewer.engine.results.written import Tool, WrittenProducts
from atm_viewer.engine.tangent import TangentPlane
from atm_viewer.jobs.messages import Outcome, Progress, Status
from atm_viewer.jobs.requests.demo import MakeDemo
from atm_viewer.jobs.requests.exposures import ClearCache, CloseExposures, Opened, OpenExposures
from atm_viewer.jobs.requests.measures import (
    CountPlanes,
    GiveVerdict,
    MakeNoiseMap,
    MakePeriods,
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
from atm_viewer.jobs.requests.products import WriteCubes, WriteExposures, WriteRecipe, WriteSpectra
from atm_viewer.jobs.requests.programs import FindTools, SendFile
from atm_viewer.jobs.requests.references import (
    MakeReferenceImage,
    MakeReferenceSpectrum,
    OpenedReferences,
    OpenReferences,
)
from atm_viewer.jobs.requests.regions import FormatRegions, ReadRegions
from atm_viewer.jobs.requests.remedies import CompareApertures, CompareDithers, RankSpaxels, RemoveFringes, SaveFigure
from atm_viewer.jobs.requests.tuning import TuneRecipe
from atm_viewer.session.state.selection import spaxel_of
from tests.session import fake_measures, fake_remedies

RA, DEC = 83.8, -5.4
#: Each dither points this far further east and north [arcsec]; slices are 0.6 arcsec apart.
DITHER = (0.5, 0.6)


def exposure_view(path: str, size: int = 96, slices: int = 3, instrument: str = "MIRI") -> ExposureView:
    """A MIRI-like exposure: two channels side by side, curved slices, one star in the slice in the middle of each."""
    y, x = np.mgrid[:size, :size].astype(np.float32)
    bend = 0.02 * size * (2 * y / size - 1) ** 2
    pitch = size / (2 * slices)
    place = np.clip((x + bend) / pitch, 0, 2 * slices - 1e-3)
    index = place.astype(int)
    across = place - index
    inside = (across > 0.12) & (across < 0.88)
    channel = index // slices
    order = index % slices
    regions = np.where(inside, (channel + 1) * 100 + order + 1, 0).astype(np.int32)
    alpha = np.where(inside, (across - 0.5) / 0.38 * 1.8, np.nan).astype(np.float32)
    beta = (order - slices // 2) * 0.6
    wavelength = np.where(inside, 4.9 + 0.8 * y / size + 2.6 * channel, np.nan).astype(np.float32)
    star = 7800 * np.exp(-0.5 * ((alpha + 0.3) / 0.12) ** 2 - 0.5 * (beta / 0.16) ** 2) * (1.2 - 0.4 * y / size)
    noise = np.random.default_rng(7).normal(0, 2.1, (size, size))
    sci = np.where(inside, star + 5 + noise, np.nan).astype(np.float32)
    name = Path(path).stem.removesuffix("_cal").removesuffix("_crf")
    digits = [int(part) for part in name.split("_") if part.isdigit()]
    shift = digits[0] - 1 if digits else 0
    if instrument == "NIRSPEC":
        bands: tuple[str, ...] = ("g235m-f170lp",)
        regions = np.where(regions > 0, regions % 100 + (regions // 200) * slices, 0).astype(np.int32).T.copy()
        sci, alpha, wavelength, beta = (a.T.copy() for a in (sci, alpha, wavelength, beta))
    else:
        bands = ("ch1-medium", "ch2-medium") if "medium" in name else ("ch1-short", "ch2-short")
        wavelength = wavelength + np.float32(0.8 * ("medium" in name))
    return ExposureView(
        key=str(path),
        name=name,
        instrument=instrument,
        detector="MIRIFUSHORT" if instrument == "MIRI" else "NRS1",
        bands=bands,
        dither=digits[0] if digits else 1,
        dithers=4,
        target="STAR",
        unit="MJy/sr",
        sci=sci,
        dq=np.zeros((size, size), np.uint32),
        regions=regions,
        alpha=alpha,
        wavelength=wavelength,
        ra=RA + (alpha.astype(float) + shift * DITHER[0]) / 3600 / np.cos(np.radians(DEC)),
        dec=DEC + (np.where(np.isfinite(alpha), beta, np.nan) + shift * DITHER[1]) / 3600,
        strips=strips({n: ((n - 1) % 100 % slices - slices // 2) * 0.6 for n in np.unique(regions) if n > 0}, shift),
    )


def strips(betas: dict[int, float], shift: int) -> SkyStrips:
    """Slices along the east at these distances to the north [arcsec], in a dither."""
    alpha = np.tile(np.arange(-1.79, 1.8, 0.02), len(betas))
    number = np.repeat(np.fromiter(betas, dtype=np.int64), len(alpha) // len(betas))
    north = np.repeat(np.fromiter(betas.values(), dtype=float), len(alpha) // len(betas)) + shift * DITHER[1]
    west = -alpha - shift * DITHER[0]
    start, end = np.stack([west, north - 0.3]), np.stack([west, north + 0.3])
    return SkyStrips(TangentPlane(RA, DEC), number, alpha, np.full(alpha.size, 0.02), start, end)


def params_of(view: ExposureView, recipe: Recipe, number: int) -> FitParams:
    """Parameters in force in a slice, with those of regions."""
    return recipe.params(number, view.name, view.strips.touched(recipe.regions).get(number, ()))


def levels(view: ExposureView) -> dict[int, tuple[float, float]]:
    """Clipped mean and sigma by channel (MIRI), or of the exposure."""
    group = np.where(view.regions > 0, view.regions // 100 if view.instrument == "MIRI" else 0, -1)
    return {g: sigma_clipped_stats(view.sci[group == g])[::2] for g in np.unique(group) if g >= 0}


def report(view: ExposureView, recipe) -> CorrectionReport:
    """What a recipe does to an exposure: slices whose peak is over the threshold are fitted."""
    rows = []
    miri = view.instrument == "MIRI"
    level = levels(view)
    trace = np.full(view.sci.shape, np.nan, np.float32)
    for number in view.slices:
        params = params_of(view, recipe, number)
        chosen = view.regions == number
        columns = int(chosen.any(axis=1 - view.dispersion_axis).sum())
        edges = np.linspace(-1.8, 1.8, 22)
        place = np.digitize(view.alpha[chosen], edges)
        flux = np.array([np.median(view.sci[chosen][place == i]) if (place == i).any() else np.nan for i in range(23)])
        mean, sigma = level[number // 100 if miri else 0]
        peak, threshold = float(np.nanmax(flux)), float(mean + params.fit_threshold * sigma)
        threshold = threshold if params.fit_threshold > 0 else -np.inf
        fitted = peak > threshold
        reused = 12 if number % 100 == 1 and fitted else 0
        if fitted:
            trace[chosen] = view.sci[chosen]
        rows.append(
            SliceReport(
                number=number,
                band=next((b for b in view.bands if b.startswith(f"ch{number // 100}")), view.bands[0]),
                peak=peak,
                threshold=threshold,
                fitted=(columns - reused) * fitted,
                reused=reused,
                sparse=0,
                few=0,
                empty=0,
                used=0.39 if fitted else 0.0,
                reason=f"The peak of {peak:.1f} is {'above' if fitted else 'below'} the threshold of {threshold:.1f}.",
                alpha=np.append(edges, 2.0) - 0.08,
                flux=flux,
                window=params.window or 50,
                breakpoints=params.breakpoints or 36,
                compact=params.use if params.use is not None else (((-0.7, 0.1),) if fitted else ()),
                noise_before=0.143 if fitted else float("nan"),
                noise_after=(0.011 if params.use != () else 0.152) if fitted else float("nan"),
                params=params,
            )
        )
    return CorrectionReport(view.key, tuple(rows), trace, 0.07, why_map(view, rows))


def why_map(view: ExposureView, rows: list[SliceReport]) -> WhyMap:
    """Fitted slices are used from alpha -0.7 to 0.1, slope below the limit elsewhere; the last column is reused."""
    classes = np.zeros(view.sci.shape, np.uint8)
    sources = {}
    columns = view.sci.shape[view.dispersion_axis]
    column = np.indices(view.sci.shape)[view.dispersion_axis]
    for row in rows:
        inside = view.regions == row.number
        classes[inside] = Why.BELOW_SLOPE if row.fitted else Why.BELOW_THRESHOLD
        if row.fitted:
            used = inside & (view.alpha > -0.7) & (view.alpha <= 0.1)
            classes[used] = Why.USED
            classes[used & (column == columns - 1)] = Why.REUSED
            sources[row.number] = np.minimum(np.arange(columns), columns - 2).astype(np.int16)
    counts = np.bincount(classes[classes > 0], minlength=len(Why))
    return WhyMap(classes, tuple(counts.tolist()), sources)


def profile(view: ExposureView, recipe, number: int, column: int) -> SliceProfile:
    """The fit of a column, with a handful of rejected points."""
    params = params_of(view, recipe, number)
    rng = np.random.default_rng(column)
    lines = view.sci if view.dispersion_axis == 0 else view.sci.T
    regions = view.regions if view.dispersion_axis == 0 else view.regions.T
    alphas = view.alpha if view.dispersion_axis == 0 else view.alpha.T
    window = params.window or 50
    low, high = max(0, column - window), min(len(lines), column + window + 1)
    chosen = regions[low:high] == number
    distance = (np.arange(low, high) - column)[:, None] * np.ones_like(chosen, dtype=int)
    sums = np.nansum(np.where(chosen, lines[low:high], 0), axis=1, keepdims=True)
    flux = (lines[low:high] / np.where(sums == 0, 1, sums))[chosen].astype(float)
    alpha, distance = alphas[low:high][chosen].astype(float), distance[chosen].astype(np.int32)
    grid = np.linspace(-1.75, 1.75, 400)
    fitted = report(view, recipe).slices[view.slices.index(number)].fitted > 0
    centre = flux[np.argmin(np.abs(distance))] if flux.size else 0
    model = float(np.nanmax(flux, initial=0)) * np.exp(-0.5 * ((grid + 0.3) / 0.12) ** 2) + 0 * centre
    return SliceProfile(
        exposure=view.key,
        number=number,
        column=column,
        fate=Fate.FITTED if fitted else Fate.BELOW_THRESHOLD,
        reused_from=-1,
        wavelength=4.9 + 0.8 * column / len(lines),
        alpha=alpha,
        flux=flux,
        distance=distance,
        rejected=rng.random(flux.size) < 0.01,
        spline_alpha=grid if fitted else np.empty(0),
        spline_flux=model if fitted else np.empty(0),
        breakpoints=np.linspace(-1.6, 1.6, params.breakpoints or 36),
        bounds=(-1.75, 1.75) if fitted else (np.nan, np.nan),
        norm=float(sums[min(column - low, len(sums) - 1), 0]),
        scale=float(sums[min(column - low, len(sums) - 1), 0]) if fitted else np.nan,
        pixels=alpha[distance == 0] if fitted else np.empty(0),
        slope=np.abs(np.diff(flux[distance == 0], prepend=0.0)) if fitted else np.empty(0),
        counted=np.ones((distance == 0).sum() * fitted, dtype=bool),
        use=params.use if params.use is not None else (((-0.7, 0.1),) if fitted else ()),
        reach=1.7,
        window=window,
        level=levels(view)[number // 100 if view.instrument == "MIRI" else 0],
        fates=np.where((regions == number).any(axis=1), Fate.FITTED if fitted else Fate.BELOW_THRESHOLD, Fate.EMPTY),
        wavelengths=(4.9 + 0.8 * np.arange(len(lines)) / len(lines)).astype(np.float32),
    )


def sky_image(band: str, size: int = 41) -> SkyImage:
    """A star a little off the centre of a diamond-shaped field."""
    y, x = np.mgrid[:size, :size]
    c = size // 2
    image = 9000 * np.exp(-0.5 * (np.hypot(x - c - 3, y - c + 2) / 2) ** 2) + 5.0
    image[np.abs(x - c) + np.abs(y - c) > c] = np.nan
    sky = SkyImage(band, image.astype(np.float32), "MJy/sr", RA, DEC, float(c), float(c), 0.13, (RA, DEC))
    ra, dec = sky.position(-3 * 0.13, -2 * 0.13)
    return SkyImage(band, sky.image, "MJy/sr", RA, DEC, float(c), float(c), 0.13, (float(ra), float(dec)))


def answered_image(request: MakeSkyImage) -> SkyImage:
    """The star, fainter after correction by a threshold's part, in few planes with stripes that the recipe weakens."""
    sky = sky_image(request.band)
    factor = 1.0 if request.recipe is None else 1.0 - 0.01 * request.recipe.fit_threshold
    image, ends = sky.image * np.float32(factor), None
    if request.wavelength is not None:
        stripes = 1.0 + (0.2 if request.recipe is None else 0.02) * np.sin(np.arange(len(image)))
        image = (image * stripes[:, None]).astype(np.float32)
        half = 0.0004 * request.planes
        ends = request.wavelength - half, request.wavelength + half
    return replace(sky, image=image, wavelengths=ends)


def spectra(extraction: Extraction) -> SpaxelSpectra:
    """A sloped continuum with resampling noise that is weaker after."""
    rng = np.random.default_rng(3)
    wave = np.linspace(4.9, 5.7, 600)
    continuum = 16000 - 7000 * (wave - 4.9) / 0.8
    shift = 0.8 * extraction.band.endswith("medium") + 2.6 * extraction.band.startswith("ch2-medium")
    wiggle = 0.12 * np.sin(2 * np.pi * (wave - 4.9) / (0.06 + 0.1 * (wave - 4.9)))
    before = continuum * (1 + wiggle + 0.004 * rng.normal(size=wave.size))
    after = continuum * (1 + 0.12 * wiggle + 0.004 * rng.normal(size=wave.size))
    aperture = continuum * 1.1e-5 * (1 + 0.004 * rng.normal(size=wave.size))
    error = np.full(wave.size, 60.0)
    return SpaxelSpectra(
        band=extraction.band,
        ra=extraction.ra,
        dec=extraction.dec,
        spaxel=(23, 18),
        unit="MJy/sr",
        solid_angle=0.13**2 * 2.3504e-11,
        wavelength=wave + shift,
        before=before,
        after=after,
        before_err=error,
        after_err=error,
        radius=extraction.radius,
        aperture_before=aperture,
        aperture_after=aperture * 1.001,
        aperture_before_err=error * 1e-6,
        aperture_after_err=error * 1e-6,
        noise_before=0.082,
        noise_after=0.014,
    )


def references(paths: tuple[str, ...]) -> OpenedReferences:
    """Cubes and extracted spectra of the whole band; a name with "bad" cannot be read, with "red" is of other light."""
    files, problems = [], []
    for path in paths:
        if "bad" in path:
            problems.append(f"{Path(path).name} holds no cube; give an s3d file.")
            continue
        ranges = ((10.0, 12.0),) if "red" in path else ((4.9, 5.7),)
        files.append(ReferenceFile(path, EXTRACTED if "x1d" in path else CUBE, "MJy/sr", ranges))
    return OpenedReferences(tuple(files), tuple(problems))


def reference_spectrum(request: MakeReferenceSpectrum) -> ReferenceSpectrum:
    """A twentieth fainter than `spectra` before correction, with 0.4 of its resampling noise, on coarser planes."""
    cube = "x1d" not in request.path
    wave = np.linspace(4.9, 5.7, 300)
    continuum = 0.95 * (16000 - 7000 * (wave - 4.9) / 0.8)
    wiggle = 0.4 * 0.12 * np.sin(2 * np.pi * (wave - 4.9) / (0.06 + 0.1 * (wave - 4.9)))
    error = np.full(wave.size, 50.0)
    return ReferenceSpectrum(
        path=request.path,
        kind=CUBE if cube else EXTRACTED,
        spaxel=(11, 9) if cube else (-1, -1),
        ra=request.ra,
        dec=request.dec,
        unit="MJy/sr",
        solid_angle=0.2**2 * 2.3504e-11 if cube else np.nan,
        wavelength=wave,
        flux=continuum * (1 + wiggle * cube),
        flux_err=error,
        radius=request.radius if cube else np.nan,
        aperture=continuum * 1.1e-5,
        aperture_err=error * 1e-6,
        noise=0.034 if cube else np.nan,
    )


def fringe_free(found: SpaxelSpectra) -> SpaxelSpectra:
    """Everything half as wavy as a line through it."""
    line = np.linspace(found.after[0], found.after[-1], found.after.size)
    freed = {name: 0.5 * (getattr(found, name) + line) for name in ("before", "after")}
    return replace(found, **freed, noise_before=0.041, noise_after=0.007, fringe_free=True)


def filled(extraction: Extraction) -> FilledShare:
    """A tenth of the band in the middle comes from filled pixels, by half."""
    wave = np.linspace(4.9, 5.7, 600)
    return FilledShare(extraction.band, wave, np.where(np.abs(wave - 5.3) < 0.04, 0.5, 0.0))


def hovered(request: MakeHoveredSpectrum) -> HoveredSpectrum:
    """A flat spectrum as bright as the field is there."""
    sky = sky_image(request.band)
    x, y = spaxel_of(sky, request.ra, request.dec)
    wave = np.linspace(4.9, 5.7, 600)
    return HoveredSpectrum(request.band, (x, y), "MJy/sr", wave, np.full(wave.size, float(sky.image[y, x])))


def tuned(keys: tuple[str, ...], recipe: Recipe, slices: tuple[tuple[str, tuple[int, ...]], ...] | None) -> Tuning:
    """Use the spline of the tuned slices, or of 101 and 102, near the middle."""
    wanted = slices if slices is not None else tuple((key, (101, 102)) for key in keys)
    found = tuple(
        SliceTuning(
            Path(key).stem.removesuffix("_cal"), n, ((-0.5, 0.5),), 0.25, interpolation=0.08, spline=0.01, alone=0.02
        )
        for key, numbers in wanted
        for n in numbers
    )
    for one in found:
        recipe = recipe.with_override(SliceOverride(one.number, one.exposure, fit_threshold=0.0, use=one.use))
    return Tuning(recipe, found)


def prediction(request: PredictArtifact) -> PredictedArtifact:
    """A little less resampling noise than `spectra` has, with the same period."""
    wave = np.linspace(4.9, 5.7, 600)
    wiggle = 0.1 * np.sin(2 * np.pi * (wave - 4.9) / (0.06 + 0.1 * (wave - 4.9)))
    return PredictedArtifact(
        band=request.extraction.band,
        place=request.extraction.place,
        source=request.source,
        radius=request.extraction.radius,
        wavelength=wave,
        before=0.05 * (1 + wiggle),
        after=0.05 * (1 + 0.1 * wiggle),
        noise_before=0.071,
        noise_after=0.0071,
        fwhm=0.28,
        fitted=(101, 102),
        seconds=0.9,
    )


class FakeWorkers:
    """Answers like `atm_viewer.jobs.workers.Workers`, from synthetic exposures.

    Parameters
    ----------
    notify : callable
        Called on a background thread.

    Attributes
    ----------
    requests : list
        All that was submitted.
    held : set of types
        Requests of these types are answered only by `release`.
    failing : dict of type to str
        Requests of these types fail with this sentence.
    refuses : callable
        Gives the sentence with which a request fails; empty for those that do not.
    crashing : set of types
        Requests of these types crash.
    size, slices : int
        Of the exposures.
    """

    def __init__(self, notify: Callable[[Progress | Outcome], None]):
        self.requests: list = []
        self.held: set[type] = set()
        self.tools: tuple[Tool, ...] = ()
        self.failing: dict[type, str] = {}
        self.refuses: Callable[[object], str] = lambda request: ""
        self.crashing: set[type] = set()
        self.size, self.slices = 96, 3
        self.closed = False
        self._notify = notify
        self._views: dict[str, ExposureView] = {}
        self._open: dict[int, object] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1)

    def submit(self, request) -> int:
        with self._lock:
            self.requests.append(request)
            job = len(self.requests)
            older = [j for j, r in self._open.items() if request.slot is not None and r.slot == request.slot]
            self._open[job] = request
        for other in older:
            self._end(other, Status.CANCELLED, "Newer parameters.")
        if type(request) not in self.held:
            self._pool.submit(self._answer, job)
        return job

    def cancel(self, job: int) -> None:
        self._end(job, Status.CANCELLED, "Cancelled.")

    def close(self) -> None:
        self.closed = True
        self._pool.shutdown(wait=True)

    def release(self, kind: type) -> None:
        """Answer all requests of a type that were held, and hold no more."""
        self.held.discard(kind)
        for job in [j for j, r in self._open.items() if isinstance(r, kind)]:
            self._pool.submit(self._answer, job)

    def progress(self, job: int, step: str, fraction: float) -> None:
        self._pool.submit(self._notify, Progress(job, step, fraction))

    def late(self, outcome: Outcome) -> None:
        """Deliver any outcome."""
        self._pool.submit(self._notify, outcome)

    def asked(self, kind: type) -> list:
        """Requests of a type so far."""
        return [r for r in self.requests if isinstance(r, kind)]

    def _answer(self, job: int) -> None:
        request = self._open.get(job)
        if request is None:
            return
        if sentence := self.failing.get(type(request)) or self.refuses(request):
            self._end(job, Status.FAILED, sentence)
        elif type(request) in self.crashing:
            self._end(job, Status.CRASHED, "The worker process ended unexpectedly; press F5 to try again.")
        else:
            result = self._result(request)
            for view in result.exposures if isinstance(result, Opened) else ():
                self._notify(Progress(job, "Opening", 0.5, Opened((view,), ())))
            self._end(job, Status.DONE, request.done(result), result)

    def _end(self, job: int, status: Status, sentence: str, result=None) -> None:
        with self._lock:
            request = self._open.pop(job, None)
        if request is not None:
            self._pool.submit(self._notify, Outcome(job, request, status, sentence, result))

    def _result(self, request):
        match request:
            case OpenExposures(paths):
                return self._open_files(paths)
            case CloseExposures():
                return None
            case Correct(key, recipe):
                return report(self._views[key], recipe)
            case ShowProfile(key, recipe, number, column):
                return profile(self._views[key], recipe, number, column)
            case ExplainPixel(key, recipe, x, y):
                view = self._views[key]
                made, number = report(view, recipe), int(view.regions[y, x])
                why, column = Why(int(made.why.classes[y, x])), (y, x)[view.dispersion_axis]
                return PixelReport(key, x, y, number, column, why, f"Slice {number}, column {column}: {why.name}.")
            case MakeSkyImage():
                return answered_image(request)
            case OpenReferences(paths):
                return references(paths)
            case MakeReferenceSpectrum():
                return reference_spectrum(request)
            case MakeReferenceImage():
                return replace(sky_image(request.band), image=sky_image(request.band).image * np.float32(0.5))
            case MakeSpectra(extraction):
                return spectra(extraction)
            case MakeFringeFree(found):
                return fringe_free(found)
            case MeasureFilled(extraction):
                return filled(extraction)
            case MakeHoveredSpectrum():
                return hovered(request)
            case PredictArtifact():
                return prediction(request)
            case TuneRecipe(keys, recipe, slices):
                return tuned(keys, recipe, slices)
            case ReadRegions(text, name):
                return read_ds9(text, name, "spline")
            case FormatRegions(regions):
                return write_ds9(regions)
            case MakePeriods(extraction):
                return fake_measures.periods(request, spectra(extraction))
            case GiveVerdict(extraction, sources):
                return fake_measures.verdict(extraction, spectra(extraction), sources)
            case MeasureLines(extraction):
                return fake_measures.lines(request, spectra(extraction))
            case SummariseBands(extractions):
                return tuple(fake_measures.summary(one, spectra(one)) for one in extractions)
            case CountPlanes(recipe=recipe, band=band):
                return fake_measures.coverage(recipe, sky_image(band))
            case MeasureShifts():
                return fake_measures.shifts(request)
            case MakeNoiseMap(band=band):
                return fake_measures.noise_map(request, sky_image(band))
            case RankSpaxels() | CompareApertures() | CompareDithers() | RemoveFringes():
                return fake_remedies.remedy(request)
            case SaveFigure(path=path):
                return WrittenProducts((path,))
            case WriteCubes(folder=folder, product=product):
                return WrittenProducts((os.path.join(folder, f"{product}_ch1-short_s3d.fits"),))
            case WriteExposures(folder=folder):
                return WrittenProducts((os.path.join(folder, "x_atm.fits"),))
            case MakeDemo(instrument):
                return f"/data/{instrument}_asn.json"
            case FindTools():
                return self.tools
            case SendFile():
                return "Sent."
            case ClearCache():
                return 3_000_000
            case WriteRecipe(kind=kind, folder=folder):
                return WrittenProducts((os.path.join(folder, f"x_{kind}"),))
            case WriteSpectra(folder=folder, names=names):
                return WrittenProducts(tuple(os.path.join(folder, name) for name in names))

    def _open_files(self, paths: Iterable[str]) -> Opened:
        views, problems = [], []
        for path in paths:
            if "bad" in path:
                problems.append(f"{path} is not a FITS file; give a calibrated exposure (_cal or _crf).")
                continue
            view = exposure_view(path, self.size, self.slices, "NIRSPEC" if "nrs" in path else "MIRI")
            self._views[path] = view
            views.append(view)
        return Opened(tuple(views), tuple(problems))
