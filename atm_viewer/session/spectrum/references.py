"""Cubes and extracted spectra from elsewhere that are open beside the exposures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from atm_viewer.engine.errors import one_line
from atm_viewer.engine.results.references import CUBE, MOST_REFERENCES, ReferenceFile, ReferenceSpectrum

_ENDINGS = tuple(f"_{kind}.fits{packed}" for kind in ("s3d", "x1d") for packed in ("", ".gz"))
_LONGEST = 34  #: of a file's name in legends


def is_reference(path: str) -> bool:
    """Whether a file is named as cubes and extracted spectra are."""
    return path.lower().endswith(_ENDINGS)


@dataclass(frozen=True)
class Reference:
    """A file with which the open exposures are compared.

    Parameters
    ----------
    number : int
        From 1; it keeps its number, and so its colour, as long as it is open.
    file : ReferenceFile
        What it has.
    shown : bool
        Whether its spectrum is drawn.
    """

    number: int
    file: ReferenceFile
    shown: bool = True

    @property
    def name(self) -> str:
        """Name among variants and images."""
        return f"R{self.number}"

    @property
    def is_cube(self) -> bool:
        """Whether it has images, and spectra at every place."""
        return self.file.kind == CUBE

    @property
    def title(self) -> str:
        """Number and the file's name, which is cut in the middle where it is long."""
        name = one_line(Path(self.file.path).name).removesuffix(".gz").removesuffix(".fits")
        if len(name) > _LONGEST:
            name = f"{name[:12]}…{name[-(_LONGEST - 13) :]}"
        return f"{self.name} {name}"


@dataclass(frozen=True, eq=False)
class ShownReference:
    """Spectrum of a reference at the active place, as the window shows it.

    Parameters
    ----------
    reference : Reference
        The reference.
    spectrum : ReferenceSpectrum or None
        The latest answer; None before there is one.
    stale : bool
        A newer one is on its way.
    """

    reference: Reference
    spectrum: ReferenceSpectrum | None
    stale: bool


def opened(references: Sequence[Reference], files: Sequence[ReferenceFile]) -> tuple[Reference, ...]:
    """Open files, as long as there are numbers left; one that is open already stays as it is, with what it has now."""
    found = list(references)
    for file in files:
        known = next((r for r in found if r.file.path == file.path), None)
        if known is not None:
            found[found.index(known)] = replace(known, file=file)
            continue
        free = next((n for n in range(1, MOST_REFERENCES + 1) if n not in [r.number for r in found]), None)
        if free is not None:
            found.append(Reference(free, file))
    return tuple(sorted(found, key=lambda r: r.number))
