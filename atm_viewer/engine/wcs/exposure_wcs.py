"""Positions of an exposure's pixels: from the detector to the slicer, and from there to the sky."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atm_viewer.engine.arrays import Floats, Integers
from atm_viewer.engine.give_back import without_garbage_search
from atm_viewer.engine.kernels.labels import put, sort_by_label
from atm_viewer.engine.threads import in_threads
from atm_viewer.engine.wcs.fingerprint import fingerprint
from atm_viewer.engine.wcs.models import make_model
from atm_viewer.engine.wcs.transforms import (
    bounding_box,
    in_turn,
    make_transform,
    tables,
    wavelength_ranges,
)
from atm_viewer.engine.wcs.tree import NotUnderstoodError, WcsTree

#: Takes positions and gives positions: arrays, or numbers.
Positions = Callable[..., Any]
Box = tuple[tuple[float, float], tuple[float, float]]

#: Largest relative difference from gwcs of the positions that are compared.
TOLERANCE = 1e-12
_COMPARED = 50  # positions per slice
#: Positions that are evaluated at once: what each step makes of them stays in the processor's cache until the next.
_BLOCK = 16_384


@dataclass(frozen=True, eq=False)
class ExposureWcs:
    """WCS of an exposure.

    On the slicer, positions are (alpha [arcsec], beta [arcsec], wavelength [um]) for MIRI and (across [m], along [m],
    wavelength [m]) for NIRSpec.

    Parameters
    ----------
    labels : ndarray of int, shape (ny, nx), or None
        Slice number of each pixel, 0 outside of slices, by which the WCS chooses a slice's transform; None when every
        slice has a WCS for itself.
    slices : mapping of int to callable
        By slice number: (x, y) [pixel] to the slicer, also beyond the slice's own pixels; wavelengths without
        ``doppler``.
    to_world : callable
        From the slicer to (RA, Dec [deg], wavelength [um]).
    boxes : mapping of int to ((float, float), (float, float))
        Bounding boxes in x and y [pixel], as far as there are any: by slice number for NIRSpec, of the whole detector
        by 0 for MIRI.
    ranges : ndarray of float64, shape (r, 2)
        Ranges, without their ends, of wavelengths [um] that have a position on the sky; none when all have.
    table : (ndarray, ndarray) or None
        Refraction indices, ascending, and the wavelengths [um] of NIRSpec's prism; None without a known table.
    spectral_region : bool
        Whether the metadata have ``wcsinfo.spectral_region``.
    by_gwcs : bool
        Whether gwcs's own models are evaluated.
    doppler : float
        What the pipeline corrects wavelengths on the slicer with for the telescope's velocity; 1 where it does not, or
        where ``slices`` do.
    setting : str
        Identifies what positions on the slicer depend on but for ``doppler``: other exposures have the same. Empty when
        that is not known.
    """

    labels: NDArray[Any] | None
    slices: Mapping[int, Positions]
    to_world: Positions
    boxes: Mapping[int, Box]
    ranges: Floats
    table: tuple[Floats, Floats] | None
    spectral_region: bool
    by_gwcs: bool
    doppler: float = 1.0
    setting: str = ""

    @property
    def at_rest(self) -> ExposureWcs:
        """The WCS without ``doppler``, whose positions on the slicer all exposures of the setting have."""
        return replace(self, doppler=1.0)

    def on_slicer(self, number: int, x: Floats, y: Floats) -> Sequence[Floats]:
        """Positions on the slicer by the transform of one slice, also beyond the slice's own pixels."""
        first, second, wavelength = self.slices[number](x, y)
        return first, second, wavelength if self.doppler == 1.0 else wavelength * self.doppler

    def slicer(
        self, x: np.ndarray, y: np.ndarray, number: int | np.ndarray = 0, axes: Sequence[int] = (0, 1, 2)
    ) -> tuple[Floats, ...]:
        """Positions on the slicer.

        Parameters
        ----------
        x, y : ndarray
            Detector positions [pixel], broadcast against each other.
        number : int or ndarray of int
            Slices whose WCS is meant, where each has one for itself.
        axes : sequence of int
            Which of the three coordinates are wanted.

        Returns
        -------
        tuple of ndarray
            By ``axes``, of the positions' common shape; NaN outside of slices.
        """
        at, values = self.slicer_values(x, y, number, axes)
        found = tuple(np.full(np.broadcast_shapes(np.shape(x), np.shape(y)), np.nan) for _ in axes)
        for frame, one in zip(found, values, strict=True):
            frame.reshape(-1)[at] = one
        return found

    def slicer_values(
        self, x: np.ndarray, y: np.ndarray, number: int | np.ndarray = 0, axes: Sequence[int] = (0, 1, 2)
    ) -> tuple[Integers, tuple[Floats, ...]]:
        """Positions on the slicer, of those detector positions alone that are in slices.

        Parameters
        ----------
        x, y, number, axes
            See `slicer`.

        Returns
        -------
        at : ndarray of int64, shape (n,)
            Flat indices of these positions among all, ascending.
        values : tuple of ndarray of float64, shape (n,)
            By ``axes``.
        """
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        shape = np.broadcast_shapes(x.shape, y.shape)
        if self.labels is None or len(shape) > 2:
            x, y = (np.broadcast_to(values, shape).reshape(1, -1) for values in (x, y))
        if self.labels is None:
            labels = np.array(np.broadcast_to(number, shape), dtype=np.int16).reshape(1, -1)
            row, column = np.zeros(labels.shape, dtype=np.int64), np.arange(labels.size).reshape(1, -1)
        else:
            labels = np.ascontiguousarray(self.labels, dtype=np.int16)
            row, column = _pixel(np.atleast_2d(y), labels.shape[0]), _pixel(np.atleast_2d(x), labels.shape[1])
        # The kernel is compiled again for each layout of these.
        x, y = (np.array(np.atleast_2d(values), order="C") for values in (x, y))
        size = math.prod(shape)
        order, sorted_x, sorted_y, at = (np.empty(size, dtype) for dtype in (np.int32, float, float, np.int64))
        starts = sort_by_label(labels, row, column, x, y, order, sorted_x, sorted_y, at)
        at = at[: starts[-1]]
        found = tuple(np.empty(at.size) for _ in axes)
        parts = [
            (number, begin, min(begin + _BLOCK, int(end)))
            for number, (first, end) in enumerate(pairwise(starts))
            for begin in range(int(first), int(end), _BLOCK)
        ]

        def work(part: tuple[int, int, int]) -> None:
            number, begin, end = part
            positions: Sequence[Any] = (np.nan, np.nan, np.nan)
            if number in self.slices:
                positions = self.on_slicer(number, sorted_x[begin:end], sorted_y[begin:end])
            for axis, values in zip(axes, found, strict=True):
                # A file's WCS may give anything; the kernel believes that there is one value for each position.
                one_each = np.broadcast_to(positions[axis], end - begin)
                put(np.array(one_each, dtype=float), order[begin:end], values)

        in_threads(work, parts)
        return at, found

    def slicer_grid(
        self, x: Floats, y: Floats, whole: bool = False, axes: Sequence[int] = (0, 1, 2)
    ) -> tuple[Floats, ...]:
        """Positions on the slicer of a grid of NIRSpec's detector positions.

        Parameters
        ----------
        x, y : ndarray of float64, shapes (nx,) and (ny,)
            Columns and rows, ascending [pixel].
        whole : bool
            Whether a bounding box takes all pixels that it has a part of from earlier slices, those with NaN whose
            centres lie outside of it. So it is where the pipeline fits (gwcs's ``grid_from_bounding_box``).
        axes : sequence of int
            Which of the three coordinates are wanted.

        Returns
        -------
        tuple of ndarray of float64, shape (ny, nx)
            By ``axes``; NaN outside of the slices' bounding boxes. Where they overlap, the later slice's, as in the
            pipeline.
        """
        if self.labels is not None:
            return self.slicer(x[None, :], y[:, None], axes=axes)
        frames = tuple(np.full((y.size, x.size), np.nan) for _ in axes)
        for number, ((x0, x1), (y0, y1)) in sorted(self.boxes.items()):
            if whole:
                rows = np.flatnonzero((y >= math.floor(y0 + 0.5)) & (y <= math.ceil(y1 - 0.5)))
                columns = np.flatnonzero((x >= math.floor(x0 + 0.5)) & (x <= math.ceil(x1 - 0.5)))
                for frame in frames:
                    frame[rows[:, None], columns] = np.nan
            row, column = np.flatnonzero((y >= y0) & (y <= y1)), np.flatnonzero((x >= x0) & (x <= x1))
            found = self.slicer(x[column][None, :], y[row][:, None], number, axes)
            for frame, values in zip(frames, found, strict=True):
                frame[row[:, None], column] = values
        return frames

    def world(self, first: np.ndarray, second: np.ndarray, third: np.ndarray) -> tuple[Floats, Floats, Floats]:
        """RA, Dec [deg] and wavelength [um] of positions on the slicer; NaN where there are none."""
        positions = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (first, second, third)))
        shape = positions[0].shape
        flat = [values.reshape(-1) for values in positions]
        found = np.full((3, flat[0].size), np.nan)

        def work(begin: int) -> None:
            block = slice(begin, begin + _BLOCK)
            part = [values[block] for values in flat]
            known = np.flatnonzero(~(np.isnan(part[0]) & np.isnan(part[1]) & np.isnan(part[2])))
            if known.size == part[0].size:
                found[:, block] = self.to_world(*part)
            elif known.size:
                found[:, begin + known] = self.to_world(*(values[known] for values in part))

        in_threads(work, range(0, flat[0].size, _BLOCK))
        ra, dec, lam = found.reshape(3, *shape)
        return ra, dec, lam


def _pixel(position: Floats, size: int) -> NDArray[np.int64]:
    """Pixel whose centre is nearest to a position, as ``LabelMapperArray`` finds it; there are ``size`` of them."""
    pixel = np.array(np.floor(position + 0.5), dtype=np.int64, order="C")
    if ((pixel < -size) | (pixel >= size)).any():
        raise IndexError("a position is not on the detector")
    return pixel


@without_garbage_search()
def wcs_of_tree(tree: WcsTree) -> ExposureWcs:
    """Make the WCS that is written in a file, and compare a sample of its positions with gwcs's.

    Parameters
    ----------
    tree : WcsTree
        What is written.

    Returns
    -------
    ExposureWcs

    Raises
    ------
    NotUnderstoodError
        It is not laid out as the pipeline lays out that of MIRI MRS, or of NIRSpec's IFU with a map of slices; or
        gwcs finds other positions.
    """
    if tree.frames[:2] == ("detector", "alpha_beta"):
        selector, after, miri = tree.steps[0], tree.steps[1:], True
    elif tree.frames[:3] == ("coordinates", "detector", "slicer"):
        selector, after, miri = tree.steps[1], tree.steps[2:], False
    else:
        raise NotUnderstoodError(f"frames are {', '.join(tree.frames)}")
    try:
        labels = np.asarray(selector["label_mapper"]["mapper"]).astype(np.int16)
        chosen = selector["selector"]
        nodes = dict(zip((int(n) for n in chosen["labels"]), chosen["transforms"], strict=True))
        boxes = {0: bounding_box(selector)} if miri else {n: bounding_box(node) for n, node in nodes.items()}
        ranges = wavelength_ranges(after[0]) if miri else []
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotUnderstoodError(str(error)) from error
    to_world = in_turn([make_transform(node) for node in after])
    known = fingerprint(selector)
    at_rest = len(known.velocities) == 1
    wcs = ExposureWcs(
        labels=labels,
        slices={n: make_transform(node, at_rest=at_rest) for n, node in nodes.items()},
        to_world=to_world,
        boxes={n: box for n, box in boxes.items() if box is not None},
        ranges=np.array(ranges, dtype=float).reshape(-1, 2),
        table=None if miri else _prism_table(nodes[min(nodes)], to_world),
        spectral_region=tree.spectral_region,
        by_gwcs=False,
        doppler=next(iter(known.velocities)) if at_rest else 1.0,
        # Of MIRI the box is the detector's, and cuts wavelengths off; of NIRSpec the region map says where slices end.
        setting=f"{known.digest} {boxes if miri else ''}" if len(known.velocities) <= 1 else "",
    )
    _compare(wcs, nodes, after)
    return wcs


def wcs_of_model(model: Any) -> ExposureWcs:
    """Make the WCS of an open datamodel, which gwcs evaluates.

    Parameters
    ----------
    model : IFUImageModel
        Exposure with a WCS.

    Returns
    -------
    ExposureWcs
    """
    wcs, ranges = model.meta.wcs, []
    if str(model.meta.instrument.name).upper() == "MIRI":
        selector = wcs.get_transform("detector", "alpha_beta")
        labels, slices = np.asarray(selector.label_mapper.mapper), selector.selector
        boxes = {} if wcs.bounding_box is None else {0: _model_box(wcs)}
        ranges = sorted(wcs.get_transform("alpha_beta", "v2v3").label_mapper.mapper)
        to_world = wcs.get_transform("alpha_beta", wcs.output_frame.name)
    else:
        from jwst.assign_wcs.nirspec import nrs_ifu_wcs

        each = dict(enumerate(nrs_ifu_wcs(model), 1))
        selector = wcs.pipeline[1].transform
        if hasattr(selector, "selector"):
            labels, slices = np.asarray(selector.label_mapper.mapper), selector.selector
        else:
            labels, slices = None, {n: one.get_transform(one.available_frames[0], "slicer") for n, one in each.items()}
        boxes = {n: _model_box(one) for n, one in each.items()}
        to_world = each[1].get_transform("slicer", each[1].output_frame.name)
    return ExposureWcs(
        labels=labels,
        slices=slices,
        to_world=to_world,
        boxes=boxes,
        ranges=np.array(ranges, dtype=float).reshape(-1, 2),
        table=None,
        spectral_region=getattr(model.meta.wcsinfo, "spectral_region", None) is not None,
        by_gwcs=True,
    )


def _model_box(wcs: Any) -> Box:
    x, y = wcs.bounding_box.bounding_box(order="F")
    return (float(x[0]), float(x[1])), (float(y[0]), float(y[1]))


def _prism_table(node: Any, to_world: Positions) -> tuple[Floats, Floats] | None:
    """Table that a slice of NIRSpec takes the prism's wavelengths from: refraction indices and wavelengths [um]."""
    found = [table for table in tables(node) if _are_wavelengths(np.asarray(table["lookup_table"]))]
    if len(found) != 1:
        return None
    points = np.asarray(found[0]["points"][0], dtype=float)
    values = np.asarray(found[0]["lookup_table"], dtype=float)
    (x0, x1), (y0, y1) = bounding_box(node) or ((0.0, 0.0), (0.0, 0.0))
    at = np.array([(x0 + x1) / 2]), np.array([(y0 + y1) / 2])
    # What comes after the table (the telescope's velocity, the unit) is a factor: what is made of ones.
    across, along, factor = make_transform(node, {id(found[0]): np.ones_like(values)})(*at)
    unit = float(to_world(across, along, factor)[2][0])
    steps = np.diff(values)
    return (points, values * unit) if np.isfinite(unit) and ((steps > 0).all() or (steps < 0).all()) else None


def _are_wavelengths(values: Floats) -> bool:
    """Whether a table's values can be wavelengths in metres."""
    return bool(((values > 1e-8) & (values < 1e-4)).all())


def _compare(wcs: ExposureWcs, nodes: Mapping[int, Any], after: tuple[Any, ...]) -> None:
    """Raise when a sample of positions, in the first and the last slice, is not where gwcs's own models have it."""
    assert wcs.labels is not None
    made: dict[int, Any] = {}  # slices have many steps in common
    found, expected = [], []
    for number in sorted({min(nodes), max(nodes)}):
        row, column = np.nonzero(wcs.labels == number)
        if row.size:
            some = np.linspace(0, row.size - 1, _COMPARED).astype(int)
            x, y = column[some] + 0.2, row[some] - 0.3
            found.append(wcs.on_slicer(number, x, y))
            expected.append(make_model(nodes[number], made)(x, y))
    if not found:
        return
    ours, theirs = ([np.concatenate(one) for one in zip(*each, strict=True)] for each in (found, expected))
    pairs = list(zip(ours, theirs, strict=True))
    for node in after:
        theirs = make_model(node, made)(*theirs)
    pairs += zip(wcs.to_world(*ours), theirs, strict=True)
    if not all(np.allclose(one, other, rtol=TOLERANCE, atol=0.0, equal_nan=True) for one, other in pairs):
        raise NotUnderstoodError("its positions differ from gwcs's")
