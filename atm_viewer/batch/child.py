"""Runs a programme for another process of ours, which must live on when Dask does not.

It is begun as ``atm-viewer --batch-child``. What is wanted is read from standard input as one line of JSON, see
`atm_viewer.jobs.requests.batch`; what there is to say is written to standard output, a line of JSON each. When standard
input closes, because whoever asked has cancelled or died, the run is stopped and what is half-written is removed.
"""

from __future__ import annotations

import _thread
import json
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from atm_viewer.batch.pages import INDEX
from atm_viewer.batch.programme import Options, read_programme
from atm_viewer.batch.run import Finished, Status, run_on
from atm_viewer.engine.io.in_time import files_open_in_time
from atm_viewer.engine.recipe import parse_recipe
from atm_viewer.jobs.serve import explain


@files_open_in_time()
def main() -> int:
    """Run what standard input asks for.

    Returns
    -------
    int
        0 when it ran to the end, 1 when it could not, 130 when it was stopped.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started us may ignore it
    out, sys.stdout = sys.stdout, sys.stderr  # nobody else may write between our lines
    wanted: dict[str, Any] = json.loads(sys.stdin.readline())
    threading.Thread(target=_watch, daemon=True).start()
    try:
        options = Options(parse_recipe(wanted["recipe"]), wanted["tune"], wanted["exposures"])
        targets = read_programme(wanted["inputs"], options)
        folder = Path(wanted["folder"])
        summary = run_on(targets, folder, wanted["scheduler"], wanted["workers"], lambda news: _tell(out, news))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        _write(out, {"failed": explain(error)})
        return 1
    _write(out, {"done": summary.words, "index": str(folder / INDEX)})
    return 0


def _watch() -> None:
    """Interrupt the run when standard input closes."""
    while sys.stdin.readline():
        pass
    _thread.interrupt_main()


def _tell(out: TextIO, news: Status | Finished | str) -> None:
    if isinstance(news, Status):
        _write(out, {"step": news.words, "fraction": news.fraction})
    else:
        _write(out, {"line": news.words if isinstance(news, Finished) else news})


def _write(out: TextIO, what: dict[str, Any]) -> None:
    with suppress(OSError, ValueError):  # nobody reads any more, which standard input tells too
        out.write(json.dumps(what) + "\n")
        out.flush()
