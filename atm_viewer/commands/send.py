"""Command ``send``: sends a file to another program."""

from __future__ import annotations

import argparse
from pathlib import Path

from atm_viewer.engine.errors import InputError


def send_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``send`` takes."""
    parser.epilog = (
        "Images and cubes go to programs that accept images (DS9, Aladin), tables to those that accept tables (TOPCAT)."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="FITS file; do not move it while other programs use it")
    parser.add_argument(
        "--to", default="", metavar="NAME", help="name of the program on the SAMP hub; default: all programs"
    )


def send(args: argparse.Namespace) -> int:
    """Send a file."""
    from atm_viewer.engine.output.samp import find_tools, kind_of, send_file

    kind = kind_of(args.file)
    number = ""
    if args.to:
        tools = {tool.name.lower(): tool for tool in find_tools() if kind in tool.takes}
        if args.to.lower() not in tools:
            there = ", ".join(tool.name for tool in tools.values()) or "none"
            raise InputError(f"No program {args.to} on the SAMP hub accepts such files; programs that do: {there}.")
        number = tools[args.to.lower()].number
    print(send_file(args.file, kind, number))
    return 0
