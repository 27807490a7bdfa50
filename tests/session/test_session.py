from __future__ import annotations

from dataclasses import replace

import pytest

from atm_viewer.engine.recipe import Recipe, SliceOverride
from atm_viewer.jobs.messages import Outcome, Status
from atm_viewer.jobs.requests.demo import MakeDemo
from atm_viewer.jobs.requests.exposures import OpenExposures
from atm_viewer.jobs.requests.measures import MeasureShifts
from atm_viewer.jobs.requests.previews import Correct, MakeSkyImage, MakeSpectra, ShowProfile
from atm_viewer.jobs.requests.products import WriteCubes
from atm_viewer.session.edits.scope import Scope
from atm_viewer.session.state.selection import band_of
from tests.session import fake_workers
from tests.session.conftest import FILES


def settle(qtbot, session):
    qtbot.waitUntil(lambda: session.complete)


def test_first_look(opened, workers):
    view = opened.state.current
    assert view.key == FILES[0]
    peaks = {s.number: s.peak for s in opened.answers.report.slices}
    assert opened.state.number == max(peaks, key=peaks.get)
    assert opened.state.column == 47
    assert opened.state.band == f"ch{opened.state.number // 100}-short"
    assert opened.state.position == opened.answers.sky.peak
    assert opened.state.radius == pytest.approx(0.65)
    assert opened.answers.profile.number == opened.state.number
    assert (opened.answers.spectra.ra, opened.answers.spectra.dec) == opened.state.position
    assert workers.asked(MakeSpectra)[-1].extraction.exposures == tuple(FILES)
    assert opened.messages.all[-1].text == "Opened 2 exposures."


def test_an_edit_refits_and_renews(opened, workers, qtbot):
    before, default = len(workers.requests), opened.answers.slice_report(101).threshold
    opened.recipes.set_override(101, "fit_threshold", 4.0)
    assert opened.recipes.undo_stack.undoText() == "Slice 101: threshold 10 → 4"
    assert opened.answers.pending == {"report", "profile", "spectra"}
    settle(qtbot, opened)
    recipe = Recipe(overrides=(SliceOverride(101, fit_threshold=4.0),))
    asked = workers.requests[before:]
    assert [type(r) for r in asked] == [ShowProfile, MakeSpectra, Correct]
    assert [r.recipe for r in (asked[0], asked[1].extraction, asked[2])] == [recipe] * 3
    assert opened.answers.slice_report(101).threshold < 0.7 * default


def test_undo_and_redo(opened, qtbot):
    opened.recipes.set_global("slope_limit", 0.05)
    opened.recipes.set_override(101, "use", ((-0.9, 0.4),))
    assert opened.recipes.undo_stack.undoText() == "Slice 101: use range default → -0.9…0.4"
    opened.recipes.undo_stack.undo()
    assert opened.state.recipe == Recipe(slope_limit=0.05)
    opened.recipes.undo_stack.undo()
    assert opened.state.recipe == Recipe()
    opened.recipes.undo_stack.redo()
    settle(qtbot, opened)
    assert opened.state.recipe == Recipe(slope_limit=0.05)


def test_typing_the_inherited_value_takes_the_override_away(opened, qtbot):
    opened.recipes.set_override(101, "fit_threshold", 4.0)
    opened.recipes.set_override(101, "fit_threshold", 10.0)
    assert opened.state.recipe == Recipe()
    assert opened.recipes.undo_stack.undoText() == "Slice 101: threshold 4 → 10"
    opened.recipes.set_override(101, "fit_threshold", None)
    assert opened.recipes.undo_stack.count() == 2
    settle(qtbot, opened)


def test_edits_for_one_exposure(opened, qtbot):
    name = opened.state.current.name
    opened.recipes.set_scope(Scope.SLICE)
    opened.recipes.edit_slice(101, "window", 30)
    assert opened.state.recipe.overrides == (SliceOverride(101, name, window=30),)
    assert opened.state.overridden(101) == {"window": name}
    opened.recipes.set_scope(Scope.NUMBER)
    opened.recipes.edit_slice(101, "window", 20)  # the exposure's own value is the one in sight
    assert opened.state.recipe.overrides == (SliceOverride(101, name, window=20),)
    opened.recipes.edit_slice(101, "breakpoints", 40)
    opened.look.select_exposure(FILES[1])
    assert opened.state.overridden(101) == {"breakpoints": None}
    assert opened.state.params(101).window is None
    opened.recipes.reset_slices((101,))
    assert opened.state.recipe == Recipe()
    opened.recipes.undo_stack.undo()
    opened.recipes.reset_all()
    assert opened.state.recipe == Recipe()
    settle(qtbot, opened)


def test_a_drag_is_one_step(opened, qtbot):
    number = opened.state.number
    opened.recipes.edit_slice(number, "slope_limit", 0.2)
    for value in (9.0, 7.0, 4.0):
        opened.recipes.drag_slice(number, "fit_threshold", value)
        assert opened.state.params(number).fit_threshold == value
    opened.recipes.end_drag()
    assert opened.recipes.undo_stack.undoText() == f"Slice {number}: threshold 10 → 4"
    assert opened.recipes.undo_stack.count() == 2
    # the next drag is another step
    opened.recipes.drag_slice(number, "fit_threshold", 3.0)
    opened.recipes.end_drag()
    assert opened.recipes.undo_stack.undoText() == f"Slice {number}: threshold 4 → 3"
    opened.recipes.undo_stack.undo()
    assert opened.state.params(number).fit_threshold == 4.0
    opened.recipes.undo_stack.undo()
    assert opened.state.params(number).fit_threshold == 10.0
    opened.recipes.undo_stack.redo()
    assert opened.state.params(number).fit_threshold == 4.0
    settle(qtbot, opened)


def test_a_drag_that_leads_back_is_no_step(opened, qtbot):
    for value in (9.0, 7.0, 10.0):
        opened.recipes.drag_slice(101, "fit_threshold", value)
    opened.recipes.end_drag()
    assert opened.recipes.undo_stack.count() == 0
    assert opened.state.recipe == Recipe()
    settle(qtbot, opened)


def test_while_the_hand_moves_answers_are_taken_as_they_come(opened, workers, qtbot):
    workers.held = {ShowProfile}
    before = {kind: len(workers.asked(kind)) for kind in (Correct, ShowProfile, MakeSpectra)}
    for value in (9.0, 8.0, 7.0, 6.0):
        opened.recipes.drag_slice(101, "fit_threshold", value)
    # One question is under way; those after it wait for its answer, which is shown.
    assert len(workers.asked(ShowProfile)) == before[ShowProfile] + 1
    with qtbot.waitSignal(opened.changed.profile):
        workers.release(ShowProfile)
    qtbot.waitUntil(lambda: not opened.answers.pending & {"profile", "spectra"})
    asked = [r.recipe.params(101, "").fit_threshold for r in workers.asked(ShowProfile)[before[ShowProfile] :]]
    assert asked == [9.0, 6.0]
    spectra = workers.asked(MakeSpectra)[before[MakeSpectra] :]
    assert spectra[-1].extraction.recipe == opened.state.recipe
    assert len(spectra) < 4
    # What takes longer is asked for when the hand has let go.
    assert len(workers.asked(Correct)) == before[Correct]
    opened.recipes.end_drag()
    settle(qtbot, opened)
    assert workers.asked(Correct)[-1].recipe == opened.state.recipe


def test_columns_faster_than_their_profiles(opened, workers, qtbot):
    workers.held = {ShowProfile}
    before, first = len(workers.asked(ShowProfile)), opened.state.column
    for _ in range(5):
        opened.look.step_column(1)
    assert [r.column for r in workers.asked(ShowProfile)[before:]] == [first + 1]
    workers.release(ShowProfile)
    settle(qtbot, opened)
    assert [r.column for r in workers.asked(ShowProfile)[before:]] == [first + 1, first + 5]
    assert opened.answers.profile.column == first + 5


def test_late_answers_are_dropped(opened, workers, qtbot):
    workers.held = {Correct, ShowProfile}
    old_report, old_profile = opened.answers.report, opened.answers.profile
    opened.recipes.set_override(101, "fit_threshold", 4.0)
    first = workers.asked(Correct)[-1]
    job = workers.requests.index(first) + 1
    opened.recipes.set_override(101, "fit_threshold", 3.0)
    # The answer to the first edit arrives although newer parameters were asked for.
    with qtbot.assertNotEmitted(opened.changed.report, wait=100):
        workers.late(Outcome(job, first, Status.DONE, "Done.", "a report on the older recipe"))
    assert opened.answers.report is old_report
    assert opened.answers.profile is old_profile
    workers.release(Correct)
    workers.release(ShowProfile)
    settle(qtbot, opened)
    assert opened.answers.report is not old_report
    assert workers.asked(Correct)[-1].recipe.override(101).fit_threshold == 3.0


def test_superseded_work_is_not_told(opened, workers, qtbot):
    workers.held = {ShowProfile}
    told = len(opened.messages.all)
    for number in (101, 102, 103):
        opened.look.select_slice(number)
    workers.release(ShowProfile)
    settle(qtbot, opened)
    assert opened.answers.profile.number == 103
    assert len(opened.messages.all) == told
    assert [r.number for r in workers.asked(ShowProfile)[-3:]] == [101, 102, 103]


def test_choosing_slices_and_columns(opened, qtbot):
    opened.look.select_slice(203)
    assert opened.state.band == "ch2-short"
    opened.look.step_slice(1)
    assert opened.state.number == 203
    opened.look.step_slice(-1)
    assert opened.state.number == 202
    opened.look.select_column(10_000)
    assert opened.state.column == 95
    opened.look.step_column(-5)
    assert opened.state.column == 90
    opened.look.select_slice(999)
    assert opened.state.number == 202
    opened.look.select_band("ch1-short")
    assert opened.state.number == 102
    settle(qtbot, opened)
    assert opened.answers.sky.band == "ch1-short"


def test_other_exposure_keeps_the_slice(opened, workers, qtbot):
    opened.look.select(103, 20)
    opened.look.select_exposure(FILES[1])
    assert opened.answers.profile is None
    settle(qtbot, opened)
    assert (opened.state.number, opened.state.column) == (103, 20)
    assert opened.answers.report.exposure == FILES[1]
    corrections = len(workers.asked(Correct))
    opened.look.select_exposure(FILES[0])
    settle(qtbot, opened)
    assert len(workers.asked(Correct)) == corrections  # the report is still there


def test_leaving_an_exposure_out(opened, workers, qtbot):
    opened.exposures.include(FILES[0], False)
    settle(qtbot, opened)
    assert workers.asked(MakeSkyImage)[-1].exposures == (FILES[1],)
    assert workers.asked(MakeSpectra)[-1].extraction.exposures == (FILES[1],)
    opened.exposures.include(FILES[1], False)
    assert opened.answers.sky is None
    assert opened.answers.spectra is None


def test_spaxel_and_radius(opened, workers, qtbot):
    opened.look.pick_sky(83.8, -5.4)
    opened.look.set_radius(1.0)
    settle(qtbot, opened)
    assert (opened.answers.spectra.ra, opened.answers.spectra.dec, opened.answers.spectra.radius) == (83.8, -5.4, 1.0)
    opened.look.select_band("ch2-short")
    settle(qtbot, opened)
    assert opened.state.position == (83.8, -5.4)  # it is on the other band's image too


def test_problems_are_told_and_nothing_is_lost(opened, qtbot):
    opened.exposures.open(["/data/bad.fits", "/data/jw09999-star_00003_mirifushort_cal.fits"])
    settle(qtbot, opened)
    assert [e.view.dither for e in opened.state.exposures] == [1, 2, 3]
    assert opened.state.current.dither == 3  # what was opened is shown
    assert opened.messages.all[-1].level == "warning"
    assert opened.messages.all[-1].text.startswith("Opened 1 exposure, but: /data/bad.fits is not a FITS file")
    opened.exposures.open(["/data/bad.fits"])
    settle(qtbot, opened)
    assert opened.messages.all[-1].level == "error"
    assert "not a FITS file" in opened.messages.all[-1].text
    assert len(opened.state.exposures) == 3


def test_another_instrument_is_shown_at_once_and_takes_no_part_in_the_first_ones_products(opened, qtbot):
    opened.exposures.open(["/data/nrs_cal.fits"])
    settle(qtbot, opened)
    assert opened.state.chosen == "/data/nrs_cal.fits"
    assert opened.state.keys_together == ("/data/nrs_cal.fits",)
    opened.look.select_exposure(FILES[0])
    settle(qtbot, opened)
    assert opened.state.keys_together == tuple(FILES)


@pytest.fixture
def two_fields(monkeypatch):
    """Files whose names say so are of a field 3 arcmin away."""
    made = fake_workers.exposure_view

    def make(path, *args, **kwargs):
        view = made(path, *args, **kwargs)
        return replace(view, dec=view.dec + 0.05 * ("far" in path))

    monkeypatch.setattr(fake_workers, "exposure_view", make)


FAR = [f"/data/jw09999-far_0000{i}_mirifushort_cal.fits" for i in (1, 2)]


def test_another_field_is_looked_at_alone(two_fields, opened, qtbot):
    """A cube of both would be empty between them, and too large for memory."""
    opened.exposures.open(FAR)
    settle(qtbot, opened)
    assert opened.state.included == tuple(FAR)
    assert opened.state.chosen == FAR[0]
    told = [m.text for m in opened.messages.all if m.level == "warning"]
    assert told == ["2 exposures of another field: no longer ticked, as one cube cannot hold both."]
    opened.exposures.include(FILES[0], True)  # whoever wants both, has both
    settle(qtbot, opened)
    assert opened.state.included == (FILES[0], *FAR)


def test_two_fields_that_are_opened_together_are_parted(two_fields, session, qtbot):
    session.exposures.open([FILES[0], FAR[0], FILES[1]])
    qtbot.waitUntil(lambda: session.complete and len(session.state.exposures) == 3)
    assert session.state.included == tuple(FILES)


def test_with_another_instrument_the_place_goes_to_the_light(opened, qtbot):
    corner = opened.answers.sky.position(1.6, 0.0)
    opened.look.pick_sky(*(float(v) for v in corner))
    settle(qtbot, opened)
    opened.exposures.open(["/data/nrs_cal.fits"])
    settle(qtbot, opened)
    assert opened.state.position == opened.answers.sky.peak
    bright = opened.state.position
    opened.look.select_exposure(FILES[0])
    settle(qtbot, opened)
    assert opened.state.position == bright  # there is light: the same star is looked at


def test_a_file_that_is_opened_again_is_read_again(opened, workers, qtbot):
    old = opened.state.current
    before = len(workers.requests)
    opened.exposures.open(FILES[:1])
    qtbot.waitUntil(lambda: opened.state.current is not old)
    settle(qtbot, opened)
    assert len(opened.state.exposures) == 2
    asked = {type(r) for r in workers.requests[before:]}
    assert asked == {OpenExposures, Correct, ShowProfile, MakeSkyImage, MakeSpectra, MeasureShifts}


def test_a_file_that_is_closed_while_it_is_opened_again_stays_closed(opened, workers, qtbot):
    workers.held = {OpenExposures}
    opened.exposures.open(FILES[:1])
    opened.exposures.close(FILES[0])  # the worker closes it after it has opened it again
    workers.release(OpenExposures)
    settle(qtbot, opened)
    assert [exposure.view.key for exposure in opened.state.exposures] == FILES[1:]
    opened.exposures.open(FILES[:1])
    settle(qtbot, opened)
    assert {exposure.view.key for exposure in opened.state.exposures} == set(FILES)


def test_failures_and_trying_again(opened, workers, qtbot):
    workers.failing[Correct] = "The exposure is all NaN."
    opened.recipes.set_global("fit_threshold", 8.0)
    qtbot.waitUntil(lambda: not opened.answers.pending)
    assert opened.answers.report is None
    assert opened.messages.all[-1].text == "The exposure is all NaN."
    assert not opened.complete
    workers.failing.clear()
    opened.refresh()
    settle(qtbot, opened)


def test_a_crash_is_told_once_and_can_be_retried(opened, workers, qtbot):
    workers.crashing = {Correct, ShowProfile, MakeSpectra}
    told = len(opened.messages.all)
    opened.recipes.set_global("fit_threshold", 8.0)
    qtbot.waitUntil(lambda: not opened.answers.pending)
    assert [m.level for m in opened.messages.all[told:]] == ["error"]
    workers.crashing.clear()
    opened.refresh()
    settle(qtbot, opened)


def test_cancelling(opened, workers, qtbot):
    workers.held = {WriteCubes}
    opened.products.write_cubes("/out", "star", "after", overwrite=True)
    request = workers.asked(WriteCubes)[0]
    assert request == WriteCubes(tuple(FILES), Recipe(), "/out", "star", "after", overwrite=True)
    (job,) = opened.jobs.all
    assert job.lasting
    workers.progress(job.number, "Drizzling", 0.5)
    qtbot.waitUntil(lambda: opened.jobs.all[0].fraction == 0.5)
    opened.jobs.cancel(job.number)
    settle(qtbot, opened)
    assert opened.messages.all[-1].text == "Cancelled: Writing cubes of star."


def test_written_files_are_told(opened, qtbot):
    opened.products.write_cubes("/out", "star")
    settle(qtbot, opened)
    assert opened.messages.all[-1].text == "Wrote star_ch1-short_s3d.fits to /out."


def test_opening_can_be_cancelled(session, workers, qtbot):
    workers.held = {OpenExposures}
    session.exposures.open(FILES)
    session.jobs.cancel_all()
    settle(qtbot, session)
    assert session.state.exposures == ()


def test_activities_are_jobs(session):
    stopped = []
    number = session.jobs.start_activity("Searching", lambda: stopped.append(True))
    session.jobs.cancel(number)
    assert stopped == [True]
    session.jobs.finish_activity(number)
    assert session.jobs.all == ()


def test_the_demo_is_made_and_opened(session, workers, qtbot):
    session.exposures.make_demo("miri", "/cache")
    session.exposures.make_demo("miri", "/cache")  # it is under way
    (job,) = session.jobs.all
    assert job.lasting
    qtbot.waitUntil(lambda: session.complete and session.state.exposures != ())
    assert session.state.current.key == "/data/miri_asn.json"
    assert workers.asked(MakeDemo) == [MakeDemo("miri", "/cache")]


def test_making_the_demo_is_cancelled(session, workers, qtbot):
    workers.held.add(MakeDemo)
    session.exposures.make_demo("miri", "/cache")
    session.jobs.cancel_all()
    qtbot.waitUntil(lambda: session.jobs.all == ())
    assert session.state.exposures == ()


def test_what_the_user_left_out_stays_so(opened, qtbot):
    opened.exposures.include(FILES[1], False)
    opened.exposures.close(FILES[0])
    assert opened.state.included == ()
    qtbot.waitUntil(lambda: not opened.jobs.all)


def test_closing_exposures(opened, workers, qtbot):
    opened.exposures.close(FILES[0])
    assert opened.state.current.key == FILES[1]
    settle(qtbot, opened)
    opened.exposures.close(FILES[1])
    settle(qtbot, opened)
    assert opened.state.current is None
    assert opened.answers.report is None
    assert opened.answers.sky is None
    assert opened.answers.profile is None
    opened.exposures.open(FILES[:1])
    settle(qtbot, opened)
    assert opened.answers.sky is not None


def test_closing_while_something_is_under_way(opened, workers, qtbot):
    workers.held = {Correct, ShowProfile, MakeSpectra}
    opened.recipes.set_global("fit_threshold", 8.0)
    for path in FILES:
        opened.exposures.close(path)
    for kind in (Correct, ShowProfile, MakeSpectra):
        workers.release(kind)
    settle(qtbot, opened)
    assert opened.answers.profile is None


def test_recipes_are_saved_and_loaded(opened, tmp_path, qtbot):
    opened.recipes.set_override(101, "use", ((-0.9, 0.4),))
    recipe = opened.state.recipe
    assert not opened.recipes.undo_stack.isClean()
    opened.recipes.save_recipe(tmp_path / "mine.toml")
    settle(qtbot, opened)
    assert opened.recipes.undo_stack.isClean()
    assert [p.name for p in tmp_path.iterdir()] == ["mine.toml"]
    opened.recipes.reset_all()
    opened.recipes.load_recipe(tmp_path / "mine.toml")
    qtbot.waitUntil(lambda: opened.state.recipe == recipe)
    assert opened.recipes.undo_stack.undoText() == "Load mine.toml"
    settle(qtbot, opened)


def test_recipes_that_cannot_be_read_or_written(opened, tmp_path, qtbot):
    (tmp_path / "wrong.toml").write_text("version = 1\n[global]\nthreshold = 3\n")
    opened.recipes.load_recipe(tmp_path / "wrong.toml")
    settle(qtbot, opened)
    assert "unknown key 'threshold'" in opened.messages.all[-1].text
    assert opened.state.recipe == Recipe()
    opened.recipes.save_recipe(tmp_path / "missing" / "mine.toml")
    settle(qtbot, opened)
    assert "cannot be saved" in opened.messages.all[-1].text


def test_a_band_chosen_before_the_first_report_stays(session, workers, qtbot):
    workers.held = {Correct}
    session.exposures.open(FILES[:1])
    qtbot.waitUntil(lambda: session.state.current is not None)
    other = next(band for band in session.state.bands if band != session.state.band)
    session.look.select_band(other)
    workers.release(Correct)
    settle(qtbot, session)
    assert session.state.band == other
    assert band_of(session.state.current, session.state.number) == other
