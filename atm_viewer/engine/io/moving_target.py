"""Exposures of a moving target, put where the target is on average, as jwst's ``assign_mtwcs`` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from atm_viewer.engine.checks.exposure_check import Target, target_of
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.io.headers import read_headers
from atm_viewer.engine.placement import AS_OBSERVED, Placement

Position = tuple[float, float]


def follow(exposures: Sequence[Exposure], at: Position | None = None) -> list[Exposure]:
    """Put exposures of moving targets where each target is on average.

    Parameters
    ----------
    exposures : sequence of Exposure
        Exposures that belong together; those of other targets stay as they are.
    at : (float, float), optional
        Where to put moving targets, ICRS [deg]; by default at the mean of the positions that the exposures of the same
        name of target have. Where one of these does not say its position, all stay as they are.

    Returns
    -------
    list of Exposure
        In the same order.
    """
    return [exposure.placed(p) for exposure, p in zip(exposures, placements(exposures, at), strict=True)]


def placements(exposures: Sequence[Exposure | Target], at: Position | None = None) -> list[Placement]:
    """Shifts by which exposures follow moving targets, in their order; arguments as those of `follow`."""
    names = {exposure.target for exposure in exposures if exposure.moving}
    of_target = {name: [e.target_at for e in exposures if e.moving and e.target == name] for name in names}
    there = {name: _mean(known) if at is None or None in known else at for name, known in of_target.items()}
    return [_placement(exposure, there.get(exposure.target)) for exposure in exposures]


def read_target(path: Path) -> Target:
    """Read what an exposure says of its target from its headers alone, which takes no time."""
    return target_of(*read_headers(path))


def mean_position(targets: Sequence[Target]) -> Position | None:
    """Where exposures that follow the first moving target show it, ICRS [deg]; None where none follows any."""
    found = map(followed_at, targets, placements(targets))
    return next((position for position in found if position is not None), None)


def followed_at(exposure: Exposure | Target, placement: Placement) -> Position | None:
    """Where an exposure that is put there shows the moving target that it follows; None where it follows none."""
    if exposure.target_at is None or not placement.following:
        return None
    return exposure.target_at[0] + placement.ra, exposure.target_at[1] + placement.dec


def follow_notes(exposures: Sequence[Exposure]) -> tuple[str, ...]:
    """Say of each moving target whether the exposures follow it: a sentence each."""
    notes = {}
    for e in exposures:
        if e.follows is None and e.moving:
            notes[e.target] = (
                f"{_called(e)} moves, but not every exposure says where it was (MT_RA, MT_DEC): cubes do not follow it."
            )
    for e in exposures:
        if e.follows is not None:
            notes.setdefault(
                e.target,
                f"{_called(e)} moves: images, spectra and cubes follow it, as calwebb_spec3 does, at its mean position "
                f"RA {e.follows[0] % 360.0:.6f}°, Dec {e.follows[1]:.6f}°.",
            )
    return tuple(notes.values())


def _called(exposure: Exposure) -> str:
    return f"The target {exposure.target}" if exposure.target else "The target"


def mark_following(model: Any, follows: Position | None) -> None:
    """Put into a datamodel's metadata where its target is on average, as ``assign_mtwcs`` does; None for nowhere."""
    if follows is not None:
        model.meta.wcsinfo.mt_avra, model.meta.wcsinfo.mt_avdec = follows
        model.meta.cal_step.assign_mtwcs = "COMPLETE"


def followed_model(model: Any, exposure: Exposure) -> None:
    """Make the WCS of an exposure's datamodel follow the target as the exposure does."""
    from jwst.assign_mtwcs.moving_target_wcs import add_mt_frame

    mark_following(model, exposure.follows)
    if exposure.placement.ra or exposure.placement.dec:
        wcsinfo = model.meta.wcsinfo
        assert exposure.target_at is not None
        model.meta.wcs = add_mt_frame(model.meta.wcs, wcsinfo.mt_avra, wcsinfo.mt_avdec, *exposure.target_at)


def _placement(exposure: Exposure | Target, there: Position | None) -> Placement:
    if not exposure.moving or exposure.target_at is None or there is None:
        return AS_OBSERVED
    return Placement(there[0] - exposure.target_at[0], there[1] - exposure.target_at[1], following=True)


def _mean(known: Sequence[Position | None]) -> Position | None:
    """Mean of positions; None where one is not known."""
    places = [place for place in known if place is not None]
    if len(places) < len(known):
        return None
    ra, dec = np.array(places).T
    # On the same side of RA 0; the pipeline takes the mean of both sides.
    ra = np.where(np.abs(ra - ra[0]) > 180.0, ra + np.copysign(360.0, ra[0] - ra), ra)
    if (ra == ra[0]).all() and (dec == dec[0]).all():
        return float(ra[0]), float(dec[0])  # as it is, without the rounding of a mean
    return float(ra.mean()), float(dec.mean())
