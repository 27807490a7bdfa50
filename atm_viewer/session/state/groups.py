"""Open exposures in groups: those of one setting on one detector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from atm_viewer.session.names import short_bands
from atm_viewer.session.state.open_exposure import OpenExposure


@dataclass(frozen=True)
class Group:
    """Exposures with the same bands on the same detector.

    Parameters
    ----------
    instrument, detector : str
        As in `ExposureView`.
    bands : tuple of str
        Their bands.
    exposures : tuple of OpenExposure
        In the order of opening; at least one.
    """

    instrument: str
    detector: str
    bands: tuple[str, ...]
    exposures: tuple[OpenExposure, ...]

    @property
    def title(self) -> str:
        """Instrument, bands and detector."""
        return f"{self.instrument} {short_bands(self.bands)}, {self.detector}"

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the exposures."""
        return tuple(exposure.view.key for exposure in self.exposures)

    def like(self, exposure: OpenExposure | None) -> str:
        """Key of the exposure that is the same dither as one of another group; else of the first one."""
        same = (e for e in self.exposures if exposure is not None and e.view.dither == exposure.view.dither)
        return next(same, self.exposures[0]).view.key


def grouped(exposures: Sequence[OpenExposure]) -> tuple[Group, ...]:
    """Group exposures, in the order of their first ones."""
    found: dict[tuple[str, str, tuple[str, ...]], list[OpenExposure]] = {}
    for exposure in exposures:
        view = exposure.view
        found.setdefault((view.instrument, view.detector, view.bands), []).append(exposure)
    return tuple(Group(*key, tuple(members)) for key, members in found.items())


def group_of(exposures: Sequence[OpenExposure], key: str | None) -> Group | None:
    """Group that an exposure (by key) belongs to."""
    return next((group for group in grouped(exposures) if key in group.keys), None)
