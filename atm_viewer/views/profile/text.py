"""Texts of the slice profile."""

from __future__ import annotations

import math

import numpy as np

from atm_viewer.engine.recipe import FitParams
from atm_viewer.engine.results.correction import SliceReport
from atm_viewer.engine.results.pixels import Fate
from atm_viewer.engine.results.profile import SliceProfile
from atm_viewer.views.base.plotting import plain, with_unit
from atm_viewer.views.base.theme import Theme

HINT = "Drag the handles · ←/→: step · Space: play"

_FATES = {
    Fate.EMPTY: "no finite pixel in this column: no spline",
    Fate.TOO_FEW_POINTS: "too few finite pixels in this column: no spline",
    Fate.TOO_SPARSE: "points too sparse for the breakpoints, no earlier spline to reuse: no spline",
    Fate.FITTED: "own spline",
}


def rejected_points(profile: SliceProfile) -> np.ndarray:
    """Points the column's own fit rejected; where there is no such fit, none was rejected."""
    return profile.rejected & (profile.fate is Fate.FITTED)


def tell_fate(profile: SliceProfile | None, report: SliceReport | None, unit: str) -> str:
    """Say in words why a column has a spline or none."""
    if profile is None:
        return "" if report is None else report.reason
    if profile.fate is Fate.REUSED:
        return f"own fit failed: spline reused from column {profile.reused_from}"
    if profile.fate is Fate.BELOW_THRESHOLD:
        if report is None:
            return "below threshold: no spline"
        return f"below threshold: peak {plain(report.peak, 3)} < {plain(report.threshold, 3)} {unit}, no spline"
    return _FATES[profile.fate]


def tell_title(profile: SliceProfile | None, number: int, brief: bool = False) -> str:
    """Name slice, column and wavelength, as rich text; in brief, without the words slice and column."""
    parts = [f"<b>{number}</b>" if brief else f"<b>Slice {number}</b>"]
    if profile is not None:
        parts.append(f"<b>{profile.column}</b>" if brief else f"<b>column {profile.column}</b>")
        if math.isfinite(profile.wavelength):
            parts.append(f"{profile.wavelength:.4f} µm")
    return " · ".join(parts) + " ·&nbsp;"


def tell_threshold(flux: float, sigma: float, unit: str) -> tuple[str, str]:
    """Label of the threshold line, and a brief one."""
    if sigma <= 0:
        return "threshold 0 σ: every slice is fitted", "threshold 0 σ"
    return f"threshold {plain(flux, 3)} {unit} ({plain(sigma, 3)} σ)", f"{plain(flux, 3)} ({plain(sigma, 3)} σ)"


def tell_slope_limit(limit: float) -> str:
    """Label of the slope limit's line."""
    return f"slope limit {plain(limit, 3)}" if limit > 0 else "slope limit 0: spline used everywhere"


def tell_window(width: int, column: int, wavelengths: np.ndarray) -> tuple[str, ...]:
    """Say how far the window of a column reaches, in columns and in wavelength, and more and more briefly."""
    inside = wavelengths[max(column - width, 0) : column + width]
    inside = inside[np.isfinite(inside)]
    reach = f": {inside.min():.2f}–{inside.max():.2f} µm" if inside.size else ""
    return f"±{width} columns{reach}", f"±{width}{reach}", f"±{width}"


def legend_entries(
    profile: SliceProfile | None, params: FitParams | None, compact: bool, shades: tuple[str, str], theme: Theme
) -> list[tuple[str, str, str]]:
    """Legend as (symbol, colour, words); the two shades are those of far and near points."""
    entries = []
    if profile is not None:
        far, near = shades
        entries.append(("□", theme.column_points, "column"))
        entries.append((f'●</b></span><span style="color:{far}"><b>●', near, "window"))
        rejected = int(rejected_points(profile).sum())
        if rejected:
            entries.append(("×", theme.rejected, f"{rejected} rejected"))
        if profile.spline_alpha.size:
            entries.append(("—", theme.spline, "spline"))
            entries.append(("|", theme.muted, "breakpoints"))
    if params is not None and params.use is not None:
        entries.append(("■", theme.accent, "override"))
    elif compact:
        entries.append(("■", theme.use, "used"))
    return entries


def tell_point(profile: SliceProfile, k: int, unit: str) -> str:
    """Describe a point of the window."""
    value = plain(float(profile.flux[k]), 3)
    own = f" = {with_unit(float(profile.flux[k] * profile.norm), unit)}" if profile.distance[k] == 0 else ""
    fate = ", rejected" if rejected_points(profile)[k] else ""
    return f"point of column {profile.column + profile.distance[k]}: {value}{own}{fate}"


def tell_column(profile: SliceProfile, column: int) -> str:
    """Say whether a column of the slice has a spline."""
    words = {
        Fate.EMPTY: "no finite pixel",
        Fate.BELOW_THRESHOLD: "below threshold: no spline",
        Fate.TOO_FEW_POINTS: "too few pixels: no spline",
        Fate.TOO_SPARSE: "too sparse: no spline",
        Fate.FITTED: "own spline",
        Fate.REUSED: "spline reused from another column",
    }
    return words[Fate(int(profile.fates[column]))] if 0 <= column < profile.fates.size else ""
