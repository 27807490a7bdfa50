"""Report of a tuning session as one HTML page: parameters, numbers, figures, exposures and versions."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from atm_viewer.engine.names import product_name
from atm_viewer.engine.recipe import dump_recipe
from atm_viewer.html_page import figure, page, table
from atm_viewer.session.edits.recipe_differences import recipe_words
from atm_viewer.session.exports import possible_words
from atm_viewer.session.names import slice_state
from atm_viewer.session.session import Session
from atm_viewer.session.state.measures import LINES

#: Packages that results depend on.
_PACKAGES = ("atm-viewer", "jwst", "stdatamodels", "numpy", "scipy", "astropy", "numba")


_WIDEST = 590  # [pixel] of a figure on a page


def report_html(session: Session, figures: Sequence[tuple[str, bytes, int]]) -> str:
    """Write the page.

    Parameters
    ----------
    session : Session
        What was tuned.
    figures : sequence of (str, bytes, int)
        Caption, PNG file, and width it is shown at [pixel].

    Returns
    -------
    str
        HTML, with the figures in it: it needs no other file and nothing from the network.
    """
    variants, recipe = session.state.variants, session.state.recipe
    names = [e.view.name for e in session.state.sources[-1]]
    title = f"Adaptive trace model of {product_name(names)}" if names else "Adaptive trace model"
    when = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    parts = [f"<h1>{escape(title)}</h1>", f"<p>ATM Viewer {package_version('atm-viewer')}, {escape(when)}</p>"]
    parts += ["<h2>Noise</h2>", _noise(session)]
    if bands := _bands(session):
        parts += ["<h2>Bands</h2>", *bands]
    if lines := _lines(session):
        parts += ["<h2>Lines</h2>", lines]
    parts += ["<h2>Parameters</h2>"]
    if variants.several:
        rows = [
            (v.title + (" (active)" if v.name == variants.active else ""), recipe_words(v.recipe, most=99))
            for v in variants.all
        ]
        parts += [
            table(("variant", "compared with the pipeline's defaults"), rows),
            f"<p>Recipe of {variants.active}:</p>",
        ]
    else:
        parts += [f"<p>Compared with the pipeline's defaults: {escape(recipe_words(recipe, most=99))}.</p>"]
    if beyond := recipe.beyond_pipeline:
        parts += [f"<p>Beyond the pipeline: {escape(', '.join(beyond))}.</p>"]
    parts += [f"<p>{escape(possible_words(recipe))}</p>", f"<pre>{escape(dump_recipe(recipe))}</pre>"]
    parts += ["<h2>Figures</h2>", *(figure(*one) for one in figures)]
    parts += ["<h2>Slices</h2>", _slices(session)]
    parts += ["<h2>Exposures</h2>", _exposures(session)]
    versions = {**{name: package_version(name) for name in _PACKAGES}, "python": platform.python_version()}
    parts += ["<h2>Versions</h2>", table(("package", "version"), versions.items())]
    return page(title, parts)


def _noise(session: Session) -> str:
    rows = []
    for shown in session.answers.shown_spectra:
        if (s := shown.spectra) is not None and not shown.stale:
            place = f"{shown.place}: RA {s.ra:.6f}°, Dec {s.dec:.6f}°"
            rows.append(
                (
                    place,
                    shown.variant.title,
                    s.band,
                    _percent(s.noise_before),
                    _percent(s.noise_after),
                    f"{s.radius:g}″",
                )
            )
    for one in session.answers.shown_references:
        if (found := one.spectrum) is not None and not one.stale and not math.isnan(found.noise):
            place = f"{session.state.places.active}: RA {found.ra:.6f}°, Dec {found.dec:.6f}°"
            noise = _percent(found.noise)
            rows.append((place, f"{one.reference.name} {Path(found.path).name}", "", noise, "", f"{found.radius:g}″"))
    if not rows:
        return "<p>No spectra.</p>"
    head = ("spaxel (ICRS)", "variant or reference", "band", "noise before", "noise after", "aperture, radius")
    words = (
        "Resampling noise: 1.4826 times the median absolute deviation of spaxel / aperture from a cubic, relative "
        "to the flux."
    )
    return f"{table(head, rows, numbers=(3, 4, 5))}<p>{words}</p>{_verdict(session)}{_coverage(session)}"


def _bands(session: Session) -> list[str]:
    """Sum up all bands in a table, then say more about each."""
    found, state = session.answers.band_summaries, session.state
    if not found:
        return []
    rows, more = [], []
    for one in found:
        s = one.spectra
        noise = (math.nan, math.nan) if s is None else (s.noise_before, s.noise_after)
        rows.append((one.band, len(one.exposures), *map(_percent, noise), one.problem or one.verdict))
        if s is not None:
            more += [f"<h3>{escape(one.band)}</h3>", f"<p>{escape(one.coverage)}</p>"]
            caption = f"{one.band}: spaxel before and after correction, and its ratio to the aperture"
            more.append(figure(caption, one.picture, _WIDEST))
    head = ("band", "exposures", "noise before", "noise after", "verdict")
    where = f"Place {state.places.active}, variant {state.variants.active}, with an aperture of {state.radius:g}″:"
    return [f"<p>{escape(where)}</p>", table(head, rows, numbers=(1, 2, 3)), *more]


def _verdict(session: Session) -> str:
    shown, state = session.answers.verdict, session.state
    if shown.verdict is None or shown.stale:
        return ""
    where = f"Place {state.places.active}, variant {state.variants.active}, {state.band}"
    return f"<p>{escape(where)}: {escape(shown.verdict.sentence)}</p>"


def _coverage(session: Session) -> str:
    found, state = session.answers.coverage, session.state
    if found is None:
        return ""
    return f"<p>{escape(f'Variant {state.variants.active}, {found.band}: {found.summary}')}</p>"


def _lines(session: Session) -> str:
    found, state = session.answers.measured, session.state
    if found.lines is None or LINES in found.pending or not found.lines.lines:
        return ""
    rows = [
        (
            line.name,
            f"{line.wavelength:.5g}",
            *(_value(one.flux, one.flux_err) for one in (*line.spaxel, line.expected)),
            f"{100 * line.expected.like_continuum:.0f} %" if math.isfinite(line.expected.like_continuum) else "–",
        )
        for line in found.lines.lines
    ]
    head = (
        *("line", "observed [µm]", "flux before [W/m²]", "after [W/m²]", "expected [W/m²]"),
        "distributed as the continuum",
    )
    where = f"Place {state.places.active}, variant {state.variants.active}, {found.lines.band}: one spaxel."
    words = (
        "The expected flux is the aperture's before correction times the spaxel's share of the line's light; the more "
        "of the line is distributed as the continuum, the surer it is."
    )
    return f"<p>{escape(where)}</p>{table(head, rows, numbers=range(1, 6))}<p>{words}</p>"


def _slices(session: Session) -> str:
    view, report = session.state.current, session.answers.report
    if view is None or report is None or "report" in session.answers.pending:
        return "<p>No fits.</p>"
    rows = [
        (s.number, f"{s.peak:.4g}", f"{s.threshold:.4g}", s.fitted, s.reused, f"{100 * s.used:.1f} %", slice_state(s))
        for s in report.slices
        if s.peak == s.peak
    ]
    head = (
        "slice",
        f"peak [{view.unit}]",
        f"threshold [{view.unit}]",
        "columns fitted",
        "reused",
        "spline used",
        "state",
    )
    return f"<p>Exposure {escape(view.name)}:</p>{table(head, rows, numbers=range(6))}"


def _exposures(session: Session) -> str:
    shifts = session.answers.shifts
    rows = [
        (e.view.name, e.view.target, e.view.detector, ", ".join(e.view.bands), f"{e.view.dither} of {e.view.dithers}",
         "yes" if e in session.state.together else "no", _shift(shifts.of(e.view.key) if shifts is not None else None),
         str(Path(e.view.key)))
        for e in session.state.exposures
    ]  # fmt: skip
    head = ("exposure", "target", "detector", "bands", "dither", "included", "shift east, north", "file")
    words = "Shift: the brightest source's centroid, against the other dithers, with the offsets of the recipe."
    return f"{table(head, rows)}<p>{words if shifts is not None else ''}</p>{_moving(session)}"


def _shift(shift: tuple[float, float] | None) -> str:
    return f"{shift[0]:+.3f}″, {shift[1]:+.3f}″" if shift is not None else "–"


def _moving(session: Session) -> str:
    at = session.state.target_at
    where = f"RA {at[0] % 360.0:.6f}°, Dec {at[1]:.6f}°" if at is not None else ""
    return f"<p>The exposures follow a moving target, which is shown at {where}.</p>" if where else ""


def _value(value: float, error: float) -> str:
    return f"{value:.3g} ± {error:.1g}" if math.isfinite(value) and math.isfinite(error) else "–"


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %" if math.isfinite(value) else "–"


@cache  # to read one takes some milliseconds
def package_version(package: str) -> str:
    """Version of a package that is installed, or that it is missing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def captions() -> Mapping[str, str]:
    """Caption of each panel's figure, in the order of the report."""
    return {
        "spectrum": "Spectra before and after correction, and their ratio or difference to the reference",
        "sky": "Sky image with the places of the spectra and their apertures",
        "profile": "Spatial profile of the chosen slice and column, and the spline fitted to it",
        "detector": "The chosen exposure on the detector",
    }
