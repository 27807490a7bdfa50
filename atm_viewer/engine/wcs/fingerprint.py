"""What positions on the slicer depend on, as bytes: exposures of one setting have the same, wherever they point."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from atm_viewer.engine.wcs.tree import kind, tag

#: Name of the constant that ``jwst.assign_wcs.util.velocity_correction`` multiplies wavelengths with.
VELOCITY = "velocity_correction"


def is_velocity(node: Any) -> bool:
    """Whether a node is the pipeline's factor for the telescope's velocity, which is another one in each exposure."""
    return kind(node) == "constant" and node.get("name") == VELOCITY


@dataclass(frozen=True)
class Fingerprint:
    """A transform in short.

    Parameters
    ----------
    digest : str
        Hash of its nodes with their arrays; without the factors for the telescope's velocity, and without bounding
        boxes, which change with it but not the positions.
    velocities : frozenset of float
        These factors.
    """

    digest: str
    velocities: frozenset[float]


def fingerprint(root: Any) -> Fingerprint:
    """Take the fingerprint of a transform.

    Parameters
    ----------
    root : mapping
        Its node, as `atm_viewer.engine.wcs.tree.read_tree` gives it.

    Returns
    -------
    Fingerprint
    """
    content: list[Any] = []
    velocities: set[float] = set()
    seen: dict[int, int] = {}

    def walk(part: Any) -> None:
        if isinstance(part, np.ndarray):
            digest = hashlib.sha256(np.ascontiguousarray(part).data).hexdigest()
            content.append((part.dtype.str, part.shape, digest))
        elif not isinstance(part, Mapping | list):
            content.append(part)
        elif id(part) in seen:
            content.append(("seen", seen[id(part)]))
        else:
            seen[id(part)] = len(seen)
            content.append(("mapping" if isinstance(part, Mapping) else "list", *tag(part)))
            if isinstance(part, Mapping):
                moving = is_velocity(part)
                for key, value in part.items():
                    if key == "bounding_box":
                        continue
                    content.append(key)
                    if moving and key == "value":
                        velocities.add(float(value))
                    else:
                        walk(value)
            else:
                for value in part:
                    walk(value)
            content.append(("end",))

    walk(root)
    return Fingerprint(hashlib.sha256(repr(content).encode()).hexdigest(), frozenset(velocities))
