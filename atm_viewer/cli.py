"""The command line: parses arguments, runs a command or the window, and reports failures."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import platformdirs

from atm_viewer import __version__
from atm_viewer.commands import (
    cache,
    compare,
    demo,
    export,
    figure,
    inspect,
    metrics,
    predict,
    products,
    regions,
    send,
    spectrum,
    tune,
)
from atm_viewer.commands.arguments import FILES, add_members, add_recipe, window_size
from atm_viewer.commands.work import ENDING, go_offscreen, no_display, say
from atm_viewer.engine.errors import InputError, one_sentence
from atm_viewer.engine.io.in_time import files_open_in_time
from atm_viewer.engine.whole_file import write_whole

Arguments = Callable[[argparse.ArgumentParser], None]
Command = Callable[[argparse.Namespace], int]

_DESCRIPTION = "Tune JWST's adaptive trace model on MIRI MRS and NIRSpec IFU exposures, in a window or with a command."

#: What to do with the script, by shell.
_COMPLETION = {
    "bash": "atm-viewer completion bash > ~/.local/share/bash-completion/completions/atm-viewer",
    "zsh": 'atm-viewer completion zsh > "${fpath[1]}/_atm-viewer"',
    "fish": "atm-viewer completion fish > ~/.config/fish/completions/atm-viewer.fish",
}


def _completion_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Save the script where the shell looks for it:\n" + "\n".join(
        f"  {line}" for line in _COMPLETION.values()
    )
    parser.add_argument("shell", choices=sorted(_COMPLETION), help="shell that reads the script")


def _completion(args: argparse.Namespace) -> int:
    import shtab

    parser = whole_parser()
    for action in _all_actions(parser):
        if action.metavar in ("FILE", "RECIPE", "CUBE"):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar == "DIR":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    print(shtab.complete(parser, args.shell))
    return 0


def _all_actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """List the arguments of a parser and of the commands in it."""
    found = list(parser._actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                found += _all_actions(command)
    return found


#: By name: what a command does in a few words, the arguments it takes, and who carries it out.
_COMMANDS: dict[str, tuple[str, Arguments, Command]] = {
    "correct": ("write corrected exposures", products.correct_arguments, products.correct),
    "cube": ("write cubes before and after correction", products.cube_arguments, products.cube),
    "spectrum": (
        "write the spectrum of a spaxel or an aperture, before and after correction",
        spectrum.spectrum_arguments,
        spectrum.spectrum,
    ),
    "metrics": (
        "write a table of noise, periods and lines of the brightest spaxels",
        metrics.metrics_arguments,
        metrics.metrics,
    ),
    "compare": (
        "write a table of the noise and flux of cubes of any origin at the same places",
        compare.compare_arguments,
        compare.compare,
    ),
    "tune": (
        "make a recipe that uses each slice's spline where it is better than interpolation",
        tune.tune_arguments,
        tune.tune,
    ),
    "predict": (
        "predict the resampling noise of a star from the exposures' geometry",
        predict.predict_arguments,
        predict.predict,
    ),
    "batch": (
        "correct a programme of targets on a cluster, with a report per target",
        products.batch_arguments,
        products.batch,
    ),
    "export": (
        "write a calwebb_spec3 call or a Python script that reproduces the result",
        export.export_arguments,
        export.export,
    ),
    "figure": (
        "draw ranked spaxels, apertures, dithers or residual fringes for a publication",
        figure.figure_arguments,
        figure.figure,
    ),
    "report": (
        "write a report with parameters, noise values, figures and versions (HTML or PDF)",
        export.report_arguments,
        export.report,
    ),
    "send": (
        "send a FITS file to DS9, TOPCAT or another program through SAMP",
        send.send_arguments,
        send.send,
    ),
    "regions": (
        "list the regions of a recipe, or convert them to and from DS9 regions",
        regions.regions_arguments,
        regions.regions,
    ),
    "inspect": ("list how each slice is fitted", inspect.inspect_arguments, inspect.inspect),
    "cache": (
        "show the size of the coordinate cache, or clear it",
        cache.cache_arguments,
        cache.cache,
    ),
    "completion": (
        "print a script with which a shell completes commands and options",
        _completion_arguments,
        _completion,
    ),
    "demo": (
        "open the window on synthetic demo exposures; without a display, write their cubes",
        demo.demo_arguments,
        demo.demo,
    ),
}


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
    ended_by: list[int] = []
    try:
        try:
            with _ending_as_by_interrupt(ended_by), files_open_in_time():
                args = _parse(list(argv))
                code = int(args.command(args))
        except SystemExit as stop:  # argparse's way to end after --help and wrong usage
            code = int(stop.code or 0)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        say("Interrupted; incomplete files were removed.")
        return 128 + (ended_by[0] if ended_by else signal.SIGINT)
    except BrokenPipeError:
        # The reader of our output has gone (``| head``): nobody is left to be told, not even at exit.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        from atm_viewer.jobs.serve import UNEXPECTED, explain

        detail = getattr(error, "detail", "") or traceback.format_exc()
        if debug:
            print(detail, file=sys.stderr)
        say(sentence := explain(error))
        if sentence.startswith(UNEXPECTED):
            _log(detail)
        return 1


@contextmanager
def _ending_as_by_interrupt(ended_by: list[int]) -> Iterator[None]:
    """Have what ends a program by default (a closed terminal, a shutdown) clean up as Ctrl-C does."""

    def interrupt(number: int, _: object) -> None:
        ended_by.append(number)
        raise KeyboardInterrupt

    mine = threading.current_thread() is threading.main_thread()
    taken = [number for number in ENDING if mine and signal.getsignal(number) == signal.SIG_DFL]
    for number in taken:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _log(detail: str) -> None:
    """Keep the traceback of a fault of our own, and say where."""
    path = platformdirs.user_log_path("atm-viewer", appauthor=False) / "last-error.log"
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"ATM Viewer {__version__}, Python {sys.version}\n{detail}", private=True)
        say(f"The log is {path}.")


def _window(args: argparse.Namespace) -> int:
    if no_display():
        if args.screenshot is None:
            raise InputError(
                "There is no display for a window; use one of the commands "
                f"({', '.join(_COMMANDS)}), or --screenshot, which needs no display."
            )
        go_offscreen()
    from atm_viewer import app

    return app.run(args.files, args.recipe, args.screenshot, args.size, members=args.members)


def whole_parser() -> argparse.ArgumentParser:
    """Build one parser of the window's arguments and of all commands.

    Returns
    -------
    argparse.ArgumentParser
        With a command for each of the program's; for what describes the command line (completion, documentation).
    """
    parser = argparse.ArgumentParser("atm-viewer", description=_DESCRIPTION)
    # Before the files: shells complete the first word by the first argument.
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _window_arguments(parser)
    for name, (summary, add_arguments, _) in _COMMANDS.items():
        add_arguments(commands.add_parser(name, help=summary, **_about(name)))
    return parser


def _about(name: str) -> dict[str, Any]:
    """Describe a command to argparse, which lays out by lines what stands after its arguments."""
    summary = _COMMANDS[name][0]
    return {
        "prog": f"atm-viewer {name}",
        "description": f"{summary[0].upper()}{summary[1:]}.",
        "parents": [_common()],
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }


def _common() -> argparse.ArgumentParser:
    """Arguments of the window and of all commands."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show the traceback of errors")
    return common


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # The whole usage, as argparse does, but the reason as a sentence.
        self.print_usage(sys.stderr)
        self.exit(2, f"atm-viewer: {one_sentence(message[:1].upper() + message[1:])}.\n")


def _parse(argv: list[str]) -> argparse.Namespace:
    """Read arguments: the first one is a command when it has a command's name, else everything is for the window."""
    debug = argv[:1] == ["--debug"]
    name = argv[debug] if len(argv) > debug and argv[debug] in _COMMANDS else ""
    if name:
        del argv[debug]
        _, add_arguments, command = _COMMANDS[name]
        parser = _Parser(**_about(name))
        add_arguments(parser)
    else:
        command = _window
        parser = _Parser(
            prog="atm-viewer",
            usage="atm-viewer [FILE ...] [--recipe R] [--screenshot OUT.png [--size WxH]]\n"
            "       atm-viewer COMMAND ... [--help]",
            description=_DESCRIPTION,
            epilog="commands:\n"
            + "\n".join(f"  {key:10} {text}" for key, (text, _, _) in _COMMANDS.items())
            + "\n\nTo open a file that is named like a command, add its folder, for example ./demo.",
            parents=[_common()],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        _window_arguments(parser)
    if "--" in argv:  # argparse loses what stands behind it, and no name may be taken for an option later
        end = argv.index("--")
        argv[end:] = [f"./{name}" if name.startswith("-") else name for name in argv[end + 1 :]]
    args = parser.parse_intermixed_args(argv)
    args.command = command
    return args


def _window_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE", help=f"{FILES}; a session; s3d, x1d files beside them")
    add_members(parser)
    add_recipe(parser)
    parser.add_argument(
        "--screenshot", type=Path, metavar="OUT.png", help="save a picture of the window when it is complete, then exit"
    )
    parser.add_argument("--size", type=window_size, metavar="WxH", help="size of the window [pixel]")
    parser.add_argument("--version", action="version", version=f"ATM Viewer {__version__}")
