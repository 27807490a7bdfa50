"""Geometry of the shapes that regions of a recipe have: outlines, what lies inside, and how much of a line does."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from atm_viewer.engine.arrays import Floats, Integers, Mask
from atm_viewer.engine.recipe import Ellipse, Polygon, Shape
from atm_viewer.engine.tangent import TangentPlane


def centre(shape: Shape) -> tuple[float, float]:
    """Right ascension and declination [deg] of a shape's centre; of a polygon, the mean of its vertices."""
    if not isinstance(shape, Polygon):
        return shape.ra, shape.dec
    plane = TangentPlane(*shape.vertices[0])
    x, y = plane.project(*np.array(shape.vertices).T)
    ra, dec = plane.positions(x.mean(keepdims=True), y.mean(keepdims=True))
    return float(ra[0]), float(dec[0])


def reach(shape: Shape) -> float:
    """Distance [arcsec] from its centre in which the whole of a shape lies."""
    if isinstance(shape, Polygon):
        return float(np.hypot(*_corners(shape)).max())
    return max(_radii(shape))


def moved(shape: Shape, ra: float, dec: float) -> Shape:
    """Return the same shape about another centre [deg]."""
    if not isinstance(shape, Polygon):
        return replace(shape, ra=ra, dec=dec)
    places = np.stack(TangentPlane(ra, dec).positions(*_corners(shape)), axis=1)
    return Polygon(tuple((float(r), float(d)) for r, d in places))


def handles(shape: Shape) -> list[tuple[float, float]]:
    """Positions [deg] of a shape that `reshaped` moves: the end of a radius, of both semi-axes, or the vertices."""
    if isinstance(shape, Polygon):
        return list(shape.vertices)
    ends = (_axes(shape) * np.array(_radii(shape))[:, None]).T
    ra, dec = _plane(shape).positions(*ends)
    places = [(float(r), float(d)) for r, d in zip(ra, dec, strict=True)]
    return places if isinstance(shape, Ellipse) else places[1:]


def reshaped(shape: Shape, handle: int, ra: float, dec: float, least: float = 0.01) -> Shape:
    """Move a handle of a shape.

    Parameters
    ----------
    shape : Shape
        The shape.
    handle : int
        Which one, in the order of `handles`.
    ra, dec : float
        Where it goes [deg]. An ellipse follows its first handle with angle and radius, the second with the radius.
    least : float
        Smallest radius [arcsec].

    Returns
    -------
    Shape
    """
    if isinstance(shape, Polygon):
        return Polygon((*shape.vertices[:handle], (ra, dec), *shape.vertices[handle + 1 :]))
    x, y = (float(value) for value in _plane(shape).project(ra, dec))
    radius = max(math.hypot(x, y), least)
    if not isinstance(shape, Ellipse):
        return replace(shape, radius=radius)
    first, second = shape.radii
    if handle:
        return replace(shape, radii=(first, radius))
    return replace(shape, radii=(radius, second), angle=math.degrees(math.atan2(-x, y)) % 360.0)


def nearest_side(shape: Polygon, ra: float, dec: float) -> int:
    """Find the side of a polygon that lies nearest to a position [deg]: the number of the vertex it begins at."""
    corners, place = _corners(shape).T, np.array(_plane(shape).project(ra, dec))
    steps = np.roll(corners, -1, axis=0) - corners
    lengths = np.maximum((steps**2).sum(axis=1), 1e-12)
    parts = np.clip(((place - corners) * steps).sum(axis=1) / lengths, 0.0, 1.0)
    return int(np.hypot(*(place - corners - parts[:, None] * steps).T).argmin())


def with_vertex(shape: Polygon, after: int, ra: float, dec: float) -> Polygon:
    """Return a polygon with one more vertex [deg], which comes after one of those it has."""
    return Polygon((*shape.vertices[: after + 1], (ra, dec), *shape.vertices[after + 1 :]))


def middle_of_side(shape: Polygon, vertex: int) -> tuple[float, float]:
    """Right ascension and declination [deg] of the middle of the side that begins at a vertex."""
    corners = _corners(shape).T
    ra, dec = _plane(shape).positions(*(corners[vertex] + corners[(vertex + 1) % len(corners)]) / 2)
    return float(ra), float(dec)


def without_vertex(shape: Polygon, vertex: int) -> Polygon:
    """Return a polygon without one of its vertices; it must have more than three."""
    return Polygon((*shape.vertices[:vertex], *shape.vertices[vertex + 1 :]))


def tidy(shape: Shape) -> Shape:
    """Round a shape that was drawn by hand: positions to 0.0004 arcsec, sizes to 0.001, angles to 0.1 degrees."""
    if isinstance(shape, Polygon):
        return Polygon(tuple((round(ra % 360.0, 7), round(dec, 7)) for ra, dec in shape.vertices))
    shape = replace(shape, ra=round(shape.ra % 360.0, 7), dec=round(shape.dec, 7))
    if not isinstance(shape, Ellipse):
        return replace(shape, radius=max(round(shape.radius, 3), 0.001))
    first, second = (max(round(radius, 3), 0.001) for radius in shape.radii)
    return replace(shape, radii=(first, second), angle=round(shape.angle, 1))


def outline(shape: Shape, points: int = 72) -> tuple[Floats, Floats]:
    """Right ascension and declination [deg] of the edge as a closed line.

    Parameters
    ----------
    shape : Shape
        The shape.
    points : int
        How many points a circle or an ellipse gets; a polygon has its vertices.

    Returns
    -------
    ra, dec : ndarray of float64
        The last point is not the first one again.
    """
    if isinstance(shape, Polygon):
        ra, dec = np.array(shape.vertices).T
        return ra, dec
    phase = np.linspace(0.0, 2.0 * np.pi, points, endpoint=False)
    x, y = (np.stack([np.cos(phase), np.sin(phase)], axis=1) * _radii(shape) @ _axes(shape)).T
    return _plane(shape).positions(x, y)


def contains(shape: Shape, ra: Floats | float, dec: Floats | float) -> Mask:
    """Whether positions on the sky [deg] lie in a shape."""
    plane = _plane(shape)
    faced, (x, y) = plane.faces(ra, dec), plane.project(ra, dec)
    if not isinstance(shape, Polygon):
        return np.asarray(faced & (np.hypot(*_scaled(shape, np.stack([x, y]))) <= 1.0))
    inside = np.zeros(np.shape(x), dtype=bool)
    corners = _corners(shape).T
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 != y1:
            inside ^= ((y0 <= y) != (y1 <= y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return faced & inside


def shares(shape: Shape, plane: TangentPlane, start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Measure how much of some lines lies in a shape.

    Parameters
    ----------
    shape : Shape
        The shape.
    plane : TangentPlane
        Plane that the lines are given in.
    start, end : ndarray of float64, shape (2, n)
        Their ends [arcsec].

    Returns
    -------
    inside, whole : ndarray of float64, shape (n,)
        Length of the part of each line that lies in the shape, and the same of the line that goes on beyond both its
        ends; in units of the line's own length.
    """
    own = _plane(shape)
    start, end = (np.stack(plane.onto(own, *points)) for points in (start, end))
    parts = _parts_of_polygon(_corners(shape), start, end) if isinstance(shape, Polygon) else None
    low, high = parts if parts is not None else _part_of_ellipse(_scaled(shape, start), _scaled(shape, end))
    inside = np.maximum(np.minimum(high, 1.0) - np.maximum(low, 0.0), 0.0)
    return inside.sum(axis=0), (high - low).sum(axis=0)


def _part_of_ellipse(start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Where lines enter the unit circle and leave it, in units of their length; both shape (1, n)."""
    step = end - start
    a, b, c = (step * step).sum(axis=0), (start * step).sum(axis=0), (start * start).sum(axis=0) - 1.0
    root = np.sqrt(np.maximum(b * b - a * c, 0.0))  # of 0 length where a line passes by
    return ((-b - root) / a)[None], ((-b + root) / a)[None]


def _parts_of_polygon(corners: Floats, start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Where lines enter a polygon and leave it, in units of their length; parts that there are not have 0 length."""
    step = end - start
    # Of every vertex, how far to the side of each line; those next to each other on two sides of it are few.
    dx, dy = corners[:, :, None] - start[:, None, :]
    aside = dx * step[1] - dy * step[0]
    side = aside < 0
    vertex, line = np.nonzero(side != np.roll(side, -1, axis=0))
    length = (step * step).sum(axis=0)[line]

    def of_vertex(vertex: Integers) -> tuple[Floats, Floats]:
        along = (dx[vertex, line] * step[0, line] + dy[vertex, line] * step[1, line]) / length
        return along, aside[vertex, line]

    (along, first), (next_along, second) = of_vertex(vertex), of_vertex((vertex + 1) % len(aside))
    at = along + (next_along - along) * (first / (first - second))
    order = np.lexsort((at, line))
    line, at = line[order], at[order]
    count = np.bincount(line, minlength=step.shape[1])
    place = np.arange(line.size) - (np.cumsum(count) - count)[line]
    ends = np.zeros((count.max(initial=0), step.shape[1]))
    ends[place, line] = np.where(np.isfinite(at), at, 0.0)
    return ends[::2], ends[1::2]


def _plane(shape: Shape) -> TangentPlane:
    """Plane that touches the sky at a shape's centre."""
    return TangentPlane(*centre(shape))


def _corners(shape: Polygon) -> Floats:
    """Vertices in the shape's plane [arcsec]; shape (2, m)."""
    return np.stack(_plane(shape).project(*np.array(shape.vertices).T))


def _radii(shape: Shape) -> tuple[float, float]:
    assert not isinstance(shape, Polygon)
    return shape.radii if isinstance(shape, Ellipse) else (shape.radius, shape.radius)


def _axes(shape: Shape) -> Floats:
    """Directions of both semi-axes: unit vectors as rows, in the shape's plane (to the west, to the north)."""
    angle = math.radians(shape.angle) if isinstance(shape, Ellipse) else 0.0
    return np.array([[-math.sin(angle), math.cos(angle)], [math.cos(angle), math.sin(angle)]])


def _scaled(shape: Shape, points: Floats) -> Floats:
    """Points of the shape's plane (2, ...), where an ellipse is the unit circle."""
    return np.tensordot(_axes(shape) / np.array(_radii(shape))[:, None], points, axes=1)
