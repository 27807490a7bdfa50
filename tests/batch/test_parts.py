"""Cubes that are made in parts are those of the commands ``cube`` and ``correct``, to the last bit."""

from __future__ import annotations

import pytest

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
        ("nirspec", 1, CubeOptions(scalew=0.02)),
    ],
)
def test_cubes_of_parts_are_those_of_one_process(instrument, count, options, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "_PLANES", 30)
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
        outlines = found[0]
        for k in range(1, count):
            outlines.join(found[k])
        for block in reversed(blocks):
            parts.sum_block(job, outlines, block, tmp_path / "scratch", cubepar)
        made = [
            path
            for after in (False, True)
            for path in parts.write_cubes_of_parts(
                job, outlines, after, blocks, tmp_path / "scratch", tmp_path / "made", cubepar
            )
        ]
    assert list((tmp_path / "scratch").iterdir()) == []
    assert [path.name for path in made] == [path.name for path in wanted]
    for one, other in zip(made, wanted, strict=True):
        assert_same(one, other)
    [corrected] = write_exposures(chosen[:1], recipe, tmp_path / "alone")
    assert_same(tmp_path / "made" / corrected.name, corrected)
