"""Verdicts on spectra whose content is known by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from atm_viewer.engine.analysis.verdict import judge
from atm_viewer.engine.results.periods import Periods, TracePhase
from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.engine.results.verdict import FRINGES, PHOTONS, STRUCTURE, UNKNOWN, Verdict

PLANES = 1000
WAVE = 7.5 + 0.0013 * np.arange(PLANES)
#: A trace that drifts by a pixel in 50 planes at first, in 100 at the end.
DRIFT = np.cumsum(1 / np.linspace(50, 100, PLANES))
CONTINUUM = np.linspace(1200.0, 900.0, PLANES)
ERROR = 0.01
RNG = np.random.default_rng(5)
WHITE = RNG.normal(0, ERROR, (2, PLANES))


def periods(position: np.ndarray = DRIFT, fringe=((2.9, 1.4, 4.4),)) -> Periods:
    with np.errstate(divide="ignore"):
        period = 1 / np.abs(np.gradient(position, WAVE))
    return Periods(WAVE, (TracePhase("a", 112, 1.0, position),), period, np.ones((2, PLANES)), fringe)


def oscillation(amplitude: float) -> np.ndarray:
    return amplitude * (np.sin(2 * np.pi * DRIFT + 0.7) + 0.3 * np.cos(4 * np.pi * DRIFT))


def spectra(before: np.ndarray, after: np.ndarray, lines: np.ndarray | float = 0.0, error: float = ERROR):
    """Spectra whose ratio to the aperture is 1 plus something, and whose aperture has lines on its continuum."""
    aperture = CONTINUUM * 1e-4 * (1 + lines)
    same = {"aperture_before": aperture, "aperture_after": aperture}
    return SpaxelSpectra(
        **{"band": "ch2-short", "ra": 10.0, "dec": 0.0, "spaxel": (3, 4), "unit": "MJy/sr", "solid_angle": 1e-12},
        **{"wavelength": WAVE, "radius": 0.6, "noise_before": 0.1, "noise_after": 0.01, **same},
        before=CONTINUUM * (1 + lines) * (1 + before),
        after=CONTINUUM * (1 + lines) * (1 + after),
        before_err=CONTINUUM * error,
        after_err=CONTINUUM * error,
        aperture_before_err=aperture * 0.0005,
        aperture_after_err=aperture * 0.0005,
    )


def verdict(before, after, sources: int = 1, traces: Periods | None = None, **content) -> Verdict:
    made, traces = spectra(before, after, **content), traces or periods()
    return judge(made, traces, sources)


def share(found: Verdict, kind: str) -> float:
    assert sum(part for _, part in found.after) == pytest.approx(1.0)
    return dict(found.after)[kind]


def test_oscillation_with_the_predicted_phase():
    found = verdict(oscillation(0.1) + WHITE[0], WHITE[1])
    assert found.period == pytest.approx(1.0, abs=0.05)
    assert found.shares == (pytest.approx(0.98, abs=0.02), pytest.approx(0.0, abs=0.03))
    assert share(found, PHOTONS) > 0.9
    assert found.left == PHOTONS
    assert found.sentence.startswith("Resampling noise: period matches geometry (1.0")
    assert "98 % of the variance before, " in found.sentence
    assert found.sentence.endswith(
        f"What is left: photon noise ({100 * share(found, PHOTONS):.0f} %). Scatter 7.4 → 0.97 %."
    )


def test_white_noise_alone_is_no_resampling_noise():
    found = verdict(WHITE[0], WHITE[1])
    assert found.shares == (pytest.approx(0.0, abs=0.05), pytest.approx(0.0, abs=0.05))
    assert found.left == PHOTONS
    assert found.sentence.startswith("Not resampling noise: ")
    assert "Seen before: photon noise" in found.sentence


def test_what_correction_leaves_is_told():
    found = verdict(oscillation(0.1) + WHITE[0], oscillation(0.05) + WHITE[1])
    assert found.shares[1] > 0.9
    assert "What is left: resampling noise (9" in found.sentence


def test_a_spaxel_that_oscillates_more_after_correction_is_said_to():
    worse = "Scatter 7.4 → 11 %: it oscillates more after correction than before."
    assert verdict(oscillation(0.1) + WHITE[0], oscillation(0.15) + WHITE[1]).sentence.endswith(worse)
    assert "oscillates more" not in verdict(oscillation(0.1) + WHITE[0], oscillation(0.105) + WHITE[1]).sentence


def test_lines_that_are_spread_in_another_way_are_real():
    lines = sum(np.exp(-0.5 * ((np.arange(PLANES) - at) / 2.0) ** 2) for at in (120, 340, 560, 810))
    more = 0.15 * lines
    found = verdict(oscillation(0.05) + more + WHITE[0], more + WHITE[1] * 0.2, lines=lines, error=0.002)
    assert share(found, STRUCTURE) > 0.8
    assert found.left == STRUCTURE
    same = verdict(oscillation(0.05) + WHITE[0], WHITE[1], lines=lines)
    assert share(same, STRUCTURE) < 0.05  # what spaxel and aperture share is gone from their ratio


def test_structure_that_correction_removes_was_not_real():
    lines = sum(np.exp(-0.5 * ((np.arange(PLANES) - at) / 2.0) ** 2) for at in (120, 340, 560, 810))
    found = verdict(oscillation(0.05) + 0.15 * lines + WHITE[0], WHITE[1], lines=lines)
    assert dict(found.before)[STRUCTURE] < 0.05


def test_fringes_of_miri():
    fringes = 0.03 * np.sin(2 * np.pi * 1e4 / WAVE / 2.9)
    found = verdict(oscillation(0.1) + fringes + WHITE[0], fringes + WHITE[1])
    assert share(found, FRINGES) == pytest.approx(0.82, abs=0.05)
    assert share(found, PHOTONS) == pytest.approx(0.18, abs=0.05)
    elsewhere = verdict(oscillation(0.1) + fringes, fringes + WHITE[1], traces=periods(fringe=()))
    assert share(elsewhere, FRINGES) == 0.0
    assert elsewhere.left == UNKNOWN


def test_white_noise_and_its_own_sines_are_no_fringes():
    assert share(verdict(oscillation(0.1) + WHITE[0], WHITE[1]), FRINGES) == 0.0


def test_more_scatter_than_the_errors_say_is_unknown():
    found = verdict(oscillation(0.1) + WHITE[0], WHITE[1], error=0.3 * ERROR)
    assert share(found, UNKNOWN) > 0.8


def test_bad_pixels_hardly_matter():
    after = WHITE[1].copy()
    after[[200, 433, 700]] += 0.6
    assert verdict(oscillation(0.1) + WHITE[0], after).left == PHOTONS


def test_two_slices_of_one_exposure_have_phases_of_their_own():
    other = DRIFT * 1.1 + 0.4
    both = oscillation(0.05) + 0.05 * np.sin(2 * np.pi * other)
    two = periods()
    two = replace(two, traces=(*two.traces, TracePhase("a", 113, 0.5, other)))
    assert verdict(both + WHITE[0], WHITE[1], traces=two).shares[0] > 0.9


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("at the edge of the field", {"traces": replace(periods(), traces=())}),
        ("hardly drifts", {"traces": periods(np.linspace(3.0, 3.5, PLANES))}),
        ("too faint (S/N 2.0 per plane, needed: 3)", {"error": 0.5}),
        ("too faint (S/N 8.0 per plane): photon noise would hide it", {"error": 0.125}),
        ("the aperture holds 2 sources", {"sources": 2}),
    ],
)
def test_where_nothing_can_be_told(reason, changed):
    found = verdict(WHITE[0], WHITE[1], **changed)
    assert reason in found.reason
    assert found.sentence == f"Can't tell whether this is resampling noise: {found.reason}."
    assert np.isnan(found.shares).all()
    assert found.left == ""


def test_too_few_planes():
    gone = np.where(np.arange(PLANES) < 40, WHITE[0], np.nan)
    assert verdict(gone, gone).reason == "only 40 planes have data in spaxel and aperture"
