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
    detector.picked.connect(session.select)
    detector.asked.connect(session.ask_pixel)
    detector.unasked.connect(session.forget_pixel)
    profile.dragged.connect(session.drag_slice)
    profile.drag_ended.connect(session.end_drag)
    profile.edited.connect(session.edit_slice)
    profile.column_stepped.connect(session.step_column)
    profile.column_picked.connect(session.select_column)
    sky.picked.connect(session.pick_sky)
    sky.added.connect(session.add_place)
    sky.place_moved.connect(lambda number, ra, dec: session.set_places(session.places.moved(number, ra, dec)))
    sky.chosen.connect(lambda number: session.set_places(session.places.chosen(number)))
    sky.removed.connect(lambda number: session.set_places(session.places.removed(number)))
    sky.radius_edited.connect(session.set_radius)
    sky.bar.chosen.connect(session.choose_sky)
    pointer = session.pointer
    detector.pointed.connect(pointer.point_at_pixel)
    detector.double_clicked.connect(pointer.centre_spaxel)
    profile.pointed.connect(pointer.point_at_alpha)
    sky.pointed.connect(pointer.point_at_sky)
    spectrum.pointed.connect(pointer.point_at_wavelength)
    spectrum.picked.connect(pointer.choose_wavelength)
    spectrum.settings_edited.connect(session.set_spectrum_settings)
