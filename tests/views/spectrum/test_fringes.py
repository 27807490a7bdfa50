"""The switch that shows the spectra without residual fringes (RF1D)."""

from __future__ import annotations

import re

import numpy as np
from PyQt6.QtCore import QPoint, Qt

from atm_viewer.jobs.requests.previews import MakeFringeFree, MakeSpectra
from atm_viewer.session.exports import shown_spectra
from tests.session.fake_workers import fringe_free
from tests.views.mouse import click
from tests.views.windows import press, wait


def drawn(window, role: str) -> np.ndarray:
    return next(item for key, item in window.spectrum._items.items() if key[:2] == ("flux", role)).getData()[1]


def words(window) -> str:
    header = window.spectrum.header
    return re.sub("<.*?>", "", header.place.text() + " " + header.noise.text())


def test_a_key_shows_spectra_without_fringes_and_as_they_are_again(opened, qtbot):
    wait(qtbot, opened)
    plain = opened.session.answers.spectra
    press(qtbot, opened, "spectrum_rf1d")
    wait(qtbot, opened)
    freed = fringe_free(plain)
    np.testing.assert_array_equal(drawn(opened, "after"), freed.after)
    np.testing.assert_array_equal(drawn(opened, "before"), freed.before)
    assert "RF1D" in words(opened)
    assert "noise 4.1 % → 0.7 %" in words(opened)
    assert opened.actions_by_name["spectrum_rf1d"].isChecked()
    # files are as they were
    assert all(not one.fringe_free for _, bands, _ in shown_spectra(opened.session) for one in bands)
    opened.spectrum.show_options()
    box = opened.spectrum.controls.ticks["rf1d"]
    assert box.isChecked()
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    opened.spectrum.show_options()
    wait(qtbot, opened)
    np.testing.assert_array_equal(drawn(opened, "after"), plain.after)
    assert "RF1D" not in words(opened)
    assert not opened.actions_by_name["spectrum_rf1d"].isChecked()


def test_they_follow_places_and_edits(opened, qtbot):
    press(qtbot, opened, "spectrum_rf1d")
    wait(qtbot, opened)
    workers = opened.session.jobs._workers
    count = len(workers.asked(MakeFringeFree))
    middle = opened.sky.view.viewRect().center()
    click(qtbot, opened.sky.plot, middle.x() + 0.5, middle.y())
    wait(qtbot, opened)
    assert len(workers.asked(MakeFringeFree)) == count + 1
    press(qtbot, opened, "raise_threshold")
    wait(qtbot, opened)
    assert len(workers.asked(MakeFringeFree)) == count + 2
    assert workers.asked(MakeFringeFree)[-1].spectra is opened.session.answers.spectra


def test_until_they_are_there_the_spectra_are_marked_as_old(opened, qtbot):
    wait(qtbot, opened)
    workers = opened.session.jobs._workers
    workers.held.add(MakeFringeFree)
    plain = drawn(opened, "after")
    press(qtbot, opened, "spectrum_rf1d")
    qtbot.waitUntil(lambda: "updating…" in words(opened))
    np.testing.assert_array_equal(drawn(opened, "after"), plain)
    workers.release(MakeFringeFree)
    wait(qtbot, opened)
    qtbot.waitUntil(lambda: "RF1D" in words(opened))


def test_nirspec_has_no_fringes(start, qtbot):
    window = start("/data/jw09999_nrs1_cal.fits")
    assert not window.actions_by_name["spectrum_rf1d"].isEnabled()
    assert not window.spectrum.controls.ticks["rf1d"].isEnabled()
    assert window.session.jobs._workers.asked(MakeSpectra)
