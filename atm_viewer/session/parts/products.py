"""Intents: files that are written and sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from atm_viewer.jobs.messages import Outcome, Status
from atm_viewer.jobs.requests.base import Request
from atm_viewer.jobs.requests.batch import RunProgramme
from atm_viewer.jobs.requests.exposures import ClearCache
from atm_viewer.jobs.requests.products import WriteCubes, WriteExposures
from atm_viewer.jobs.requests.programs import FindTools
from atm_viewer.jobs.requests.remedies import SaveFigure
from atm_viewer.session.parts.job_list import Job, JobList
from atm_viewer.session.questions.store import Store


class Products(QObject):
    """Writes files, and finds the programs that take them.

    Parameters
    ----------
    store : Store
        Has the state.
    jobs : JobList
        Takes requests.
    """

    tools_found = pyqtSignal(tuple, str)  #: programs that take files, or the sentence why there are none

    def __init__(self, store: Store, jobs: JobList):
        super().__init__(store)
        self._store, self._jobs = store, jobs
        jobs.ended.connect(self._take_tools)

    def write_cubes(
        self,
        folder: str,
        product: str,
        which: str = "both",
        overwrite: bool = False,
        keys: tuple[str, ...] = (),
        bands: tuple[str, ...] = (),
    ) -> None:
        """Write cubes of exposures, by default the included ones of the chosen band's setting; see `WriteCubes`."""
        state = self._store.state
        paths, at = keys or state.keys_together, state.target_at
        cubes = WriteCubes(paths, state.recipe, str(folder), product, which, bands=bands, overwrite=overwrite)
        self._jobs.submit(replace(cubes, target_at=at, as_shown=state.as_shown(paths)))

    def write_exposures(
        self, folder: str, overwrite: bool = False, keys: tuple[str, ...] = (), save_intermediate_results: bool = False
    ) -> None:
        """Write some exposures corrected, by default those that `write_cubes` takes; see `WriteExposures`."""
        state = self._store.state
        paths, at = keys or state.keys_together, state.target_at
        steps = save_intermediate_results
        self._jobs.submit(
            WriteExposures(paths, state.recipe, str(folder), overwrite, at, steps, as_shown=state.as_shown(paths))
        )

    def run_programme(
        self,
        inputs: tuple[str, ...],
        folder: str,
        tune: bool = False,
        exposures: bool = False,
        scheduler: str = "",
        workers: int = 0,
    ) -> None:
        """Correct targets on a cluster with the active recipe; see `RunProgramme`."""
        recipe = self._store.state.recipe
        self._jobs.submit(RunProgramme(inputs, recipe, str(folder), tune, exposures, scheduler, workers))

    def write(self, request: Request[Any]) -> None:
        """Write files by a request, see `atm_viewer.session.exports`."""
        self._jobs.submit(request)

    def save_figure(self, kind: str, path: str, overwrite: bool = False) -> None:
        """Draw a remedy as a figure for a publication, PDF, SVG or PNG by the path's ending; see `SaveFigure`."""
        request = self._store.state.remedy_request(kind)
        if request is not None:
            self._jobs.submit(SaveFigure(request, path, overwrite))

    def find_tools(self) -> None:
        """Look for programs that take files by SAMP."""
        self._jobs.submit(FindTools())

    def clear_cache(self) -> None:
        """Delete the coordinates of files that are cached between runs; open exposures stay open."""
        self._jobs.submit(ClearCache())

    def _take_tools(self, job: Job, outcome: Outcome[Any]) -> None:
        if isinstance(outcome.request, FindTools):
            self.tools_found.emit(outcome.result or (), "" if outcome.status is Status.DONE else outcome.sentence)
