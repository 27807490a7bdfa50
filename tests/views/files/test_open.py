"""The dialog that asks for files to open."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest
from PyQt6.QtWidgets import QFileDialog, QTreeView

from tests.views.windows import FILES, dialog_of, press, settle

NAME = "jw09999001001_02101_00001_mirifushort_cal.fits"


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """The user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return platformdirs.user_cache_path("atm-viewer", appauthor=False)


@pytest.mark.parametrize("demo", [False, True])
def test_files_are_looked_for_beside_the_open_ones_but_not_beside_the_demos(start, qtbot, cache, tmp_path, demo):
    """Whose folder is hidden in the user's cache: nobody has exposures there."""
    folder = cache / "demo" if demo else tmp_path / "data"
    folder.mkdir(parents=True)
    (folder / NAME).touch()
    window = start(str(folder / Path(FILES[0]).name))
    press(qtbot, window, "open")
    dialog = dialog_of(window, QFileDialog)
    assert Path(dialog.directory().absolutePath()) == (Path.home() if demo else folder)
    if not demo:
        files = dialog.findChild(QTreeView, "treeView")
        model = files.model()
        qtbot.waitUntil(lambda: model.rowCount(files.rootIndex()) == 1)
        assert files.columnWidth(0) > files.fontMetrics().horizontalAdvance(NAME) + 20
    dialog.reject()
    settle(qtbot, window)
