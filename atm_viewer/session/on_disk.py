"""Keeps what the window has of many exposures on disk, from where the system takes what is looked at."""

from __future__ import annotations

import logging
import mmap
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from atm_viewer.engine.arrays import DeflatedFrame, PackedFrame
from atm_viewer.engine.results.exposure_view import ExposureView, frames_of

#: Each array begins at a multiple of this [byte].
_ALIGNED = 64


def on_disk(view: ExposureView) -> ExposureView:
    """Return a view whose arrays are in a file of the cache, which has no name and ends with them.

    Where nothing can be written, the view stays in memory.
    """
    frames = {name: frame for name, frame in frames_of(view).items() if not isinstance(frame, DeflatedFrame)}
    try:
        mapped = _mapped([array for frame in frames.values() for array in _arrays(frame)])
    except OSError as error:
        logging.getLogger(__name__).warning("%s stays in memory: %s", view.name, error)
        return view
    return replace(view, **{name: _with_arrays(frame, mapped) for name, frame in frames.items()})


def _arrays(frame: Any) -> tuple[NDArray[Any], ...]:
    return (frame.finite, frame.values) if isinstance(frame, PackedFrame) else (frame,)


def _with_arrays(frame: Any, arrays: Iterator[NDArray[Any]]) -> Any:
    if isinstance(frame, PackedFrame):
        return replace(frame, finite=next(arrays), values=next(arrays))
    return next(arrays)


def _mapped(arrays: list[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """Write arrays to a file, and give them as the file has them."""
    folder = platformdirs.user_cache_path("atm-viewer", appauthor=False)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    starts = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for array in arrays:
            file.write(bytes(-file.tell() % _ALIGNED))
            starts.append(file.tell())
            file.write(np.ascontiguousarray(array).data)
        file.flush()
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return (
        np.frombuffer(content, array.dtype, array.size, start).reshape(array.shape)
        for array, start in zip(arrays, starts, strict=True)
    )
