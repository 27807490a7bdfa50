"""Command ``demo``: runs the program on synthetic demo exposures."""

from __future__ import annotations

import argparse
from pathlib import Path

from atm_viewer.commands.arguments import add_folder
from atm_viewer.commands.work import ProgressLine, Work, go_offscreen, list_paths, no_display
from atm_viewer.engine.recipe import Recipe


def demo_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``demo`` takes."""
    parser.epilog = (
        "Without a display, or with --no-gui, writes cubes before and after correction and a picture of the window."
    )
    parser.add_argument("--no-gui", action="store_true", help="do not open a window")
    parser.add_argument(
        "--instrument",
        choices=("miri", "nirspec"),
        default="miri",
        help="instrument of the demo exposures; default: miri",
    )
    add_folder(parser, Path("atm-viewer-demo"))


def demo(args: argparse.Namespace) -> int:
    """Open the window on the synthetic demo exposures, or write their cubes and a picture."""
    from atm_viewer.demo import demo_exposures

    with ProgressLine() as line:
        line("Making the demo exposures (first time only)", 0.0)
        association = demo_exposures(args.instrument, progress=line)
    if not (args.no_gui or no_display()):
        from atm_viewer import app

        return app.run([association])

    from atm_viewer.jobs.requests.products import WriteCubes

    folder = str(args.output)
    with Work() as work:
        # Cubes take minutes: those before and those after are built side by side.
        written = work.ask_all(
            *(
                WriteCubes((str(association),), Recipe(), folder, "", which, overwrite=True)
                for which in ("before", "after")
            )
        )
    go_offscreen()
    from atm_viewer import app

    picture = args.output / f"atm-viewer-demo-{args.instrument}.png"
    with ProgressLine() as line:
        line("Taking a picture of the window", 0.0)
        code = app.run([association], None, picture)
    if code == 0:
        print(f"The demo exposures are in {association.parent}. Files written:")
        list_paths([*written[0].paths, *written[1].paths, str(picture)])
    return code
