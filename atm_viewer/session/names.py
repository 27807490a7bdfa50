"""Names shown to the user: jobs, exposures, bands, products."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from atm_viewer.engine.errors import one_line
from atm_viewer.engine.results.correction import SliceReport
from atm_viewer.jobs.messages import (
    ClearCache,
    CloseExposures,
    Correct,
    ExplainPixel,
    FindTools,
    MakeNoiseMap,
    MakePeriods,
    MakeSkyImage,
    MakeSpectra,
    MeasureLines,
    MeasureSpaxels,
    OpenExposures,
    PredictArtifact,
    Request,
    SendFile,
    ShowProfile,
    TuneRecipe,
    WriteCubes,
    WriteExposures,
    WriteRecipe,
    WriteSpectra,
)
from atm_viewer.jobs.remedy_messages import CompareApertures, CompareDithers, RankSpaxels, RemoveFringes, SaveFigure


def count(number: int, noun: str) -> str:
    """Put a number and a noun together, ``1 file`` or ``3 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def job_name(request: Request) -> str:
    """Say what a job does, as in the status bar."""
    match request:
        case OpenExposures(paths):
            return f"Opening {one_line(Path(paths[0]).name) if len(paths) == 1 else count(len(paths), 'file')}"
        case CloseExposures():
            return "Closing exposures"
        case Correct():
            return "Fitting slices"
        case ShowProfile(number=number, column=column):
            return f"Profile of slice {number}, column {column}"
        case ExplainPixel(x=x, y=y):
            return f"Explaining pixel x {x}, y {y}"
        case MakeSkyImage(band=band):
            return f"Sky image, {band}"
        case MakeSpectra():
            return "Spectra"
        case MakePeriods():
            return "Periods"
        case MeasureLines():
            return "Lines"
        case MakeNoiseMap(band=band):
            return f"Noise map, {band}"
        case MeasureSpaxels(band=band):
            return f"Metrics, {band}"
        case PredictArtifact():
            return "Predicting resampling noise"
        case TuneRecipe():
            return "Tuning the recipe"
        case RankSpaxels():
            return "Ranked spaxels"
        case CompareApertures():
            return "Apertures"
        case CompareDithers():
            return "Dithers"
        case RemoveFringes():
            return "Residual fringes"
        case SaveFigure(path=path):
            return f"Writing {one_line(Path(path).name)}"
        case WriteCubes(product=product):
            return f"Writing cubes of {one_line(product)}"
        case FindTools():
            return "Looking for SAMP programs"
        case SendFile():
            return "Sending through SAMP"
        case ClearCache():
            return "Clearing the coordinate cache"
        case WriteExposures(paths=paths):
            return f"Writing {count(len(paths), 'corrected exposure')}"
        case WriteRecipe(kind=kind):
            return f"Writing {'a pipeline call' if kind == 'pipeline' else 'a Python script'}"
        case WriteSpectra(names=names):
            return f"Writing {count(len(names), 'spectrum table')}"


def short_names(names: Sequence[str]) -> list[str]:
    """Names without what all of them begin with, cut at an underscore, so that the difference is in sight.

    Parameters
    ----------
    names : sequence of str
        Names of the open exposures.

    Returns
    -------
    list of str
        In the same order; unchanged for a single name or without a common beginning.
    """
    common = _common_start(names) if len(set(names)) > 1 else ""
    cut = common.rfind("_")
    return [one_line(f"…{name[cut:]}" if cut > 2 else name) for name in names]


def short_bands(bands: Sequence[str]) -> str:
    """Bands in few letters: ``ch1-short``, ``ch2-short`` become ``ch1+2 short``."""
    pairs = [band.split("-", 1) for band in bands]
    if len(pairs) > 1 and all(len(p) == 2 and p[0].startswith("ch") for p in pairs) and len({p[1] for p in pairs}) == 1:
        return f"{'+'.join([pairs[0][0], *(p[0][2:] for p in pairs[1:])])} {pairs[0][1]}"
    return ", ".join(bands)


def slice_state(report: SliceReport) -> str:
    """Few words on how a slice was fitted; the report's ``reason`` has the sentence."""
    if report.peak != report.peak or not report.fitted + report.reused + report.sparse + report.few:
        return "empty" if report.peak != report.peak else "below thr."
    if not report.fitted:
        return "too sparse" if report.sparse >= report.few else "too few points"
    if report.used == 0:  # a slice that is fitted but never uses its splines is as uncorrected as one without
        return "fitted, not used" + (f" ({report.reused} columns reused)" if report.reused else "")
    # The table's column is narrow, and has the number of reused columns beside it.
    parts = ["reused"] if report.reused else []
    parts += [f"{report.sparse} sparse"] if report.sparse else []
    return ", ".join(parts) or "fitted"


def common_product(names: Sequence[str]) -> str:
    """Product name that exposures suggest: what their names begin with, up to an underscore."""
    common = _common_start(names)
    head = common[: common.rfind("_")] if "_" in common else common
    return head.strip("_-") or "atm-viewer"


def cube_files(product: str, bands: Sequence[str], which: str) -> list[str]:
    """Names of the cubes that a run writes; ``which`` is ``before``, ``after`` or ``both``."""
    stems = {"before": [product], "after": [f"{product}-atm"], "both": [product, f"{product}-atm"]}[which]
    return [f"{stem}_{band}_s3d.fits" for stem in stems for band in bands]


def exposure_files(names: Sequence[str]) -> list[str]:
    """Names of the corrected exposures that a run writes."""
    return [f"{name}_atm.fits" for name in names]


def _common_start(names: Sequence[str]) -> str:
    low, high = min(names, default=""), max(names, default="")
    same = (i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b)
    return low[: next(same, min(len(low), len(high)))]
