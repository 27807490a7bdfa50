"""Which remedies are shown, and the requests for them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.results.remedy import Remedy
from atm_viewer.jobs.requests.remedies import (
    CompareApertures,
    CompareDithers,
    RankSpaxels,
    RemedyRequest,
    RemoveFringes,
)

#: What is asked for each kind of remedy.
REMEDIES: dict[str, type[RemedyRequest]] = {
    "ranked": RankSpaxels,
    "apertures": CompareApertures,
    "dithers": CompareDithers,
    "fringes": RemoveFringes,
}
#: Kinds of remedies and what they are called.
KINDS = {kind: request.title for kind, request in REMEDIES.items()}


@dataclass(frozen=True)
class RemedyChoice:
    """What is looked at, and how.

    Parameters
    ----------
    seen : str
        The kind that is in sight; empty for none.
    ranks : tuple of int
        Ranked spaxels: which.
    fringes : bool
        Ranked spaxels of MIRI: with residual fringes removed too.
    radii : tuple of float
        Apertures: radii in widths (FWHM) of the point-spread function.
    chosen : tuple of str
        Dithers: keys of the exposures of the subset that is asked for.
    degree : int
        Of the polynomials by which spectra are divided.
    """

    seen: str = ""
    ranks: tuple[int, ...] = RankSpaxels.ranks
    fringes: bool = True
    radii: tuple[float, ...] = CompareApertures.radii
    chosen: tuple[str, ...] = ()
    degree: int = RankSpaxels.degree


@dataclass(frozen=True, eq=False)
class ShownRemedy:
    """Latest answer of a kind, of an older question while a new one is pending."""

    remedy: Remedy | None = None
    pending: bool = False


def has_fringes(band: str) -> bool:
    """Whether a band's spectra have residual fringes: MIRI's alone do."""
    return band.startswith("ch")


def remedy_request(
    kind: str, choice: RemedyChoice, extraction: Extraction | None, cubes: tuple[tuple[str, str], ...] = ()
) -> RemedyRequest | None:
    """Ask for a remedy at a place, beside that of some cubes (name, path); None where there is nothing to ask for."""
    if extraction is None:
        return None
    match kind:
        case "ranked":
            fringes = choice.fringes and has_fringes(extraction.band)
            return RankSpaxels(extraction, choice.ranks, fringes, choice.degree, cubes)
        case "apertures":
            return CompareApertures(replace(extraction, radius=0.0), choice.radii, choice.degree)
        case "dithers":
            chosen = tuple(key for key in choice.chosen if key in extraction.exposures)
            return CompareDithers(extraction, chosen, choice.degree)
        case "fringes" if has_fringes(extraction.band):
            return RemoveFringes(extraction, choice.degree)
    return None
