"""The spectrum of the active place over all open bands, as a user shows, reads and writes it."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.table import Table

from atm_viewer.engine.output.spectrum_files import spectrum_table
from atm_viewer.jobs.requests.previews import MakeSpectra
from atm_viewer.jobs.requests.products import WriteSpectra
from atm_viewer.session import exports
from atm_viewer.views.spectrum.header import Styles
from tests.views.windows import FILES, press, settle

MEDIUM = "/data/jw09999-medium_00001_mirifushort_cal.fits"
BANDS = ("ch1-short", "ch2-short", "ch1-medium", "ch2-medium")


@pytest.fixture
def several(start, qtbot):
    window = start(*FILES, MEDIUM)
    press(qtbot, window, "spectrum_all_bands")
    settle(qtbot, window)
    return window


def curves(window, role):
    return {c.band: c for c in window.spectrum._picture.curves if c.role == role}


def test_each_band_has_a_colour_before_faint_and_after_strong(several, qtbot):
    after, before = curves(several, "after"), curves(several, "before")
    assert tuple(after) == tuple(before) == BANDS
    styles = several.spectrum._styles
    assert isinstance(styles, Styles)
    assert len({styles.colour(c) for c in after.values()}) == 4
    assert all(styles.colour(after[band]) == styles.colour(before[band]) for band in BANDS)
    items = several.spectrum._items
    for band in BANDS:
        assert items["flux", "after", "A", 1, band].opacity() == 1.0
        assert items["flux", "before", "", 1, band].opacity() < 0.6
    assert not curves(several, "aperture")
    legend = several.spectrum.header.legend.text().replace("\u00a0", " ")
    assert all(band in legend for band in BANDS)
    assert "before, faint" in legend
    assert "ch1-short: noise 8.2 % → 1.4 %" in several.spectrum.header.noise.text()
    low, high = several.spectrum.flux_plot.vb.viewRange()[0]
    assert low < 4.9
    assert high > 9.0  # the whole of the last band
    assert all(c.ratio is not None for c in after.values())


def test_bands_arrive_one_by_one(several, workers, qtbot):
    workers = several.session.jobs._workers
    workers.held.add(MakeSpectra)
    ra, dec = several.session.state.position
    several.session.look.pick_sky(ra + 0.1 / 3600, dec)
    asked = {request.extraction.band: request for request in workers.asked(MakeSpectra)[-4:]}
    assert set(asked) == set(BANDS)
    assert asked["ch1-short"].urgent
    assert not asked["ch1-short"].beside
    assert asked["ch1-medium"].extraction.exposures == (MEDIUM,)
    assert not asked["ch1-medium"].urgent
    assert [r.extraction.radius for r in asked.values()] == [several.session.state.radius] * 4
    workers.release(MakeSpectra)
    settle(qtbot, several)
    assert set(curves(several, "after")) == set(BANDS)


def test_a_place_outside_of_a_band_is_said_in_the_legend_alone(start, qtbot):
    window = start(*FILES, MEDIUM)
    workers = window.session.jobs._workers

    def outside(request):
        beyond = isinstance(request, MakeSpectra) and request.extraction.band == "ch2-medium"
        return "The position is outside." if beyond else ""

    workers.refuses = outside
    press(qtbot, window, "spectrum_all_bands")
    settle(qtbot, window)
    legend = window.spectrum.header.legend.text().replace("\u00a0", " ")
    assert "ch2-medium: no data here" in legend
    assert not any(m.level == "error" for m in window.session.messages.all)


def test_mouse_and_click_know_the_band(several, qtbot):
    view, told = several.spectrum, []
    part = view._picture.part_at(6.2)
    assert part.band == "ch1-medium"
    assert view._picture.part_at(5.3).band == several.session.state.band == "ch1-short"
    view.band_picked.connect(lambda *what: told.append(what))
    several.session.pointer.choose_band("ch1-medium", 6.2)
    settle(qtbot, several)
    state = several.session.state
    assert (state.band, state.chosen) == ("ch1-medium", MEDIUM)
    assert state.wavelength == pytest.approx(6.2, abs=0.02)
    assert tuple(curves(several, "after")) == BANDS


def test_another_band_is_shown_at_once(several, qtbot):
    workers = several.session.jobs._workers
    asked = len(workers.asked(MakeSpectra))
    several.session.look.select_band("ch1-medium")
    settle(qtbot, several)
    assert len(workers.asked(MakeSpectra)) == asked  # what was shown beside is what is chosen now
    assert several.session.answers.spectra.band == "ch1-medium"


def test_all_bands_are_written_to_one_table(several, qtbot, tmp_path):
    exports.write_spectra(several.session, str(tmp_path), "star", "ecsv", False, False)
    settle(qtbot, several)
    request = several.session.jobs._workers.asked(WriteSpectra)[-1]
    assert request.names == ("star_all-bands.ecsv",)
    assert request.exposures == (*FILES, MEDIUM)
    ((bands, recipe),) = request.spectra
    assert recipe == several.session.state.recipe
    assert tuple(one.band for one in bands) == BANDS  # in the order of the command "spectrum"
    table = spectrum_table(bands)
    assert isinstance(table, Table)
    np.testing.assert_array_equal(table["after"], np.concatenate([one.after for one in bands]))


def test_it_needs_several_bands_and_ends_with_them(several, qtbot):
    action = several.actions_by_name["spectrum_all_bands"]
    assert action.isEnabled()
    assert action.isChecked()
    press(qtbot, several, "spectrum_all_bands")
    settle(qtbot, several)
    assert {c.band for c in several.spectrum._picture.curves} == {""}
    assert not any(slot.name.endswith("medium") for slot in several.session.answers.slots)
