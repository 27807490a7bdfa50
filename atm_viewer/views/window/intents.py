"""Connects the plots to the session: intents, and the cursor."""

from __future__ import annotations

from atm_viewer.session.session import Session
from atm_viewer.views.detector.view import DetectorView
from atm_viewer.views.profile.view import ProfileView
from atm_viewer.views.sky.view import SkyView
from atm_viewer.views.spectrum.view import SpectrumView


def pass_on_intents(
    session: Session, detector: DetectorView, profile: ProfileView, sky: SkyView, spectrum: SpectrumView
) -> None:
    """Connect the signals of the plots to the session and its pointer.

    Parameters
    ----------
    session : Session
        Takes the intents.
    detector, profile, sky, spectrum : QWidget
        The plots.
    """
    detector.picked.connect(session.look.select)
    detector.asked.connect(session.look.ask_pixel)
    detector.unasked.connect(session.look.forget_pixel)
    profile.dragged.connect(session.recipes.drag_slice)
    profile.drag_ended.connect(session.recipes.end_drag)
    profile.edited.connect(session.recipes.edit_slice)
    profile.column_stepped.connect(session.look.step_column)
    profile.column_picked.connect(session.look.select_column)
    sky.picked.connect(session.look.pick_sky)
    sky.added.connect(session.look.add_place)
    sky.place_moved.connect(
        lambda number, ra, dec: session.look.set_places(session.state.places.moved(number, ra, dec))
    )
    sky.chosen.connect(lambda number: session.look.set_places(session.state.places.chosen(number)))
    sky.removed.connect(lambda number: session.look.set_places(session.state.places.removed(number)))
    sky.radius_edited.connect(session.look.set_radius)
    sky.regions.drawn.connect(session.regions.draw)
    sky.regions.chosen.connect(session.regions.select)
    sky.regions.dragged.connect(session.regions.drag)
    sky.regions.drag_ended.connect(session.recipes.end_drag)
    sky.regions.corner_added.connect(session.regions.add_corner)
    sky.regions.corner_removed.connect(session.regions.remove_corner)
    sky.bar.chosen.connect(session.look.choose_sky)
    pointer = session.pointer
    detector.pointed.connect(pointer.point_at_pixel)
    detector.double_clicked.connect(pointer.centre_spaxel)
    profile.pointed.connect(pointer.point_at_alpha)
    sky.pointed.connect(pointer.point_at_sky)
    spectrum.pointed.connect(pointer.point_at_wavelength)
    spectrum.picked.connect(pointer.choose_wavelength)
    spectrum.band_picked.connect(pointer.choose_band)
    spectrum.settings_edited.connect(session.look.set_spectrum_settings)
