"""Arguments that several commands take, and the kinds of values they have."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

FILES = "cal or crf files, or an association (*_asn.json) with its science members"


def add_files(parser: argparse.ArgumentParser) -> None:
    """Take exposures and associations."""
    parser.add_argument("files", nargs="+", metavar="FILE", help=FILES)


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Take the file of a recipe."""
    parser.add_argument(
        "-r", "--recipe", metavar="RECIPE", help="recipe (TOML file); default: the pipeline's parameters"
    )


def add_folder(parser: argparse.ArgumentParser, default: Path = Path()) -> None:
    """Take a folder to write to."""
    text = "folder to write to, created if missing; default: " + (
        "this folder" if default == Path() else f"./{default}"
    )
    parser.add_argument("-o", "--output", type=Path, default=default, metavar="DIR", help=text)


def add_channel(parser: argparse.ArgumentParser) -> None:
    """Take one of MIRI's channels."""
    parser.add_argument("--channel", choices=("1", "2", "3", "4"), metavar="N", help="MIRI channel; default: both")


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """Take the leave to replace files."""
    parser.add_argument("--overwrite", action="store_true", help="overwrite existing files")


def number(text: str) -> float:
    """Read a finite number."""
    value = _float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return value


def positive(text: str) -> float:
    """Read a number above zero."""
    value = number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above zero")
    return value


def declination(text: str) -> float:
    """Read a declination [deg]."""
    value = number(text)
    if abs(value) > 90:
        raise argparse.ArgumentTypeError(f"{text!r} is not between -90 and 90")
    return value


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def factor(text: str) -> int:
    """Read an oversampling factor."""
    if not text.isdecimal() or not 1 <= int(text) <= 10:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 10")
    return int(text)


def window_size(text: str) -> tuple[int, int]:
    """Read width and height [pixel]."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and 100 <= int(width) <= 10000 and 100 <= int(height) <= 10000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1440x900")
    return int(width), int(height)


def ecsv(text: str) -> Path:
    """Name of a table; the table is written as ECSV."""
    if Path(text).suffix.lower() != ".ecsv":
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .ecsv")
    return Path(text)
