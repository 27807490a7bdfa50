"""The longest turn of the window's event loop in everything that people do with it: a task for `measure`."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from atm_viewer.engine.recipe import Circle
from tests.benchmarks.window import Beats, User

QUIET = 0.3  #: seconds after a step's last answer in which what it left over is painted


class Turns(Beats):
    """Longest turn of each step in milliseconds: ``longest`` by the clock, ``own`` by the thread's processor time."""

    def beat(self) -> None:
        """End a turn, begin the next one."""
        now = time.perf_counter(), time.thread_time()
        for kept, after, before in zip((self.longest, self.own), now, self._last, strict=True):
            kept[self.step] = max(kept.get(self.step, 0.0), (after - before) * 1e3)
        self._last = now


def walk(paths: list[str]) -> dict:
    """Go through everything there is in the window once, on some exposures.

    Returns
    -------
    dict
        ``longest`` and ``own`` [ms] of `Turns` by step.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _Walk(User(), paths, Path(folder)).go()


class _Walk:
    """Somebody who tries everything, and waits each time until the window has nothing more to do."""

    def __init__(self, user: User, paths: list[str], folder: Path):
        self._user, self._paths, self._folder = user, paths, folder
        self._session, self._window = user.session, user.window
        user.beats = self._turns = Turns()

    def go(self) -> dict:
        for name, act in self._steps():
            self._turns.begin(name)
            act()
            self._settle()
        self._turns.begin("leaving")
        self._user.leave()
        return {"longest": self._turns.longest, "own": self._turns.own}

    def _settle(self) -> None:
        session = self._session
        self._user.wait(lambda: session.complete and not session.jobs.all and not session.file_work.busy)
        until = time.perf_counter() + QUIET
        self._user.wait(lambda: time.perf_counter() > until)
        self._user.wait(lambda: session.complete and not session.jobs.all)

    def _action(self, name: str) -> tuple[str, Callable[[], object]]:
        return name, self._window.actions_by_name[name].trigger

    def _steps(self) -> Iterator[tuple[str, Callable[[], object]]]:
        session = self._session
        yield "open", lambda: session.exposures.open(self._paths)
        for part in (self._panels, self._windows, self._choices, self._edits, self._spectra, self._files):
            yield from part()

    def _panels(self) -> Iterator[tuple[str, Callable[[], object]]]:
        window = self._window
        for size in ((1200, 760), (1920, 1080), (1440, 900)):
            yield f"resize to {size[0]} x {size[1]}", lambda size=size: window.resize(*size)
        for name in ("spectra", "detector", "remedies", "tune", "spectra", "tune"):
            yield self._action(f"layout_{name}")
        yield self._action("reset_layout")
        for kind in ("periods", "noise", "lines"):
            yield f"metrics: {kind}", lambda kind=kind: window.measure(kind)
        yield "metrics: hidden", lambda: window.metrics_panel.close()
        yield "remedies", lambda: window.toggle_panel("remedies")
        for at, kind in enumerate(window.remedies.pages):
            yield f"remedies: {kind}", lambda at=at: window.remedies.tabs.setCurrentIndex(at)
        yield "log", lambda: window.toggle_panel("log")
        yield self._action("reset_layout")
        yield "float a panel", lambda: window.spectrum_panel.setFloating(True)
        yield "put it back", lambda: window.spectrum_panel.setFloating(False)
        for name in ("light", "dark", "light", "dark"):
            yield self._action(f"use_{name}_theme")

    def _windows(self) -> Iterator[tuple[str, Callable[[], object]]]:
        window, guide = self._window, self._window.guide
        yield self._action("show_learn")
        yield "learn: your exposure", lambda: guide.learn.tabs.setCurrentIndex(1)
        yield "learn: theme", self._window.actions_by_name["use_light_theme"].trigger
        yield "learn: back", lambda: (guide.learn.tabs.setCurrentIndex(0), window.theming.use_dark_theme())
        yield "learn: closed", lambda: guide.learn.close()
        yield self._action("show_learn")
        yield "learn: closed", lambda: guide.learn.close()
        for name in ("show_help", "show_first_steps", "show_shortcuts", "what_is_this", "show_about"):
            yield self._action(name)
        for page in sorted(_pages()):
            yield f"help: {page}", lambda page=page: guide.show_page(page)
        yield "help: closed", lambda: guide.help.close()
        yield self._action("show_palette")
        for letter in "slice 11":
            yield f"palette: {letter} typed", lambda letter=letter: _type(self._user, letter)
        yield "palette: closed", lambda: _close_popups(self._user)
        for name in ("export_recipe", "export_spectra", "export_picture", "send_file", "write_cubes", "save_figure"):
            yield self._action(name)
            yield f"{name}: closed", lambda: _close_popups(self._user)
        yield from self._exports()

    def _exports(self) -> Iterator[tuple[str, Callable[[], object]]]:
        from atm_viewer.views.files.pictures import make_picture

        session, window, exports = self._session, self._window, self._window.exports

        def keep(content: Callable[[], bytes]) -> None:
            session.file_work.run("Making a file", content, len)

        for name, view in exports._views.items():
            for kind in ("png", "svg", "pdf"):
                yield (
                    f"picture of {name}, {kind}",
                    lambda view=view, kind=kind: make_picture(view, lambda: window.theme, kind, "", True, keep),
                )
        for kind in ("html", "pdf"):
            yield f"report, {kind}", lambda kind=kind: exports.make_report(kind, keep)

    def _choices(self) -> Iterator[tuple[str, Callable[[], object]]]:
        session, window = self._session, self._window
        for layer in range(len(window.detector.layer_buttons.buttons())):
            yield f"detector layer {layer}", lambda layer=layer: window.detector.show_layer(layer)
        yield "detector layer 0", lambda: window.detector.show_layer(0)
        yield self._action("show_why")
        yield self._action("show_why")
        for name in ("flip", "flip", "blink", "swipe", "difference", "ratio", "light", "light"):
            yield self._action(f"sky_{name}")
        for _ in range(2):
            yield self._action("next_exposure")
        for name in ("next_slice", "next_column", "next_band", "show_dithers", "fit_views", "centre_spaxel"):
            yield self._action(name)
        yield "dithers: closed", lambda: _close_popups(self._user)
        yield self._action("refresh")
        if len(self._paths) > 1:
            yield "exclude an exposure", lambda: session.exposures.include(session.state.exposures[-1].view.key, False)
            yield "include it", lambda: session.exposures.include(session.state.exposures[-1].view.key, True)

    def _edits(self) -> Iterator[tuple[str, Callable[[], object]]]:
        session = self._session
        yield "edit all slices", lambda: session.recipes.edit_slices(session.state.slices, "fit_threshold", 4.0)
        yield self._action("undo")
        yield self._action("redo")
        yield self._action("reset_all")
        yield self._action("undo")
        yield "psf_optimal", lambda: session.recipes.set_global("psf_optimal", True)
        yield self._action("undo")
        yield "region", lambda: session.regions.draw(Circle(*session.state.position, 0.5))
        yield "drag a region", self._drag_region
        yield self._action("remove_region")
        for variant in "BCDEFGH":
            yield f"variant {variant}", session.recipes.new_variant
            yield (
                f"edit {variant}",
                lambda v=variant: session.recipes.edit_slice(session.state.number, "window", 20 + ord(v) % 16),
            )
        for number in range(2, 9):
            yield f"place {number}", lambda number=number: session.look.add_place(*self._near(number))
        for _ in range(2):
            yield self._action("next_variant")
        yield self._action("next_place")
        yield "a place is moved", lambda: session.look.pick_sky(*self._near(5))

    def _drag_region(self) -> None:
        """Move the region to and fro by a hand's moves, sixty a second."""
        session = self._session
        region = session.state.selected_region
        begun = time.perf_counter()
        for k in range(60):
            self._user.wait(lambda k=k: time.perf_counter() >= begun + k / 60)
            session.regions.drag(region.name, replace(region.shape, dec=region.shape.dec + 0.005 * k / 3600))
        session.recipes.end_drag()

    def _near(self, number: int) -> tuple[float, float]:
        sky = self._session.answers.sky
        east, north = sky.offsets(*self._session.state.position)
        ra, dec = sky.position(east + (number % 3 - 1) * sky.spaxel, north + (number // 3 - 1) * 1.01 * sky.spaxel)
        return float(ra), float(dec)

    def _spectra(self) -> Iterator[tuple[str, Callable[[], object]]]:
        from atm_viewer.session.spectrum.lines import line_list

        session = self._session

        def choose(**values) -> Callable[[], object]:
            return lambda: session.look.set_spectrum_settings(replace(session.state.spectrum_settings, **values))

        yield self._action("spectrum_options")
        yield "spectrum_options: closed", lambda: _close_popups(self._user)
        yield "all lines", choose(families=tuple(line_list().about))
        yield "errors", choose(errors=True)
        yield "difference", choose(difference=True)
        yield "crossings", choose(crossings=True)
        yield "Jy, velocity", choose(unit="Jy", axis="velocity")
        yield "smoothed", choose(kernel="gaussian", width=9.0)
        yield "stacked", choose(arrangement="stacked")
        yield "against before", choose(reference="before")
        yield "all as it was", lambda: session.look.set_spectrum_settings(type(session.state.spectrum_settings)())

    def _files(self) -> Iterator[tuple[str, Callable[[], object]]]:
        session, window = self._session, self._window
        path = str(self._folder / "session.toml")
        yield "save session", lambda: window.sessions.keeper.save(path)
        yield "session over the session", lambda: window.sessions.keeper.open(path)
        for _ in self._paths:
            yield self._action("close_exposure")
        yield "session restored", lambda: window.sessions.keeper.open(path)
        for _ in self._paths:
            yield self._action("close_exposure")
        yield "open again", lambda: session.exposures.open(self._paths)


def _pages() -> list[str]:
    from atm_viewer.resources import resource

    return [path.stem for path in Path(resource("help")).glob("*.md")]


def _type(user: User, letter: str) -> None:
    from PyQt6.QtTest import QTest

    QTest.keyClick(user.application.focusWidget(), letter)


def _close_popups(user: User) -> None:
    for widget in user.application.topLevelWidgets():
        if widget is not user.window and widget.isVisible():
            widget.close()
