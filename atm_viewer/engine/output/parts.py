"""Makes cubes in parts that can be made on different machines, bit-equal to those of `write_cubes`.

Each exposure is corrected, and its pixels are mapped and written to a scratch folder, block of wavelengths by block.
Each block of a cube is then the sum over the pixels of all exposures, in their order: sums of parts that are summed up
later would be rounded differently. In the end the blocks are put together. A process holds one exposure or one cube
at a time, and a block reads nothing but its own pixels. Whoever made the scratch folder removes it: what a part reads
stays, so that it can be made again when the machine that has made it is lost.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from atm_viewer.engine.cube.cube_grid import CubeGrid, Outlines, cube_planes, read_cube_parameters
from atm_viewer.engine.cube.cubes import CubeSums, MappedPixels, map_pixels
from atm_viewer.engine.cube.footprints import SkyMapper
from atm_viewer.engine.errors import OutputError
from atm_viewer.engine.io.exposure import Exposure, open_exposure
from atm_viewer.engine.output.metadata import open_placed_metadata
from atm_viewer.engine.output.products import (
    CubeJob,
    corrected_name,
    cube_values,
    save_corrected,
    save_cubes,
)
from atm_viewer.engine.output.staging import full_sentence, is_full, staged
from atm_viewer.engine.tangent import TangentPlane
from atm_viewer.engine.trace.oversample import Corrected

#: Planes of a block: few enough to share work among machines, many enough that a block takes seconds.
_PLANES = 350


@dataclass(frozen=True)
class Block:
    """Planes ``begin <= plane < end`` of the cube of a band, before or after correction."""

    after: bool
    band: str
    begin: int
    end: int

    @property
    def name(self) -> str:
        """Part of a file's name."""
        return f"{'after' if self.after else 'before'}_{self.band}_{self.begin}"


def cube_blocks(job: CubeJob, cubepar: str) -> tuple[Block, ...]:
    """Blocks that a setting's cubes are made of."""
    found = []
    for after in job.kinds:
        for band in job.group.bands:
            planes = _planes(job, cubepar, band)[0].size
            edges = np.linspace(0, planes, max(round(planes / _PLANES), 1) + 1).astype(int).tolist()
            found += [Block(after, band, *ends) for ends in pairwise(edges)]
    return tuple(found)


def write_parts(
    job: CubeJob, number: int, blocks: Sequence[Block], scratch: Path, corrected_to: Path | None, cubepar: str
) -> Outlines:
    """Correct one of a job's exposures, and write its pixels for each block of the cubes.

    Parameters
    ----------
    job : CubeJob
        What the cubes are made of.
    number : int
        Place of the exposure in the job.
    blocks : sequence of Block
        Blocks that are wanted.
    scratch : Path
        Folder for the pixels.
    corrected_to : Path or None
        Folder for the corrected exposure; None when it is not wanted.
    cubepar : str
        CUBEPAR file.

    Returns
    -------
    Outlines
        The exposure's, from which, with those of others, the cube's grid follows.
    """
    path = job.group.exposures[number]
    exposure = open_exposure(path).placed(job.placements[number])
    outlines = Outlines(job.group.bands, job.recipe)
    outlines.add(exposure)
    mapper = SkyMapper(exposure)

    def keep(exposure: Exposure, corrected: Corrected) -> None:
        assert corrected_to is not None
        with staged(corrected_to, [corrected_name(path)], overwrite=True) as part:
            save_corrected(exposure, corrected, job.recipe, path, part)

    for after in sorted({block.after for block in blocks} | {corrected_to is not None}):
        values = cube_values(exposure, job.recipe, after, None if corrected_to is None else keep)
        for band in job.group.bands:
            wanted = [block for block in blocks if (block.after, block.band) == (after, band)]
            if not wanted:
                continue
            wavelength, step = _planes(job, cubepar, band)
            parts: dict[Block, list[MappedPixels]] = {block: [] for block in wanted}
            for _, _, pixels in map_pixels(exposure, mapper, [band], values):
                beyond = pixels.reach + 2 * step
                for block in wanted:
                    low, high = wavelength[block.begin] - beyond, wavelength[block.end - 1] + beyond
                    parts[block].append(pixels.within(low, high))
            for block, some in parts.items():
                _write(scratch / f"{number}_{block.name}.npy", some, scratch.parent)
            del parts
    exposure.close()
    return outlines


def sum_block(job: CubeJob, outlines: Outlines, block: Block, scratch: Path, cubepar: str) -> None:
    """Sum the pixels of all exposures of a job for a block, into a file in the scratch folder."""
    sums = CubeSums(_grid(job, outlines, block.band, block.after, cubepar))
    planes = slice(block.begin, block.end)
    for number in range(len(job.group.exposures)):
        sums.add(_read(scratch / f"{number}_{block.name}.npy"), (block.begin, block.end))
    _save(scratch / f"{block.name}.npy", [sums.total[planes], sums.dq[planes]], scratch.parent)


def write_cubes_of_parts(
    job: CubeJob, outlines: Outlines, after: bool, blocks: Sequence[Block], scratch: Path, folder: Path, cubepar: str
) -> tuple[Path, ...]:
    """Put blocks together to cubes and write these, before or after correction; all of them or none.

    Returns
    -------
    tuple of Path
        Files written, in the order of bands.
    """
    names = [job.name(after, band) for band in job.group.bands]
    sums = {band: CubeSums(_grid(job, outlines, band, after, cubepar)) for band in job.group.bands}
    for block in (block for block in blocks if block.after == after):
        total, dq = _load(scratch / f"{block.name}.npy")
        sums[block.band].total[block.begin : block.end] = total
        sums[block.band].dq[block.begin : block.end] = dq
    with ExitStack() as stack, staged(folder, names, overwrite=True) as part:
        placed = zip(job.group.exposures, job.placements, strict=True)
        models = [stack.enter_context(open_placed_metadata(path, place)) for path, place in placed]
        save_cubes(job, after, models, cubepar, sums, part)
    return tuple(folder / name for name in names)


def _planes(job: CubeJob, cubepar: str, band: str) -> tuple[Any, float]:
    return cube_planes(band, read_cube_parameters(cubepar, band), job.recipe.cube)


def _grid(job: CubeJob, outlines: Outlines, band: str, after: bool, cubepar: str) -> CubeGrid:
    return outlines.grids(band, read_cube_parameters(cubepar, band))[after]


_ARRAYS = tuple(field.name for field in fields(MappedPixels) if field.name != "plane")


def _write(path: Path, parts: Sequence[MappedPixels], folder: Path) -> None:
    arrays = []
    for one in parts:
        plane = one.plane
        arrays.append(np.array([plane.ra, plane.dec, plane.angle]))
        arrays += [np.zeros(0) if (array := getattr(one, name)) is None else array for name in _ARRAYS]
    _save(path, arrays, folder)


def _read(path: Path) -> Iterator[MappedPixels]:
    """Read what `_write` wrote, some pixels at a time."""
    with open(path, "rb") as file:
        end = os.fstat(file.fileno()).st_size
        while file.tell() < end:
            plane = TangentPlane(*np.load(file, allow_pickle=False).tolist())
            arrays: Mapping[str, Any] = {name: np.load(file, allow_pickle=False) for name in _ARRAYS}
            nirspec = arrays["xi"].shape[0] == 5
            yield MappedPixels(plane, **{**arrays, "number": arrays["number"] if nirspec else None})


def _save(path: Path, arrays: Sequence[np.ndarray], folder: Path) -> None:
    """Write arrays one after the other, completely or not at all: a task may be carried out twice."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with open(part, "wb") as file:
            for array in arrays:
                np.save(file, array, allow_pickle=False)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        if is_full(error):
            raise OutputError(full_sentence(folder)) from error
        raise


def _load(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with open(path, "rb") as file:
        return np.load(file, allow_pickle=False), np.load(file, allow_pickle=False)
