"""Images of the field: what is asked for when, and what is shown meanwhile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from atm_viewer.engine.recipe import Recipe
from atm_viewer.jobs.requests.previews import MakeSkyImage, MakeSpectra
from atm_viewer.session.state.sky_choice import BEFORE, BLINK, DIFFERENCE, SECOND, SkyChoice
from tests.session.conftest import FILES
from tests.session.test_session import settle


@pytest.fixture
def asked(opened, workers):
    """Images that are asked for after this."""
    begun = len(workers.asked(MakeSkyImage))
    return lambda: workers.asked(MakeSkyImage)[begun:]


def test_before_costs_nothing_more(opened, asked, qtbot):
    assert opened.answers.shown_sky.images == {BEFORE: opened.answers.sky}
    assert opened.answers.shown_sky.before is opened.answers.sky
    opened.recipes.set_global("fit_threshold", 5.0)
    settle(qtbot, opened)
    assert asked() == []


def test_after_is_made_when_it_is_looked_at(opened, asked, qtbot):
    opened.look.choose_sky(SkyChoice(SECOND))
    assert "sky" in opened.answers.pending
    settle(qtbot, opened)
    assert asked() == [MakeSkyImage(tuple(FILES), opened.state.band, Recipe(), shown_as="A")]
    assert set(opened.answers.shown_sky.images) == {BEFORE, "A"}
    opened.recipes.set_global("fit_threshold", 5.0)
    settle(qtbot, opened)
    assert [r.recipe.fit_threshold for r in asked()] == [10.0, 5.0]


def test_what_was_seen_stays_and_is_renewed_when_it_is_seen_again(opened, asked, qtbot):
    opened.look.choose_sky(SkyChoice(BLINK))
    settle(qtbot, opened)
    known = opened.answers.shown_sky.images["A"]
    opened.look.choose_sky(SkyChoice())
    opened.recipes.set_global("fit_threshold", 5.0)
    settle(qtbot, opened)
    assert len(asked()) == 1
    with qtbot.waitSignal(opened.changed.sky):
        opened.look.choose_sky(SkyChoice(BLINK))
    assert opened.answers.shown_sky.images["A"] is known
    settle(qtbot, opened)
    assert opened.answers.shown_sky.images["A"] is not known
    assert len(asked()) == 2


def test_planes_follow_the_column(opened, asked, qtbot):
    opened.look.choose_sky(SkyChoice(BLINK, planes=5))
    settle(qtbot, opened)
    assert [(r.shown_as, r.planes, r.recipe) for r in asked()] == [(BEFORE, 5, None), ("A", 5, Recipe())]
    wavelength = asked()[0].wavelength
    expected = np.nanmedian(
        opened.state.current.wavelength[opened.state.column][
            opened.state.current.regions[opened.state.column] == opened.state.number
        ]
    )
    assert wavelength == pytest.approx(float(expected), abs=0.01)
    opened.look.step_column(5)
    settle(qtbot, opened)
    assert [r.wavelength > wavelength for r in asked()] == [False, False, True, True]
    shown = opened.answers.shown_sky
    assert shown.before.wavelengths == shown.images["A"].wavelengths
    assert shown.white.wavelengths is None


def test_the_second_side_is_the_active_variant_unless_it_is_named(opened, asked, qtbot):
    opened.look.choose_sky(SkyChoice(DIFFERENCE))
    settle(qtbot, opened)
    opened.recipes.new_variant()
    assert opened.answers.shown_sky.sides == (BEFORE, "B")
    settle(qtbot, opened)
    assert len(asked()) == 1  # the copy has the same image
    opened.look.choose_sky(SkyChoice(DIFFERENCE, first="A", second="B"))
    opened.recipes.set_global("fit_threshold", 5.0)
    settle(qtbot, opened)
    assert [r.shown_as for r in asked()] == ["A", "B"]
    a, b = (opened.answers.shown_sky.images[name].image for name in "AB")
    assert np.nanmax(b) / np.nanmax(a) == pytest.approx(0.95 / 0.9)
    opened.recipes.choose_variant("A")
    assert opened.answers.shown_sky.sides == ("A", "B")
    opened.recipes.discard_variant("B")
    assert opened.answers.shown_sky.sides == ("A", "A")
    settle(qtbot, opened)
    opened.recipes.undo_stack.undo()
    settle(qtbot, opened)
    assert set(opened.answers.shown_sky.images) == {BEFORE, "A", "B"}


def test_without_exposures_there_are_no_images(opened, qtbot):
    opened.look.choose_sky(SkyChoice(BLINK, planes=1))
    settle(qtbot, opened)
    for path in FILES:
        opened.exposures.include(path, False)
    assert opened.answers.shown_sky.images == {}
    opened.exposures.include(FILES[0], True)
    settle(qtbot, opened)
    assert set(opened.answers.shown_sky.images) == {BEFORE, "A"}


def test_late_images_of_an_older_column_are_dropped(opened, workers, qtbot):
    opened.look.choose_sky(SkyChoice(BLINK, planes=1))
    settle(qtbot, opened)
    workers.held = {MakeSkyImage}
    for _ in range(3):
        opened.look.step_column(1)
    workers.release(MakeSkyImage)
    settle(qtbot, opened)
    latest = workers.asked(MakeSkyImage)[-1].wavelength
    assert [np.mean(i.wavelengths) for i in opened.answers.shown_sky.images.values()] == pytest.approx([latest, latest])


def test_spectra_are_not_asked_again_for_images(opened, workers, qtbot):
    spectra = len(workers.asked(MakeSpectra))
    opened.look.choose_sky(replace(opened.state.sky_choice, mode=BLINK, planes=21))
    settle(qtbot, opened)
    assert len(workers.asked(MakeSpectra)) == spectra
