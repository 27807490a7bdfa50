"""Cubes that are made in parts are those of the commands ``cube`` and ``correct``, to the last bit."""

from __future__ import annotations

import errno
import pickle

import numpy as np
import pytest

from atm_viewer.batch import tasks
from atm_viewer.engine.errors import OutputError
from atm_viewer.engine.io.association import Product
from atm_viewer.engine.output import parts
from atm_viewer.engine.output.products import cube_jobs, cubepar_of, write_cubes, write_exposures
from atm_viewer.engine.recipe import CubeOptions, Recipe, SliceOverride
from atm_viewer.engine.threads import at_most, processors
from tests.batch.equality import assert_same
from tests.engine.output.test_products import exposures


@pytest.mark.parametrize(
    ("instrument", "count", "options"),
    [
        ("miri", 2, CubeOptions(scalew=0.016, coord_system="ifualign", grid="each")),
        ("nirspec", 1, CubeOptions(scalew=0.05)),
    ],
)
def test_cubes_of_parts_are_those_of_one_process(instrument, count, options, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "_PLANES", 15)
    number = 112 if instrument == "miri" else 12
    recipe = Recipe(1.5, 1e9, overrides=(SliceOverride(number, use=((-0.4, 0.3),), fit_threshold=1.0),), cube=options)
    chosen = tuple(exposures(instrument)[:count])
    bands = ["ch1-short"] if instrument == "miri" else []
    wanted = write_cubes(chosen, recipe, tmp_path / "whole", "star", bands=bands)
    [job] = cube_jobs(Product("star", chosen), recipe, bands=bands)
    cubepar = cubepar_of(job)
    blocks = parts.cube_blocks(job, cubepar)
    assert len(blocks) > 2 * len(job.group.bands)
    (tmp_path / "scratch").mkdir()
    with at_most(1):
        assert processors() == 1
        # Whichever exposure is ready first: what counts is their order in the job.
        found = {
            k: parts.write_parts(job, k, blocks, tmp_path / "scratch", None if k else tmp_path / "made", cubepar)
            for k in reversed(range(count))
        }
        planned = tasks.JobPlan(job, cubepar, blocks, (), False)
        outlines = [found[k] for k in range(count)]
        before = pickle.dumps(outlines)
        # The last one twice, as when the worker that has its result is lost.
        for block in (*reversed(blocks), blocks[0]):
            tasks.add_up(planned, outlines, block, tmp_path / "scratch")
        made = [
            name
            for after in (False, True)
            for name in tasks.write_cubes(planned, outlines, after, tmp_path / "scratch", tmp_path / "made")
        ]
    assert pickle.dumps(outlines) == before
    assert made == [path.name for path in wanted]
    for path in wanted:
        assert_same(tmp_path / "made" / path.name, path)
    [corrected] = write_exposures(chosen[:1], recipe, tmp_path / "alone")
    assert_same(tmp_path / "made" / corrected.name, corrected)


def test_pixels_that_the_disk_has_no_room_for_are_told_and_leave_nothing(tmp_path, monkeypatch):
    def save(file, array, allow_pickle):
        file.write(b"some of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", save)
    with pytest.raises(OutputError, match="The disk is full"):
        parts._save(tmp_path / "0_block.npy", [np.zeros(3)], tmp_path)
    assert list(tmp_path.iterdir()) == []
