"""Entry point of ``atm-viewer`` and ``python -m atm_viewer``."""

from __future__ import annotations

import multiprocessing
import sys

from atm_viewer.engine.threads import use_one_thread_each


def main() -> int:
    """Run the command line; return the exit code."""
    # In a frozen program worker processes start here too, and must go no further.
    multiprocessing.freeze_support()
    use_one_thread_each()
    from atm_viewer.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
