"""Requests that write files: cubes, exposures, spectra, and what reproduces them outside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from atm_viewer.engine.errors import InputError, one_line
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.exposure_view import FileState
from atm_viewer.engine.results.references import ReferenceSpectrum
from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.engine.results.written import WrittenProducts
from atm_viewer.jobs.fork import methods_in_fork
from atm_viewer.jobs.requests.base import Backends, Report, SeparateRequest, count


class WriteRequest(SeparateRequest[WrittenProducts]):
    """Writes files into its ``folder``."""

    lasting = True
    announced = True
    writes = True

    as_shown: tuple[tuple[str, FileState], ...] = ()

    def check(self) -> None:
        """Refuse to write from files that are not any more what the window shows of them."""
        for path, state in self.as_shown:
            if state.differs(path):
                raise InputError(f"{Path(path).name} has changed since it was opened; open it again before you write.")

    def done(self, result: WrittenProducts) -> str:
        """Say what was written."""
        return written_sentence(self.folder, result)


@dataclass(frozen=True)
class WriteCubes(WriteRequest):
    """Write cubes of some files, see `atm_viewer.engine.output.products.write_cubes`."""

    corrects = True

    paths: tuple[str, ...]
    recipe: Recipe
    folder: str
    product: str
    which: str = "both"
    channel: str | None = None
    bands: tuple[str, ...] = ()
    cubepar: str | None = None
    overwrite: bool = False
    engine: str = "own"
    target_at: tuple[float, float] | None = None
    as_shown: tuple[tuple[str, FileState], ...] = ()

    @property
    def job_name(self) -> str:
        """The product."""
        return f"Writing cubes of {one_line(self.product)}"

    def answer(self, backends: Backends, report: Report) -> WrittenProducts:
        """Read the files and write the cubes."""
        self.check()
        write = backends.products.write_cubes
        return _written(
            write(
                self.paths,
                self.recipe,
                self.folder,
                self.product,
                which=self.which,
                channel=self.channel,
                bands=self.bands,
                cubepar=self.cubepar,
                overwrite=self.overwrite,
                engine=self.engine,
                progress=report,
                target_at=self.target_at,
                elsewhere=methods_in_fork,
            )
        )


@dataclass(frozen=True)
class WriteExposures(WriteRequest):
    """Write corrected exposures, see `atm_viewer.engine.output.products.write_exposures`."""

    corrects = True

    paths: tuple[str, ...]
    recipe: Recipe
    folder: str
    overwrite: bool = False
    target_at: tuple[float, float] | None = None
    save_intermediate_results: bool = False
    as_shown: tuple[tuple[str, FileState], ...] = ()

    @property
    def job_name(self) -> str:
        """How many there are."""
        return f"Writing {count(len(self.paths), 'corrected exposure')}"

    def answer(self, backends: Backends, report: Report) -> WrittenProducts:
        """Read the files and write them corrected."""
        self.check()
        write = backends.products.write_exposures
        steps = self.save_intermediate_results
        return _written(write(self.paths, self.recipe, self.folder, self.overwrite, report, self.target_at, steps))


@dataclass(frozen=True)
class WriteRecipe(WriteRequest):
    """Write what reproduces a result outside, see `atm_viewer.engine.output.pipeline_export`.

    ``kind`` is ``pipeline`` for a call of ``calwebb_spec3``, which not every recipe can have, or ``script``; ``bands``
    are those that are wanted, all if there are none.
    """

    kind: str
    paths: tuple[str, ...]
    recipe: Recipe
    folder: str
    product: str = ""
    overwrite: bool = False
    bands: tuple[str, ...] = ()

    @property
    def job_name(self) -> str:
        """What it is."""
        return f"Writing {'a pipeline call' if self.kind == 'pipeline' else 'a Python script'}"

    def answer(self, backends: Backends, report: Report) -> WrittenProducts:
        """Write it."""
        from atm_viewer.engine.output import pipeline_export

        write = {"pipeline": pipeline_export.write_pipeline_call, "script": pipeline_export.write_script}[self.kind]
        return _written(write(self.paths, self.recipe, self.folder, self.product, self.overwrite, self.bands))


@dataclass(frozen=True, eq=False)
class WriteSpectra(WriteRequest):
    """Write spectra to tables, see `atm_viewer.engine.output.spectrum_files`.

    ``names`` are those of the tables of ``spectra``, which have the bands of a place and the recipe that made them, and
    then of ``references``; ``unit`` is that of flux densities.
    """

    spectra: tuple[tuple[tuple[SpaxelSpectra, ...], Recipe], ...]
    exposures: tuple[str, ...]
    folder: str
    names: tuple[str, ...]
    unit: str = "Jy"
    overwrite: bool = False
    references: tuple[ReferenceSpectrum, ...] = ()

    @property
    def job_name(self) -> str:
        """How many there are."""
        return f"Writing {count(len(self.names), 'spectrum table')}"

    def answer(self, backends: Backends, report: Report) -> WrittenProducts:
        """Write them."""
        from atm_viewer.engine.output.spectrum_files import write_spectra

        folder = Path(self.folder)
        how = self.unit, self.overwrite, self.references
        return _written(write_spectra(self.spectra, self.exposures, folder, self.names, *how))


def written_sentence(folder: str, written: WrittenProducts) -> str:
    """Say which files were written, and where."""
    return f"Wrote {', '.join(Path(path).name for path in written.paths)} to {folder}."


def _written(paths: tuple[Path, ...]) -> WrittenProducts:
    return WrittenProducts(tuple(map(str, paths)))
