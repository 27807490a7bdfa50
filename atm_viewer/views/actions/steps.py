"""Actions that only call the session: stepping through the data, and quick recipe changes."""

from __future__ import annotations

from atm_viewer.session.session import Session
from atm_viewer.session.state.groups import grouped

_FACTOR = 1.1  #: between thresholds that keys lead to
_LEAST = 0.1  #: threshold below which the next step down is 0, which fits the slice whatever its signal [sigma]


class Steps:
    """Methods of the actions' names in ``actions.py``.

    Parameters
    ----------
    session : Session
        Carries them out.
    """

    def __init__(self, session: Session):
        self._session = session

    def clear_cache(self) -> None:
        """Delete kept coordinates."""
        self._session.products.clear_cache()

    def cancel_all(self) -> None:
        """End everything under way."""
        self._session.jobs.cancel_all()

    def undo(self) -> None:
        """Take the last change of the recipe back."""
        self._session.recipes.undo_stack.undo()

    def redo(self) -> None:
        """Make the change again."""
        self._session.recipes.undo_stack.redo()

    def reset_all(self) -> None:
        """Go back to the pipeline's defaults everywhere."""
        self._session.recipes.reset_all()

    def raise_threshold(self) -> None:
        """Raise the chosen slice's threshold by a tenth."""
        old = self._threshold()
        self._set_threshold(old * _FACTOR if old >= _LEAST else _LEAST)

    def lower_threshold(self) -> None:
        """Lower the chosen slice's threshold by a tenth, in the end to 0."""
        old = self._threshold()
        self._set_threshold(old / _FACTOR if old > _LEAST else 0.0)

    def next_scope(self) -> None:
        """Let edits apply to other slices: to those of the place, the number, the band, or to the chosen one alone."""
        scopes = self._session.state.scopes
        now = scopes.index(self._session.state.scope)
        self._session.recipes.set_scope(scopes[(now + 1) % len(scopes)])

    def next_slice(self) -> None:
        """Look at the slice with the next number."""
        self._session.look.step_slice(1)

    def previous_slice(self) -> None:
        """Look at the slice with the previous number."""
        self._session.look.step_slice(-1)

    def next_column(self) -> None:
        """Look at the next column."""
        self._session.look.step_column(1)

    def previous_column(self) -> None:
        """Look at the previous column."""
        self._session.look.step_column(-1)

    def next_group(self) -> None:
        """Look at the next group of exposures, in the same dither; after the last one at the first."""
        state = self._session.state
        groups = grouped(state.exposures)
        at = next((k for k, group in enumerate(groups) if state.chosen in group.keys), 0)
        if groups:
            self._session.look.select_exposure(groups[(at + 1) % len(groups)].like(state.chosen_exposure))

    def next_band(self) -> None:
        """Look at sky image and spectra of the next band; after the last one of the first."""
        bands = self._session.state.bands
        if bands:
            self._session.look.select_band(bands[(bands.index(self._session.state.band) + 1) % len(bands)])

    def refresh(self) -> None:
        """Compute everything in sight again."""
        self._session.refresh()

    def _threshold(self) -> float:
        return self._session.state.params(self._session.state.number).fit_threshold

    def _set_threshold(self, value: float) -> None:
        if not self._session.state.recipe.psf_optimal:  # which ignores thresholds
            self._session.recipes.edit_slice(self._session.state.number, "fit_threshold", float(f"{value:.3g}"))
