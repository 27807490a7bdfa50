"""The contents of a saved session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from atm_viewer.session.edits.scope import Scope
from atm_viewer.session.edits.variants import Variants
from atm_viewer.session.spectrum.settings import SpectrumSettings
from atm_viewer.session.state.open_exposure import Mark
from atm_viewer.session.state.places import Places

#: Values of a view's state by name: true or false, numbers, text, and lists and tables of these.
ViewState = Mapping[str, Any]


@dataclass(frozen=True)
class SavedExposure:
    """An exposure of a session.

    Parameters
    ----------
    places : tuple of str
        Absolute paths where it may be, the likeliest first; at least one.
    mark : Mark or None
        Of its content, None when it is not known.
    included : bool
        Whether it takes part in sky image, spectra and products.
    chosen : bool
        Whether it is the chosen one.
    """

    places: tuple[str, ...]
    mark: Mark | None = None
    included: bool = True
    chosen: bool = False

    @property
    def path(self) -> str:
        """Where it is, or is likeliest to be."""
        return self.places[0]


@dataclass(frozen=True)
class SavedReference:
    """A cube or extracted spectra from elsewhere.

    Parameters
    ----------
    number : int
        From 1.
    places : tuple of str
        Absolute paths where it may be, the likeliest first; at least one.
    shown : bool
        Whether its spectrum is drawn.
    """

    number: int
    places: tuple[str, ...]
    shown: bool = True


@dataclass(frozen=True)
class SavedLook:
    """Chosen band, slice and column, and the scope of edits.

    Parameters
    ----------
    band : str
        Band of sky image and spectra, empty without.
    number, column : int
        Slice (0 without) and column.
    scope : Scope
        Which slices an edit of a slice applies to.
    """

    band: str = ""
    number: int = 0
    column: int = 0
    scope: Scope = Scope.PLACE


@dataclass(frozen=True)
class SavedSession:
    """All that a session file holds.

    Parameters
    ----------
    exposures : tuple of SavedExposure
        In their order.
    look : SavedLook
        Choices within the chosen exposure.
    variants : Variants
        Recipes, one of which is edited.
    places : Places
        Places on the sky whose spectra are shown.
    spectrum : SpectrumSettings
        How they are shown.
    views : mapping of str to mapping
        State of views by the views' names.
    versions : mapping of str to str
        Versions of the programs that saved it.
    saved : datetime or None
        When it was saved.
    origin : str
        In an autosaved session the file that it was saved to by hand before; else empty.
    references : tuple of SavedReference
        Files that the exposures are compared with.
    """

    exposures: tuple[SavedExposure, ...] = ()
    look: SavedLook = SavedLook()
    variants: Variants = field(default_factory=Variants)
    places: Places = field(default_factory=Places)
    spectrum: SpectrumSettings = field(default_factory=SpectrumSettings)
    views: Mapping[str, ViewState] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    saved: datetime | None = None
    origin: str = ""
    references: tuple[SavedReference, ...] = ()
