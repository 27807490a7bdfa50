"""Command ``cache``: size of the coordinate cache, and clearing it."""

from __future__ import annotations

import argparse


def cache_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``cache`` takes."""
    parser.epilog = (
        "The environment variable ATM_VIEWER_CACHE_GIB limits the size of the cache [GiB]; default: 8. 0 disables it."
    )
    parser.add_argument(
        "--clear", action="store_true", help="clear the coordinate cache; files open more slowly next time"
    )


def cache(args: argparse.Namespace) -> int:
    """Print how much is kept, or delete it."""
    from atm_viewer.engine.io.coordinate_cache import cache_folder, cache_size, clear_cache

    if args.clear:
        print(f"Cleared the coordinate cache: {clear_cache() / 1e6:.0f} MB deleted from {cache_folder().parent}.")
    else:
        print(f"The coordinate cache {cache_folder()} uses {cache_size() / 1e6:.0f} MB.")
    return 0
