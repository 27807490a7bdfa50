"""Steps of NIRSpec's optics, against what is known of them; tests of the WCS have them equal to the libraries'."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.optics import direction_cosines, interpolate, rotate_unit_vectors


def test_direction_cosines_are_those_of_a_right_angled_triangle():
    out = np.empty((3, 2))
    direction_cosines(np.array([0.0, 2.0]), np.array([0.75, -2.0]), out)
    assert np.allclose(out, [[0.0, 2 / 3], [0.6, -2 / 3], [0.8, 1 / 3]], rtol=1e-15)


def test_vectors_turn_by_right_angles():
    x, y, z = np.eye(3)
    found = {}
    for axis, name in enumerate("xyz"):
        vectors = np.eye(3)
        rotate_unit_vectors(np.array([axis]), np.array([0.0]), np.array([1.0]), vectors)
        found[name] = vectors.T
    # The third component comes out as a root, without a sign.
    assert np.array_equal(found["x"], [x, z, y])
    assert np.array_equal(found["y"], [z, y, -x])
    assert np.array_equal(found["z"], [-y, x, z])


def test_tables_are_interpolated_in_any_order():
    points = np.array([0.0, 1.0, 2.0, 4.0, 8.0])
    x = np.array([8.0, 0.0, 6.0, 0.5, np.nan, 3.0, 8.5, -0.1, 4.0, 1.0])
    out = np.empty(x.size)
    interpolate(x, points, points**2, -1.0, out)
    assert np.array_equal(out, [64.0, 0.0, 40.0, 0.5, np.nan, 10.0, -1.0, -1.0, 16.0, 1.0], equal_nan=True)
