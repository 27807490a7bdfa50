"""Exposures of a moving target, put where the target is on average, as jwst's ``assign_mtwcs`` does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from atm_viewer.engine.io.exposure import Exposure
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
    names = {exposure.target for exposure in exposures if exposure.moving}
    of_target = {name: [e.target_at for e in exposures if e.moving and e.target == name] for name in names}
    there = {name: _mean(known) if at is None or None in known else at for name, known in of_target.items()}
    return [exposure.placed(_placement(exposure, there.get(exposure.target))) for exposure in exposures]


def target_position(exposure: Exposure) -> Position | None:
    """Where the exposure shows its moving target, ICRS [deg]; None without one, or where it is not followed."""
    if exposure.target_at is None:
        return None
    return exposure.target_at[0] + exposure.placement.ra, exposure.target_at[1] + exposure.placement.dec


def mark_following(model: Any, exposure: Exposure) -> None:
    """Put into a datamodel's metadata where its target is on average, as ``assign_mtwcs`` does."""
    position = target_position(exposure)
    if position is not None:
        model.meta.wcsinfo.mt_avra, model.meta.wcsinfo.mt_avdec = position
        model.meta.cal_step.assign_mtwcs = "COMPLETE"


def followed_model(model: Any, exposure: Exposure) -> None:
    """Make the WCS of an exposure's datamodel follow the target as the exposure does."""
    from jwst.assign_mtwcs.moving_target_wcs import add_mt_frame

    mark_following(model, exposure)
    if exposure.placement.follows:
        wcsinfo = model.meta.wcsinfo
        assert exposure.target_at is not None
        model.meta.wcs = add_mt_frame(model.meta.wcs, wcsinfo.mt_avra, wcsinfo.mt_avdec, *exposure.target_at)


def _placement(exposure: Exposure, there: Position | None) -> Placement:
    if not exposure.moving or exposure.target_at is None or there is None:
        return AS_OBSERVED
    return Placement(there[0] - exposure.target_at[0], there[1] - exposure.target_at[1])


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
