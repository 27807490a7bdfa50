"""Exposures that come and go, as pure functions from state to state; ``reports`` as in `choosing`."""

from __future__ import annotations

from dataclasses import replace

from atm_viewer.session.state.choosing import Reports, choose_exposure, look_again
from atm_viewer.session.state.open_exposure import OpenExposure
from atm_viewer.session.state.places import Places
from atm_viewer.session.state.saved_session import SavedSession
from atm_viewer.session.state.state import State

FIELD = 120.0  #: distance of exposures of one field, mosaics included, at most [arcsec]


def add_exposure(state: State, exposure: OpenExposure, reports: Reports) -> State:
    """Take an exposure that was opened; what a session that is coming back says of it holds."""
    key = exposure.view.key
    saved = next((e for e in state.restoring if e.path == key), None)
    state = state.with_exposure(replace(exposure, included=saved is None or saved.included))
    if saved is not None and saved.chosen and state.look is not None:
        state = look_again(state, key, state.look, reports)
    return state if state.chosen is not None else choose_exposure(state, key, reports)


def close_exposure(state: State, key: str, reports: Reports) -> State:
    """Close an exposure; recipe and edits stay, and its neighbour is chosen."""
    closed = state.exposure(key)
    if closed is None:
        return state
    at = state.exposures.index(closed)
    left = state.exposures[:at] + state.exposures[at + 1 :]
    if not left:
        return replace(state, exposures=(), chosen=None, band="", number=0, column=0, looked=False, places=Places())
    state = replace(state, exposures=left)
    if key == state.chosen:
        neighbours = left[at:] + left[:at][::-1]
        state = choose_exposure(state, neighbours[0].view.key, reports)
    return state


def include(state: State, key: str, included: bool) -> State:
    """Say whether an exposure takes part in sky image, spectra and products."""
    found = state.exposure(key)
    return state.with_exposure(replace(found, included=included)) if found is not None else state


def leave_out(state: State, key: str, opened: tuple[str, ...]) -> tuple[State, int]:
    """Leave out what is of another field than an exposure: one cube of both would be empty, and too large for memory.

    Parameters
    ----------
    state : State
        With all exposures.
    key : str
        The exposure that is looked at, the first of those that were opened together.
    opened : tuple of str
        Those that have just been opened with it. When it is among them, all others are looked at again, too.

    Returns
    -------
    state, number
        How many exposures were left out.
    """
    first = state.exposure(key)
    if first is None:
        return state, 0
    looked_at = opened if key not in opened else state.included
    far = [e.view.key for e in state.exposures if e.included and e.view.key in looked_at and first.apart(e) > FIELD]
    for other in far:
        state = include(state, other, False)
    return state, len(far)


def begin_restoring(state: State, saved: SavedSession) -> State:
    """Put a session in place of what is there; what is open stays open when the session names no exposures."""
    look = saved.look
    state = replace(
        state,
        look=look,
        scope=look.scope,
        dragged=None,
        spectrum_settings=saved.spectrum,
        variants=saved.variants,
    )
    if not saved.exposures:
        return state
    return replace(
        state,
        exposures=(),
        chosen=None,
        restoring=saved.exposures,
        places=saved.places,
        band=look.band,
        number=look.number,
        column=look.column,
        looked=look.number > 0,
    )


def end_restoring(state: State) -> State:
    """All exposures of a session that can be opened are open."""
    return replace(state, restoring=(), look=None)
