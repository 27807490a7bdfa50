"""The tree of transforms in an exposure's file, as it is written there: no model is built and no other file is read."""

from __future__ import annotations

import gc
import hashlib
import io
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def read_tree(content: bytes) -> WcsTree:
    """Read the WCS out of the ASDF file that a datamodel embeds in its FITS file.

    Parameters
    ----------
    content : bytes
        The ASDF file.

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
            blocks = _Blocks(content)
            steps = _plain(meta["wcs"]["steps"], blocks.array)
        return WcsTree(
            tuple(str(step["frame"]["name"]) for step in steps),
            tuple(step["transform"] for step in steps[:-1]),
            meta.get("wcsinfo", {}).get("spectral_region") is not None,
        )
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError, struct.error, yaml.YAMLError) as error:
        raise NotUnderstoodError(f"{type(error).__name__}: {error}") from error


@contextmanager
def without_garbage_search() -> Iterator[None]:
    """Keep Python from looking for garbage.

    Where many small objects are made and none is thrown away, the search takes half of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


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
            made = make({key: copied(value) for key, value in part.items() if key != "inverse"}, *_tag(part))
        else:
            made = make([copied(value) for value in part], *_tag(part))
        copies[id(part)] = made
        return made

    return copied(root)


def _tag(part: Any) -> tuple[str, ...]:
    return (part._tag,) if hasattr(part, "_tag") else ()


class _Blocks:
    """Binary blocks of an ASDF file, as the ASDF standard lays them out."""

    _HEADER = struct.Struct(">I4sQQQ16s")
    _MAGIC = b"\xd3BLK"

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._found: list[tuple[int, int, bytes]] = []  # start, length, checksum
        at = content.index(b"\n...", 0)
        at = content.find(self._MAGIC, at)
        while at >= 0 and content[at : at + 4] == self._MAGIC:
            (size,) = struct.unpack_from(">H", content, at + 4)
            _, compression, allocated, used, length, checksum = self._HEADER.unpack_from(content, at + 6)
            start = at + 6 + size
            if compression != b"\0\0\0\0" or used != length or start + length > len(content):
                raise ValueError("a block is compressed or truncated")
            self._found.append((start, length, checksum))
            at = start + allocated

    def array(self, node: Any) -> NDArray[Any]:
        """Array that a node describes."""
        if not isinstance(node, Mapping):
            return np.array(node, dtype=float)
        if "data" in node:
            return np.array(node["data"], dtype=str(node.get("datatype", "float64")))
        source, shape = node["source"], [int(n) for n in node["shape"]]
        unknown = set(node) - {"source", "datatype", "byteorder", "shape", "offset", "strides"}
        if not isinstance(source, int) or not 0 <= source < len(self._found) or unknown:
            raise ValueError("an array is not in this file")
        start, length, checksum = self._found[source]
        stored = self._content[start : start + length]
        if any(checksum) and hashlib.md5(stored, usedforsecurity=False).digest() != checksum:
            raise ValueError("the checksum of an array is wrong")
        number = np.dtype(str(node["datatype"])).newbyteorder("<" if node["byteorder"] == "little" else ">")
        if number.kind not in "fiu":
            raise ValueError("an array is not of numbers")
        # numpy refuses shapes and strides that lead out of the block.
        found: NDArray[Any] = np.ndarray(shape, number, stored, int(node.get("offset", 0)), node.get("strides"))
        return found.astype(number.newbyteorder("="), order="C")
