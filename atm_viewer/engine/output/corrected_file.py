"""Corrected exposures as files: what is in the exposure's own file, with what correction changes in it.

Datamodels take seconds to build the WCS of an exposure and to write it again. Here headers, metadata and WCS are
changed as they are written in the file. What is not understood is left to datamodels, see `products.save_corrected`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atm_viewer.engine.io.fits_input import open_fits
from atm_viewer.engine.output.corrected_model import EXTRAS
from atm_viewer.engine.output.metadata import asdf_bytes, asdf_extension
from atm_viewer.engine.output.provenance import Provenance, history_lines, provenance_tables
from atm_viewer.engine.output.tree_text import TreeText, UnchangeableError
from atm_viewer.engine.threads import without_warnings
from atm_viewer.engine.trace.oversample import Corrected
from atm_viewer.engine.trace.traces import DO_NOT_USE

#: Extensions of the arrays that correction makes, by their names in datamodels, which write them in this order.
_EXTENSIONS = {
    "data": "SCI",
    "err": "ERR",
    "dq": "DQ",
    "regions": "REGIONS",
    "trace_model": "TRACEMODEL",
    "var_poisson": "VAR_POISSON",
    "var_rnoise": "VAR_RNOISE",
    "var_flat": "VAR_FLAT",
    "wavelength": "WAVELENGTH",
}
#: Names of those that have another one in `Corrected`.
_OURS = {"data": "sci", "trace_model": "trace"}
_ORDER = ("PRIMARY", "SCI", "ERR", "DQ", "ZEROFRAME", "AREA", *list(_EXTENSIONS.values())[3:])
#: Extensions of those of `EXTRAS` that exposures of IFUs have.
_DROPPED = {
    "zeroframe": "ZEROFRAME",
    "area": "AREA",
    "pathloss_point": "PATHLOSS_PS",
    "pathloss_uniform": "PATHLOSS_UN",
}
_AREAS = {"pixelarea_steradians": "PIXAR_SR", "pixelarea_arcsecsq": "PIXAR_A2"}
#: What the transform from oversampled pixels has in common with that of the pipeline.
_COORDINATES = {"inputs": "[x, y]", "name": "coord2det", "outputs": "[x, y]"}
_STEPS = "Calibration step information"


def write_corrected(
    source: Path, corrected: Corrected, place: Path, provenance: Provenance, exposures: Sequence[str]
) -> None:
    """Write a corrected exposure, equal to what its datamodel with the correction would be saved as.

    Parameters
    ----------
    source : Path
        File of the exposure.
    corrected : Corrected
        Its correction; invalid pixels are marked in its arrays, see `match_invalid`.
    place : Path
        Where to; the file's name gets into it.
    provenance : Provenance
        How it was made.
    exposures : sequence of str
        Names for its history.

    Raises
    ------
    UnchangeableError
        The exposure's file is laid out in another way than is changed here; nothing is written.
    """
    from astropy.io import fits

    with without_warnings(), open_fits(source) as file, fits.open(file, memmap=False) as hdus:
        arrays, lines = _arrays(corrected), history_lines(provenance, exposures)
        now = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        tree = TreeText(asdf_bytes(hdus))
        made = _extensions(hdus, arrays, corrected.oversample)
        primary, science = made["PRIMARY"].header, made["SCI"].header
        history = [*map(str, primary.get("HISTORY", ())), *lines]
        _mark_primary(primary, place.name, now, lines)
        areas = _areas(hdus, tree, corrected.oversample)
        for name, area in areas.items():
            science[_AREAS[name]] = area
        _change_tree(tree, arrays, corrected.oversample, place.name, now, areas)
        _put_history(tree, history, bool(history[: -len(lines)]), now)
        extensions = [*made.values(), asdf_extension(tree.content()), *provenance_tables(provenance)]
        fits.HDUList(extensions).writeto(place)


def match_invalid(arrays: dict[str, NDArray[Any]]) -> None:
    """Make a pixel that is NaN in one array, or must not be used, so in all (``match_nans_and_flags`` of jwst).

    Parameters
    ----------
    arrays : dict of str to ndarray
        ``data``, ``err``, ``dq`` and variances, of one shape; changed in place.
    """
    values = [array for name, array in arrays.items() if name in ("data", "err") or name.startswith("var_")]
    invalid = (arrays["dq"] & np.uint32(DO_NOT_USE)).astype(bool)
    for array in values:
        invalid |= np.isnan(array)
    arrays["dq"][invalid] |= np.uint32(DO_NOT_USE)
    for array in values:
        array[invalid] = np.nan


def _arrays(corrected: Corrected) -> dict[str, NDArray[Any]]:
    """Arrays that correction makes, by their names in the datamodel."""
    if corrected.oversample == 1:
        return {"trace_model": corrected.trace}
    found = {name: getattr(corrected, _OURS.get(name, name)) for name in _EXTENSIONS}
    arrays = {name: array for name, array in found.items() if array is not None}
    match_invalid(arrays)
    return arrays


def _extensions(hdus: Any, arrays: dict[str, NDArray[Any]], oversample: float) -> dict[str, Any]:
    """Extensions of the file but for ``ASDF``, with their names, in the order in which datamodels write them."""
    from astropy.io import fits

    found: dict[str, Any] = {"PRIMARY": fits.PrimaryHDU(header=hdus[0].header.copy())}
    for hdu in hdus[1:]:
        if hdu.name in found or hdu.ver != 1:
            raise UnchangeableError(f"there is more than one {hdu.name}")
        if hdu.name != "ASDF" and not (oversample > 1 and hdu.name in _DROPPED.values()):
            found[hdu.name] = hdu
    for key, array in arrays.items():
        name = _EXTENSIONS[key]
        header = found[name].header.copy() if name in found else None
        found[name] = fits.ImageHDU(array, header, name=name)
        found[name].ver = 1
    names = sorted(found, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
    return {name: found[name] for name in names}


def _mark_primary(header: Any, name: str, now: str, lines: Sequence[str]) -> None:
    """Put into the primary header what is said of the file as a whole."""
    header["FILENAME"], header["DATE"], header["DATAMODL"] = name, now, "IFUImageModel"
    if "S_TRCMOD" not in header:
        titles = [k for k, card in enumerate(header.cards) if not card.keyword and str(card.value).strip() == _STEPS]
        if not titles:
            raise UnchangeableError("its header has no calibration steps")
        header.insert(titles[0] + 2, ("S_TRCMOD", "", "Adaptive Trace Model"))
    header["S_TRCMOD"] = "COMPLETE"
    for line in lines:
        header["HISTORY"] = line


def _areas(hdus: Any, tree: TreeText, oversample: float) -> dict[str, float]:
    """Area of an oversampled pixel in both units, by its name in the datamodel."""
    if oversample == 1:
        return {}
    header, found = hdus["SCI"].header, {}
    known = tree.node("_fits_hash")
    # As in datamodels: headers that were changed since count more than the tree, in which numbers are not rounded.
    from_tree = known is not None and known.value == _hash(hdus)
    for name, keyword in _AREAS.items():
        node = tree.node("meta", "photometry", name)
        area = float(node.value) if from_tree and node is not None else header.get(keyword)
        if area is not None:
            found[name] = area / oversample
    return found


def _hash(hdus: Any) -> str:
    """Fingerprint of the headers, as stdatamodels makes it."""
    return hashlib.sha256("".join(str(hdu.header) for hdu in hdus if hdu.name != "ASDF").encode()).hexdigest()


def _change_tree(
    tree: TreeText,
    arrays: dict[str, NDArray[Any]],
    oversample: float,
    name: str,
    now: str,
    areas: dict[str, float],
) -> None:
    """Put into the tree what correction changes."""
    # Headers count now, and extensions that the tree does not know are read: recipe and versions.
    tree.remove("_fits_hash")
    for key, array in arrays.items():
        kind = {"f": "float32", "u": "uint32", "i": "int32"}[array.dtype.kind]
        shape = ", ".join(map(str, array.shape))
        described = f"byteorder: big, datatype: {kind}, shape: [{shape}], source: 'fits:{_EXTENSIONS[key]},1'"
        tree.put(f"{tree.tag('core/ndarray')} {{{described}}}", key)
    tree.put(json.dumps(name), "meta", "filename")
    tree.put(json.dumps(now), "meta", "date")
    tree.put("IFUImageModel", "meta", "model_type")
    if tree.node("meta", "cal_step") is None:
        tree.put("{adaptive_trace_model: COMPLETE}", "meta", "cal_step")
    else:
        tree.put("COMPLETE", "meta", "cal_step", "adaptive_trace_model")
    if oversample == 1:
        return
    for extra in _DROPPED:
        node = tree.node(extra)
        if node is not None and "&" in tree.text_of(node):
            raise UnchangeableError(f"{extra} is shared")
        tree.remove(extra)
    if any(tree.node(name) is not None for name in EXTRAS if name not in _DROPPED):
        raise UnchangeableError("it has corrections of slits")
    for key, area in areas.items():
        tree.put(_number(area), "meta", "photometry", key)
    _change_wcs(tree, oversample)


def _put_history(tree: TreeText, history: Sequence[str], had: bool, now: str) -> None:
    """Put the history of the primary header into the tree."""
    node, kept = tree.node("history"), tree.node("history", "entries")
    if (node is not None and node.id != "mapping") or (kept is not None and kept.value and not had):
        raise UnchangeableError("its history is not that of its header")
    entry, time = tree.tag("core/history_entry"), json.dumps(now.replace("T", " "))
    entries = ", ".join(f"{entry} {{description: {json.dumps(line)}, time: {time}}}" for line in history)
    if node is None:
        tree.put(f"{{entries: [{entries}]}}", "history")
    else:
        tree.put(f"[{entries}]", "history", "entries")


def _change_wcs(tree: TreeText, factor: float) -> None:
    """Put a transform from oversampled pixels in front of the WCS, see `corrected_model.oversampled_wcs`."""
    steps = tree.node("meta", "wcs", "steps")
    if steps is None or steps.id != "sequence" or steps.flow_style:
        raise UnchangeableError("it has no steps of a WCS")
    names = [tree.node("meta", "wcs", "steps", k, "frame", "name").value for k in range(len(steps.value))]
    if "alpha_beta" in names:
        _change_miri(tree, steps, factor)
    elif names[0] == "coordinates":
        _change_nirspec(tree, factor)
    else:
        raise UnchangeableError("its WCS takes the slice as an input")


def _change_miri(tree: TreeText, steps: Any, factor: float) -> None:
    pixel = f"{tree.tag('unit/unit')} pixel"
    frame = (
        f"{tree.tag('gwcs/frame2d')} {{axes_names: [x, y], axes_order: [0, 1], "
        f"axis_physical_types: ['custom:x', 'custom:y'], name: coordinates, unit: [{pixel}, {pixel}]}}"
    )
    box = {}
    if tree.node("meta", "wcs", "steps", 0, "transform", "bounding_box") is not None:
        x, y = map(_interval, _stretch(tree, ("meta", "wcs", "steps", 0, "transform"), 0, factor))
        kind = tree.tag("transform/property/bounding_box")
        box = {"bounding_box": f"{kind} {{ignore: [], intervals: {{x: {x}, y: {y}}}, order: F}}"}
    forward = f"[{_along(tree, factor)}, {_identity(tree)}]"
    transform = _transform(tree, "concatenate", **box, forward=forward, **_COORDINATES)
    indent = " " * tree.column(steps)
    step = f"{indent}- {tree.tag('gwcs/step')}"
    tree.insert_first(steps, f"{step}\n{indent}  frame: {frame}\n{indent}  transform: {transform}")


def _change_nirspec(tree: TreeText, factor: float) -> None:
    old = tree.node("meta", "wcs", "steps", 0, "transform")
    if not old.tag.rsplit("/", 1)[-1].startswith("identity-") or "&" in tree.text_of(old):
        raise UnchangeableError("its WCS does not begin with pixels")
    forward = f"[{_identity(tree)}, {_along(tree, factor)}]"
    first = _transform(tree, "concatenate", forward=forward, inputs="[x0, x]", outputs="[x0, y]")
    second = _transform(tree, "identity", n_dims="2", **_COORDINATES)
    tree.replace(old, _transform(tree, "compose", forward=f"[{first}, {second}]", **_COORDINATES))
    where = ("meta", "wcs", "steps", 1, "transform", "selector", 1, "transforms")
    slices = tree.node(*where)
    if slices is None or len({id(node) for node in slices.value}) < len(slices.value):
        raise UnchangeableError("its WCS is not made of slices")
    for k in range(len(slices.value)):
        _stretch(tree, (*where, k), 1, factor)


def _stretch(tree: TreeText, where: Sequence[str | int], axis: int, factor: float) -> list[tuple[float, float]]:
    """Give a bounding box in oversampled pixels along an axis, and return the intervals of both."""
    transform = tree.node(*where)
    box, inputs = tree.node(*where, "bounding_box"), tree.node(*where, "inputs")
    order = tree.node(*where, "bounding_box", "order")
    if box is None or inputs is None or order is None or order.value != "F" or "&" in tree.text_of(box):
        raise UnchangeableError(f"a transform ({transform.tag}) has no bounding box of intervals")
    found = []
    for k, name in enumerate(inputs.value):
        node = tree.node(*where, "bounding_box", "intervals", name.value)
        if node is None or node.id != "sequence" or len(node.value) != 2:
            raise UnchangeableError("a bounding box is not one of numbers")
        low, high = (float(end.value) for end in node.value)
        if k == axis:
            shift = (factor - 1) / 2
            low, high = low * factor + shift, high * factor + shift
            tree.replace(node, _interval((low, high)))
        found.append((low, high))
    return found


def _along(tree: TreeText, factor: float) -> str:
    """Transform from an oversampled pixel to a detector pixel along the slices."""
    one = {"inputs": "[x]", "outputs": "[y]"}
    scale = _transform(tree, "scale", factor=_number(1 / factor), **one)
    shift = _transform(tree, "shift", offset=_number(-(factor - 1) / 2 / factor), **one)
    return _transform(tree, "compose", forward=f"[{scale}, {shift}]", **one)


def _identity(tree: TreeText) -> str:
    return _transform(tree, "identity", inputs="[x0]", outputs="[x0]")


def _transform(tree: TreeText, kind: str, **fields: str) -> str:
    """Text of a transform with these fields."""
    inside = ", ".join(f"{name}: {value}" for name, value in fields.items())
    return f"{tree.tag(f'transform/{kind}', known='1.2.0')} {{{inside}}}"


def _interval(ends: tuple[float, float]) -> str:
    return f"[{_number(ends[0])}, {_number(ends[1])}]"


def _number(value: float) -> str:
    import yaml

    return str(yaml.safe_dump(float(value)).split()[0])
