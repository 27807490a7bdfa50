"""Requests say for themselves how they are treated."""

from __future__ import annotations

import inspect
import pkgutil
import subprocess
import sys
from importlib import import_module
from types import SimpleNamespace

import pytest

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.private_cache import ALL, FITS, kernel_cache, make_private, note_complete
from atm_viewer.engine.recipe import Recipe
from atm_viewer.jobs import requests
from atm_viewer.jobs.requests.base import Request, Slot
from atm_viewer.jobs.requests.exposures import CloseExposures, OpenExposures
from atm_viewer.jobs.requests.measures import MakeNoiseMap
from atm_viewer.jobs.requests.previews import Correct, MakeSkyImage, MakeSpectra, ShowProfile
from atm_viewer.jobs.requests.products import WriteCubes
from atm_viewer.jobs.requests.remedies import RankSpaxels, SaveFigure
from tests.jobs.fake_bench import FakeBench
from tests.test_architecture import PIPELINE, QT

PLACE = Extraction(("a",), Recipe(), "ch1-short", 1.0, 2.0, 0.5)
MODULES = [import_module(f"{requests.__name__}.{m.name}") for m in pkgutil.iter_modules(requests.__path__)]
KINDS = [
    kind
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Request) and "__dataclass_fields__" in vars(kind)
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_has_a_name_and_an_answer(kind):
    name = inspect.getattr_static(kind, "job_name")
    assert name is not inspect.getattr_static(Request, "job_name")
    assert kind.answer is not Request.answer


@pytest.fixture
def no_cache(tmp_path, monkeypatch):
    """As at the first start after installation."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    make_private(kernel_cache())


@pytest.mark.parametrize("part", [FITS, ALL])
def test_what_is_looked_at_first_comes_first(no_cache, part):
    note_complete(part)
    recipe = Recipe()
    order = [
        ShowProfile("a", recipe, 101, 7),
        MakeSkyImage(("a",), "ch1-short"),
        MakeSpectra(PLACE, "A1"),
        MakeSkyImage(("a",), "ch1-short", recipe, shown_as="A"),
        OpenExposures(("b",)),
    ]
    urgencies = [request.urgency for request in order]
    assert urgencies == sorted(set(urgencies))
    assert MakeSpectra(PLACE, "B1", urgent=False).urgency == OpenExposures(("b",)).urgency
    assert CloseExposures(("b",)).urgency == OpenExposures(("b",)).urgency  # or closing would overtake opening


def test_the_sky_image_does_not_wait_until_fits_are_compiled(no_cache):
    profile, spectra = ShowProfile("a", Recipe(), 101, 7), MakeSpectra(PLACE, "A1")
    assert MakeSkyImage(("a",), "ch1-short").urgency < profile.urgency == spectra.urgency


def test_a_profile_that_waits_for_compiling_says_so(no_cache):
    backends, told = SimpleNamespace(bench=FakeBench()), []
    profile = ShowProfile("a", Recipe(), 101, 7)
    assert profile.answer(backends, lambda *step: told.append(step)) == ("a", 101, 7)
    assert told == [("compiling, once after installation", 0.0)]
    note_complete(FITS)
    profile.answer(backends, lambda *step: told.append(step))
    assert len(told) == 1


def test_a_newer_request_replaces_one_for_the_same_slot_alone():
    recipe = Recipe()
    assert Correct("a", recipe).slot == Correct("a", Recipe(fit_threshold=4.0)).slot
    assert Correct("a", recipe).slot != Correct("b", recipe).slot
    assert MakeSpectra(PLACE, "A1").slot != MakeSpectra(PLACE, "B1").slot
    assert MakeSkyImage(("a",), "ch1-short").slot == Slot(MakeSkyImage)
    assert MakeNoiseMap(("a",), recipe, "ch1-short").slot == Slot(MakeNoiseMap)
    assert RankSpaxels(PLACE).slot == Slot(RankSpaxels)
    assert OpenExposures(("a",)).slot is None


def test_equal_requests_have_the_same_answer_wherever_it_is_shown():
    assert MakeSpectra(PLACE, "A1", urgent=True) == MakeSpectra(PLACE, "B2", urgent=False)
    assert MakeSkyImage(("a",), "ch1-short", shown_as="before") == MakeSkyImage(("a",), "ch1-short")


def test_what_writes_files_says_so():
    assert {kind.__name__ for kind in KINDS if kind.writes} == {
        *("WriteCubes", "WriteExposures", "WriteRecipe", "WriteSpectra", "SaveFigure", "RunProgramme")
    }
    assert SaveFigure(RankSpaxels(PLACE), "/out/a.pdf").folder == "/out"
    assert WriteCubes(("a",), Recipe(), "/out", "star").job_name == "Writing cubes of star"


def test_requests_are_light_to_import():
    names = [module.__name__ for module in MODULES]
    heavy = (*PIPELINE, *QT)
    code = f"import sys, {', '.join(names)}; print(*sorted(set(sys.modules) & set({heavy!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []
