"""How quick the window is: tasks for `measure` that drive the application offscreen, as a user would."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.recipe import Circle, Recipe
from atm_viewer.jobs.messages import Outcome, Status
from atm_viewer.jobs.requests.previews import MakeSpectra, ShowProfile
from atm_viewer.session.parts.job_list import Job
from tests.benchmarks.measure import descendants, proportional

LIMIT = 900.0  # seconds until a job is given up


def first_window(repeats: int = 5) -> dict:
    """Seconds from the start of a process to the first window's paint; ``jwst`` says whether it was imported."""
    code = f"from {__name__} import show_and_leave; show_and_leave()"
    seconds, imported = [], False
    for _ in range(repeats + 1):
        begun = time.monotonic()
        done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
        painted, modules = done.stdout.split("\n")[:2]
        seconds.append(float(painted) - begun)
        imported |= bool({"jwst", "stdatamodels", "gwcs", "numba", "astropy"} & set(modules.split()))
    return {"cold": seconds[0], "seconds": float(np.median(seconds[1:])), "jwst": imported}


def show_and_leave() -> None:
    """Run the application until its window is painted; print when that was, and what was imported by then."""
    from PyQt6.QtCore import QEvent, QTimer

    from atm_viewer import app

    class Window(app.MainWindow):
        def event(self, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                QTimer.singleShot(0, tell)  # once everything in the window is painted
            return super().event(event)

    def tell() -> None:
        print(time.monotonic(), " ".join({name.partition(".")[0] for name in sys.modules}), sep="\n", flush=True)
        os._exit(0)

    app.MainWindow = Window  # type: ignore[misc]
    app.run()


@dataclass
class Beats:
    """A timer of the event loop, and the longest time it had to wait, in milliseconds: by step of the session's use.

    ``own`` is the processor time that the window's thread spent in that time, so that what is not ours can be told:
    the machine's other work, and waiting for Python's lock.
    """

    longest: dict[str, float] = field(default_factory=dict)
    own: dict[str, float] = field(default_factory=dict)
    step: str = ""
    _last: tuple[float, float] = (0.0, 0.0)

    def begin(self, step: str) -> None:
        self.step = step
        self._last = time.perf_counter(), time.thread_time()

    def beat(self) -> None:
        now = time.perf_counter(), time.thread_time()
        waited, spent = ((a - b) * 1e3 for a, b in zip(now, self._last, strict=True))
        if waited > self.longest.get(self.step, 0.0):
            self.longest[self.step], self.own[self.step] = waited, spent
        self._last = now


class User:
    """Somebody who works with the window and waits for what it shows."""

    def __init__(self) -> None:
        from PyQt6.QtCore import QSettings, Qt, QTimer
        from PyQt6.QtWidgets import QApplication

        from atm_viewer.jobs.workers import Workers
        from atm_viewer.session.edits.scope import Scope
        from atm_viewer.session.session import Session
        from atm_viewer.views.base.garbage import GarbageCollector
        from atm_viewer.views.window.main_window import MainWindow

        self.application = QApplication.instance() or QApplication(sys.argv[:1])
        self.session = Session(Workers)
        self.session.recipes.set_scope(Scope.NUMBER)  # a slice of each exposure, as in all tables so far
        # Not the null device: whoever may write to it would find it replaced by a file.
        self._settings = tempfile.TemporaryDirectory()
        settings = QSettings(f"{self._settings.name}/settings.ini", QSettings.Format.IniFormat)
        self.window = MainWindow(self.session, settings)
        self.window.resize(1440, 900)
        self.window.show()
        gc.freeze()  # as `app.run` does
        self._garbage = GarbageCollector(self.session.jobs.changed)
        self.beats = Beats()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(lambda: self.beats.beat())
        self._timer.start(1)

    def wait(self, until: Callable[[], bool]) -> None:
        """Let the event loop run until something holds and is painted."""
        from PyQt6.QtCore import QEventLoop

        from atm_viewer.views.base.paint_turns import all_painted

        begun = time.monotonic()
        while not until():
            self.application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            if time.monotonic() - begun > LIMIT:
                raise TimeoutError(f"{self.beats.step}: {self.session.messages.all[-3:]}")
        self.application.processEvents()
        while not all_painted():
            self.application.processEvents()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure the event loop in a step."""
        self.beats.begin(name)
        yield
        self.beats.begin("")

    def seconds(self, act: Callable[[], object], until: Callable[[], bool]) -> float:
        """Seconds from what the user does to what is on the screen."""
        begun = time.perf_counter()
        act()
        self.wait(until)
        return time.perf_counter() - begun

    def leave(self) -> None:
        self._timer.stop()
        self._garbage.stop()
        self.session.close()
        self.window.deleteLater()


def first_spectrum(path: str) -> dict:
    """Seconds from the start of the window, with whatever its cache holds, to a corrected spectrum on the screen.

    Somebody opens an exposure as soon as there is a window.
    """
    begun = time.perf_counter()
    user = User()
    session = user.session
    session.exposures.open([path])
    user.wait(lambda: any(shown.spectra is not None for shown in session.answers.drawn_spectra))
    seconds = time.perf_counter() - begun
    user.leave()
    return {"seconds": seconds}


def use(paths: list[str], folder: str, repeats: int = 7) -> dict:
    """Open exposures, refit a slice, click on the sky and write cubes.

    Returns
    -------
    dict
        ``longest`` and ``own`` of `Beats` [ms] by step; ``first`` exposure and ``complete`` window after opening [s];
        medians [s] from the act to what is on the screen: ``refit`` to profile and spectra of a slice that is fitted
        again, ``reuse`` to those of one whose splines stay, ``spaxel`` from a click to the spaxel's spectra, ``click``
        to those of the aperture and the noise as well.
    """
    user = User()
    session, beats = user.session, user.beats
    found: dict = {}
    with user.step("opening"):
        found["first"] = user.seconds(lambda: session.exposures.open(paths), lambda: bool(session.state.exposures))
        found["complete"] = found["first"] + user.seconds(
            lambda: None, lambda: session.complete and len(session.state.exposures) == len(paths)
        )
    taken: dict[str, list[float]] = {}
    # The user's fingers are slower than the rest of the window's report, which is made last.
    for step, name, first, by in (("refit", "window", 40, 1), ("reuse", "slope_limit", 0.1, 0.002)):
        with user.step(step):
            taken[step] = []
            for k in range(repeats + 1):
                seconds = user.seconds(
                    lambda name=name, value=first + k * by: session.recipes.edit_slice(
                        session.state.number, name, value
                    ),
                    lambda: not session.answers.pending & {"profile", "spectra"},
                )
                taken[step].append(seconds)
                user.wait(lambda: session.complete)
    with user.step("click"):
        spaxels, clicks, step = [], [], session.answers.sky.spaxel
        east, north = session.answers.sky.offsets(*session.state.position)
        for k in range(repeats + 1):
            target = session.answers.sky.position(east + (k % 3 - 1) * step, north + (k // 3 - 1) * 1.01 * step)
            known = session.answers.drawn_spectra[0].spectra
            spaxels.append(
                user.seconds(
                    lambda target=target: session.look.pick_sky(float(target[0]), float(target[1])),
                    lambda known=known: session.answers.drawn_spectra[0].spectra is not known,
                )
            )
            rest = user.seconds(lambda: None, lambda: not session.answers.pending & {"spectra"})
            clicks.append(spaxels[-1] + rest)
            user.wait(lambda: session.complete)
    with user.step("cubes"):
        session.products.write_cubes(folder, "cubes", overwrite=True)
        user.wait(lambda: not session.jobs.all)
    found["cubes"] = any(Path(folder).glob("*_s3d.fits"))
    taken |= {"spaxel": spaxels, "click": clicks}
    found |= {name: float(np.median(seconds[1:])) for name, seconds in taken.items()}
    found |= {"longest": beats.longest, "own": beats.own}
    found["messages"] = [m.text for m in session.messages.all]
    user.leave()
    return found


def together(paths: list[str], folder: str) -> dict:
    """Memory of the window and all of its processes: while exposures are opened and tuned, and while cubes are written.

    Returns
    -------
    dict
        ``opened``, ``tuned`` and ``written``: most memory at a time [MB], on Linux; pages that processes share count
        once.
    """
    user = User()
    session, peaks, ended = user.session, {"opened": 0, "tuned": 0, "written": 0}, threading.Event()
    step = "opened"

    def watch() -> None:
        while not ended.wait(0.2):
            peaks[step] = max(peaks[step], sum(map(proportional, descendants(os.getpid()))))

    watching = threading.Thread(target=watch)
    watching.start()
    session.exposures.open(paths)
    user.wait(lambda: session.complete and len(session.state.exposures) == len(paths))
    step = "tuned"
    session.recipes.edit_slice(session.state.number, "window", 40)
    user.wait(lambda: session.complete)
    step = "written"
    session.products.write_cubes(folder, "cubes", overwrite=True)
    user.wait(lambda: not session.jobs.all)
    ended.set()
    watching.join()
    assert any(Path(folder).glob("*_s3d.fits")), session.messages.all[-3:]
    user.leave()
    return {name: peak / 2**20 for name, peak in peaks.items()}


#: Values that a hand goes through, by parameter: there and back, at sixty moves a second.
DRAGS = {
    "fit_threshold": [10.0 + 0.2 * k for k in range(60)],
    "slope_limit": [round(0.1 + 0.002 * k, 3) for k in range(60)],
    "window": [50 + k for k in range(60)],
    "use": [((-2.0, round(-1.0 + 0.02 * k, 2)),) for k in range(60)],
}


def drag(paths: list[str]) -> dict:
    """Drag each parameter of the brightest slice for a second, then a region about the place, and let go.

    Returns
    -------
    dict
        By parameter, and for ``region``: ``profile`` and ``spectra``, medians of the time from a move of the hand to
        what it made on the screen [s], ``moves`` and how many ``profiles`` and ``spectra shown`` they made, and
        ``move``, the median processor time [s] that a move takes of the window's thread; ``longest`` of `Beats` [ms].
    """
    user = User()
    session = user.session
    session.exposures.open(paths)
    user.wait(lambda: session.complete and len(session.state.exposures) == len(paths))
    found: dict = {}
    for name, values in DRAGS.items():
        with user.step(name):
            number = session.state.number

            def value(recipe: Recipe, name: str = name, number: int = number) -> object:
                return getattr(recipe.params(number, session.state.current.name), name)

            found[name] = _Drag(user, value).go(values, partial(session.recipes.drag_slice, number, name))
        session.recipes.undo_stack.undo()
        user.wait(lambda: session.complete)
    ra, dec = session.state.position
    session.regions.draw(Circle(ra, dec, 0.5))
    user.wait(lambda: session.complete)
    with user.step("region"):
        shapes = [Circle(ra, dec + 0.01 * k / 3600, 0.5) for k in range(1, 61)]
        found["region"] = _Drag(user, lambda recipe: recipe.regions[0].shape if recipe.regions else None).go(
            shapes, partial(session.regions.drag, session.state.region)
        )
    found["longest"], found["own"] = user.beats.longest, user.beats.own
    user.leave()
    return found


class _Drag:
    """One drag: when the hand was where, and when that was seen."""

    def __init__(self, user: User, value: Callable[[Recipe], object]):
        self._user, self._value = user, value
        self._moved: dict = {}
        self._seen: dict[str, list[float]] = {"profile": [], "spectra": []}

    def go(self, values: list, move: Callable[[Any], object]) -> dict:
        session = self._user.session
        session.jobs.ended.connect(self._see)
        spent = []
        begun = time.perf_counter()
        for k, value in enumerate(values):
            self._user.wait(lambda k=k: time.perf_counter() >= begun + k / 60)
            self._moved[value] = time.perf_counter()
            own = time.thread_time()
            move(value)
            spent.append(time.thread_time() - own)
        self._user.wait(lambda: not session.answers.pending & {"profile", "spectra"})
        session.recipes.end_drag()
        self._user.wait(lambda: session.complete)
        session.jobs.ended.disconnect(self._see)
        medians = {what: float(np.median(seen)) for what, seen in self._seen.items()}
        counts = {"moves": len(values), "profiles": len(self._seen["profile"])}
        return medians | counts | {"spectra shown": len(self._seen["spectra"]), "move": float(np.median(spent))}

    def _see(self, _: Job, outcome: Outcome) -> None:
        from PyQt6.QtCore import QTimer

        match outcome.request:
            case ShowProfile(recipe=recipe):
                what = "profile"
            case MakeSpectra(extraction=Extraction(recipe=recipe)):
                what = "spectra"
            case _:
                return
        moved = self._moved.get(self._value(recipe)) if outcome.status is Status.DONE else None
        if moved is not None:
            # what is painted in this turn of the event loop is on the screen in the next one
            QTimer.singleShot(0, lambda: self._seen[what].append(time.perf_counter() - moved))
