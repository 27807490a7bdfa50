"""Shapes on the sky that a region can have; `atm_viewer.engine.sky_shapes` computes with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

#: Largest radius, and largest distance of a polygon's vertices from the first one [arcsec].
LARGEST = 3600.0

#: Fewest and most vertices of a polygon.
VERTICES = 3, 200


@dataclass(frozen=True)
class Circle:
    """A circle on the sky.

    Parameters
    ----------
    ra, dec : float
        Centre, ICRS [deg].
    radius : float
        Radius [arcsec].
    """

    kind: ClassVar[str] = "circle"

    ra: float
    dec: float
    radius: float


@dataclass(frozen=True)
class Ellipse:
    """An ellipse on the sky.

    Parameters
    ----------
    ra, dec : float
        Centre, ICRS [deg].
    radii : (float, float)
        Both semi-axes [arcsec].
    angle : float
        Position angle of the first semi-axis: from north through east [deg].
    """

    kind: ClassVar[str] = "ellipse"

    ra: float
    dec: float
    radii: tuple[float, float]
    angle: float


@dataclass(frozen=True)
class Polygon:
    """A polygon on the sky: its sides are great circles, and where they cross, what is enclosed twice is outside.

    Parameters
    ----------
    vertices : tuple of (float, float)
        Right ascension and declination of the vertices in order, ICRS [deg].
    """

    kind: ClassVar[str] = "polygon"

    vertices: tuple[tuple[float, float], ...]


Shape = Circle | Ellipse | Polygon


def refuse_shape(shape: Shape) -> str:
    """Say what is wrong with a shape, as a part of a sentence; empty when it will do."""
    places: Sequence[tuple[float, float]]
    places = shape.vertices if isinstance(shape, Polygon) else ((shape.ra, shape.dec),)
    for ra, dec in places:
        if not 0.0 <= ra <= 360.0:
            return f"right ascension must be from 0 to 360 degrees, not {ra:g}"
        if not -90.0 <= dec <= 90.0:
            return f"declination must be from -90 to 90 degrees, not {dec:g}"
    if isinstance(shape, Polygon):
        return _refuse_vertices(shape.vertices)
    for radius in (shape.radius,) if isinstance(shape, Circle) else shape.radii:
        if not 0.0 < radius <= LARGEST:
            return f"a radius must be above 0 and at most {LARGEST:g} arcsec, not {radius:g}"
    return ""


def _refuse_vertices(vertices: Sequence[tuple[float, float]]) -> str:
    fewest, most = VERTICES
    if not fewest <= len(vertices) <= most:
        return f"a polygon takes {fewest} to {most} vertices, not {len(vertices)}"
    distances = [_distance(vertices[0], vertex) for vertex in vertices]
    if max(distances) > LARGEST:
        return f"the vertices of a polygon must lie within {LARGEST:g} arcsec of the first one"
    return "" if any(distances) else "the vertices of a polygon must not all be the same"


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Distance of two positions on the sky [arcsec]."""
    (ra0, dec0), (ra, dec) = (tuple(map(math.radians, place)) for place in (one, other))
    half = math.sin((dec - dec0) / 2) ** 2 + math.cos(dec) * math.cos(dec0) * math.sin((ra - ra0) / 2) ** 2
    return math.degrees(2 * math.asin(min(math.sqrt(half), 1.0))) * 3600
