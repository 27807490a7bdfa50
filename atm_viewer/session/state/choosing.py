"""What to look at, as pure functions from state to state: exposure, band, slice and column.

``reports`` are the latest reports by the exposures' keys: they say which slice is the brightest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from atm_viewer.engine.results.correction import CorrectionReport
from atm_viewer.engine.results.pixels import Fate
from atm_viewer.engine.results.profile import SliceProfile
from atm_viewer.session.state.saved_session import SavedLook
from atm_viewer.session.state.selection import band_of, brightest_slice, columns_of
from atm_viewer.session.state.state import State

Reports = Mapping[str, CorrectionReport]


def choose_exposure(state: State, key: str, reports: Reports) -> State:
    """Look at another exposure; slice, column and band stay where they exist."""
    known = state.current
    state = replace(state, chosen=key)
    found = state.chosen_exposure
    assert found is not None
    if known is not None and known.instrument != found.view.instrument:
        state = replace(state, moved_on=True)
    if state.number in found.slices:
        state = with_slice(state, state.number, state.column)
    else:
        report = reports.get(key)
        number = brightest_slice(found.view, found.slices, report) if report else found.brightest
        state = with_slice(state, number)
    return state if state.band in found.view.bands else replace(state, band=band_of(found.view, state.number))


def choose_band(state: State, band: str, reports: Reports) -> State:
    """Show sky and spectra of another band, and its brightest slice when the chosen one is of another."""
    view = state.current
    if band == state.band or band not in state.bands:
        return state
    state = replace(state, band=band, look=None, looked=True)  # the first report would go to another band again
    if view is None or band not in view.bands or band_of(view, state.number) == band:
        return state
    slices = tuple(n for n in state.slices if band_of(view, n) == band)
    return with_slice(state, brightest_slice(view, slices, reports.get(view.key)))


def choose_slice(state: State, number: int, column: int) -> State:
    """Look at a column of a slice of the chosen exposure, and at its band, since the user wants so."""
    view = state.current
    if view is None or number not in state.slices:
        return state
    chosen = with_slice(replace(state, looked=True, anywhere=False), number, column)
    if (chosen.number, chosen.column) == (state.number, state.column):
        return chosen
    return replace(chosen, band=band_of(view, number), look=None)


def choose_brightest(state: State, report: CorrectionReport) -> State:
    """Look at the brightest slice, which a report knows, as long as the user has not chosen."""
    view = state.current
    if view is None or state.looked:
        return state
    state = replace(state, looked=True)
    number = brightest_slice(view, state.slices, report)
    return state if number == state.number else replace(with_slice(state, number), band=band_of(view, number))


def look_again(state: State, key: str, look: SavedLook, reports: Reports) -> State:
    """Choose the band, slice and column that a session file names, in its chosen exposure."""
    state = choose_exposure(state, key, reports)
    if look.number in state.slices:
        state = replace(with_slice(state, look.number, look.column), anywhere=False)
    return replace(state, band=look.band) if look.band in state.bands else state


def with_slice(state: State, number: int, column: int | None = None) -> State:
    """Choose a slice of the chosen exposure; its middle column without a column, else the nearest that it has."""
    view = state.current
    assert view is not None
    first, last = columns_of(view, number)
    anywhere = column is None or state.anywhere
    column = (first + last) // 2 if column is None else max(first, min(column, last))
    return replace(state, number=number, column=column, anywhere=anywhere)


def choose_own_spline(state: State, profile: SliceProfile) -> State:
    """Look at the nearest column with a spline of its own, unless somebody has chosen the column or there is none."""
    if not state.anywhere or (profile.exposure, profile.number) != (state.chosen, state.number):
        return state
    own = np.flatnonzero(profile.fates == Fate.FITTED)
    column = int(own[np.abs(own - state.column).argmin()]) if own.size else state.column
    return replace(state, column=column, anywhere=False)
