"""Counts the planes of spaxels that have a value before correction and none after.

The step drops the outermost pixels of each column unless a spline reaches them (``linear_oversample`` of the pipeline),
so the field shrinks by a native pixel at both ends of the slices. Where dithers overlap, others fill these planes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atm_viewer.engine.arrays import Mask
from atm_viewer.engine.cube.cube_grid import CubeGrid
from atm_viewer.engine.cube.drizzle import DrizzleInput, shares_in_turn
from atm_viewer.engine.progress import Progress, part_of
from atm_viewer.engine.results.sky_image import Coverage, SkyImage, is_bright


def measure_coverage(
    before: Sequence[DrizzleInput], after: Sequence[DrizzleInput], grid: CubeGrid, sky: SkyImage, progress: Progress
) -> Coverage:
    """Drizzle the field before and after correction, and count planes.

    Parameters
    ----------
    before, after : sequence of DrizzleInput
        Exposures as they are, and corrected.
    grid : CubeGrid
        Grid of the cube before correction, which both are drizzled on.
    sky : SkyImage
        The field before correction in white light.
    progress : callable
        ``progress(step, fraction)``; may raise `Cancelled`.

    Returns
    -------
    Coverage
    """
    had = _covered(before, grid, part_of(progress, 0.0, 0.4))
    has = _covered(after, grid, part_of(progress, 0.4, 1.0))
    lost = (had & ~has).sum(axis=2)
    return Coverage(grid.band, grid.wavelength.size, had.sum(axis=2), lost, is_bright(sky.image))


def _covered(inputs: Sequence[DrizzleInput], grid: CubeGrid, progress: Progress) -> Mask:
    """Whether the spaxels have a value, plane by plane; shape (ny, nx, planes)."""
    wanted = np.ones((grid.y.size, grid.x.size), dtype=bool)
    covered, done = np.zeros((*wanted.shape, grid.wavelength.size), dtype=bool), 0
    progress("Counting planes", 0.0)
    for rows, share in shares_in_turn(inputs, grid, 0, 0, wanted):
        covered[rows] |= (share[..., 3] > 0) & (share[..., 1] > 0)  # hits, and a weight that is no rounding error
        done += rows.stop - rows.start
        progress("Counting planes", done / (len(inputs) * grid.y.size))
    return covered
