"""What a user should know of an exposure that can be used all the same: its unit, and steps that were not done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from atm_viewer.engine.errors import one_line

#: The unit in which the pipeline calibrates extended sources, and from which there is a way to flux density.
CALIBRATED = "MJy/sr"

Header = Any


def notes_on(primary: Header, science: Header) -> tuple[str, ...]:
    """Say what is unusual in an exposure, by its headers.

    Parameters
    ----------
    primary, science : Header
        Of the file and of its SCI extension.

    Returns
    -------
    tuple of str
        Clauses without the file's name, for `notes_in_words`.
    """
    notes = []
    unit = one_line(science.get("BUNIT") or "")
    state = _state(primary, "S_PHOTOM")
    kept = "values keep it and are not converted to flux density"
    if not unit:
        kept = "values stay as they are, are shown without a unit and are not converted to flux density"
    if state not in ("", "COMPLETE"):
        said = f"the unit {unit} (BUNIT) is taken for true" if unit == CALIBRATED else f"{kept}"
        notes.append(f"not calibrated in flux (step photom is {state}, the unit is {unit or 'missing'}); {said}")
    elif unit != CALIBRATED:
        notes.append(f"the unit (BUNIT) is {unit or 'missing'}{f', not {CALIBRATED}' if unit else ''}; {kept}")
    state = _state(primary, "S_TRCMOD") or _state(primary, "S_TRCMDL")
    if state not in ("", "COMPLETE", "SKIPPED"):  # it is skipped unless the user asks for it
        notes.append(f"the pipeline's step adaptive_trace_model is {state}; pixels are taken as they are in the file")
    return tuple(notes)


def beyond_by_header(primary: Header) -> tuple[str, ...]:
    """Say of an M grating on NRS2, by its header alone, that it adds nothing to cubes; a clause as of `notes_on`.

    NRS1 has all wavelengths of these gratings that cubes have. When the file is opened, `beyond_cubes` looks at them.
    """
    detector, grating, filter_name = (one_line(primary.get(key) or "") for key in ("DETECTOR", "GRATING", "FILTER"))
    if detector.upper() != "NRS2" or not grating.upper().endswith("M"):
        return ()
    band = f"{grating}-{filter_name}".lower()
    return (
        f"its wavelengths, those of an M grating on NRS2, are beyond those of cubes of {band}; it adds nothing to them",
    )


def notes_in_words(notes: Iterable[tuple[str, Sequence[str]]]) -> tuple[str, ...]:
    """Make sentences of what `notes_on` says of files, given by their names; one for all with the same clause."""
    files: dict[str, list[str]] = {}
    for name, clauses in notes:
        for clause in clauses:
            files.setdefault(clause, []).append(name)
    return tuple(
        f"{one_line(names[0])}{f' and {len(names) - 1} more' if names[1:] else ''}: {clause}."
        for clause, names in files.items()
    )


def _state(header: Header, key: str) -> str:
    return one_line(header.get(key) or "", 20).strip().upper()
