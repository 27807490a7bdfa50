"""Requests on remedies against resampling noise, see `atm_viewer.jobs.messages`."""

from __future__ import annotations

import os
from dataclasses import dataclass

from atm_viewer.engine.extraction import Extraction


@dataclass(frozen=True)
class RankSpaxels:
    """Spectra of the brightest spaxels in an aperture; the result is a `Remedy`.

    ``ranks`` from 1 for the brightest; ``fringes``: for MIRI with residual fringes removed too; ``degree`` of the
    polynomials by which spectra are divided.
    """

    extraction: Extraction
    ranks: tuple[int, ...] = (1, 2, 4, 8, 16)
    fringes: bool = True
    degree: int = 3


@dataclass(frozen=True)
class CompareApertures:
    """Apertures about a place, with radii in widths of the point-spread function; the result is a `Remedy`.

    The extraction's own radius does not count.
    """

    extraction: Extraction
    radii: tuple[float, ...] = (0.5, 0.75, 1.0, 1.5, 2.0)
    degree: int = 3


@dataclass(frozen=True)
class CompareDithers:
    """Noise of a spaxel for subsets of the exposures, one of them ``chosen`` (keys); the result is a `Remedy`."""

    extraction: Extraction
    chosen: tuple[str, ...] = ()
    degree: int = 3


@dataclass(frozen=True)
class RemoveFringes:
    """What removing residual fringes does to a spaxel and its aperture; the result is a `Remedy`."""

    extraction: Extraction
    degree: int = 3


RemedyRequest = RankSpaxels | CompareApertures | CompareDithers | RemoveFringes


@dataclass(frozen=True)
class SaveFigure:
    """Draw the answer to a request as a figure (PDF, SVG or PNG by the path's ending); gives `WrittenProducts`."""

    remedy: RemedyRequest
    path: str
    overwrite: bool = False

    @property
    def folder(self) -> str:
        """Where the figure goes."""
        return os.path.dirname(self.path) or "."
