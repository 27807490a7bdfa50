"""Spectrum tables, FITS or ECSV, that ``specutils.Spectrum.read(path)`` opens without options.

specutils takes the first column of flux densities as the flux and the next one of the same unit as its error; it does
not take surface brightness. So a spaxel's flux density comes first, and its surface brightness after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from atm_viewer import __version__
from atm_viewer.engine.output.provenance import current_versions
from atm_viewer.engine.output.staging import saving, staged
from atm_viewer.engine.recipe import Recipe, dump_recipe
from atm_viewer.engine.results.references import CUBE, ReferenceSpectrum
from atm_viewer.engine.results.spectra import SpaxelSpectra

#: Formats of a table by the ending of its file's name.
FORMATS = {".ecsv": "ascii.ecsv", ".fits": "fits"}

#: What each column holds.
DESCRIPTIONS = {
    "wavelength": "wavelength of the cube's plane",
    "flux": "flux density of the spaxel after correction",
    "flux_err": "its error (1 sigma)",
    "after": "spaxel after correction",
    "after_err": "its error (1 sigma)",
    "before": "spaxel before correction",
    "before_err": "its error (1 sigma)",
    "aperture_after": "aperture after correction",
    "aperture_after_err": "its error (1 sigma)",
    "aperture_before": "aperture before correction",
    "aperture_before_err": "its error (1 sigma)",
    "aperture_coverage": "part of the aperture that has data after correction; sums are over this part",
    "aperture_coverage_before": "part of the aperture that has data before correction",
}

#: The same for spectra from elsewhere.
REFERENCE_DESCRIPTIONS = {
    "wavelength": "wavelength",
    "flux": "flux density",
    "flux_err": "its error (1 sigma)",
    "spaxel": "spaxel",
    "spaxel_err": "its error (1 sigma)",
    "brightness": "surface brightness",
    "brightness_err": "its error (1 sigma)",
    "aperture": "aperture",
    "aperture_err": "its error (1 sigma)",
}


def write_spectra(
    spectra: Sequence[tuple[Sequence[SpaxelSpectra], Recipe]],
    exposures: Sequence[str],
    folder: Path,
    names: Sequence[str],
    unit: str = "Jy",
    overwrite: bool = False,
    references: Sequence[ReferenceSpectrum] = (),
) -> tuple[Path, ...]:
    """Write tables of spectra; all of them or none.

    Parameters
    ----------
    spectra : sequence of (sequence of SpaxelSpectra, Recipe)
        For each table the bands of one place, and the recipe that they are corrected with.
    exposures : sequence of str
        What they are made of.
    folder : Path
        Where to; made when absent.
    names : sequence of str
        Names of the files, ending in ``.ecsv`` or ``.fits``: those of ``spectra``, then those of ``references``.
    unit : str
        Unit of flux densities; one of surface brightness stands for Jy.
    overwrite : bool
        Whether files of these names may be there already.
    references : sequence of ReferenceSpectrum
        Spectra of files from elsewhere, a table each.

    Returns
    -------
    tuple of Path
        Files written, in the order of the names.

    Raises
    ------
    OutputError
        A file exists already, or ``folder`` cannot be written.
    """
    folder = Path(folder)
    with staged(folder, names, overwrite) as part:
        made = [
            (spectrum_table(bands, unit), spectrum_meta(bands, recipe, exposures, "place")) for bands, recipe in spectra
        ]
        made += [(reference_table(one, unit), _reference_meta(one)) for one in references]
        for name, (table, meta) in zip(names, made, strict=True):
            table.meta.update(meta)
            write_table(table, part / name)
    return tuple(folder / name for name in names)


def write_table(table: Any, path: Path) -> None:
    """Write a table to a staged file, in the format that its name asks for."""
    with saving(path):
        table.write(path, format=FORMATS[path.suffix.lower()])


def spectrum_table(spectra: Sequence[SpaxelSpectra], unit: str = "Jy", kinds: Sequence[str] = ("", "aperture_")) -> Any:
    """Make a table with a row per wavelength.

    Parameters
    ----------
    spectra : sequence of SpaxelSpectra
        Bands of one place, one after the other.
    unit : str
        As in `write_spectra`.
    kinds : sequence of str
        What of them: ``""`` for the spaxel, ``"aperture_"`` for the aperture.

    Returns
    -------
    Table
        Columns as in `DESCRIPTIONS`; those of flux densities first.
    """
    from astropy import units as u
    from astropy.table import Table

    read_unit: Any = u.Unit  # astropy's types do not know all of its arguments
    own = read_unit(spectra[0].unit, parse_strict="silent")
    bright = spectra[0].unit == "MJy/sr"  # what is in another unit stays in it, and has no flux density
    density = u.Jy if "sr" in unit else u.Unit(unit)
    columns: dict[str, Any] = {"wavelength": _joined(spectra, lambda s: s.wavelength) * u.um}
    axis = u.spectral_density(columns["wavelength"])

    def flux(name: str, scale: Any = lambda s: 1.0) -> Any:
        values = _joined(spectra, lambda s: np.asarray(getattr(s, name), dtype=float) * scale(s))
        if not bright:
            return u.Quantity(values, own)
        values = values * u.Jy
        return values.to(density, equivalencies=axis) if density != u.Jy else values

    if "" in kinds:
        for name, source in (("flux", "after"), ("flux_err", "after_err")) if bright else ():
            columns[name] = flux(source, lambda s: (u.Unit(s.unit) * u.sr).to(u.Jy) * s.solid_angle)
        for name in ("after", "after_err", "before", "before_err"):
            columns[name] = u.Quantity(_joined(spectra, lambda s, name=name: getattr(s, name)), own)
    if "aperture_" in kinds:
        for name in ("after", "after_err", "before", "before_err"):
            columns[f"aperture_{name}"] = flux(f"aperture_{name}")
        for name, source in (("aperture_coverage", "coverage_after"), ("aperture_coverage_before", "coverage_before")):
            if all(getattr(s, source) is not None for s in spectra):
                columns[name] = _joined(spectra, lambda s, source=source: getattr(s, source)) * u.one
    table = Table()
    for name, values in columns.items():
        table[name] = values.value
        table[name].unit = values.unit
        table[name].info.description = DESCRIPTIONS[name]
    return table


def reference_table(spectrum: ReferenceSpectrum, unit: str = "Jy") -> Any:
    """Make a table of a spectrum from elsewhere, with a row per wavelength; flux densities first, as they are read."""
    from astropy import units as u
    from astropy.table import Table

    read_unit: Any = u.Unit
    own = read_unit(spectrum.unit, parse_strict="silent")
    bright = spectrum.unit == "MJy/sr"
    density = u.Jy if "sr" in unit else u.Unit(unit)
    wavelength = spectrum.wavelength * u.um
    columns: dict[str, Any] = {"wavelength": wavelength}

    def flux(values: Any, factor: float = 1.0) -> Any:
        if not bright:
            return u.Quantity(values, own)
        return (values * factor * u.Jy).to(density, equivalencies=u.spectral_density(wavelength))

    cube = spectrum.kind == CUBE
    if cube and bright:
        for end in ("", "_err"):
            columns[f"flux{end}"] = flux(getattr(spectrum, f"flux{end}"), 1e6 * spectrum.solid_angle)
    for end in ("", "_err"):
        columns[("spaxel" if cube else "brightness") + end] = u.Quantity(getattr(spectrum, f"flux{end}"), own)
    for end in ("", "_err"):
        columns[("aperture" if cube else "flux") + end] = flux(getattr(spectrum, f"aperture{end}"))
    if not cube:
        columns = {name: columns[name] for name in ("wavelength", "flux", "flux_err", "brightness", "brightness_err")}
    table = Table()
    for name, values in columns.items():
        table[name] = values.value
        table[name].unit = values.unit
        table[name].info.description = REFERENCE_DESCRIPTIONS[name]
    return table


def _reference_meta(spectrum: ReferenceSpectrum) -> Mapping[str, Any]:
    """Say what a spectrum from elsewhere is of."""
    lines = [f"ATM Viewer {__version__}: {spectrum.kind} file {Path(spectrum.path).name}"]
    if spectrum.kind == CUBE:
        x, y = spectrum.spaxel
        lines.append(
            f"spaxel x {x}, y {y} centred at RA {spectrum.ra:.8f}, Dec {spectrum.dec:.8f} (ICRS, deg), solid angle "
            f"{spectrum.solid_angle:.6e} sr; aperture of {spectrum.radius:g} arcsec"
        )
    return {"comments": [line.encode("ascii", "backslashreplace").decode() for line in lines]}


def spectrum_meta(
    spectra: Sequence[SpaxelSpectra], recipe: Recipe, exposures: Sequence[str], where: str
) -> Mapping[str, Any]:
    """Say what spectra are of; lines, since both FITS and ECSV keep them as they are."""
    lines = [f"ATM Viewer {__version__}: {where}"]
    for s in spectra:
        lines.append(
            f"band {s.band}: spaxel x {s.spaxel[0]}, y {s.spaxel[1]} centred at RA {s.ra:.8f}, Dec {s.dec:.8f} "
            f"(ICRS, deg), solid angle {s.solid_angle:.6e} sr; aperture of {s.radius:g} arcsec"
        )
    lines += [f"exposure: {Path(key).name}" for key in exposures]
    lines += [f"recipe: {line}" for line in dump_recipe(recipe).splitlines() if line]
    lines += [f"version: {name} {number}" for name, number in current_versions().items()]
    # FITS headers hold ASCII only.
    return {"comments": [line.encode("ascii", "backslashreplace").decode() for line in lines]}


def _joined(spectra: Sequence[SpaxelSpectra], values: Any) -> np.ndarray:
    return np.concatenate([values(s) for s in spectra])
