"""The tree of transforms in an exposure's file, as it is written there: no model is built and no other file is read."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atm_viewer.engine.checks.asdf_check import Block, UnusableError, find_blocks
from atm_viewer.engine.give_back import without_garbage_search

#: More nodes than the WCS of any exposure has; NIRSpec's has 70,000.
_MOST_NODES = 2_000_000


class NotUnderstoodError(Exception):
    """A WCS is not written in one of the ways that are evaluated here; gwcs evaluates it."""


@dataclass(frozen=True, eq=False)
class WcsTree:
    """Steps of a WCS.

    Parameters
    ----------
    frames : tuple of str
        Names of the frames, from the detector to the sky.
    steps : tuple of mapping
        Transforms between them, one fewer; without inverses, and with arrays in place of what describes them.
    spectral_region : bool
        Whether the metadata have ``wcsinfo.spectral_region``.
    """

    frames: tuple[str, ...]
    steps: tuple[Any, ...]
    spectral_region: bool


def read_tree(content: bytes, blocks: Sequence[Block] | None = None) -> WcsTree:
    """Read the WCS out of the ASDF file that a datamodel embeds in its FITS file.

    Parameters
    ----------
    content : bytes
        The ASDF file.
    blocks : sequence of Block, optional
        Its blocks, where `check_asdf` has found them.

    Returns
    -------
    WcsTree

    Raises
    ------
    NotUnderstoodError
        There is no WCS, it is damaged, or its arrays are compressed or in other files.
    """
    import asdf
    import yaml

    try:
        with without_garbage_search():
            # Tags stay tags: nothing is made of them.
            meta = asdf.util.load_yaml(io.BytesIO(content), tagged=True)["meta"]
            found = find_blocks(content) if blocks is None else blocks
            steps = _plain(meta["wcs"]["steps"], lambda node: _array(node, content, found))
        return WcsTree(
            tuple(str(step["frame"]["name"]) for step in steps),
            tuple(step["transform"] for step in steps[:-1]),
            meta.get("wcsinfo", {}).get("spectral_region") is not None,
        )
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError, UnusableError, yaml.YAMLError) as error:
        raise NotUnderstoodError(f"{type(error).__name__}: {error}") from error


def kind(node: Any) -> str:
    """Name of a node's tag without namespace and version (``compose``, ``polynomial`` ...); empty without a tag."""
    return str(getattr(node, "_tag", "")).rsplit("/", 1)[-1].rsplit("-", 1)[0]


def _plain(root: Any, array: Callable[[Any], NDArray[Any]]) -> Any:
    """Copy of a tree with arrays and without inverses, in which what is shared stays shared."""
    copies: dict[int, Any] = {}
    count = 0

    def copied(part: Any) -> Any:
        nonlocal count
        if not isinstance(part, Mapping | list):
            return part
        if id(part) in copies:
            return copies[id(part)]
        count += len(part)
        if count > _MOST_NODES:
            raise ValueError("it is too large")
        made: Any
        make: Any = type(part)
        if kind(part) == "ndarray":
            made = array(part)
        elif isinstance(part, Mapping):
            made = make({key: copied(value) for key, value in part.items() if key != "inverse"}, *tag(part))
        else:
            made = make([copied(value) for value in part], *tag(part))
        copies[id(part)] = made
        return made

    return copied(root)


def tag(part: Any) -> tuple[str, ...]:
    """Tag of a node, whole; nothing for a part without one."""
    return (part._tag,) if hasattr(part, "_tag") else ()


def _array(node: Any, content: bytes, blocks: Sequence[Block]) -> NDArray[Any]:
    """Array that a node describes, out of its block as the ASDF standard lays it out."""
    if not isinstance(node, Mapping):
        return np.array(node, dtype=float)
    if "data" in node:
        return np.array(node["data"], dtype=str(node.get("datatype", "float64")))
    source, shape = node["source"], [int(n) for n in node["shape"]]
    unknown = set(node) - {"source", "datatype", "byteorder", "shape", "offset", "strides"}
    if not isinstance(source, int) or not 0 <= source < len(blocks) or unknown:
        raise ValueError("an array is not in this file")
    block = blocks[source]
    stored = content[block.start : block.start + block.size]
    number = np.dtype(str(node["datatype"])).newbyteorder("<" if node["byteorder"] == "little" else ">")
    if number.kind not in "fiu":
        raise ValueError("an array is not of numbers")
    # numpy refuses shapes and strides that lead out of the block.
    found: NDArray[Any] = np.ndarray(shape, number, stored, int(node.get("offset", 0)), node.get("strides"))
    return found.astype(number.newbyteorder("="), order="C")
