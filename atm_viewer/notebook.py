"""The public interface for notebooks and scripts, re-exported by ``atm_viewer``.

What takes seconds to import is imported when it is used.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.io.in_time import files_open_in_time
from atm_viewer.engine.progress import Progress, no_progress
from atm_viewer.engine.recipe import Recipe

if TYPE_CHECKING:
    from astropy.table import Table
    from specutils import Spectrum

    from atm_viewer.engine.results.profile import SliceProfile

PathLike = str | os.PathLike[str]


class SpectrumPair(NamedTuple):
    """Spectra of one place before and after correction.

    Parameters
    ----------
    before, after : specutils.Spectrum
        Wavelengths [um]; flux in the exposures' unit per spaxel, or [Jy] in an aperture; NaN without coverage. Their
        ``meta`` say what they are of.
    """

    before: Spectrum
    after: Spectrum


class Exposures:
    """Open exposures of one target, made by `open_exposures`; closed by `close` or by leaving a ``with`` statement."""

    @files_open_in_time()
    def __init__(self, paths: Sequence[PathLike], progress: Progress) -> None:
        from atm_viewer.engine.service.bench import Bench

        self._bench = Bench()
        opened = self._bench.open([Path(path) for path in paths], progress)
        if opened.problems:
            self.close()
            raise InputError(opened.problems[0])
        self._views = {view.name: view for view in opened.exposures}
        self._progress = progress

    def __enter__(self) -> Exposures:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._views)

    def __repr__(self) -> str:
        return f"<{len(self)} exposures, bands {', '.join(self.bands)}>"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the exposures, as recipes have them."""
        return tuple(self._views)

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands of all exposures, as the pipeline names cubes: ``ch1-short``, ``g235m-f170lp``."""
        return tuple(dict.fromkeys(band for view in self._views.values() for band in view.bands))

    def close(self) -> None:
        """Forget the exposures; everything they take in memory is given back."""
        self._bench.close(tuple(self._keys))

    @files_open_in_time()
    def tune(self, recipe: Recipe | None = None) -> Recipe:
        """Make a recipe that uses the spline of each slice where it errs less than interpolation.

        Parameters
        ----------
        recipe : Recipe, optional
            What it begins with; by default the pipeline's defaults.

        Returns
        -------
        Recipe
        """
        from atm_viewer.engine.service.tuning import tune

        return tune(self._bench, self._keys, recipe or Recipe(), None, self._progress).recipe

    @files_open_in_time()
    def spectrum(
        self, ra: float, dec: float, recipe: Recipe | None = None, *, band: str = "", radius: float = 0.0
    ) -> SpectrumPair:
        """Extract the spectra of a spaxel or an aperture, equal to those of cubes, without building cubes.

        Parameters
        ----------
        ra, dec : float
            ICRS position [deg].
        recipe : Recipe, optional
            Parameters of the correction; by default the pipeline's.
        band : str
            Band; by default the first.
        radius : float
            Radius of an aperture [arcsec] to sum; 0 for the spaxel at the position.

        Returns
        -------
        SpectrumPair

        Raises
        ------
        InputError
            No exposure has the band, or none covers the position.
        """
        from astropy import units as u
        from astropy.nddata import StdDevUncertainty
        from specutils import Spectrum

        from atm_viewer.engine.extraction import RADIUS, Extraction
        from atm_viewer.engine.output.spectrum_files import spectrum_meta, spectrum_table

        if radius < 0.0:
            raise InputError(f"The radius of an aperture must not be negative; it is {radius:g} arcsec.")
        recipe, kind = recipe or Recipe(), "aperture_" if radius else ""
        wanted = Extraction(self._keys, recipe, self._band(band), ra, dec, radius or RADIUS)
        spectra = self._bench.spectra(wanted, self._progress)
        where = f"aperture of {radius:g} arcsec" if radius else "spaxel"
        meta = dict(spectrum_meta([spectra], recipe, self._keys, f"{where} at RA {ra}, Dec {dec} (ICRS, deg)"))
        table = spectrum_table([spectra], kinds=(kind,))

        def pair(name: str) -> Any:
            column, error = (u.Quantity(table[f"{kind}{name}{end}"]) for end in ("", "_err"))
            return Spectrum(
                spectral_axis=u.Quantity(table["wavelength"]),
                flux=column,
                uncertainty=StdDevUncertainty(error.value, unit=error.unit),
                meta=meta,
            )

        return SpectrumPair(pair("before"), pair("after"))

    @files_open_in_time()
    def metrics(self, recipe: Recipe | None = None, *, band: str = "", count: int = 25, radius: float = 0.0) -> Table:
        """Measure noise and periods of the brightest spaxels, before and after correction.

        Parameters
        ----------
        recipe : Recipe, optional
            Parameters of the correction; by default the pipeline's.
        band : str
            Band; by default the first.
        count : int
            Greatest number of spaxels.
        radius : float
            Radius of the apertures that noise is measured against [arcsec]; 0 for 5 spaxels.

        Returns
        -------
        astropy.table.Table
            A row per spaxel, as the command ``metrics`` writes it; its columns have units and descriptions.

        Raises
        ------
        InputError
            No exposure has the band.
        """
        from atm_viewer.engine.output.metrics_table import metrics_table
        from atm_viewer.engine.service.measuring import measure_spaxels

        rows = measure_spaxels(
            self._bench, self._keys, recipe or Recipe(), self._band(band), radius, count, (), 0.0, self._progress
        )
        table: Table = metrics_table(rows, ())
        return table

    @files_open_in_time()
    def profile(self, name: str, slice_number: int, column: int, recipe: Recipe | None = None) -> SliceProfile:
        """Show how one column of a slice is fitted.

        Parameters
        ----------
        name : str
            Name of the exposure, one of `names`.
        slice_number, column : int
            Slice, and its column along the dispersion [pixel].
        recipe : Recipe, optional
            Parameters of the correction; by default the pipeline's.

        Returns
        -------
        SliceProfile
            The collapsed profile, the column's pixels, and its spline.

        Raises
        ------
        InputError
            There is no such exposure, slice or column.
        """
        if name not in self._views:
            raise InputError(f"There is no exposure {name}; there are {', '.join(self.names)}.")
        return self._bench.profile(self._views[name].key, recipe or Recipe(), slice_number, column)

    @files_open_in_time()
    def write_cubes(
        self,
        folder: PathLike,
        recipe: Recipe | None = None,
        *,
        product: str = "",
        bands: Sequence[str] = (),
        overwrite: bool = False,
    ) -> tuple[Path, ...]:
        """Write cubes before and after correction, as the pipeline's ``cube_build`` makes them; all or none.

        Parameters
        ----------
        folder : path-like
            Where to; made when absent.
        recipe : Recipe, optional
            Parameters of the correction, and the cubes' options; by default the pipeline's.
        product : str
            Beginning of the files' names; by default what the exposures' names have in common.
        bands : sequence of str
            Which bands; by default all.
        overwrite : bool
            Whether files of these names may be there already.

        Returns
        -------
        tuple of Path
            Files written: cubes before, then after, each in the order of bands.

        Raises
        ------
        InputError
            An exposure has changed since it was opened, or none has a band that is wanted.
        OutputError
            A file exists already, or the folder cannot be written.
        """
        from atm_viewer.engine.give_back import give_back_memory
        from atm_viewer.engine.output.products import write_cubes

        written = write_cubes(
            [Path(key) for key in self._keys],
            recipe or Recipe(),
            folder,
            product,
            bands=bands,
            overwrite=overwrite,
            progress=self._progress,
        )
        give_back_memory()  # datamodels refer to themselves
        return written

    @property
    def _keys(self) -> tuple[str, ...]:
        return tuple(view.key for view in getattr(self, "_views", {}).values())

    def _band(self, band: str) -> str:
        if band and band not in self.bands:
            raise InputError(f"No exposure has the band {band}; there are {', '.join(self.bands)}.")
        return band or self.bands[0]


def open_exposures(*paths: PathLike, progress: Progress = no_progress) -> Exposures:
    """Open calibrated exposures of MIRI MRS or the NIRSpec IFU, of one target and any settings.

    Parameters
    ----------
    *paths : path-like
        ``_cal`` and ``_crf`` files, and associations.
    progress : callable, optional
        ``progress(step, fraction)`` is called with the name of what is being done and how much of it is done, while
        exposures are opened and in all that is asked of them.

    Returns
    -------
    Exposures

    Raises
    ------
    InputError
        A file cannot be used; the sentence says which, why, and what to do.
    """
    if not paths:
        raise InputError("There is nothing to open; give _cal or _crf files, or an association.")
    return Exposures(paths, progress)
