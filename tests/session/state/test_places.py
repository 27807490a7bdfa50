"""Places on the sky: those of the list, and what the session asks for and shows of them."""

from __future__ import annotations

import pytest

from atm_viewer.jobs.requests.previews import MakeSpectra
from atm_viewer.session.state.places import MOST, Place, Places
from atm_viewer.session.state.selection import covers, holds
from tests.session.fake_workers import DEC, RA

ONE = Places().added(10.0, -5.0, 0.65)
TWO = ONE.added(10.001, -5.001)


def test_the_first_place_needs_a_radius():
    assert Places().added(10.0, -5.0) == Places()
    assert Places((Place(1, 10.0, -5.0, 0.65),), 1) == ONE


def test_a_new_place_is_active_and_takes_the_radius_over():
    assert TWO.current == Place(2, 10.001, -5.001, 0.65)
    assert TWO.all[0] == ONE.current
    assert TWO.several
    assert not ONE.several
    assert [p.number for p in TWO.active_first] == [2, 1]


def test_places_are_moved_resized_chosen_and_stepped_through():
    assert TWO.moved(1, 11.0, -6.0).current == Place(1, 11.0, -6.0, 0.65)
    resized = TWO.resized(0.80049)
    assert [p.radius for p in resized.all] == [0.65, 0.8]
    assert TWO.resized(0.0) == TWO
    assert TWO.chosen(1).active == 1
    assert TWO.chosen(5) == TWO
    assert TWO.moved(5, 1.0, 1.0) == TWO
    assert [TWO.stepped(d).active for d in (1, -1, 2)] == [1, 1, 2]
    assert Places().stepped(1) == Places()


def test_numbers_stay_and_free_ones_are_taken_again():
    three = TWO.added(10.002, -5.0)
    rest = three.removed(2)
    assert (rest.numbers, rest.active) == ((1, 3), 3)
    assert rest.removed(3).active == 1
    assert rest.added(10.0, -5.1).numbers == (1, 2, 3)
    assert ONE.removed(1) == ONE  # there is always one


def test_there_are_not_more_places_than_colours():
    full = ONE
    for k in range(2 * MOST):
        full = full.added(10.0 + k, -5.0)
    assert full.numbers == tuple(range(1, MOST + 1))


def slots(workers) -> list[str]:
    return [r.shown_as for r in workers.asked(MakeSpectra)]


def test_a_place_that_is_added_is_asked_for_alone(opened, workers, qtbot):
    before = len(slots(workers))
    first = opened.state.places.current
    opened.look.add_place(RA, DEC)
    assert slots(workers)[before:] == ["A2"]
    assert workers.asked(MakeSpectra)[-1].urgent
    assert opened.answers.pending == {"spectra"}
    qtbot.waitUntil(lambda: opened.complete)
    shown = opened.answers.shown_spectra
    assert [(s.variant.name, s.place, s.stale) for s in shown] == [("A", 1, False), ("A", 2, False)]
    assert (shown[0].spectra.ra, shown[0].spectra.dec) == (first.ra, first.dec)
    assert (opened.answers.spectra.ra, opened.answers.spectra.dec) == opened.state.position == (RA, DEC)


def test_every_variant_is_asked_for_at_every_place_the_active_ones_first(opened, workers, qtbot):
    opened.look.add_place(RA, DEC)
    opened.recipes.new_variant()
    qtbot.waitUntil(lambda: opened.complete)
    before = len(slots(workers))
    opened.look.select_band(next(b for b in opened.state.bands if b != opened.state.band))
    assert slots(workers)[before:] == ["B2", "A2", "B1", "A1"]
    before = len(slots(workers))
    opened.look.set_radius(0.3)
    assert slots(workers)[before:] == ["B2", "A2"]
    assert [r.urgent for r in workers.asked(MakeSpectra)[before:]] == [True, False]
    qtbot.waitUntil(lambda: opened.complete)


def test_choosing_another_place_asks_nothing_and_shows_it(opened, workers, qtbot):
    opened.look.add_place(RA, DEC)
    qtbot.waitUntil(lambda: opened.complete)
    before = len(workers.requests)
    with qtbot.waitSignals([opened.changed.spectra, opened.changed.places]):
        opened.look.set_places(opened.state.places.chosen(1))
    assert len(workers.requests) == before
    assert opened.answers.spectra is opened.answers.spectra_of("A", 1)
    assert opened.answers.spectra is not opened.answers.spectra_of("A", 2)


def test_a_place_that_is_removed_is_forgotten(opened, workers, qtbot):
    workers.held = {MakeSpectra}
    opened.look.add_place(RA, DEC)
    opened.look.set_places(opened.state.places.removed(2))
    assert [s.place for s in opened.answers.shown_spectra] == [1]
    qtbot.waitUntil(lambda: opened.complete)  # its question was taken back
    opened.look.set_places(opened.state.places.removed(1))
    assert opened.state.places.numbers == (1,)


def test_a_place_outside_of_a_bands_field_is_not_asked_for(opened, workers, qtbot):
    opened.look.add_place(RA + 0.01, DEC)
    opened.look.set_places(opened.state.places.chosen(1))
    assert not holds(opened.answers.sky, RA + 0.01, DEC)
    qtbot.waitUntil(lambda: opened.complete)
    assert opened.answers.spectra_of("A", 2) is None
    assert opened.answers.spectra_of("A", 1) is not None


def test_too_many_places_are_told(opened, qtbot):
    for k in range(MOST):
        opened.look.add_place(RA + 1e-5 * k, DEC)
    assert opened.messages.all[-1].text == "6 places is the maximum; remove one first."
    qtbot.waitUntil(lambda: opened.complete)


def test_closing_all_forgets_the_places(opened):
    opened.look.add_place(RA, DEC)
    for exposure in opened.state.exposures:
        opened.exposures.close(exposure.view.key)
    assert opened.state.places == Places()
    assert opened.answers.shown_spectra == ()


@pytest.mark.parametrize(("east", "inside", "covered"), [(0.0, True, True), (2.55, True, False), (9.0, False, False)])
def test_what_the_field_holds(opened, east, inside, covered):
    sky = opened.answers.sky
    ra, dec = (float(v) for v in sky.position(east, east))
    assert (holds(sky, ra, dec), covers(sky, ra, dec)) == (inside, covered)
