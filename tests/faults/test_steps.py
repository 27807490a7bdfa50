"""Every step of what is written fails once: one sentence, what was there before is whole, nothing is left."""

from __future__ import annotations

import os

import pytest

from tests.faults.steps import ERRORS, SCENARIOS, count_steps, try_step

#: Steps of a kind of work that fail here; `python -m tests.faults` lets all fail.
MOST = {"correct": 4}


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.name != "cube"], ids=lambda s: s.name)
def test_a_step_that_fails(scenario, tmp_path, monkeypatch):
    folder = tmp_path / "f"
    folder.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache") if scenario.keeps_on else os.environ["XDG_CACHE_HOME"])
    count = count_steps(scenario, folder)
    assert count > 3
    most = MOST.get(scenario.name, count)
    steps = sorted({1 + round(k * (count - 1) / max(most - 1, 1)) for k in range(most)})
    assert [w for at in steps if (w := try_step(scenario, folder, at, ERRORS[at % len(ERRORS)]))] == []
