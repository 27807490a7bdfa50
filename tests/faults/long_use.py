"""Thousands of random edits, clicks, openings and closings through the real window with real workers.

``python -m tests.faults.long_use [STEPS] [SEED]`` prints memory, file descriptors and threads of window and worker on
the way, and compares every spectrum on the screen in the end with one that is computed afresh. With everything closed
the window must not have more memory than after the first hundred steps.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from atm_viewer.demo import demo_exposures
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.jobs.requests.previews import MakeSpectra
from atm_viewer.views.base.garbage import PAUSE
from tests.benchmarks.window import User

#: How often what a user does comes, among all.
_WEIGHTS = {
    "edit": 30,
    "click": 25,
    "slice": 15,
    "column": 10,
    "undo": 10,
    "redo": 5,
    "exposure": 5,
    "variant": 2,
    "discard": 2,
    "place": 1,
    "global": 2,
    "include": 2,
    "close": 2,
    "open": 4,
    "reset": 1,
}
_EDITS = {"fit_threshold": (0.0, 20.0), "slope_limit": (0.01, 0.3), "window": (20, 100)}


class Hand:
    """Does something at random.

    Parameters
    ----------
    user : User
        Has the window.
    files : list of Path
        What can be opened.
    rng : random.Random
        Decides.
    """

    def __init__(self, user: User, files: list[Path], rng: random.Random):
        self._session, self._files, self._rng = user.session, files, rng
        self.done: Counter[str] = Counter()

    def act(self) -> str:
        """Do something."""
        what = self._rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        if not self._session.state.exposures:
            what = "open"
        getattr(self, f"_{what}")()
        self.done[what] += 1
        return what

    def _edit(self) -> None:
        state = self._session.state
        if state.number:
            name = self._rng.choice(list(_EDITS))
            value: Any = self._rng.uniform(*_EDITS[name])
            self._session.recipes.edit_slice(state.number, name, int(value) if name == "window" else value)

    def _global(self) -> None:
        self._session.recipes.set_global("oversample", self._rng.choice((2, 3, 4)))

    def _click(self) -> None:
        sky = self._session.answers.sky
        if sky is not None and self._session.state.position is not None:
            ra, dec = sky.position(*(self._rng.uniform(-1.0, 1.0) for _ in range(2)))
            self._session.look.pick_sky(float(ra), float(dec))

    def _place(self) -> None:
        sky = self._session.answers.sky
        if sky is not None and len(self._session.state.places.all) < 3:
            ra, dec = sky.position(*(self._rng.uniform(-1.0, 1.0) for _ in range(2)))
            self._session.look.add_place(float(ra), float(dec))

    def _slice(self) -> None:
        self._session.look.step_slice(self._rng.choice((-3, -1, 1, 2)))

    def _column(self) -> None:
        self._session.look.step_column(self._rng.randrange(-200, 200))

    def _undo(self) -> None:
        self._session.recipes.undo_stack.undo()

    def _redo(self) -> None:
        self._session.recipes.undo_stack.redo()

    def _exposure(self) -> None:
        self._session.look.select_exposure(self._rng.choice(self._session.state.exposures).view.key)

    def _include(self) -> None:
        one = self._rng.choice(self._session.state.exposures)
        self._session.exposures.include(one.view.key, not one.included)

    def _variant(self) -> None:
        if len(self._session.state.variants.all) < 3:
            self._session.recipes.new_variant()

    def _discard(self) -> None:
        variants = self._session.state.variants
        if len(variants.all) > 1:
            self._session.recipes.discard_variant(variants.active)

    def _reset(self) -> None:
        self._session.recipes.reset_all()

    def _open(self) -> None:
        self._session.exposures.open([self._rng.choice(self._files)])

    def _close(self) -> None:
        self._session.exposures.close(self._rng.choice(self._session.state.exposures).view.key)


def main(steps: int = 5000, seed: int = 1, every: int = 100) -> int:
    """Use the window; the exit code is 1 when something is lost, or an answer is not the one computed afresh."""
    rng = random.Random(seed)
    files = [path for i in ("miri",) for path in sorted(demo_exposures(i).parent.glob("*_cal.fits"))]
    user = User()
    session = user.session
    hand = Hand(user, files, rng)
    user.wait(lambda: session.complete)
    begun, wrong, first = time.monotonic(), 0, 0
    ended = Counter[str]()
    session.jobs.ended.connect(lambda job, outcome: ended.update([outcome.status.name]))

    def idle() -> bool:
        return not session.jobs.all and not session.file_work.busy and not session.answers.pending_slots

    for step in range(1, steps + 1):
        hand.act()
        if rng.random() < 0.2:
            user.wait(idle)
        else:
            pause = time.monotonic() + rng.uniform(0.0, 0.1)
            user.wait(lambda until=pause: time.monotonic() > until)
        if step % every == 0 or step == steps:
            user.wait(idle)
            _pause(user)
            first = first or _megabytes(os.getpid())
            print(f"{step} steps, {time.monotonic() - begun:.0f} s: {_sizes()}, {dict(ended)}", flush=True)
    errors = [m.text for m in session.messages.all if m.level == "error"]
    print("errors:", Counter(errors) or "none")
    shown = [
        (slot.name, filled.asked.extraction, filled.result)
        for slot, filled in session.answers.slots.items()
        if slot.kind is MakeSpectra and filled.result is not None and filled.job is None
    ]
    keys = [e.view.key for e in session.state.exposures]
    session.exposures.close(*keys)
    user.wait(lambda: session.complete)
    _pause(user)
    print(f"all closed: {_sizes()}; {dict(hand.done)}")
    if (left := _megabytes(os.getpid())) > first:
        print(f"the window has {left} MB with nothing open, and had {first} MB after the first {every} steps")
        wrong += 1
    user.leave()
    wrong += _compare(keys, shown)
    return int(bool(wrong or errors))


def _pause(user: User) -> None:
    """Let the window rest, so that it gives memory back."""
    until = time.monotonic() + 1.5 * PAUSE / 1000.0
    user.wait(lambda: time.monotonic() > until)


def _compare(keys: list[str], shown: list[tuple[str, Extraction, SpaxelSpectra]]) -> int:
    """Count spectra that were on the screen and are not those that a new bench makes.

    While a slice is tuned, its light is added to the sum of the others': only the rounding may differ.
    """
    from atm_viewer.engine.progress import no_progress
    from atm_viewer.engine.service.bench import Bench

    wrong = 0
    bench = Bench()
    bench.open(keys, no_progress)
    for name, extraction, spectra in shown:
        fresh = bench.spectra(extraction, no_progress)
        same = all(
            np.allclose(getattr(fresh, part), getattr(spectra, part), rtol=1e-13, atol=0.0, equal_nan=True)
            for part in ("before", "after", "aperture_before", "aperture_after")
        )
        wrong += not same
        print(f"spectra {name}: {'equal' if same else 'DIFFERENT'}")
    bench.close(keys)
    return wrong


def _sizes() -> str:
    """Memory [MB], file descriptors and threads of this process and its workers, and temporary files of ours."""
    pids = [os.getpid(), *_children(os.getpid())]
    parts = []
    for pid in pids:
        try:
            status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            files = len(os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            continue
        parts.append(f"{_megabytes(pid)} MB {files} files {status['Threads'].strip()} threads")
    mine = len(list(Path(tempfile.gettempdir()).glob(f"atm-viewer-{os.getpid()}-*")))
    return f"{' | '.join(parts)}; {mine} temporary files"


def _megabytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


def _children(pid: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            line = (folder / "cmdline").read_text()
        except OSError:
            continue
        if parent == pid and "resource_tracker" not in line:
            found.append(int(folder.name))
    return found


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.exit(main(*map(int, sys.argv[1:])))
