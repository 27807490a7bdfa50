"""Shared by all commands: jobs in worker processes, progress on one line, printed paths and messages."""

from __future__ import annotations

import argparse
import os
import queue
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from atm_viewer.commands.arguments import ALL
from atm_viewer.engine.errors import UserError, one_line, one_sentence
from atm_viewer.engine.recipe import Recipe, load_recipe

if TYPE_CHECKING:
    from pathlib import Path

    from atm_viewer.engine.io.association import Inputs
    from atm_viewer.engine.results.exposure_view import ExposureView
    from atm_viewer.jobs.messages import Outcome, Progress
    from atm_viewer.jobs.requests.base import R_co, Request


#: Signals that end the program as Ctrl-C does: what is half-written is removed.
ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Failed(UserError):
    """A job that did not end well.

    Parameters
    ----------
    sentence : str
        For people.
    detail : str
        Traceback in the worker.
    """

    def __init__(self, sentence: str, detail: str = ""):
        super().__init__(sentence)
        self.detail = detail


class Work:
    """Worker processes for the length of a with statement; leaving it ends whatever is under way.

    Parameters
    ----------
    parts : int
        How many times it will be asked: progress is that of all together.
    """

    def __init__(self, parts: int = 1):
        self._parts, self._answered = max(parts, 1), 0

    def __enter__(self) -> Work:
        from atm_viewer.jobs.workers import Workers

        self._news: queue.SimpleQueue[Progress | Outcome[Any]] = queue.SimpleQueue()
        self._workers = Workers(self._news.put, warm=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A second Ctrl-C must not keep the first from cleaning up.
        before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING}
        try:
            self._workers.close()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def ask(self, request: Request[R_co], meanwhile: Callable[[], object] | None = None) -> R_co:
        """Return the result of a request, showing its progress; ``meanwhile`` is called while the worker begins."""
        return self.ask_all(request, meanwhile=meanwhile)[0]

    def ask_all(self, *requests: Request[R_co], meanwhile: Callable[[], object] | None = None) -> list[R_co]:
        """Return the results of requests that run side by side; the first to fail ends them all."""
        from atm_viewer.jobs.messages import Outcome, Status

        jobs = [self._workers.submit(request) for request in requests]
        if meanwhile is not None:
            meanwhile()
        done = dict.fromkeys(jobs, 0.0)
        results: dict[int, Any] = {}
        with ProgressLine() as line:
            while len(results) < len(jobs):
                try:
                    news = self._news.get(timeout=0.2)  # Ctrl-C does not end an endless wait everywhere
                except queue.Empty:
                    continue
                if not isinstance(news, Outcome):
                    done[news.job] = news.fraction
                    line(news.step, (self._answered + sum(done.values()) / len(jobs)) / self._parts)
                elif news.status is Status.DONE:
                    results[news.job] = news.result
                else:
                    raise Failed(news.sentence, news.detail)
        self._answered += 1
        return [results[job] for job in jobs]

    def open(self, files: Sequence[str | os.PathLike[str]]) -> tuple[str, ...]:
        """Open exposures and return their keys."""
        return tuple(view.key for view in self.open_views(files))

    def open_by_setting(self, wanted: Chosen) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Open exposures setting by setting, and close them again: keys and bands of each, so that memory suffices.

        Exposures of moving targets are opened together, since the mean position of all says where they are.
        """
        from atm_viewer.engine.io.moving_target import read_target
        from atm_viewer.jobs.requests.exposures import CloseExposures

        settings = wanted.settings
        if len(settings) > 1 and any(read_target(path).moving for path in wanted.exposures):
            settings = ((wanted.exposures, wanted.bands),)
        self._parts += 2 * len(settings)
        for exposures, bands in settings:
            keys = self.open(exposures)
            yield keys, bands
            self.ask(CloseExposures(keys))

    def open_views(self, files: Sequence[str | os.PathLike[str]]) -> tuple[ExposureView, ...]:
        """Open exposures."""
        from atm_viewer.jobs.requests.exposures import OpenExposures

        opened = self.ask(OpenExposures(tuple(map(str, files))))
        if opened.problems:
            raise Failed(opened.problems[0])
        for note in opened.notes:
            say(note)
        return opened.exposures


class ProgressLine:
    """Progress on one line of the terminal, gone in the end; nothing when stderr is not a terminal."""

    def __enter__(self) -> Callable[[str, float], None]:
        return self._show

    def __exit__(self, *_: object) -> None:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _show(self, step: str, fraction: float) -> None:
        if sys.stderr.isatty():
            text = f"{100 * fraction:3.0f} % {step}"[: shutil.get_terminal_size().columns - 1]
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def inputs_of(args: argparse.Namespace) -> Inputs:
    """Find the exposures that were asked for, by product; say what was left out."""
    inputs = _read_inputs(args)
    for note in inputs.notes:
        say(note)
    return inputs


def _read_inputs(args: argparse.Namespace) -> Inputs:
    """Find the exposures; once, though offsets are compared with them as well."""
    from atm_viewer.engine.io.association import read_inputs

    if "inputs" not in args:
        args.inputs = read_inputs(args.files, () if args.members is None else (args.members,))
    inputs: Inputs = args.inputs
    return inputs


class Chosen(NamedTuple):
    """Exposures that were asked for, and bands of them, in one of which each has a part.

    ``settings`` has exposures and bands setting by setting, where these were looked for; ``product`` is the name of the
    one product that they belong to.
    """

    exposures: tuple[Path, ...]
    bands: tuple[str, ...]
    settings: tuple[tuple[tuple[Path, ...], tuple[str, ...]], ...] = ()
    product: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """The exposures as requests take them."""
        return tuple(map(str, self.exposures))


def all_chosen(args: argparse.Namespace) -> Chosen:
    """Find the exposures of the product that was asked for, or else of all; bands only if some were asked for."""
    inputs = inputs_of(args)
    exposures = inputs.one(args.product).exposures if args.product else inputs.exposures
    return _with_bands(args, exposures) if args.channel is not None or args.bands else Chosen(exposures, ())


def chosen(args: argparse.Namespace, first: bool = False) -> Chosen:
    """Find the exposures and bands of the one product that was asked for; ``first``: without bands, the first one."""
    product = inputs_of(args).one(args.product)
    if first and not args.bands:
        args.bands = _with_bands(args, product.exposures).bands[:1]
    return _with_bands(args, product.exposures)._replace(product=product.name)


def _with_bands(args: argparse.Namespace, exposures: tuple[Path, ...]) -> Chosen:
    from atm_viewer.engine.io.setting import bands_of, exposures_in, group_exposures

    groups = group_exposures(exposures, args.channel, [] if ALL in args.bands else args.bands)
    return Chosen(
        exposures_in(groups, exposures),
        bands_of(groups),
        tuple((group.exposures, group.bands) for group in groups),
    )


def recipe_of(args: argparse.Namespace) -> Recipe:
    """Read the recipe that was asked for, with the offsets that were."""
    recipe = load_recipe(args.recipe) if args.recipe is not None else Recipe()
    if getattr(args, "offsets", None) is None:
        return recipe
    from atm_viewer.engine.io.offsets import check_offsets, read_offsets
    from atm_viewer.engine.names import exposure_name

    offsets = read_offsets(args.offsets)
    exposures = _read_inputs(args).exposures
    check_offsets(offsets, [exposure_name(path) for path in exposures], args.offsets)
    return replace(recipe, cube=replace(recipe.cube, offsets=offsets))


def list_paths(paths: Sequence[str]) -> None:
    """Print files, one a line."""
    for path in paths:
        print(path)


def say(sentence: str) -> None:
    """Tell a sentence on stderr."""
    with suppress(OSError, ValueError):  # full or closed: there is nobody to tell
        print(f"atm-viewer: {one_sentence(sentence)}", file=sys.stderr, flush=True)


def say_unusual(exposures: Iterable[Path]) -> None:
    """Tell what is unusual in exposures that are not opened here."""
    from atm_viewer.engine.io.headers import header_notes

    for note in header_notes(exposures):
        say(note)


def no_display() -> bool:
    """Whether Qt would find no display (and end the program)."""
    named = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform.startswith("linux") and not any(os.environ.get(name) for name in named)


def no_display_sentence() -> str:
    """Return what to tell when Qt can use no display."""
    named = [name for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY") if os.environ.get(name)]
    given = ", ".join(f"{name}={one_line(os.environ[name], 40)}" for name in named)
    return (
        f"There is no display that a window can use{f' ({given})' if given else ''}; use one of the commands "
        "(atm-viewer --help lists them), or --screenshot without these variables, which needs no display."
    )


def go_offscreen() -> None:
    """Do without a display."""
    from PyQt6.QtCore import QLoggingCategory

    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    # Qt complains about what its own offscreen plugin cannot do. The user's QT_LOGGING_RULES, if set, win.
    QLoggingCategory.setFilterRules("default.warning=false")
