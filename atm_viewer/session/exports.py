"""Chooses what is exported from the session, and names the files."""

from __future__ import annotations

from collections.abc import Sequence

from atm_viewer.engine.names import product_name
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.jobs.requests.products import WriteRecipe, WriteSpectra
from atm_viewer.jobs.requests.programs import SendFile
from atm_viewer.session.session import Session

#: What astropy calls the units that spectra are shown in; surface brightness has its own column.
_DENSITIES = {"MJy/sr": "Jy", "Jy": "Jy", "erg/s/cm²/Å": "erg / (s cm2 AA)"}


def shown_spectra(session: Session) -> list[tuple[str, SpaxelSpectra, Recipe]]:
    """Visible spectra that are up to date, each with the part of its file's name and its recipe."""
    variants, places = session.state.variants, session.state.places
    found = []
    for shown in session.answers.shown_spectra:
        if shown.spectra is None or shown.stale:
            continue
        parts = [shown.spectra.band]
        parts += [f"place{shown.place}"] if places.several else []
        parts += [shown.variant.name] if variants.several else []
        found.append(("_".join(parts), shown.spectra, shown.variant.recipe))
    return found


def spectrum_files(session: Session, stem: str, ending: str) -> list[str]:
    """Names of the tables that the spectra in sight are written to."""
    return [f"{stem}_{part}.{ending}" for part, _, _ in shown_spectra(session)]


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
        found = shown_spectra(session)
        stem = product_name([e.view.name for e in session.state.together])
        session.products.write(SendFile(_tables(session, found, folder, stem, "fits", "Jy", True), tool, folder))
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
    session.products.write(_tables(session, shown_spectra(session), folder, stem, ending, unit, overwrite))


def _tables(
    session: Session,
    found: Sequence[tuple[str, SpaxelSpectra, Recipe]],
    folder: str,
    stem: str,
    ending: str,
    unit: str,
    overwrite: bool,
) -> WriteSpectra:
    return WriteSpectra(
        tuple((one, recipe) for _, one, recipe in found),
        tuple(e.view.key for e in session.state.together),
        folder,
        tuple(f"{stem}_{part}.{ending}" for part, _, _ in found),
        unit,
        overwrite,
    )


def recipe_files(kind: str, product: str) -> list[str]:
    """Names of the files that reproduce a result: ``kind`` is ``pipeline`` or ``script``."""
    if kind == "script":
        return [f"{product}-atm.py"]
    return [f"{product}-atm{end}" for end in ("_spec3.sh", "_spec3.py", "_asn.json", "_pars.asdf")]


def write_recipe(session: Session, kind: str, folder: str, product: str, overwrite: bool) -> None:
    """Write what reproduces the result of the included exposures outside."""
    paths = tuple(e.view.key for e in session.state.together)
    session.products.write(WriteRecipe(kind, paths, session.state.recipe, folder, product, overwrite))


def possible_words(recipe: Recipe) -> str:
    """Say in a sentence or two what can be exported for a recipe, and why."""
    if reason := recipe.why_no_pipeline:
        return f"The pipeline cannot run this recipe, {reason}. A Python script can."
    return "The pipeline can run this recipe, because all slices have the same values. A Python script can, too."


def cannot(kind: str, recipe: Recipe) -> str:
    """Why a kind cannot be exported; empty when it can."""
    reason = recipe.why_no_pipeline if kind == "pipeline" else ""
    return f"The pipeline cannot run this recipe, {reason}; choose the Python script." if reason else ""


def kinds() -> Sequence[tuple[str, str, str]]:
    """Kinds of what reproduces a result: name, words, and what is in it."""
    return (
        ("pipeline", "Pipeline call", "shell and Python calls of calwebb_spec3, with association and parameter file"),
        ("script", "Python script", "contains the recipe; needs the pipeline and atm_viewer.engine"),
    )
