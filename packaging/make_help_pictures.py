"""Take the pictures of the help pages: the application itself, on its demo.

    python packaging/make_help_pictures.py [FOLDER]

opens the window unseen on the demo exposures, does what a user would do, and writes the pictures, in light colours and
at twice the size at which they are read, to ``resources/help/pictures``. The demo is made on first use, which takes a
minute.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_SCALE_FACTOR"] = "2"

from PIL import Image
from PyQt6 import sip
from PyQt6.QtCore import QBuffer, QEventLoop, QIODevice, QSettings
from PyQt6.QtWidgets import QApplication, QDialog, QWidget

from atm_viewer.demo import demo_exposures
from atm_viewer.jobs.workers import Workers
from atm_viewer.session.session import Session
from atm_viewer.views.palette.palette import Palette
from atm_viewer.views.window.main_window import MainWindow

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "help" / "pictures"
COLOURS = 256  #: of a picture; enough for plots and text, and a third of the size
LIMIT = 600.0  #: seconds until a picture is given up


class Studio:
    """The window, and what is done with it until each picture can be taken."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.application = QApplication([])
        # Not the null device: whoever may write to it would find it replaced by a file.
        self._settings = tempfile.TemporaryDirectory()
        settings = QSettings(f"{self._settings.name}/settings.ini", QSettings.Format.IniFormat)
        settings.setValue("theme", "light")
        self.session = Session(Workers)
        self.window = MainWindow(self.session, settings)
        self.window.resize(1280, 800)
        self.window.show()

    def settle(self, until: Callable[[], bool] = lambda: True) -> None:
        """Let the event loop run until something holds and everything is computed and painted."""
        begun = time.monotonic()
        while not (until() and self.session.complete):
            self.application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            if time.monotonic() - begun > LIMIT:
                raise TimeoutError(str(self.session.messages.all[-3:]))
        end = time.monotonic() + 0.6  # plots are drawn a moment after their data arrive
        while time.monotonic() < end:
            self.application.processEvents()

    def take(self, name: str, widget: QWidget) -> Path:
        """Save a picture of a widget, with few colours and so in few bytes."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        widget.grab().save(buffer, "PNG")
        picture = Image.open(io.BytesIO(bytes(buffer.data()))).convert("RGB")
        path = self.folder / f"{name}.png"
        picture.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)
        return path

    def pictures(self) -> Iterator[Path]:
        """Do what a user would do, and take the pictures on the way."""
        session, window = self.session, self.window
        session.exposures.open([demo_exposures("miri")])
        self.settle(lambda: len(session.state.exposures) == 4)
        window.status.preview.hide()  # it tells of the machine on which pictures are taken
        self.settle()
        yield self.take("window", window)
        window.resize(1440, 900)
        self.settle()
        yield self.take("spectrum", window.spectrum_panel)
        yield self.take("profile", window.profile_panel)
        yield self.take("sky", window.sky_panel)
        window.actions_by_name["panel_metrics"].trigger()
        self.settle(lambda: session.answers.measured.periods is not None)
        yield self.take("metrics", window.metrics_panel)
        window.actions_by_name["panel_metrics"].trigger()
        window.actions_by_name["layout_remedies"].trigger()
        self.settle(lambda: session.answers.remedy("ranked").remedy is not None)
        yield self.take("remedies", window.remedies_panel)
        window.actions_by_name["layout_tune"].trigger()
        window.actions_by_name["show_why"].trigger()
        self.settle()
        yield self.take("why", window.detector_panel)
        window.actions_by_name["show_why"].trigger()
        session.recipes.edit_slice(session.state.number, "fit_threshold", 6.0)
        session.recipes.set_global("slope_limit", 0.08)
        self.settle()
        yield self.take("recipe", window.globals_panel)
        yield self.take("slices", window.slices_panel)
        window.actions_by_name["export_recipe"].trigger()
        dialog = next(d for d in window.findChildren(QDialog) if d.isVisible())
        dialog.folder_edit.setText("results")
        self.settle()
        yield self.take("exports", dialog)
        dialog.reject()
        window.guide.show_palette()
        palette = next(p for p in window.findChildren(Palette) if p.isVisible())
        palette.line.setText("threshold 5")
        self.settle()
        yield self.take("palette", palette)
        palette.close()

        session.recipes.new_variant()
        session.recipes.set_global("fit_threshold", 1000.0)
        self.settle()
        yield self.take("variants", window.spectrum_panel)

        window.guide.show_learn()
        learn = window.guide.learn
        assert learn is not None
        learn.resize(980, 620)
        learn.page.model_box.setChecked(True)
        self.settle()
        yield self.take("learn", learn.page)
        learn.close()

    def leave(self) -> None:
        """End the workers and the window."""
        self.window.sessions.keeper.close()
        self.session.close()
        sip.delete(self.window)  # before the session that it listens to


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    studio = Studio(folder)
    try:
        for path in studio.pictures():
            print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")
    finally:
        studio.leave()


if __name__ == "__main__":
    main()
