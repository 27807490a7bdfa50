"""Functions from the nodes of a WCS's tree.

Most of a JWST WCS is polynomials, shifts, scales, and how they are put together, which are evaluated here in the order
of astropy's operations. What else there is (rotations, tables, the grating equation) is made a model by its own
library, and called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.kernels.polynomials import polynomial_2d
from atm_viewer.engine.wcs.fingerprint import is_velocity
from atm_viewer.engine.wcs.models import make_model
from atm_viewer.engine.wcs.tree import NotUnderstoodError, kind

Arrays = tuple[Floats, ...]


@dataclass(frozen=True)
class Transform:
    """A function of arrays.

    Parameters
    ----------
    inputs : int
        Number of arrays that it takes.
    evaluate : callable
        Takes and returns a tuple of arrays of float64 of one shape.
    """

    inputs: int
    evaluate: Callable[[Arrays], Arrays]

    def __call__(self, *arrays: Any) -> Arrays:
        """Evaluate at positions, arrays or numbers that are broadcast against each other."""
        return self.evaluate(tuple(np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in arrays))))


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
            x, y = (np.ascontiguousarray(v).reshape(-1) for v in a)
            out = np.empty(x.size)
            polynomial_2d(x, y, coefficients, new_row, out)
            return (out.reshape(a[0].shape),)

        return Transform(2, evaluate)

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
            return (found,) if single else tuple(found)

        return Transform(int(model.n_inputs), evaluate)


def _constant(value: float, like: Floats) -> Floats:
    """Array of one value that takes no memory."""
    return np.broadcast_to(np.float64(value), like.shape)


def _ranges(mapper: Any) -> tuple[int, list[tuple[float, float]]]:
    """Which input a label mapper of ranges looks at, and its ranges."""
    [chosen] = mapper["inputs_mapping"]["mapping"]
    return int(chosen), [(float(low), float(high)) for low, high in mapper["mapper"]["labels"]]


def wavelength_ranges(node: Any) -> list[tuple[float, float]]:
    """Ranges of wavelengths [um] that a selector has transforms for, ascending."""
    return sorted(_ranges(node["label_mapper"])[1])
