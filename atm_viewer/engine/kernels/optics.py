"""Steps of NIRSpec's optics, with the roundings of the models of stdatamodels and of scipy's interpolation."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.compiled import njit
from atm_viewer.engine.kernels.spline import KERNEL


@njit(**KERNEL)
def direction_cosines(x, y, out):
    """Direction cosines of the vectors (x, y, 1), as ``stdatamodels.jwst.transforms.models.Unitless2DirCos``.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        The vectors.
    out : ndarray of float64, shape (3, n)
        Where the cosines go.
    """
    a, b, c = out[0], out[1], out[2]
    for k in range(x.size):
        length = np.sqrt(1.0 + x[k] * x[k] + y[k] * y[k])
        a[k] = x[k] / length
        b[k] = y[k] / length
        c[k] = 1.0 / length


@njit(**KERNEL)
def rotate_unit_vectors(axes, cosines, sines, vectors):
    """Rotate unit vectors about several axes, as ``stdatamodels.jwst.transforms.models.Rotation3DToGWA``.

    The third component is always found from the other two.

    Parameters
    ----------
    axes : ndarray of int64, shape (r,)
        0 to rotate about x, 1 about y, 2 about z.
    cosines, sines : ndarray of float64, shape (r,)
        Of the angles.
    vectors : ndarray of float64, shape (3, n)
        Components x, y, z; they are replaced.
    """
    x, y, z = vectors[0], vectors[1], vectors[2]
    for rotation in range(axes.size):
        axis, c, s = axes[rotation], cosines[rotation], sines[rotation]
        if axis == 0:
            for k in range(x.size):
                y[k] = y[k] * c + z[k] * s
        elif axis == 1:
            for k in range(x.size):
                x[k] = x[k] * c - z[k] * s
        else:
            for k in range(x.size):
                before = x[k]
                x[k] = before * c + y[k] * s
                y[k] = -before * s + y[k] * c
        if rotation == axes.size - 1 or axes[rotation + 1] != 2:  # about z nothing depends on it
            for k in range(x.size):
                z[k] = np.sqrt(1.0 - x[k] * x[k] - y[k] * y[k])


@njit(**KERNEL)
def interpolate(x, points, values, outside, out):
    """Interpolate linearly in a table, as ``scipy.interpolate.interpn``.

    Neighbours are mostly in the same interval, or one close to it: each is searched for from the one before.

    Parameters
    ----------
    x : ndarray of float64, shape (n,)
        Where values are wanted; NaN gives NaN.
    points : ndarray of float64, shape (m,)
        Ascending.
    values : ndarray of float64, shape (m,)
        Values at the points.
    outside : float
        Value below the first and above the last point.
    out : ndarray of float64, shape (n,)
        Where values go.
    """
    last = points.size - 2
    at = 0
    for k in range(x.size):
        if np.isnan(x[k]):
            out[k] = np.nan
        elif x[k] < points[0] or x[k] > points[-1]:
            out[k] = outside
        else:
            while x[k] < points[at]:
                at -= 1
            while at < last and x[k] >= points[at + 1]:
                at += 1
            part = (x[k] - points[at]) / (points[at + 1] - points[at])
            out[k] = (0.0 + values[at] * (1.0 - part)) + values[at + 1] * part
