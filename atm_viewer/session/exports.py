"""Chooses what is exported from the session, and names the files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from atm_viewer.engine.names import product_name
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.references import ReferenceSpectrum
from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.jobs.requests.products import WriteRecipe, WriteSpectra
from atm_viewer.jobs.requests.programs import SendFile
from atm_viewer.session.edits.variants import ShownSpectra
from atm_viewer.session.session import Session
from atm_viewer.session.state.open_exposure import OpenExposure

#: What astropy calls the units that spectra are shown in; surface brightness has its own column.
_DENSITIES = {
    **{"MJy/sr": "Jy", "Jy": "Jy", "mJy": "mJy", "µJy": "uJy"},
    **{"erg/s/cm²/Å": "erg / (s cm2 AA)", "erg/s/cm²": "erg / (s cm2)"},
}


def shown_spectra(session: Session) -> list[tuple[str, tuple[SpaxelSpectra, ...], Recipe]]:
    """Visible spectra that are up to date, table by table, each with the part of its file's name and its recipe.

    A table has one band, or all of them where these are shown.
    """
    variants, places = session.state.variants, session.state.places
    shown: list[tuple[str, tuple[ShownSpectra, ...]]] = [
        (one.spectra.band if one.spectra is not None else "", (one,)) for one in session.answers.shown_spectra
    ]
    if session.state.shows_all_bands:
        shown = [("all-bands", tuple(one for _, one in session.answers.band_spectra))]
    found = []
    for name, bands in shown:
        known = tuple(one.spectra for one in bands if one.spectra is not None and not one.stale)
        if not known:
            continue
        parts = [name]
        parts += [f"place{bands[0].place}"] if places.several else []
        parts += [bands[0].variant.name] if variants.several else []
        found.append(("_".join(parts), known, bands[0].variant.recipe))
    return found


def shown_references(session: Session) -> list[tuple[str, ReferenceSpectrum]]:
    """Visible spectra of references that are up to date and not outside, each with the part of its file's name."""
    found = []
    for shown in session.answers.shown_references:
        if shown.spectrum is not None and not shown.stale and not shown.spectrum.outside:
            stem = Path(shown.spectrum.path).name.removesuffix(".gz").removesuffix(".fits")
            found.append((f"{shown.reference.name}_{stem}", shown.spectrum))
    return found


def spectrum_files(session: Session, stem: str, ending: str) -> list[str]:
    """Names of the tables that the spectra in sight are written to."""
    parts = [part for part, *_ in (*shown_spectra(session), *shown_references(session))]
    return [f"{stem}_{part}.{ending}" for part in parts]


def send(session: Session, what: str, tool: str, folder: str, path: str = "") -> None:
    """Send something to another program.

    Parameters
    ----------
    session : Session
        Has it, and sends.
    what : {"spectra", "image", "cube"}
        Spectra in sight, the image of the field before correction in white light, or a cube in a file.
    tool : str
        Number of the program; empty for all.
    folder : str
        Where files are made for it.
    path : str
        The cube's file.
    """
    if what == "spectra":
        stem = product_name([e.view.name for e in session.state.together])
        session.products.write(SendFile(_tables(session, folder, stem, "fits", "Jy", True), tool, folder))
    elif what == "image":
        if session.answers.sky is not None:
            session.products.write(SendFile(session.answers.sky, tool, folder))
    else:
        session.products.write(SendFile(path, tool, folder))


def write_spectra(session: Session, folder: str, stem: str, ending: str, as_shown: bool, overwrite: bool) -> None:
    """Write the spectra in sight, a table each.

    Parameters
    ----------
    session : Session
        Has the spectra, and writes.
    folder, stem, ending : str
        Where to, beginning of the names, and ``ecsv`` or ``fits``.
    as_shown : bool
        Whether flux densities have the unit that is shown, where it is one of flux density; else Jy.
    overwrite : bool
        Whether files of these names may be there already.
    """
    unit = _DENSITIES[session.state.spectrum_settings.unit] if as_shown else "Jy"
    session.products.write(_tables(session, folder, stem, ending, unit, overwrite))


def _tables(session: Session, folder: str, stem: str, ending: str, unit: str, overwrite: bool) -> WriteSpectra:
    return WriteSpectra(
        tuple((bands, recipe) for _, bands, recipe in shown_spectra(session)),
        session.state.included if session.state.shows_all_bands else session.state.keys_together,
        folder,
        tuple(spectrum_files(session, stem, ending)),
        unit,
        overwrite,
        tuple(one for _, one in shown_references(session)),
    )


def recipe_files(kind: str, product: str) -> list[str]:
    """Names of the files that reproduce a result: ``kind`` is ``pipeline`` or ``script``."""
    if kind == "script":
        return [f"{product}-atm.py"]
    return [f"{product}-atm{end}" for end in ("_spec3.sh", "_spec3.py", "_asn.json", "_pars.asdf")]


def write_recipe(
    session: Session, kind: str, exposures: Sequence[str], folder: str, product: str, overwrite: bool
) -> None:
    """Write what reproduces the result of some exposures (by key) outside."""
    session.products.write(WriteRecipe(kind, tuple(exposures), session.state.recipe, folder, product, overwrite))


def possible_words(recipe: Recipe) -> str:
    """Say in a sentence or two what can be exported for a recipe, and why."""
    if reason := recipe.why_no_pipeline:
        return f"The pipeline cannot run this recipe, {reason}. A Python script can."
    return "The pipeline can run this recipe, because all slices have the same values. A Python script can, too."


def cannot(kind: str, recipe: Recipe, exposures: Sequence[OpenExposure] = ()) -> str:
    """Why a kind cannot be exported, of some exposures; empty when it can."""
    if kind != "pipeline":
        return ""
    if reason := recipe.why_no_pipeline:
        return f"The pipeline cannot run this recipe, {reason}; choose the Python script."
    if len({e.view.instrument for e in exposures}) > 1:
        return "The pipeline makes no common product of two instruments; choose the Python script, or one setting."
    return ""


def kinds() -> Sequence[tuple[str, str, str]]:
    """Kinds of what reproduces a result: name, words, and what is in it."""
    return (
        ("pipeline", "Pipeline call", "shell and Python calls of calwebb_spec3, with association and parameter file"),
        ("script", "Python script", "contains the recipe; needs the pipeline and atm_viewer.engine"),
    )
