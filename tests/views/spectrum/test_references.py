"""Cubes and extracted spectra from elsewhere, opened in the window beside the exposures, as a user does it."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog

from atm_viewer.jobs.requests.products import WriteSpectra
from atm_viewer.jobs.requests.references import MakeReferenceImage, MakeReferenceSpectrum, OpenReferences
from atm_viewer.session import exports
from atm_viewer.session.persistence.session_file import dump_session, parse_session
from atm_viewer.session.report_page import report_html
from atm_viewer.views.spectrum.header import ratio_name
from tests.views.windows import dialog_of, drop, press, settle

CUBE, OTHER, EXTRACTED = "/data/mast_ch1-short_s3d.fits", "/data/other_s3d.fits.gz", "/data/mast_x1d.fits"


@pytest.fixture
def compared(opened, qtbot):
    """The window with a cube and extracted spectra dropped on it."""
    drop(opened, [CUBE, EXTRACTED])
    settle(qtbot, opened)
    return opened


def rows(window) -> list[str]:
    return [item.text(0) for item in window.exposure_panel._items()]


def row(window, text):
    return next(item for item in window.exposure_panel._items() if text in item.text(0))


def curve(window, name):
    return next(c for c in window.spectrum._picture.curves if c.variant == name)


def test_a_cube_that_is_dropped_is_drawn_beside_the_variants(compared, workers, qtbot):
    assert len(compared.session.state.exposures) == 2
    assert not compared.sessions.keeper.modified  # nothing would be lost that takes work
    legend = compared.spectrum.header.legend.text().replace("\u00a0", " ")
    assert "R1 mast_ch1-short_s3d 3.4 %" in legend
    assert "R2 mast_x1d, scaled" in legend
    place = compared.session.state.places.current
    asked = workers.asked(MakeReferenceSpectrum)[-1]
    assert (asked.ra, asked.dec, asked.radius) == (place.ra, place.dec, place.radius)
    found = curve(compared, "R1")
    assert found.flux.size == 300  # its own planes
    assert np.nanstd(found.ratio) == pytest.approx(0.4 * 0.12 / np.sqrt(2), rel=0.1)
    assert curve(compared, "R2").ratio is None
    before, after = (next(c for c in compared.spectrum._picture.curves if c.role == r) for r in ("before", "after"))
    colours = {compared.spectrum._styles.colour(c) for c in (before, after, found, curve(compared, "R2"))}
    assert len(colours) == 4
    assert compared.spectrum._styles.dash(found) != Qt.PenStyle.SolidLine
    assert any("Opened mast_ch1-short_s3d.fits as R1 (4.9–5.7 µm)." in m.text for m in compared.session.messages.all)


def test_it_follows_the_place_and_the_unit(compared, workers, qtbot):
    session = compared.session
    ra, dec = session.state.position
    session.look.pick_sky(ra + 0.2 / 3600, dec)
    settle(qtbot, compared)
    assert workers.asked(MakeReferenceSpectrum)[-1].ra == ra + 0.2 / 3600
    bright = curve(compared, "R1").flux
    session.look.set_spectrum(unit="mJy")
    # The flux of the part of the sky that the shown spaxel has, whatever the reference's spaxels.
    np.testing.assert_allclose(curve(compared, "R1").flux, bright * 1e9 * 0.13**2 * 2.3504e-11, rtol=1e-6)
    session.look.set_spectrum(scaled=False)
    total = curve(compared, "R2")
    assert "(total)" in total.label
    np.testing.assert_allclose(total.flux, 0.95 * (16000 - 7000 * (total.wavelength - 4.9) / 0.8) * 1.1e-2, rtol=1e-6)
    session.look.set_spectrum(unit="MJy/sr")
    np.testing.assert_allclose(curve(compared, "R2").flux, bright, rtol=0.06)  # its surface brightness
    for reference in ("before", "variant:A"):
        session.look.set_spectrum(reference=reference)
        assert curve(compared, "R1").ratio.shape == (300,)
    session.look.set_spectrum(reference="before")
    assert np.nanmedian(curve(compared, "R1").ratio) == pytest.approx(0.95, rel=0.02)


def test_ratio_and_difference_are_against_a_file(compared, workers, qtbot):
    session, controls = compared.session, compared.spectrum.controls
    texts = [controls.reference_box.itemText(k) for k in range(controls.reference_box.count())]
    assert texts == ["aperture", "before", "R1 mast_ch1-short_s3d", "R2 mast_x1d"]
    controls.reference_box.setCurrentIndex(2)
    assert session.state.spectrum_settings.reference == "file:R1"
    picture = compared.spectrum._picture
    assert picture.reference == "R1"
    main, file = picture.main, session.answers.shown_references[0].spectrum
    there = np.interp(main.wavelength, file.wavelength, file.flux, left=np.nan, right=np.nan)
    for role, values in (("before", main.before), ("after", main.after)):
        found = next(c for c in picture.curves if c.role == role)
        np.testing.assert_allclose(found.ratio, values / there, rtol=1e-12)
        np.testing.assert_allclose(found.difference, values - there, atol=1e-9)
    assert curve(compared, "R1").ratio is None  # against itself
    assert ratio_name(picture.reference) == "spaxel / R1"
    session.look.set_spectrum(unit="mJy")
    after = next(c for c in compared.spectrum._picture.curves if c.role == "after")
    np.testing.assert_allclose(after.ratio, main.after / there, rtol=1e-9)
    controls.reference_box.setCurrentIndex(3)  # an extracted spectrum, at the level of the spaxel
    after = next(c for c in compared.spectrum._picture.curves if c.role == "after")
    assert np.nanmedian(after.ratio) == pytest.approx(1.0, abs=0.02)
    assert parse_session(dump_session(session.state.saved), "s").spectrum.reference == "file:R2"
    session.references.close(2)
    settle(qtbot, compared)
    assert compared.spectrum._picture.reference == "aperture"
    assert controls.reference_box.currentText() == "aperture"


def test_its_image_blinks_with_before_and_after(compared, workers, qtbot):
    bar = compared.sky.bar
    assert bar.second_box.isVisible()
    texts = [bar.second_box.itemText(k) for k in range(bar.second_box.count())]
    assert texts[-1] == "R1 mast_ch1-short_s3d"  # extracted spectra have no image
    bar.second_box.setCurrentIndex(len(texts) - 1)
    bar.second_box.activated.emit(len(texts) - 1)
    press(qtbot, compared, "sky_swipe")
    settle(qtbot, compared)
    asked = workers.asked(MakeReferenceImage)[-1]
    assert (asked.path, asked.band) == (CUBE, "ch1-short")
    assert asked.exposures == tuple(e.view.key for e in compared.session.state.exposures)
    assert "<b>R1</b>" in compared.sky.right_text.text()
    assert compared.theme.references[0] in compared.sky.right_text.text()
    press(qtbot, compared, "sky_difference")
    shown = compared.session.answers.shown_sky
    np.testing.assert_allclose(shown.images["R1"].image, 0.5 * shown.white.image)
    state = compared.sky.state()
    assert state["second"] == "R1"
    compared.session.references.close(1)
    settle(qtbot, compared)
    assert compared.session.answers.shown_sky.sides == ("before", "A")


def test_it_is_hidden_closed_and_brought_back(compared, qtbot):
    assert rows(compared) == [
        "MIRI ch1+2 short, MIRIFUSHORT (2)",
        "…_00001_mirifushort",
        "…_00002_mirifushort",
        "References (2)",
        "R1 mast_ch1-short_s3d",
        "R2 mast_x1d",
    ]
    row(compared, "R1").setCheckState(0, Qt.CheckState.Unchecked)
    settle(qtbot, compared)
    assert "R1" not in compared.spectrum.header.legend.text()
    assert row(compared, "References").checkState(0) == Qt.CheckState.PartiallyChecked
    row(compared, "R1").setCheckState(0, Qt.CheckState.Checked)
    compared.exposure_panel.setCurrentItem(row(compared, "R1"))
    assert compared.session.state.chosen.endswith("00001_mirifushort_cal.fits")
    qtbot.keyClick(compared.exposure_panel, Qt.Key.Key_Delete)
    settle(qtbot, compared)
    assert rows(compared)[-2:] == ["References (1)", "R2 mast_x1d"]
    assert compared.actions_by_name["undo"].text() == "Undo Close R1 mast_ch1-short_s3d"
    press(qtbot, compared, "undo")
    settle(qtbot, compared)
    assert "R1" in compared.spectrum.header.legend.text()
    (closing,) = [
        a for a in compared.exposure_panel.make_menu(row(compared, "R2")).actions() if a.text() == "Close R2 mast_x1d"
    ]
    closing.trigger()
    assert "R2 mast_x1d" not in rows(compared)
    qtbot.waitUntil(compared.actions_by_name["close_references"].isEnabled)
    press(qtbot, compared, "close_references")
    assert rows(compared) == ["…_00001_mirifushort", "…_00002_mirifushort"]


def test_the_dialog_takes_any_name_and_bad_files_get_one_sentence(opened, workers, qtbot):
    press(qtbot, opened, "open_references")
    dialog = dialog_of(opened, QFileDialog)
    dialog.filesSelected.emit(["/data/anything.fits", "/data/bad.fits"])
    dialog.close()
    settle(qtbot, opened)
    assert workers.asked(OpenReferences)[-1].paths == ("/data/anything.fits", "/data/bad.fits")
    assert [r.title for r in opened.session.state.references] == ["R1 anything"]
    assert any(m.text == "bad.fits holds no cube; give an s3d file." for m in opened.session.messages.all)
    opened.session.references.open([f"/data/{k}_s3d.fits" for k in range(4)])
    qtbot.waitUntil(lambda: len(opened.session.state.references) == 4)
    assert any("4 references is the maximum" in m.text for m in opened.session.messages.all)


def test_other_wavelengths_are_not_asked_for(opened, workers, qtbot):
    opened.session.references.open(["/data/red_s3d.fits"])
    settle(qtbot, opened)
    assert workers.asked(MakeReferenceSpectrum) == []
    assert any("It has no wavelengths of ch1-short; choose another band" in m.text for m in opened.session.messages.all)


def test_it_is_in_session_report_export_and_noise(compared, workers, qtbot, tmp_path):
    saved = compared.session.state.saved
    again = parse_session(dump_session(saved), "s")
    assert again.references == saved.references
    assert [r.places[0] for r in again.references] == [CUBE, EXTRACTED]
    assert "R1 mast_ch1-short_s3d.fits" in report_html(compared.session, [])
    assert "3.40 %" in report_html(compared.session, [])
    exports.write_spectra(compared.session, str(tmp_path), "star", "ecsv", False, False)
    settle(qtbot, compared)
    request = workers.asked(WriteSpectra)[-1]
    assert request.names == tuple(f"star_{part}.ecsv" for part in ("ch1-short", "R1_mast_ch1-short_s3d", "R2_mast_x1d"))
    assert [one.path for one in request.references] == [CUBE, EXTRACTED]
    compared.measure("noise")
    settle(qtbot, compared)
    qtbot.waitUntil(lambda: "R1 mast_ch1-short_s3d 3.4 %" in compared.metrics.noise.place_label.text())
    assert "before 8.2 % · after 1.4 %" in compared.metrics.noise.place_label.text()
    view = compared.metrics.noise
    assert [view.choice_box.itemText(k) for k in range(view.choice_box.count())][-1] == "R1"  # R2 is no cube
    view.choice_box.setCurrentText("R1")
    assert view._bar._axis.labelText == "noise of R1 [%]"
    np.testing.assert_allclose(view._values, 100 * compared.session.answers.measured.noise.before / 3)
    compared.session.references.close(1)
    settle(qtbot, compared)
    assert view.choice_box.currentText() == "before"


def test_a_session_brings_references_back(compared, start, qtbot, tmp_path):
    path = tmp_path / "s.toml"
    compared.session.references.show(2, False)
    text = dump_session(compared.session.state.saved)
    path.write_text(text)
    second = start()
    second.session.references.restore(parse_session(text).references)
    second.session.exposures.open([e.view.key for e in compared.session.state.exposures])
    settle(qtbot, second)
    assert [(r.number, r.file.path, r.shown) for r in second.session.state.references] == [
        (1, CUBE, True),
        (2, EXTRACTED, False),
    ]
    assert not second.session.recipes.undo_stack.canUndo()
    qtbot.waitUntil(lambda: "R1" in second.spectrum.header.legend.text())
