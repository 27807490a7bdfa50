"""Entry point of ``atm-viewer`` and ``python -m atm_viewer``."""

from __future__ import annotations

import multiprocessing
import os
import sys
import warnings

from atm_viewer.engine.threads import use_one_thread_each


def main() -> int:
    """Run the command line; return the exit code."""
    # In a frozen program worker processes start here too, and must go no further.
    multiprocessing.freeze_support()
    _open_standard_streams()
    _keep_libraries_quiet()
    use_one_thread_each()
    if sys.argv[1:] == ["--batch-child"]:  # not for people, see atm_viewer.jobs.requests.batch
        from atm_viewer.batch import child

        return child.main()
    from atm_viewer.cli import run

    return run(sys.argv[1:])


def _open_standard_streams() -> None:
    """Stand in for streams that the caller has closed: nobody reads them, and no file must get their numbers."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115


def _keep_libraries_quiet() -> None:
    """Hide warnings of libraries, which users can do nothing about, unless Python was asked to show them.

    Child processes inherit this.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
        os.environ["PYTHONWARNINGS"] = "ignore"


if __name__ == "__main__":
    sys.exit(main())
