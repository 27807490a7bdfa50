"""Functions from the nodes of a WCS's tree.

What a JWST WCS is made of is evaluated here in the order of the operations of astropy's, gwcs's and the pipeline's
models, with numpy's functions where libraries round differently (trigonometry, products of matrices), so that positions
are the same to the last bit. A node of a kind, or written in a way, that is not known here is made a model by its own
library, and called.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.kernels.optics import direction_cosines, interpolate, rotate_unit_vectors
from atm_viewer.engine.kernels.polynomials import polynomial_2d
from atm_viewer.engine.wcs.fingerprint import is_velocity
from atm_viewer.engine.wcs.models import make_model
from atm_viewer.engine.wcs.tree import NotUnderstoodError, kind

Arrays = tuple[Floats, ...]

#: Points of the largest table that is searched from position to position; NIRSpec's have 1500.
_MOST_POINTS = 10_000


@dataclass(frozen=True)
class Transform:
    """A function of arrays.

    Parameters
    ----------
    inputs : int
        Number of arrays that it takes.
    evaluate : callable
        Takes and returns a tuple of arrays of float64 of shape (n,).
    """

    inputs: int
    evaluate: Callable[[Arrays], Arrays]

    def __call__(self, *arrays: Any) -> Arrays:
        """Evaluate at positions, arrays or numbers that are broadcast against each other."""
        given = [np.asarray(a, dtype=float) for a in arrays]
        if any(a.ndim != 1 or a.size != given[0].size for a in given):
            given = list(np.broadcast_arrays(*given))
        shape = given[0].shape
        return tuple(values.reshape(shape) for values in self.evaluate(tuple(a.reshape(-1) for a in given)))


def in_turn(steps: Sequence[Transform]) -> Transform:
    """Put transforms together, each of which takes what the one before gives."""

    def evaluate(a: Arrays) -> Arrays:
        for step in steps:
            a = step.evaluate(a)
        return a

    return Transform(steps[0].inputs, evaluate)


def make_transform(node: Any, instead: Mapping[int, Floats] | None = None, at_rest: bool = False) -> Transform:
    """Make a function of a node and all nodes below it.

    Parameters
    ----------
    node : mapping
        A transform, as `read_tree` gives it.
    instead : mapping of int to ndarray, optional
        By ``id`` of a table's node: values that replace its own.
    at_rest : bool
        Whether the telescope is taken to be at rest: wavelengths are not corrected for its velocity.

    Returns
    -------
    Transform

    Raises
    ------
    NotUnderstoodError
        A node is of a kind that is not known, or not written as it should be.
    """
    try:
        return _Maker(instead or {}, at_rest).make(node)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise NotUnderstoodError(f"{type(error).__name__}: {error}") from error


def tables(node: Any) -> list[Any]:
    """Nodes of tables within a transform."""
    found: dict[int, Any] = {}

    def walk(part: Any) -> None:
        if kind(part) == "tabular":
            found[id(part)] = part
        for below in part.values() if isinstance(part, Mapping) else part if isinstance(part, list) else ():
            walk(below)

    walk(node)
    return list(found.values())


def bounding_box(node: Any) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Bounding box of a transform of (x, y): ((x0, x1), (y0, y1)) [pixel], or None."""
    box = node.get("bounding_box")
    if box is None:
        return None
    x, y = (tuple(float(v) for v in box["intervals"][name]) for name in node["inputs"])
    return (x[0], x[1]), (y[0], y[1])


class _Maker:
    def __init__(self, instead: Mapping[int, Floats], at_rest: bool) -> None:
        self._instead = instead
        self._at_rest = at_rest
        self._made: dict[int, Transform] = {}
        self._makers = {
            "compose": self._compose,
            "concatenate": self._concatenate,
            "add": self._add,
            "multiply": self._multiply,
            "fix_inputs": self._fix_inputs,
            "identity": self._identity,
            "remap_axes": self._remap_axes,
            "shift": self._shift,
            "scale": self._scale,
            "constant": self._constant,
            "polynomial": self._polynomial,
            "affine": self._affine,
            "rotate2d": self._rotate2d,
            "rotate_sequence_3d": self._rotate_sequence_3d,
            "tabular": self._tabular,
            "spherical_cartesian": self._spherical_cartesian,
            "coords": self._coords,
            "rotation_sequence": self._rotation_sequence,
            "logical": self._logical,
            "grating_equation": self._grating_equation,
            "refraction_index_from_prism": self._refraction_index,
            "regions_selector": self._regions_selector,
        }

    def make(self, node: Any) -> Transform:
        if id(node) not in self._made:
            self._made[id(node)] = self._makers.get(kind(node), self._model)(node)
        return self._made[id(node)]

    def _pair(self, node: Any) -> tuple[Transform, Transform]:
        first, second = node["forward"]
        return self.make(first), self.make(second)

    def _compose(self, node: Any) -> Transform:
        first, second = self._pair(node)
        return Transform(first.inputs, lambda a: second.evaluate(first.evaluate(a)))

    def _concatenate(self, node: Any) -> Transform:
        first, second = self._pair(node)
        n = first.inputs
        return Transform(n + second.inputs, lambda a: first.evaluate(a[:n]) + second.evaluate(a[n:]))

    def _add(self, node: Any) -> Transform:
        return self._arithmetic(node, np.add)

    def _multiply(self, node: Any) -> Transform:
        return self._arithmetic(node, np.multiply)

    def _arithmetic(self, node: Any, operation: Any) -> Transform:
        first, second = self._pair(node)

        def evaluate(a: Arrays) -> Arrays:
            pairs = zip(first.evaluate(a), second.evaluate(a), strict=True)
            return tuple(operation(x, y) for x, y in pairs)

        return Transform(first.inputs, evaluate)

    def _fix_inputs(self, node: Any) -> Transform:
        child, fixed = node["forward"]
        transform, names = self.make(child), list(child["inputs"])
        keys = [key if isinstance(key, int) else names.index(key) for key in fixed["keys"]]
        values = dict(zip(keys, (float(value) for value in fixed["values"]), strict=True))

        def evaluate(a: Arrays) -> Arrays:
            rest = iter(a)
            return transform.evaluate(
                tuple(_constant(values[k], a[0]) if k in values else next(rest) for k in range(transform.inputs))
            )

        return Transform(transform.inputs - len(values), evaluate)

    def _identity(self, node: Any) -> Transform:
        return Transform(int(node.get("n_dims", 1)), lambda a: a)

    def _remap_axes(self, node: Any) -> Transform:
        mapping = [int(k) for k in node["mapping"]]
        return Transform(int(node.get("n_inputs", max(mapping) + 1)), lambda a: tuple(a[k] for k in mapping))

    def _shift(self, node: Any) -> Transform:
        offset = float(node["offset"])
        return Transform(1, lambda a: (a[0] + offset,))

    def _scale(self, node: Any) -> Transform:
        factor = float(node["factor"])
        return Transform(1, lambda a: (factor * a[0],))

    def _constant(self, node: Any) -> Transform:
        value, inputs = float(node["value"]), int(node.get("dimensions", 1))
        if self._at_rest and is_velocity(node):
            value = 1.0
        return Transform(inputs, lambda a: (_constant(value, a[0]),))

    def _polynomial(self, node: Any) -> Transform:
        matrix = np.asarray(node["coefficients"], dtype=float)
        whole = [[-1, 1], [-1, 1]]
        same_range = node.get("domain", whole) == whole and node.get("window", whole) == whole
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.shape[0] < 2 or not same_range:
            return self._model(node)
        degree = matrix.shape[0] - 1
        powers = [(i, j) for j in range(degree + 1) for i in range(degree + 1) if i + j <= degree][::-1]
        coefficients = np.array([matrix[power] for power in powers])
        new_row = np.diff([j for _, j in powers]) != 0

        def evaluate(a: Arrays) -> Arrays:
            out = np.empty(a[0].size)
            polynomial_2d(_packed(a[0]), _packed(a[1]), coefficients, new_row, out)
            return (out,)

        return Transform(2, evaluate)

    def _affine(self, node: Any) -> Transform:
        matrix = np.eye(3)
        matrix[:2, :2] = np.asarray(node["matrix"], dtype=float).reshape(2, 2)
        matrix[:2, 2] = np.asarray(node["translation"], dtype=float).reshape(2)
        ones = np.broadcast_to(1.0, 1)
        return Transform(2, lambda a: _product(matrix, (*a, ones))[:2])

    def _rotate2d(self, node: Any) -> Transform:
        angle = np.deg2rad(float(node["angle"]))
        matrix = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        return Transform(2, lambda a: _product(matrix, a))

    def _rotate_sequence_3d(self, node: Any) -> Transform:
        if node["rotation_type"] != "cartesian":
            return self._model(node)
        matrix = np.stack(make_model(node)(*np.eye(3)))  # astropy's own
        return Transform(3, lambda a: _product(matrix, a))

    def _tabular(self, node: Any) -> Transform:
        points, values = (np.array(v, dtype=float) for v in (node["points"][0], node["lookup_table"]))
        values = self._instead.get(id(node), values)
        plain = node["method"] == "linear" and not node["bounds_error"] and node.get("fill_value") is not None
        if not plain or values.ndim != 1 or not 2 <= points.size <= _MOST_POINTS or not (np.diff(points) > 0).all():
            return self._model(node)
        if values.shape != points.shape:
            raise ValueError("a table has other values than points")
        outside = float(node["fill_value"])

        def evaluate(a: Arrays) -> Arrays:
            out = np.empty(a[0].size)
            interpolate(_packed(a[0]), points, values, outside, out)
            return (out,)

        return Transform(1, evaluate)

    def _spherical_cartesian(self, node: Any) -> Transform:
        if node["transform_type"] == "spherical_to_cartesian":
            return Transform(2, _to_cartesian)
        if node["transform_type"] == "cartesian_to_spherical" and node["wrap_lon_at"] == 360:
            return Transform(3, _to_spherical)
        return self._model(node)

    def _coords(self, node: Any) -> Transform:
        if node["model_type"] not in ("to_dircos", "unitless2directional"):
            return self._model(node)

        def evaluate(a: Arrays) -> Arrays:
            out = np.empty((3, a[0].size))
            direction_cosines(_packed(a[0]), _packed(a[1]), out)
            return tuple(out)

        return Transform(2, evaluate)

    def _rotation_sequence(self, node: Any) -> Transform:
        angles = np.deg2rad(np.array(node["angles"], dtype=float))
        axes = np.array(["xyz".index(axis) for axis in node["axes_order"]], dtype=np.int64)
        if axes.shape != angles.shape:
            raise ValueError("a rotation has other angles than axes")
        # One by one, as the model has them: numpy rounds those of arrays in other ways.
        cosines, sines = (np.array([function(angle) for angle in angles]) for function in (np.cos, np.sin))

        def evaluate(a: Arrays) -> Arrays:
            vectors = np.stack(a)
            rotate_unit_vectors(axes, cosines, sines, vectors)
            return tuple(vectors)

        return Transform(3, evaluate)

    def _logical(self, node: Any) -> Transform:
        if node["condition"] not in ("GT", "LT"):
            return self._model(node)
        compare = np.greater if node["condition"] == "GT" else np.less
        limit, value = float(node["compareto"]), float(node["value"])

        def evaluate(a: Arrays) -> Arrays:
            beyond = compare(a[0], limit)
            return (np.where(beyond, value, a[0]),) if beyond.any() else a  # mostly none is, which is soon seen

        return Transform(1, evaluate)

    def _grating_equation(self, node: Any) -> Transform:
        """Wavelength by gwcs's equation; the pipeline's older one has a tag of the same name."""
        if "gwcs" not in node._tag or node["output"] != "wavelength":
            return self._model(node)
        factor = float(node["groove_density"]) * float(node["order"])
        return Transform(2, lambda a: ((a[0] + a[1]) / factor,))

    def _refraction_index(self, node: Any) -> Transform:
        angle = float(np.deg2rad(float(node["prism_angle"])))
        s, c = math.sin(angle), math.cos(angle)

        def evaluate(a: Arrays) -> Arrays:
            first, second, out = a
            return (np.sqrt(((out + first * (1 - 2 * s**2)) / (2 * s * c)) ** 2 + first**2 + second**2),)

        return Transform(3, evaluate)

    def _regions_selector(self, node: Any) -> Transform:
        """Transform that is chosen by ranges of one of the inputs."""
        mapper, mapping, ranges = node["label_mapper"], *_ranges(node["label_mapper"])
        by_label = dict(zip(node["selector"]["labels"], node["selector"]["transforms"], strict=True))
        parts = []
        for (low, high), model in zip(ranges, mapper["mapper"]["models"], strict=True):
            one = (np.zeros(1),) * len(mapper["inputs"])
            label = float(self.make(model).evaluate(one)[0][0])
            parts.append((low, high, self.make(by_label[int(label)])))
        outputs = len(node["outputs"])

        def evaluate(a: Arrays) -> Arrays:
            found = tuple(np.full(a[0].shape, np.nan) for _ in range(outputs))
            for low, high, transform in parts:
                with np.errstate(invalid="ignore"):
                    at = (a[mapping] > low) & (a[mapping] < high)
                if at.any():
                    for target, values in zip(found, transform.evaluate(tuple(v[at] for v in a)), strict=True):
                        target[at] = values
            return found

        return Transform(len(node["inputs"]), evaluate)

    def _model(self, node: Any) -> Transform:
        if id(node) in self._instead:
            node = type(node)({**node, "lookup_table": self._instead[id(node)]}, node._tag)
        model = make_model(node)
        single = model.n_outputs == 1

        def evaluate(a: Arrays) -> Arrays:
            found = model(*a)
            # It may give anything; kernels believe that there is one value for each position.
            return tuple(np.broadcast_to(values, a[0].shape) for values in ((found,) if single else found))

        return Transform(int(model.n_inputs), evaluate)


def _packed(values: Floats) -> Floats:
    """Values as kernels take them, which are compiled for arrays that are contiguous and can be written."""
    packed = np.ascontiguousarray(values)
    return packed if packed.flags.writeable else packed.copy()


def _product(matrix: Floats, vectors: Arrays) -> Arrays:
    """Multiply a matrix and vectors, by the same function of the same arrays as astropy's."""
    given = np.empty((len(vectors), vectors[0].size))
    for row, values in zip(given, vectors, strict=True):
        row[:] = values
    return tuple(np.dot(matrix, given))


def _to_cartesian(a: Arrays) -> Arrays:
    """Find unit vectors, as ``gwcs.geometry.SphericalToCartesian``."""
    lon, lat = np.deg2rad(a[0]), np.deg2rad(a[1])
    across = np.cos(lat)
    return across * np.cos(lon), across * np.sin(lon), np.sin(lat)


def _to_spherical(a: Arrays) -> Arrays:
    """Find longitudes and latitudes [deg], as ``gwcs.geometry.CartesianToSpherical``."""
    x, y, z = a
    across = np.hypot(x, y)
    lat, lon = np.rad2deg(np.arctan2(z, across)), np.rad2deg(np.arctan2(y, x))
    if not across.all():
        lon[across == 0] *= 0
    # As ``np.mod(lon, 360)`` has it between -180 and 180, in a tenth of the time.
    return np.where(lon < 0, lon + 360.0, lon + 0.0), lat


def _constant(value: float, like: Floats) -> Floats:
    """Array of one value that takes no memory, made faster than by ``np.broadcast_to``."""
    return np.ndarray(like.shape, np.float64, np.float64(value), strides=(0,))


def _ranges(mapper: Any) -> tuple[int, list[tuple[float, float]]]:
    """Which input a label mapper of ranges looks at, and its ranges."""
    [chosen] = mapper["inputs_mapping"]["mapping"]
    return int(chosen), [(float(low), float(high)) for low, high in mapper["mapper"]["labels"]]


def wavelength_ranges(node: Any) -> list[tuple[float, float]]:
    """Ranges of wavelengths [um] that a selector has transforms for, ascending."""
    return sorted(_ranges(node["label_mapper"])[1])
