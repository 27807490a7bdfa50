"""Options of the cubes: the table of what is known of each, and their values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from atm_viewer.engine.recipe.parameters import PARAMETERS, Parameter, Stage

#: Grids of the cubes before and after correction: one for both, or what the pipeline would choose for each.
COMMON, EACH = "common", "each"

SKY, IFU, INTERNAL = "skyalign", "ifualign", "internal_cal"


def _option(name: str, label: str, kind: Any, default: Any, tip: str, **more: Any) -> Parameter:
    return Parameter(name, label, kind, "cube", Stage.CUBE, default, tip, **more)


CUBE_PARAMETERS: dict[str, Parameter] = {
    p.name: p
    for p in (
        _option(
            "grid",
            "grid",
            "choice",
            COMMON,
            "grid of the cubes before and after correction. 'common': that of the cube before correction for both, so "
            "that spaxel [x, y] is the same place in both. 'each': the grid that the pipeline would choose for each.",
            choices=(COMMON, EACH),
        ),
        _option(
            "coord_system",
            "axes",
            "choice",
            SKY,
            "direction of the cube's axes. 'skyalign': north up, or by cube_pa. 'ifualign': along the slices. "
            "'internal_cal': the slicer of NIRSpec, one exposure at a time; previews stay on the sky.",
            choices=(SKY, IFU, INTERNAL),
        ),
        _option(
            "cube_pa",
            "position angle",
            "number",
            None,
            "position angle of the cube's y axis, from north through east.",
            unit="deg",
            low=-360.0,
            high=360.0,
            note="0",
            decimals=2,
        ),
        _option(
            "ra_center",
            "centre, RA",
            "number",
            None,
            "right ascension of the cube's central spaxel, ICRS.",
            unit="deg",
            low=0.0,
            high=360.0,
            note="middle of the footprint",
            decimals=6,
            step=1e-5,
        ),
        _option(
            "dec_center",
            "centre, Dec",
            "number",
            None,
            "declination of the cube's central spaxel, ICRS.",
            unit="deg",
            low=-90.0,
            high=90.0,
            note="middle of the footprint",
            decimals=6,
            step=1e-5,
        ),
        _option(
            "nspax_x",
            "width",
            "whole",
            None,
            "number of spaxels along x; cube_build adds one to an even number.",
            unit="spaxels",
            low=1,
            high=2001,
            note="the footprint",
        ),
        _option(
            "nspax_y",
            "height",
            "whole",
            None,
            "number of spaxels along y; cube_build adds one to an even number.",
            unit="spaxels",
            low=1,
            high=2001,
            note="the footprint",
        ),
        _option(
            "scalexy",
            "spaxel size",
            "number",
            None,
            "side of a spaxel.",
            unit="arcsec",
            low=0.01,
            high=5.0,
            note="from the CUBEPAR reference file",
            step=0.01,
        ),
        _option(
            "scalew",
            "wavelength step",
            "number",
            None,
            "distance of the cube's planes.",
            unit="µm",
            low=1e-5,
            high=1.0,
            note="from the CUBEPAR reference file",
            decimals=5,
            step=1e-4,
        ),
        _option(
            "wavemin",
            "first wavelength",
            "number",
            None,
            "wavelength at which the cube begins.",
            unit="µm",
            low=0.1,
            high=30.0,
            note="from the CUBEPAR reference file",
            step=0.1,
        ),
        _option(
            "wavemax",
            "last wavelength",
            "number",
            None,
            "wavelength at which the cube ends.",
            unit="µm",
            low=0.1,
            high=30.0,
            note="from the CUBEPAR reference file",
            step=0.1,
        ),
        _option(
            "linear_wave",
            "linear wavelengths",
            "switch",
            True,
            "planes at equal distances. Off: at the wavelengths of the CUBEPAR reference file's table, which the "
            "pipeline uses for cubes of several bands; such cubes are drizzled by the pipeline.",
        ),
        _option(
            "weighting",
            "weighting",
            "choice",
            "drizzle",
            "how pixels are combined. 'emsm' and 'msm' weight pixels by their distance from a spaxel; such cubes are "
            "built by the pipeline, and need a CUBEPAR reference file from CRDS.",
            choices=("drizzle", "emsm", "msm"),
        ),
    )
}

#: Parameters of the correction and options of the cubes, by name.
ALL_PARAMETERS = PARAMETERS | CUBE_PARAMETERS


#: Name of an exposure, and by how much it is shifted to the east and to the north [arcsec].
Offset = tuple[str, float, float]


#: Offsets are no larger than that [arcsec].
FARTHEST = 3600.0


def offset_of(offsets: Iterable[Offset], exposure: str) -> tuple[float, float]:
    """Offset of an exposure [arcsec], (0, 0) where none is given."""
    return next(((east, north) for name, east, north in offsets if name == exposure), (0.0, 0.0))


def with_offset_of(offsets: Iterable[Offset], exposure: str, east: float, north: float) -> tuple[Offset, ...]:
    """Give an exposure an offset [arcsec]; (0, 0) takes it away."""
    others = [offset for offset in offsets if offset[0] != exposure]
    return tuple(sorted([*others, (exposure, east, north)] if east or north else others))


@dataclass(frozen=True)
class CubeOptions:
    """Options of the cubes: those of ``cube_build`` by its names, and ``grid``. None leaves a choice to the pipeline.

    Parameters
    ----------
    grid : {"common", "each"}
        One grid for the cubes before and after correction, that of the cube before, or for each what the pipeline
        would choose. The grid before correction depends on the exposures alone, so that variants and cubes of the
        archive have it too; oversampling divides pixels and does not move their edges, so it covers both.
    coord_system : {"skyalign", "ifualign", "internal_cal"}
        Direction of the axes.
    cube_pa : float or None
        Position angle of the y axis with ``skyalign`` [deg].
    ra_center, dec_center : float or None
        Centre, ICRS [deg].
    nspax_x, nspax_y : int or None
        Number of spaxels.
    scalexy : float or None
        Side of a spaxel [arcsec].
    scalew : float or None
        Distance of the planes [um].
    wavemin, wavemax : float or None
        Limits in wavelength [um].
    linear_wave : bool
        Whether planes are at equal distances.
    weighting : {"drizzle", "emsm", "msm"}
        How pixels are combined.
    offsets : tuple of (str, float, float)
        Shifts of exposures against the others, as in ``offset_file``: by name, to the east and north [arcsec].
    """

    grid: str = COMMON
    coord_system: str = SKY
    cube_pa: float | None = None
    ra_center: float | None = None
    dec_center: float | None = None
    nspax_x: int | None = None
    nspax_y: int | None = None
    scalexy: float | None = None
    scalew: float | None = None
    wavemin: float | None = None
    wavemax: float | None = None
    linear_wave: bool = True
    weighting: str = "drizzle"
    offsets: tuple[Offset, ...] = ()

    def values(self) -> dict[str, Any]:
        """Options that differ from their defaults, by name, without the offsets."""
        return {name: value for name, p in CUBE_PARAMETERS.items() if (value := getattr(self, name)) != p.default}

    def of_step(self) -> dict[str, Any]:
        """Arguments of ``CubeBuildStep``, but for those that have the step's defaults."""
        return {name: value for name, value in self.values().items() if name != "grid"}

    @property
    def only_pipeline(self) -> str:
        """Why the pipeline has to build the cubes, such as ``weighting = "msm"``; empty when our own drizzle can."""
        if self.coord_system == INTERNAL:
            return f'coord_system = "{INTERNAL}"'
        if self.weighting != "drizzle":
            return f'weighting = "{self.weighting}"'
        return "" if self.linear_wave else "linear_wave = false"

    def refuse(self) -> str:
        """Say which options exclude each other; empty when all go together."""
        if self.wavemin is not None and self.wavemax is not None and self.wavemin >= self.wavemax:
            return f"wavemin {self.wavemin:g} is not below wavemax {self.wavemax:g}"
        if self.coord_system != SKY and self.cube_pa is not None:
            return f"cube_pa is for coord_system = '{SKY}'; '{self.coord_system}' has an angle of its own"
        if self.coord_system == INTERNAL:
            taken = {"coord_system", "grid", "scalew", "wavemin", "wavemax"}
            if other := [name for name in self.values() if name not in taken]:
                return f"'{INTERNAL}' leaves no choice of {', '.join(other)}"
        return ""


#: One grid before and after, and everything else as the pipeline's step has it.
DEFAULT_CUBE = CubeOptions()

#: Names of the options, in the order in which they are written.
CUBE_OPTIONS = tuple(f.name for f in fields(CubeOptions))
