"""The vertical range of the spectra follows what is shown, unless the user has zoomed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from atm_viewer.jobs.requests.previews import MakeSpectra
from atm_viewer.session.session import Session
from tests.session.fake_workers import FakeWorkers
from tests.views.mouse import click
from tests.views.windows import FILES, press, settle, wait


class StarWorkers(FakeWorkers):
    """Spectra as bright as the star is at the place; with more exposures there is an emission line."""

    def _result(self, request):
        result = super()._result(request)
        if not isinstance(request, MakeSpectra):
            return result
        wide = math.hypot(request.extraction.ra - 83.8, request.extraction.dec + 5.4) * 3600
        share = 10.0 ** -min(wide, 2.0)
        line = 5.0 * (len(request.extraction.exposures) - 1) * np.exp(-0.5 * ((result.wavelength - 5.3) / 0.002) ** 2)
        values = {name: getattr(result, name) * share * (1.0 + line) for name in ("before", "after")}
        return replace(result, **values)


@pytest.fixture
def opened(start):
    return start(FILES[0], session=Session(StarWorkers))


def seen(window) -> tuple[float, float, float, float]:
    """Lowest and highest flux drawn, and the range of the axis."""
    flux = np.concatenate([curve.flux for curve in window.spectrum._picture.curves])
    return float(np.nanmin(flux)), float(np.nanmax(flux)), *window.spectrum.flux_plot.vb.viewRange()[1]


def fits(window) -> bool:
    """Whether the curves fill the axis, and none is cut."""
    low, high, bottom, top = seen(window)
    return bottom <= low and high <= top and high - low > 0.8 * (top - bottom)


def test_a_faint_spaxel_is_no_flat_line_with_several_variants(opened, qtbot):
    press(qtbot, opened, "new_variant")
    settle(qtbot, opened)
    bright = seen(opened)[1]
    east, north = (v.center() for v in (opened.sky.view.viewRect(), opened.sky.view.viewRect()))
    click(qtbot, opened.sky.plot, east.x() + 1.2, north.y() + 1.2)
    wait(qtbot, opened)
    assert seen(opened)[1] < 0.5 * bright
    assert fits(opened)


def test_the_range_follows_when_further_exposures_arrive(opened, qtbot):
    assert fits(opened)
    opened.session.exposures.open(FILES[1:])
    qtbot.waitUntil(lambda: len(opened.session.state.exposures) == 2)
    wait(qtbot, opened)
    assert fits(opened)


def test_an_edit_keeps_the_range(opened, qtbot):
    before = seen(opened)[2:]
    opened.session.recipes.set_global("slope_limit", 0.05)
    wait(qtbot, opened)
    assert seen(opened)[2:] == before
