"""A program that writes as ours do and nothing else, to be killed at any step or set against another one.

``python -m tests.faults.writer WHAT FOLDER TEXT [KILLED_AT]``; it prints how many steps it took.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from atm_viewer.engine.errors import OutputError
from atm_viewer.engine.io.coordinate_cache import KeptGeometry
from atm_viewer.engine.output.staging import staged
from atm_viewer.engine.whole_file import write_whole

NAMES = ("cube_before.fits", "cube_after.fits")


def products(folder: Path, text: str) -> None:
    """Two products that belong together."""
    with staged(folder, NAMES, overwrite=True) as part:
        for name in NAMES:
            (part / name).write_text(text)


def session(folder: Path, text: str) -> None:
    """A session."""
    write_whole(folder / "session.toml", text, private=True)


def cache(folder: Path, text: str) -> None:
    """Coordinates in the cache, which XDG_CACHE_HOME says where it is."""
    found = KeptGeometry("key").get_or_make("part", lambda: {"a": np.arange(1000.0)})
    assert np.array_equal(found["a"], np.arange(1000.0))


def main(what: str, folder: str, text: str, killed_at: str = "0") -> int:
    """Write, and be killed before the step of that number."""
    steps = 0

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def does(*args: Any, **options: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == int(killed_at):
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **options)

        return does

    for name in ("open", "replace", "rename", "link", "mkdir", "fsync", "unlink", "rmdir", "close", "scandir", "utime"):
        setattr(os, name, counted(getattr(os, name)))
    try:
        globals()[what](Path(folder), text)
    except OutputError as error:
        print(error, file=sys.stderr)
        return 1
    print(steps)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
