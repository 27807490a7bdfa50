"""Counts the planes of spaxels that have a value before correction and none after.

The step drops the outermost pixels of each column unless a spline reaches them (``linear_oversample`` of the pipeline),
so the field shrinks by a native pixel at both ends of the slices. Where dithers overlap, others fill these planes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atm_viewer.engine.cube.cube_grid import CubeGrid
from atm_viewer.engine.cube.drizzle import DrizzleInput, drizzle_block
from atm_viewer.engine.progress import Progress
from atm_viewer.engine.results.sky_image import Coverage, SkyImage, is_bright

#: Rows of spaxels that are drizzled at a time, which bounds memory and the time until a cancelled job ends.
ROWS = 8


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
    shape = grid.y.size, grid.x.size
    covered, lost = np.zeros((2, *shape), dtype=np.int64)
    for row in range(0, shape[0], ROWS):
        progress("Counting planes", row / shape[0])
        rows = slice(row, min(row + ROWS, shape[0]))
        wanted = np.ones((rows.stop - rows.start, shape[1]), dtype=bool)
        had, has = (np.isfinite(drizzle_block(inputs, grid, 0, row, wanted).flux) for inputs in (before, after))
        covered[rows], lost[rows] = had.sum(axis=0), (had & ~has).sum(axis=0)
    return Coverage(grid.band, grid.wavelength.size, covered, lost, is_bright(sky.image))
