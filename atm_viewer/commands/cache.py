"""Command ``cache``: how much is kept of files' coordinates."""

from __future__ import annotations

import argparse


def cache_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``cache`` takes."""
    parser.epilog = "The variable ATM_VIEWER_CACHE_GIB says how much may be kept [GiB]; default: 8, 0 keeps nothing."
    parser.add_argument("--clear", action="store_true", help="delete it; files take some seconds to open again")


def cache(args: argparse.Namespace) -> int:
    """Print how much is kept, or delete it."""
    from atm_viewer.engine.io.coordinate_cache import cache_folder, cache_size, clear_cache

    if args.clear:
        print(f"{clear_cache() / 1e6:.0f} MB deleted from {cache_folder().parent}.")
    else:
        print(f"{cache_folder()} holds {cache_size() / 1e6:.0f} MB.")
    return 0
