"""Text from outside is shown as it is: whatever is in names, headers, recipes and messages, nothing takes it for HTML.

Qt's rich text opens the files and devices that an ``<img src=…>`` names, on the window's thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from astropy.io import fits
from PyQt6.QtCore import QAbstractItemModel, QModelIndex, Qt, QTimer
from PyQt6.QtGui import QAction, QTextDocument
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QFileDialog,
    QGraphicsTextItem,
    QGraphicsView,
    QLabel,
    QMessageBox,
    QTabBar,
    QWidget,
)

from atm_viewer.demo import demo_exposures
from atm_viewer.engine.errors import InputError, one_line
from atm_viewer.engine.recipe import load_recipe
from atm_viewer.engine.results.written import Tool
from atm_viewer.jobs.workers import Workers
from atm_viewer.session.edits.scope import Scope
from atm_viewer.session.session import Session
from atm_viewer.views.base import dialogs
from atm_viewer.views.base.file_dialog import FileDialog
from atm_viewer.views.base.plain_text import Label, escaped, no_mnemonic, plain_tip
from atm_viewer.views.exposures.same_position import toggle_dithers
from atm_viewer.views.files.missing_dialog import MissingDialog
from tests.session import fake_remedies, fake_workers
from tests.views.mouse import settle as paint
from tests.views.windows import FILES, wait

#: Can be the name of a file; as rich text it is a picture, bold letters and one ampersand.
EVIL = '<img src="zq7"><b>zq7&amp;'
MARK = "zq7"


def as_shown(text: str, form: Qt.TextFormat = Qt.TextFormat.AutoText) -> str:
    """What people see of a text whose format is this."""
    rich = form == Qt.TextFormat.RichText or (form == Qt.TextFormat.AutoText and Qt.mightBeRichText(text))
    if not rich:
        return text
    document = QTextDocument()
    document.setHtml(text)
    return document.toPlainText()


def without_mnemonics(text: str) -> str:
    """What menus and buttons show of a text."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")


def items(model: QAbstractItemModel, parent: QModelIndex | None = None) -> Iterator[QModelIndex]:
    """All items of a model."""
    parent = parent or QModelIndex()
    for row in range(model.rowCount(parent)):
        for column in range(model.columnCount(parent)):
            index = model.index(row, column, parent)
            yield index
            if column == 0:
                yield from items(model, index)


def texts_of(widget: QWidget) -> Iterator[tuple[str, str, str]]:
    """Texts of one widget: what it is, the text as it was set, and what people see of it."""
    kind = type(widget).__name__
    yield f"tooltip of {kind}", widget.toolTip(), as_shown(widget.toolTip())
    yield f"title of {kind}", widget.windowTitle(), widget.windowTitle().replace("[*]", "")
    for action in widget.findChildren(QAction):
        yield "action", action.text(), without_mnemonics(action.text())
        if action.toolTip() != without_mnemonics(action.text()).rstrip("…"):
            yield "tooltip of an action", action.toolTip(), as_shown(action.toolTip())
    if isinstance(widget, QMessageBox):
        yield kind, widget.text(), as_shown(widget.text(), widget.textFormat())
    if isinstance(widget, QLabel):
        yield kind, widget.text(), as_shown(widget.text(), widget.textFormat())
    if isinstance(widget, QAbstractButton):
        yield kind, widget.text(), without_mnemonics(widget.text())
    if isinstance(widget, QTabBar):
        for k in range(widget.count()):
            yield kind, widget.tabText(k), without_mnemonics(widget.tabText(k))
            yield f"tooltip of {kind}", widget.tabToolTip(k), as_shown(widget.tabToolTip(k))
    if isinstance(widget, QGraphicsView) and widget.scene() is not None:
        for item in widget.scene().items():
            yield f"tooltip in {kind}", item.toolTip(), as_shown(item.toolTip())
            if isinstance(item, QGraphicsTextItem):
                yield f"text in {kind}", item.toHtml(), item.toPlainText()
    if isinstance(widget, QAbstractItemView | QComboBox) and widget.model() is not None:
        for index in items(widget.model()):
            display = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
            tip = str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
            yield f"item of {kind}", display, display
            yield f"tooltip of an item of {kind}", tip, as_shown(tip)


def check_all(expected: int) -> None:
    """Look at every widget there is; so many texts at least have the foreign text in them."""
    seen, wrong = 0, []
    for widget in QApplication.allWidgets():
        for where, raw, shown in texts_of(widget):
            if MARK not in raw and MARK not in shown:
                continue
            seen += 1
            if EVIL not in shown or MARK in shown.replace(EVIL, ""):
                wrong.append(f"{where}: {raw!r}")
    assert not wrong, "\n".join(sorted(set(wrong)))
    assert seen >= expected


@pytest.fixture
def hostile(monkeypatch):
    """Workers whose exposures have the foreign text in every keyword that is shown."""
    view, remedy = fake_workers.exposure_view, fake_remedies.remedy

    def evil_view(*args, **values):
        made = view(*args, **values)
        return replace(made, target=EVIL, unit=EVIL, detector=EVIL)

    def evil_remedy(request):
        made = remedy(request)
        plots = tuple(
            replace(p, title=EVIL, y_name=EVIL, y_unit=EVIL, curves=tuple(replace(c, label=EVIL) for c in p.curves))
            for p in made.plots
        )
        rows = tuple((EVIL, *row[1:]) for row in made.rows)
        return replace(made, plots=plots, rows=rows, note=EVIL, columns=(EVIL, *made.columns[1:]))

    for name in ("sky_image", "spectra"):
        known = getattr(fake_workers, name)
        monkeypatch.setattr(fake_workers, name, lambda *args, known=known: replace(known(*args), unit=EVIL))
    monkeypatch.setattr(fake_workers, "exposure_view", evil_view)
    monkeypatch.setattr(fake_remedies, "remedy", evil_remedy)


FOLDER = f"/data/{EVIL}"
EXPOSURES = [f"{FOLDER}/{EVIL}_0000{i}_mirifushort_cal.fits" for i in (1, 2)]


@pytest.fixture
def evil_window(hostile, start, qtbot):
    """A window on exposures whose names, folders and headers hold the foreign text."""
    window = start(*EXPOSURES, size=(1600, 1000))
    wait(qtbot, window)
    return window


def test_names_and_keywords_of_exposures_are_shown_as_they_are(evil_window, qtbot):
    window, session = evil_window, evil_window.session
    session.recipes.set_scope(Scope.SLICE)
    session.recipes.edit_slice(102, "fit_threshold", 4.0)
    session.recipes.label_variant(session.state.variants.active, EVIL)
    session.recipes.new_variant()
    session.recipes.label_variant(session.state.variants.active, EVIL)
    wait(qtbot, window)
    window.metrics_panel.bring_forward()
    wait(qtbot, window)
    window.remedies_panel.bring_forward()
    wait(qtbot, window)
    toggle_dithers(session, window)
    window.actions_by_name["show_learn"].trigger()
    window.files.recent_menu.aboutToShow.emit()
    check_all(expected=60)


def test_messages_and_jobs_are_shown_as_they_are(evil_window, tmp_path, qtbot):
    window, session = evil_window, evil_window.session
    recipe = tmp_path / f"{EVIL}.toml"
    recipe.write_text(f"version = 1\n[global]\n'{EVIL}' = 3\n")
    session.recipes.load_recipe(recipe)
    qtbot.waitUntil(lambda: EVIL in window.banner.label.text())
    check_all(expected=10)
    session.messages.tell("error", EVIL)
    number = session.jobs.start_activity(EVIL, lambda: None)
    session.jobs.report_activity(number, EVIL, 0.5)
    check_all(expected=10)
    session.jobs.finish_activity(number)


def test_a_window_without_exposures_shows_recent_files_as_they_are(hostile, start, qtbot):
    window = start()
    window.files.remember_session(f"{FOLDER}/{EVIL}.toml")
    window.files.recent.add(EXPOSURES)
    window.files.recent_changed.emit()
    window.files.recent_menu.aboutToShow.emit()
    number = window.session.jobs.start_activity(EVIL, lambda: None)
    window.actions_by_name["show_palette"].trigger()
    qtbot.wait(10)
    check_all(expected=8)
    window.session.jobs.finish_activity(number)


_DIALOGS = (
    *("write_cubes", "write_exposures", "run_on_cluster", "send_file"),
    *("export_recipe", "export_spectra", "export_picture", "export_report"),
)


def test_dialogs_show_names_as_they_are(evil_window, qtbot):
    window = evil_window
    window.session.jobs._workers.tools = (Tool("1", EVIL, ("table.load.fits", "image.load.fits")),)
    window.actions_by_name["show_palette"].trigger()
    for name in _DIALOGS:
        window.actions_by_name[name].trigger()
    dialogs.ask(EVIL, EVIL, [("Stay", QMessageBox.ButtonRole.RejectRole)], window)
    wait(qtbot, window)
    check_all(expected=50)
    for dialog in (w for w in QApplication.topLevelWidgets() if w is not window):
        dialog.close()


def test_a_session_whose_exposures_are_missing_names_them_as_they_are(evil_window, tmp_path, qtbot):
    window = evil_window
    path = tmp_path / f"{EVIL}.toml"
    window.sessions.keeper.save(path)
    qtbot.waitUntil(lambda: EVIL in window.windowTitle())
    check_all(expected=20)
    window.sessions.open(str(path))
    qtbot.waitUntil(lambda: window.findChild(MissingDialog) is not None)
    check_all(expected=26)
    window.findChild(MissingDialog).reject()


def test_a_report_shows_names_as_they_are(evil_window, qtbot):
    session, made = evil_window.session, {}
    session.recipes.label_variant(session.state.variants.active, EVIL)
    session.recipes.new_variant()
    for kind in ("html", "pdf"):
        evil_window.exports.make_report(kind, lambda content, kind=kind: made.update({kind: content()}))
        qtbot.waitUntil(lambda kind=kind: kind in made)
    page = made["html"].decode()
    pictures = page.count('src="data:image/png;base64,')
    assert page.count("<img") == pictures > 0
    assert "<b>zq7" not in page
    assert page.count("&lt;img src=&quot;zq7&quot;&gt;&lt;b&gt;zq7&amp;amp;") > 10
    assert made["pdf"].startswith(b"%PDF")


def test_whether_to_replace_a_file_is_asked_with_its_name_as_it_is(start, tmp_path, qtbot):
    window = start()
    name = "<img src=zq7><b>zq7&amp;.toml"  # Qt's dialog takes quotation marks for those around several names
    (tmp_path / name).touch()
    dialog = FileDialog("Save", str(tmp_path), QFileDialog.FileMode.AnyFile, window)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.open()
    dialog.selectFile(name)
    asked = []

    def answer() -> None:
        (box,) = dialog.findChildren(QMessageBox)
        asked.append(as_shown(box.text(), box.textFormat()))
        box.button(QMessageBox.StandardButton.No).click()

    QTimer.singleShot(100, answer)
    dialog.accept()
    assert len(asked) == 1
    assert name in asked[0]
    dialog.reject()


@pytest.mark.timeout(1200)
def test_a_renamed_exposure_with_an_edited_header(start, tmp_path, qtbot):
    """The same through the engine and its worker."""
    folder = tmp_path / EVIL
    folder.mkdir()
    source = sorted(demo_exposures("miri").parent.glob("*_cal.fits"))[0]
    path = folder / f"{EVIL}_cal.fits"
    with fits.open(source) as hdus:
        hdus[0].header["TARGNAME"] = (EVIL, "")
        hdus.writeto(path)
    session = Session(Workers)
    start(session=session)
    session.exposures.open([path])
    qtbot.waitUntil(lambda: session.complete and session.state.exposures != (), timeout=600_000)
    assert session.state.current.target == EVIL
    check_all(expected=10)


# Values without end, and what cannot be printed


@pytest.mark.parametrize(
    ("value", "most", "text"),
    [
        ("star", 4, "star"),
        ("a" * 40 + "b" * 40, 9, "aaaa…bbbb"),
        ("one\ntwo\tthree\u2028four", 80, "one two three four"),
        ("\x1b[31mred\x00\u202egpj\udc80", 80, "\ufffd[31mred\ufffd\ufffdgpj\ufffd"),
        ("5\u00a0µm", 80, "5\u00a0µm"),
        (3.5, 80, "3.5"),
    ],
)
def test_any_value_becomes_a_line_that_can_be_read(value, most, text):
    assert one_line(value, most) == text
    assert len(one_line(value, most)) <= most


def test_a_sentence_on_a_key_without_end_stays_a_sentence(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(f"version = 1\n[global]\n{'k' * 100_000} = 3\n")
    with pytest.raises(InputError) as caught:
        load_recipe(path)
    assert len(str(caught.value)) < 500
    assert "known are oversample" in str(caught.value)
    assert len(str(InputError("x" * 10**6))) == 80
    assert len(str(InputError("x " * 10**6))) == 1000


def test_long_names_and_control_characters_leave_the_window_as_it_is(start, qtbot, monkeypatch):
    strange = "\u202e\n\x07" + "W" * 240
    view = fake_workers.exposure_view
    usual = start(*FILES, size=(1280, 800))
    wait(qtbot, usual)
    least = usual.minimumSizeHint().width()
    usual.close()
    monkeypatch.setattr(
        fake_workers, "exposure_view", lambda *args, **values: replace(view(*args, **values), target=strange, dither=0)
    )
    window = start(*(f"/data/{strange}_{k}_cal.fits" for k in "ab"), size=(1280, 800))
    window.remedies_panel.bring_forward()
    number = window.session.jobs.start_activity(strange * 20, lambda: None)
    window.session.messages.tell("error", "The key " + "k" * 5000 + " is not known.")
    paint(qtbot)
    assert window.size().width() == 1280
    assert window.minimumSizeHint().width() <= min(least + 400, 1280)
    for widget in window.findChildren(QWidget):
        for where, _, shown in texts_of(widget):
            assert not {"\u202e", "\x07"} & set(shown), where
    assert window.banner.label.text().endswith("is not known.")
    window.session.jobs.finish_activity(number)


# The helpers


def test_tooltips_show_any_text(qtbot):
    for text in (EVIL, "a <b>b</b>\nc", "x &lt; y", "3 < 4", "R&D", "<!-- -->", "  two  spaces <i>"):
        assert as_shown(plain_tip(text)) == text
    assert plain_tip("peak 3 < 4 MJy/sr") == "peak 3 < 4 MJy/sr"


def test_labels_show_any_text(qtbot):
    label = Label(EVIL)
    qtbot.addWidget(label)
    assert as_shown(label.text(), label.textFormat()) == EVIL
    ours = Label(f"<b>{escaped(EVIL)}</b>", markup=True)
    qtbot.addWidget(ours)
    assert as_shown(ours.text(), ours.textFormat()) == EVIL
    assert without_mnemonics(no_mnemonic(EVIL)) == EVIL
