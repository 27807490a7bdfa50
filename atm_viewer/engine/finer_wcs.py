"""The WCS of an exposure whose pixels are divided along the slices: as models, and as text in its file.

To turn the WCS of a file into models and back takes seconds. So a corrected exposure gets it as the YAML text that it
is, with a new step in front and other bounding boxes. The places of these come from the marks of a YAML parser: they
hold however the text is laid out, and where it is not what we know, the models serve.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from atm_viewer.engine.metadata import split

Interval = tuple[float, float]
Edit = tuple[int, int, str]  # begin, end, and what to put in between


class UnfamiliarText(Exception):
    """The text of a WCS is not laid out as we know it."""


def oversampled_wcs(wcs: Any, factor: int) -> Any:
    """WCS of an exposure whose pixels are divided along the slices.

    A transform from oversampled to detector pixels is put in front; bounding boxes are in oversampled pixels.

    Parameters
    ----------
    wcs : gwcs.WCS
        WCS of a MIRI MRS exposure, or of a NIRSpec IFU exposure in either style: with slices as inputs, or with a
        map of slices behind a frame ``coordinates``. Its bounding boxes are changed in place.
    factor : int
        Oversampling factor.

    Returns
    -------
    gwcs.WCS
        Its first frame is ``coordinates``, by which ``cube_build`` knows an oversampled exposure.
    """
    import gwcs

    if "alpha_beta" in wcs.available_frames:
        first = _named(_along(factor, 0), "coord2det", ("x", "y"))
        new = gwcs.WCS([(_coordinates(), first), *wcs.pipeline])
        if (box := wcs.bounding_box) is not None:
            box[0] = _fine(box[0], factor)
            new.bounding_box = (box[0], box[1])
        return new
    if "coordinates" in wcs.available_frames:
        for transform in wcs.pipeline[1].transform.selector.values():
            transform.bounding_box[1] = _fine(transform.bounding_box[1], factor)
        return gwcs.WCS([(wcs.pipeline[0].frame, _before(wcs.pipeline[0].transform, factor)), *wcs.pipeline[1:]])
    from astropy.modeling.models import Identity

    first = _named(_along(factor, 1) & Identity(1), "coord2det", ("x", "y", "name"))
    new = gwcs.WCS([(_coordinates(), first), *wcs.pipeline])
    if (box := wcs.bounding_box) is not None:
        for number in range(30):
            box[number][1] = _fine(box[number][1], factor)
        new.bounding_box = box
    return new


def _coordinates() -> Any:
    from gwcs.coordinate_frames import Frame2D

    return Frame2D(name="coordinates", axes_order=(0, 1))


def _fine(interval: Any, factor: int) -> Interval:
    """Interval of pixels, in oversampled pixels."""
    low, high = interval
    shift = (factor - 1) / 2
    return low * factor + shift, high * factor + shift


def _along(factor: int, axis: int) -> Any:
    """Transform from oversampled pixels to pixels, divided along one of the two axes."""
    from astropy.modeling.models import Identity, Scale, Shift

    along = Scale(1 / factor) | Shift(-(factor - 1) / 2 / factor)
    return along & Identity(1) if axis == 0 else Identity(1) & along


def _before(old: Any, factor: int) -> Any:
    """Put the transform from oversampled pixels before one, whose name and ends it takes over (NIRSpec)."""
    first = _along(factor, 1) | old
    first.name, first.inputs, first.outputs = old.name, old.inputs, old.outputs
    return first


def _named(transform: Any, name: str, ends: tuple[str, ...]) -> Any:
    transform.name, transform.inputs, transform.outputs = name, ends, ends
    return transform


# The same as text


def with_wcs_of(content: bytes, source: bytes, factor: int) -> bytes:
    """Give a datamodel's tree the WCS of another's, for oversampled pixels.

    Parameters
    ----------
    content : bytes
        ASDF file of a datamodel without WCS.
    source : bytes
        ASDF file of a datamodel that has one.
    factor : int
        Oversampling factor; with 1 the WCS stays as it is.

    Returns
    -------
    bytes
        ASDF file.

    Raises
    ------
    UnfamiliarText
        The trees are not laid out as we know it.
    """
    text, own = split(content)
    theirs, blocks = split(source)
    root, meta = _nodes(theirs), _entries(_nodes(text)).get("meta")
    pairs = _entries(root)["meta"].value
    place = next((k for k, (key, _) in enumerate(pairs) if key.value == "wcs"), None)
    if own or place is None or meta is None or "wcs" in _entries(meta):
        raise UnfamiliarText("arrays besides those of the WCS, or not one WCS")
    if _shorthands(text) != _shorthands(theirs) or meta.flow_style or _column(meta) != pairs[0][0].start_mark.column:
        raise UnfamiliarText("shorthands of tags, or indentation")
    if re.search(r"[&*]id\d", text) or _mixed(root, pairs[place][1]):
        raise UnfamiliarText("shared nodes")
    key, wcs = pairs[place]
    begin = key.start_mark.index
    moved = _edited(theirs, begin, _end(theirs, wcs), _oversampled(theirs, wcs, factor) if factor > 1 else [])
    # Keys are sorted, for the eye.
    follower = next((key for key, _ in meta.value if key.value > "wcs"), None)
    if follower is None:
        at, indent = meta.end_mark.index, " " * _column(meta)
        text = f"{text[:at]}{indent}{moved}\n{text[at:]}"
    else:
        at, indent = follower.start_mark.index, " " * _column(meta)
        text = f"{text[:at]}{moved}\n{indent}{text[at:]}"
    return text.encode("utf-8") + blocks


def _oversampled(text: str, wcs: Any, factor: int) -> list[Edit]:
    """List the changes that do to the text of a WCS what `oversampled_wcs` does to the WCS."""
    import gwcs

    steps = _entries(wcs)["steps"]
    if steps.flow_style or len(steps.value) < 2:
        raise UnfamiliarText("steps")
    names = [_entries(_entries(step)["frame"])["name"].value for step in steps.value]
    first, second = (_entries(step)["transform"] for step in steps.value[:2])
    if "alpha_beta" in names and names[0] == "detector":
        boxes, edits = _finer_box(first, 0, factor)
        new = gwcs.WCS([(_coordinates(), _named(_along(factor, 0), "coord2det", ("x", "y"))), ("detector", None)])
        new.bounding_box = boxes
        at = steps.start_mark
        step = _step_text(new, _column(steps.value[0]))
        return [*edits, (at.index, at.index, f"- {step}\n{' ' * at.column}")]
    if names[0] == "coordinates" and "selector" in _entries(second):
        transforms = _entries(_entries(second)["selector"])["transforms"].value
        edits = [edit for transform in transforms for edit in _finer_box(transform, 1, factor)[1]]
        new = gwcs.WCS([(_coordinates(), _before(_model(text, first), factor)), ("detector", None)])
        whole = steps.value[0]
        return [*edits, (whole.start_mark.index, _end(text, whole), _step_text(new, _column(whole)))]
    raise UnfamiliarText(f"frames {names}")


def _finer_box(transform: Any, axis: int, factor: int) -> tuple[tuple[Interval, ...], list[Edit]]:
    """Bounding box of a transform in oversampled pixels, input by input, and the changes that make it so."""
    found = _entries(transform)
    if "bounding_box" not in found:
        raise UnfamiliarText("no bounding box")
    intervals = _entries(_entries(found["bounding_box"])["intervals"])
    inputs = [node.value for node in found["inputs"].value]
    if list(intervals) != sorted(inputs):
        raise UnfamiliarText("inputs of a bounding box")
    boxes: list[Interval] = []
    edits: list[Edit] = []
    for k, name in enumerate(inputs):
        low, high = intervals[name].value
        box = float(low.value), float(high.value)
        if k == axis:
            box = _fine(box, factor)
            edits += [(n.start_mark.index, n.end_mark.index, repr(v)) for n, v in zip((low, high), box, strict=True)]
        boxes.append(box)
    return tuple(boxes), edits


def _step_text(wcs: Any, column: int) -> str:
    """YAML of the first step of a WCS, to begin in a column."""
    import asdf

    buffer = io.BytesIO()
    asdf.AsdfFile({"wcs": wcs}).write_to(buffer)
    text, blocks = split(buffer.getvalue())
    if blocks or re.search(r"[&*]id\d", text):
        raise UnfamiliarText("arrays or shared nodes in the first step")
    step = _entries(_entries(_nodes(text))["wcs"])["steps"].value[0]
    return _moved(text[step.start_mark.index : _end(text, step)], column - _column(step))


def _model(text: str, node: Any) -> Any:
    """Model of a transform."""
    import asdf

    own = text[node.start_mark.index : _end(text, node)]
    if re.search(r"\bsource: \d|[&*]id\d", own):
        raise UnfamiliarText("arrays or shared nodes in the first transform")
    head = text[: text.index("\n---") + 1]
    tree = f"{head}--- !core/asdf-1.1.0\ntransform: {_moved(own, 2 - _column(node))}\n...\n"
    with asdf.open(io.BytesIO(tree.encode("utf-8"))) as file:
        return file["transform"]


def _edited(text: str, begin: int, end: int, edits: list[Edit]) -> str:
    """Part of a text after changes."""
    pieces, last = [], begin
    for start, stop, new in sorted(edits):
        pieces += [text[last:start], new]
        last = stop
    return "".join([*pieces, text[last:end]])


def _nodes(text: str) -> Any:
    """Root of the nodes of a YAML text, which have marks of their places."""
    import yaml

    return yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _entries(node: Any) -> dict[str, Any]:
    """Values of a mapping or an ordered mapping by their keys."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        return {key.value: value for key, value in node.value}
    if isinstance(node, yaml.SequenceNode) and node.tag.endswith(":omap"):
        return {key.value: value for one in node.value for key, value in one.value}
    raise UnfamiliarText(f"{node.tag} in place of a mapping")


def _column(mapping: Any) -> int:
    """Column in which the keys of a mapping begin."""
    return mapping.value[0][0].start_mark.column


def _end(text: str, node: Any) -> int:
    """End of a node, without the space that follows."""
    begin = node.start_mark.index
    return begin + len(text[begin : node.end_mark.index].rstrip())


def _moved(text: str, columns: int) -> str:
    """Text with all lines but the first moved to the right, or to the left."""
    first, *others = text.split("\n")
    if columns >= 0:
        return "\n".join([first, *(" " * columns + line for line in others)])
    if any(line[:-columns].strip() for line in others):
        raise UnfamiliarText("indentation")
    return "\n".join([first, *(line[-columns:] for line in others)])


def _shorthands(text: str) -> list[str]:
    return re.findall(r"^%TAG .*$", text[: text.index("\n---") + 1], re.MULTILINE)


def _mixed(root: Any, part: Any) -> bool:
    """Whether a part of a tree shares nodes with the rest, so that it cannot be taken out."""
    within = {id(node) for node in _walk(part, None, set())}
    return any(id(node) in within for node in _walk(root, part, set()))


def _walk(node: Any, without: Any, seen: set[int]) -> Iterator[Any]:
    import yaml

    if node is without or id(node) in seen:
        return
    seen.add(id(node))
    yield node
    if isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from _walk(value, without, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _walk(value, without, seen)
