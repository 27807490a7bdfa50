"""Remedies, with mouse and keys on the window."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QFileDialog, QLineEdit

from atm_viewer.jobs.requests.remedies import CompareApertures, CompareDithers, RankSpaxels, RemoveFringes, SaveFigure
from atm_viewer.views.base.theme import DARK, LIGHT
from tests.views.mouse import settle as paint
from tests.views.windows import FILES, dialog_of, press, settle

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def remedies(opened, qtbot):
    """The panel, opened by its keys."""
    press(qtbot, opened, "panel_remedies")
    settle(qtbot, opened)
    paint(qtbot)
    return opened.remedies


def turn_to(qtbot, window, kind: str):
    """Click a tab."""
    bar = window.remedies.tabs.tabBar()
    qtbot.mouseClick(bar, LEFT, pos=bar.tabRect(list(window.remedies.pages).index(kind)).center())
    settle(qtbot, window)
    return window.remedies.pages[kind]


def table(page) -> list[list[str]]:
    grid = page.table
    return [[grid.item(k, j).text() for j in range(grid.columnCount())] for k in range(grid.rowCount())]


def type_over(qtbot, edit: QLineEdit, text: str):
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, text)
    qtbot.keyClick(edit, Qt.Key.Key_Return)


def test_nothing_is_computed_before_somebody_looks(opened, workers, qtbot):
    assert not opened.remedies_panel.isVisible()
    assert workers.asked(RankSpaxels) == []
    press(qtbot, opened, "panel_remedies")
    settle(qtbot, opened)
    place = opened.session.state.places.current
    asked = RankSpaxels(place.extraction(tuple(FILES), opened.session.state.recipe, "ch1-short"))
    assert workers.asked(RankSpaxels) == [asked]
    assert workers.asked(CompareApertures) == []


def test_ranked_spaxels_stand_before_and_after_with_their_noise(remedies):
    page = remedies.pages["ranked"]
    assert [p.titleLabel.text for p in page.plots.plots] == ["standard cube", "ATM cube"] * 2
    assert table(page)[0] == ["rank 1", "8", "0.8"]
    assert len(table(page)) == 5
    assert "rank 16" in page.plots.legend.text()
    left, right = page.plots.plots[:2]
    assert left.viewRange() == right.viewRange()


def test_typed_ranks_and_the_second_row(opened, remedies, workers, qtbot):
    type_over(qtbot, remedies.ranks_edit, "3,1")
    settle(qtbot, opened)
    page = remedies.pages["ranked"]
    assert [row[0] for row in table(page)] == ["rank 1", "rank 3"]
    box = remedies.fringes_box
    qtbot.mouseClick(box, LEFT, pos=QPoint(8, box.height() // 2))
    settle(qtbot, opened)
    assert len(page.plots.plots) == 2
    assert (workers.asked(RankSpaxels)[-1].ranks, workers.asked(RankSpaxels)[-1].fringes) == ((1, 3), False)


def test_it_follows_recipe_and_place_while_it_is_in_sight(opened, remedies, workers, qtbot):
    opened.session.recipes.set_global("fit_threshold", 4.0)
    settle(qtbot, opened)
    assert remedies.pages["ranked"].note.text() == "Threshold 4, degree 3."
    count = len(workers.asked(RankSpaxels))
    qtbot.mouseClick(opened.remedies_panel.close_button, LEFT)
    opened.session.recipes.set_global("fit_threshold", 5.0)
    settle(qtbot, opened)
    assert len(workers.asked(RankSpaxels)) == count
    press(qtbot, opened, "panel_remedies")
    settle(qtbot, opened)
    assert remedies.pages["ranked"].note.text() == "Threshold 5, degree 3."


def test_an_answer_to_an_older_question_is_dropped(opened, remedies, workers, qtbot):
    workers.held.add(RankSpaxels)
    opened.session.recipes.set_global("fit_threshold", 4.0)
    opened.session.recipes.set_global("fit_threshold", 6.0)
    assert opened.session.answers.remedy("ranked").pending
    assert remedies.pages["ranked"].note.text() == "Threshold 10, degree 3."
    workers.release(RankSpaxels)
    settle(qtbot, opened)
    assert remedies.pages["ranked"].note.text() == "Threshold 6, degree 3."


def test_the_other_tabs(opened, remedies, workers, qtbot):
    page = turn_to(qtbot, opened, "apertures")
    assert [row[0] for row in table(page)] == ["0.5 FWHM", "0.75 FWHM", "1 FWHM", "1.5 FWHM", "2 FWHM"]
    type_over(qtbot, remedies.radii_edit, "1, 9")
    settle(qtbot, opened)
    assert workers.asked(CompareApertures)[-1].radii == (1.0, 2.5)
    page = turn_to(qtbot, opened, "dithers")
    first, _ = remedies.exposure_boxes.values()
    qtbot.mouseClick(first, LEFT, pos=QPoint(8, first.height() // 2))
    settle(qtbot, opened)
    assert workers.asked(CompareDithers)[-1].chosen == (FILES[0],)
    assert table(page)[0][0] == "2 exposures, 1 chosen"
    page = turn_to(qtbot, opened, "fringes")
    assert len(workers.asked(RemoveFringes)) == 1
    assert [row[0] for row in table(page)] == ["spaxel", "aperture"]


def test_nirspec_has_no_fringes(window, qtbot):
    window.session.exposures.open(["/data/jw09999-star_00001_nrs1_cal.fits"])
    settle(qtbot, window)
    press(qtbot, window, "panel_remedies")
    settle(qtbot, window)
    assert not window.remedies.fringes_box.isEnabled()
    assert len(window.remedies.pages["ranked"].plots.plots) == 2
    page = turn_to(qtbot, window, "fringes")
    assert "MIRI spectra only" in page.note.text()
    assert not window.remedies.save_button.isEnabled()


def test_a_figure_is_saved_by_keys(opened, remedies, workers, qtbot, tmp_path):
    press(qtbot, opened, "save_figure")
    dialog = dialog_of(opened, QFileDialog)
    path = str(tmp_path / "a.svg")
    dialog.fileSelected.emit(path)
    dialog.reject()
    qtbot.waitUntil(lambda: opened.session.messages.all and "a.svg" in opened.session.messages.all[-1].text)
    (asked,) = workers.asked(SaveFigure)
    assert asked == SaveFigure(workers.asked(RankSpaxels)[-1], path, overwrite=True)
    assert opened.session.messages.all[-1].text == f"Wrote a.svg to {tmp_path}."


def test_a_failure_is_told(opened, workers, qtbot):
    workers.failing[RankSpaxels] = "The aperture has 12 spaxels; choose ranks from 1 to 12."
    press(qtbot, opened, "panel_remedies")
    settle(qtbot, opened)
    assert opened.session.messages.all[-1].text == "The aperture has 12 spaxels; choose ranks from 1 to 12."
    assert table(opened.remedies.pages["ranked"]) == []


def test_the_aperture_is_black_on_white_and_white_on_black(remedies):
    for theme in (DARK, LIGHT):
        remedies.set_theme(theme)
        aperture = remedies.pages["ranked"].plots.plots[0].listDataItems()[0]
        assert aperture.opts["pen"].color().name() == theme.text


def test_in_little_room_the_panels_have_all_of_it(opened, remedies, qtbot):
    assert not remedies.pages["ranked"].table.isVisible()
    press(qtbot, opened, "layout_remedies")
    paint(qtbot)
    assert remedies.pages["ranked"].table.isVisible()
    left, right = remedies.pages["ranked"].plots.plots[:2]
    assert left.width() == pytest.approx(right.width(), abs=2)


def test_a_hidden_page_takes_another_theme_when_it_is_shown(opened, remedies, qtbot):
    ranked = remedies.pages["ranked"].plots
    turn_to(qtbot, opened, "apertures")
    (curve, *_) = ranked.plots[0].listDataItems()
    press(qtbot, opened, "use_light_theme")
    paint(qtbot)
    assert ranked.plots[0].listDataItems()[0] is curve  # nothing is drawn out of sight
    turn_to(qtbot, opened, "ranked")
    paint(qtbot)
    assert ranked.plots[0].listDataItems()[0] is not curve
    assert ranked.plots[0].getAxis("left").textPen().color().name() == LIGHT.muted
