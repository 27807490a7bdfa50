"""The command line: what it takes, and how it tells progress and failures."""

from __future__ import annotations

import argparse
import json
import math
import os
import queue
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from atm_viewer import __version__
from atm_viewer.engine.errors import InputError, UserError
from atm_viewer.engine.recipe import CHOICES, Recipe, dump_recipe, load_recipe

#: Aperture that goes with a spaxel's spectrum when none is asked for; its sum is not written.
_RADIUS = 0.5

_FILES = "cal or crf files, or an association (*_asn.json), which stands for its science members"


def run(argv: Sequence[str]) -> int:
    """Carry out a command line.

    Parameters
    ----------
    argv : sequence of str
        Arguments without the program's name.

    Returns
    -------
    int
        0 success, 1 failure (one sentence on stderr), 2 wrong usage, 130 interrupted.
    """
    debug = "--debug" in argv
    try:
        try:
            args = _parse(list(argv))
            code = int(args.command(args))
        except SystemExit as stop:  # argparse's way to end after --help and wrong usage
            code = int(stop.code or 0)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        _say("Interrupted; nothing half-written is left.")
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (``| head``): nobody is left to be told, not even at exit.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        from atm_viewer.jobs.serve import explain

        if debug:
            print(getattr(error, "detail", "") or traceback.format_exc(), file=sys.stderr)
        _say(explain(error))
        return 1


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


# What each command does


def _window(args: argparse.Namespace) -> int:
    if _no_display():
        if args.screenshot is None:
            raise InputError(
                "There is no display to open a window on; use one of the commands "
                f"({', '.join(_COMMANDS)}), or --screenshot, which works without."
            )
        _go_offscreen()
    from atm_viewer import app

    return app.run(args.files, args.recipe, args.screenshot, args.size)


def _demo(args: argparse.Namespace) -> int:
    from atm_viewer.demo import demo_exposures

    with _Line() as line:
        line("Making the demo's exposures (first time only)", 0.0)
        association = demo_exposures(
            args.instrument, progress=lambda done, total: line(f"Exposure {done} of {total} made", done / total)
        )
    if not (args.no_gui or _no_display()):
        from atm_viewer import app

        return app.run([association])

    from atm_viewer.jobs.messages import WriteCubes

    folder = str(args.output)
    with _Work() as work:
        # Cubes take minutes: those before and those after are built side by side.
        written = work.ask_all(
            *(
                WriteCubes((str(association),), Recipe(), folder, "", which, overwrite=True)
                for which in ("before", "after")
            )
        )
    _go_offscreen()
    from atm_viewer import app

    picture = args.output / f"atm-viewer-demo-{args.instrument}.png"
    with _Line() as line:
        line("Taking a picture of the window", 0.0)
        code = app.run([association], None, picture)
    if code == 0:
        print(f"The demo's exposures are in {association.parent}; written were:")
        _list([*written[0].paths, *written[1].paths, str(picture)])
    return code


def _correct(args: argparse.Namespace) -> int:
    from atm_viewer.jobs.messages import WriteExposures

    wanted = {
        name: value
        for name in ("oversample", "fit_threshold", "slope_limit", "psf_optimal", *CHOICES)
        if (value := getattr(args, name)) is not None
    }
    recipe = replace(_recipe(args), **wanted)
    with _Work() as work:
        written = work.ask(WriteExposures(tuple(args.files), recipe, str(args.output), args.overwrite))
    _list(written.paths)
    return 0


def _cube(args: argparse.Namespace) -> int:
    from atm_viewer.jobs.messages import WriteCubes

    request = WriteCubes(
        tuple(args.files),
        _recipe(args),
        str(args.output),
        args.product,
        args.which,
        args.channel,
        args.cubepar,
        args.overwrite,
        args.engine,
    )
    with _Work() as work:
        written = work.ask(request)
    _list(written.paths)
    return 0


def _spectrum(args: argparse.Namespace) -> int:
    from atm_viewer.engine.association import expand_inputs
    from atm_viewer.engine.setting import chosen_bands, one_setting
    from atm_viewer.engine.staging import saving, staged
    from atm_viewer.jobs.messages import MakeSpectra

    recipe = _recipe(args)
    bands = chosen_bands(one_setting(expand_inputs(args.files)), args.channel)
    with staged(args.output.parent, [args.output.name], args.overwrite) as part:
        with _Work() as work:
            keys = work.open(args.files)
            radius = args.radius or _RADIUS
            spectra = [work.ask(MakeSpectra(keys, recipe, band, args.ra, args.dec, radius)) for band in bands]
        table = _spectrum_table(spectra, aperture=args.radius is not None)
        table.meta.update(_spectrum_meta(args, recipe, keys, spectra))
        made = part / args.output.name
        with saving(made):
            table.write(made, format={".ecsv": "ascii.ecsv", ".fits": "fits"}[args.output.suffix.lower()])
    _list([str(args.output)])
    return 0


def _metrics(args: argparse.Namespace) -> int:
    from atm_viewer.engine.association import expand_inputs
    from atm_viewer.engine.metrics_table import metrics_meta, metrics_table
    from atm_viewer.engine.setting import chosen_bands, one_setting
    from atm_viewer.engine.staging import saving, staged
    from atm_viewer.jobs.messages import MeasureSpaxels

    recipe, lines = _recipe(args), _observed(args.lines, args.redshift)
    bands = chosen_bands(one_setting(expand_inputs(args.files)), args.channel)
    with staged(args.output.parent, [args.output.name], args.overwrite) as part:
        with _Work() as work:
            keys = work.open(args.files)
            wanted = args.radius or 0.0, args.count, tuple(lines.items()), args.speed
            rows = [row for band in bands for row in work.ask(MeasureSpaxels(keys, recipe, band, *wanted))]
        table = metrics_table(rows, tuple(lines))
        radius = "5 spaxels" if args.radius is None else f"{args.radius:g} arcsec"
        table.meta.update(metrics_meta(keys, recipe, radius, lines, args.speed))
        made = part / args.output.name
        with saving(made):
            table.write(made, format="ascii.ecsv")
    _list([str(args.output)])
    return 0


def _observed(names: Sequence[str], redshift: float) -> dict[str, float]:
    """Observed wavelengths [um] of lines by name."""
    from atm_viewer.session.lines import line_list

    found = {}
    for name in names:
        line = line_list().find(name)
        if line is None:
            raise InputError(f"There is no line {name} in the line list; the window's Spectrum Options show its names.")
        found[name] = line.observed(redshift)
    return found


def _spectrum_table(spectra: Sequence[Any], aperture: bool) -> Any:
    """One row per wavelength, bands one after the other."""
    import numpy as np
    from astropy.table import Table

    prefix = "aperture_" if aperture else ""
    table = Table({"wavelength": np.concatenate([s.wavelength for s in spectra])})
    table["wavelength"].unit = "um"
    for name in ("before", "after", "before_err", "after_err"):
        table[name] = np.concatenate([getattr(s, prefix + name) for s in spectra])
        table[name].unit = "Jy" if aperture else spectra[0].unit
    return table


def _spectrum_meta(
    args: argparse.Namespace, recipe: Recipe, keys: Sequence[str], spectra: Sequence[Any]
) -> dict[str, Any]:
    """Say what the spectrum is of; lines, since both FITS and ECSV keep them as they are."""
    where = f"aperture of {args.radius} arcsec" if args.radius is not None else "spaxel"
    lines = [f"ATM Viewer {__version__}: {where} at RA {args.ra}, Dec {args.dec} (ICRS, deg)"]
    for s in spectra:
        lines.append(
            f"band {s.band}: spaxel x {s.spaxel[0]}, y {s.spaxel[1]} centred at RA {s.ra:.8f}, Dec {s.dec:.8f}"
        )
    lines += [f"exposure: {Path(key).name}" for key in keys]
    lines += [f"recipe: {line}" for line in dump_recipe(recipe).splitlines() if line]
    # FITS headers hold ASCII only.
    return {"comments": [line.encode("ascii", "backslashreplace").decode() for line in lines]}


def _inspect(args: argparse.Namespace) -> int:
    from atm_viewer.jobs.messages import Correct

    recipe = _recipe(args)
    with _Work() as work:
        keys = work.open([args.file])
        reports = {key: work.ask(Correct(key, recipe)) for key in keys}
    from atm_viewer.engine.exposure import exposure_name

    rows = [(exposure_name(key), s) for key, report in reports.items() for s in report.slices]
    if args.json:
        print(json.dumps([_json_row(name, s) for name, s in rows], indent=1))
        return 0
    shown = ""
    for name, s in rows:
        if name != shown:
            shown = name
            print(f"{name}\n{'slice':>5} {'peak':>10} {'threshold':>10}  columns of it:       spline")
            print(f"{'':5} {'MJy/sr':>10} {'MJy/sr':>10}  fitted reused empty  used %  reason")
        print(
            f"{s.number:5d} {s.peak:10.4g} {s.threshold:10.4g}  {s.fitted:6d} {s.reused:6d} {s.empty:5d}  "
            f"{100 * s.used:6.1f}  {s.reason}"
        )
    return 0


def _cache(args: argparse.Namespace) -> int:
    from atm_viewer.engine.geometry_cache import cache_folder, cache_size, clear_cache

    if args.clear:
        print(f"{clear_cache() / 1e6:.0f} MB deleted from {cache_folder().parent}.")
    else:
        print(f"{cache_folder()} holds {cache_size() / 1e6:.0f} MB.")
    return 0


def _json_row(exposure: str, s: Any) -> dict[str, Any]:
    """One slice; what is not a number, or without limit, is null."""
    names = ("peak", "threshold", "fitted", "reused", "sparse", "few", "empty", "used", "reason")
    values = {name: getattr(s, name) for name in names}
    values = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
    return {"exposure": exposure, "number": s.number, "band": s.band, **values}


def _recipe(args: argparse.Namespace) -> Recipe:
    return load_recipe(args.recipe) if args.recipe is not None else Recipe()


def _list(paths: Sequence[str]) -> None:
    for path in paths:
        print(path)


def _no_display() -> bool:
    """Whether Qt would find no display (and end the program)."""
    named = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform.startswith("linux") and not any(os.environ.get(name) for name in named)


def _go_offscreen() -> None:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    # Qt complains about what its own offscreen plugin cannot do.
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")


# Work in other processes, progress and messages


class _Work:
    """Worker processes for the length of a with statement; leaving it ends whatever is under way."""

    def __enter__(self) -> _Work:
        from atm_viewer.jobs.workers import Workers

        self._news: queue.SimpleQueue = queue.SimpleQueue()
        self._workers = Workers(self._news.put, warm=False)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        # A second Ctrl-C must not keep the first from cleaning up.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._workers.close()
        finally:
            signal.signal(signal.SIGINT, before)

    def ask(self, request: Any) -> Any:
        """Return the result of a request, showing its progress."""
        return self.ask_all(request)[0]

    def ask_all(self, *requests: Any) -> list[Any]:
        """Return the results of requests that run side by side; the first to fail ends them all."""
        from atm_viewer.jobs.messages import Outcome, Status

        jobs = [self._workers.submit(request) for request in requests]
        done = dict.fromkeys(jobs, 0.0)
        results: dict[int, Any] = {}
        with _Line() as line:
            while len(results) < len(jobs):
                try:
                    news = self._news.get(timeout=0.2)  # Ctrl-C does not end an endless wait everywhere
                except queue.Empty:
                    continue
                if not isinstance(news, Outcome):
                    done[news.job] = news.fraction
                    line(news.step, sum(done.values()) / len(jobs))
                elif news.status is Status.DONE:
                    results[news.job] = news.result
                else:
                    raise Failed(news.sentence, news.detail)
        return [results[job] for job in jobs]

    def open(self, files: Sequence[str]) -> tuple[str, ...]:
        """Open exposures and return their keys."""
        from atm_viewer.jobs.messages import OpenExposures

        opened = self.ask(OpenExposures(tuple(files)))
        if opened.problems:
            raise Failed(opened.problems[0])
        return tuple(e.key for e in opened.exposures)


class _Line:
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


def _say(sentence: str) -> None:
    print(f"atm-viewer: {sentence}", file=sys.stderr)


# Arguments


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # The whole usage, as argparse does, but the reason as a sentence.
        self.print_usage(sys.stderr)
        self.exit(2, f"atm-viewer: {message[:1].upper()}{message[1:]}.\n")


_COMMANDS: dict[str, tuple[str, Callable[[argparse.Namespace], int]]] = {
    "correct": ("write corrected exposures", _correct),
    "cube": ("write cubes before and after correction", _cube),
    "spectrum": ("write the spectrum of a spaxel or an aperture, before and after", _spectrum),
    "metrics": ("write the noise of spaxels, their periods and lines, before and after, as a table", _metrics),
    "inspect": ("show how each slice is fitted", _inspect),
    "cache": ("tell what is kept of files' coordinates, so that they open at once", _cache),
    "demo": ("try the program on exposures of its own", _demo),
}


def _parse(argv: list[str]) -> argparse.Namespace:
    """Read arguments: the first one is a command when it has a command's name, else everything is for the window."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show the traceback of a failure")
    debug = argv[:1] == ["--debug"]
    name = argv[debug] if len(argv) > debug and argv[debug] in _COMMANDS else ""
    if name:
        del argv[debug]
        summary, command = _COMMANDS[name]
        parser = _Parser(
            prog=f"atm-viewer {name}",
            description=summary[0].upper() + summary[1:] + ".",
            parents=[common],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        _ARGUMENTS[name](parser)
    else:
        command = _window
        parser = _Parser(
            prog="atm-viewer",
            usage="atm-viewer [FILE ...] [--recipe R] [--screenshot OUT.png [--size WxH]]\n"
            "       atm-viewer COMMAND ... [--help]",
            description="Tune JWST's adaptive trace model on MIRI MRS and NIRSpec IFU exposures, in a window or by "
            "a command.",
            epilog="commands:\n"
            + "\n".join(f"  {key:9} {text}" for key, (text, _) in _COMMANDS.items())
            + "\n\nThe first word is a command when it is one of these; to open a file of such a name write ./demo.",
            parents=[common],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        _window_arguments(parser)
    args = parser.parse_intermixed_args(argv)
    args.command = command
    return args


def _window_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE", help=f"{_FILES}; or a session (.toml)")
    _add_recipe(parser)
    parser.add_argument("--screenshot", type=Path, metavar="OUT.png", help="save the window once it is complete; exit")
    parser.add_argument("--size", type=_size, metavar="WxH", help="size of the window [pixel]")
    parser.add_argument("--version", action="version", version=f"ATM Viewer {__version__}")


def _correct_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Writes <stem>_atm.fits per exposure; <stem> is its name without _cal or _crf."
    _add_files(parser)
    _add_recipe(parser)
    _add_folder(parser)
    parser.add_argument("--oversample", type=_factor, metavar="N", help="in place of the recipe's value")
    parser.add_argument("--fit-threshold", type=_number, metavar="X", help="in place of the recipe's value")
    parser.add_argument("--slope-limit", type=_number, metavar="X", help="in place of the recipe's value")
    parser.add_argument("--psf-optimal", action="store_true", default=None, help="whatever the recipe says")
    parser.add_argument("--reach", choices=CHOICES["reach"], help="slice: beyond the pipeline, see the recipe's reach")
    parser.add_argument("--peak-cut", choices=CHOICES["peak_cut"], help="source: beyond the pipeline, likewise")
    _add_overwrite(parser)


def _cube_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Writes <product>_<band>_s3d.fits (before) and <product>-atm_<band>_s3d.fits (after); the pipeline names\n"
        "bands ch1-short, g235m-f170lp and so on. All exposures go into one cube per band."
    )
    _add_files(parser)
    _add_recipe(parser)
    _add_folder(parser)
    parser.add_argument("--which", choices=("before", "after", "both"), default="both", help="default: both")
    parser.add_argument("--product", default="", metavar="NAME", help="default: from association or exposures")
    _add_channel(parser)
    parser.add_argument("--cubepar", metavar="FILE", help="CUBEPAR reference file; default: from CRDS, else our own")
    parser.add_argument(
        "--engine",
        choices=("own", "pipeline"),
        default="own",
        help="who drizzles: our kernels, or the pipeline's cube_build, to the same outcome and slowly; default: own",
    )
    _add_overwrite(parser)


def _spectrum_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Columns: wavelength [um], before, after, before_err, after_err ([MJy/sr] for the spaxel, [Jy] for an\n"
        "aperture). To read it:\n"
        "  specutils.Spectrum.read('OUT.ecsv', format='ECSV', column_mapping={'wavelength': ('spectral_axis', 'um'),\n"
        "    'after': ('flux', 'MJy/sr'), 'after_err': ('uncertainty', 'MJy/sr')})\n"
        "or with format='tabular-fits' for OUT.fits."
    )
    _add_files(parser)
    parser.add_argument("--ra", type=_number, required=True, metavar="DEG", help="ICRS right ascension")
    parser.add_argument("--dec", type=_declination, required=True, metavar="DEG", help="ICRS declination")
    parser.add_argument("--radius", type=_positive, metavar="ARCSEC", help="sum an aperture; default: one spaxel")
    _add_recipe(parser)
    _add_channel(parser)
    parser.add_argument("-o", "--output", type=_table, required=True, metavar="OUT.ecsv|OUT.fits")
    _add_overwrite(parser)


def _metrics_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "A row per spaxel, the brightest ones of each band; the table says what its columns are. Noise is against\n"
        "an aperture about each spaxel. Lines are those of the window's list: --line 'Pa α' --line 'H2 1-0 S(1)'."
    )
    _add_files(parser)
    _add_recipe(parser)
    _add_channel(parser)
    parser.add_argument("--count", type=_count, default=25, metavar="N", help="spaxels in each band; default: 25")
    parser.add_argument("--radius", type=_positive, metavar="ARCSEC", help="of the apertures; default: 5 spaxels")
    parser.add_argument("--line", dest="lines", action="append", default=[], metavar="NAME", help="measure a line too")
    parser.add_argument("--redshift", type=_number, default=0.0, metavar="Z", help="of the lines; default: 0")
    parser.add_argument("--speed", type=_positive, default=600.0, metavar="KM/S", help="width of lines; default: 600")
    parser.add_argument("-o", "--output", type=_ecsv, required=True, metavar="OUT.ecsv")
    _add_overwrite(parser)


def _inspect_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help=_FILES)
    _add_recipe(parser)
    parser.add_argument("--json", action="store_true", help="a JSON list with an object per slice")


def _cache_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "The variable ATM_VIEWER_CACHE_GIB says how much may be kept [GiB]; default: 8, 0 keeps nothing."
    parser.add_argument("--clear", action="store_true", help="delete it; files take some seconds to open again")


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Without a display, as with --no-gui, writes cubes before and after and a picture of the window."
    parser.add_argument("--no-gui", action="store_true", help="open no window")
    parser.add_argument("--instrument", choices=("miri", "nirspec"), default="miri", help="default: miri")
    _add_folder(parser, Path("atm-viewer-demo"))


_ARGUMENTS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "correct": _correct_arguments,
    "cube": _cube_arguments,
    "spectrum": _spectrum_arguments,
    "metrics": _metrics_arguments,
    "inspect": _inspect_arguments,
    "cache": _cache_arguments,
    "demo": _demo_arguments,
}


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help=_FILES)


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-r", "--recipe", metavar="RECIPE", help="TOML file; default: the pipeline's parameters")


def _add_folder(parser: argparse.ArgumentParser, default: Path = Path()) -> None:
    text = "folder to write to, made when absent; default: " + ("this folder" if default == Path() else f"./{default}")
    parser.add_argument("-o", "--output", type=Path, default=default, metavar="DIR", help=text)


def _add_channel(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--channel", choices=("1", "2", "3", "4"), metavar="N", help="MIRI channel; default: both")


def _add_overwrite(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--overwrite", action="store_true", help="replace files of the same name")


def _number(text: str) -> float:
    value = _float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return value


def _positive(text: str) -> float:
    value = _number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above zero")
    return value


def _declination(text: str) -> float:
    value = _number(text)
    if abs(value) > 90:
        raise argparse.ArgumentTypeError(f"{text!r} is not between -90 and 90")
    return value


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def _factor(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 10")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 400")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and 100 <= int(width) <= 10000 and 100 <= int(height) <= 10000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1440x900")
    return int(width), int(height)


def _ecsv(text: str) -> Path:
    if Path(text).suffix.lower() != ".ecsv":
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .ecsv")
    return Path(text)


def _table(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in (".ecsv", ".fits"):
        raise argparse.ArgumentTypeError(f"{text!r} ends neither in .ecsv nor in .fits")
    return path
