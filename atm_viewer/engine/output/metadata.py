"""Metadata of an exposure as a datamodel without WCS, which is slow to convert, and without arrays, which are large."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from atm_viewer.engine.io.fits_input import open_fits
from atm_viewer.engine.io.moving_target import followed_at, mark_following, read_target
from atm_viewer.engine.output.fits_table import table_extension
from atm_viewer.engine.output.tree_text import TreeText
from atm_viewer.engine.placement import Placement
from atm_viewer.engine.threads import without_warnings
from atm_viewer.engine.wcs.models import few_plugins, load_datamodels


def open_metadata(path: str | os.PathLike[str]) -> Any:
    """Open an exposure without its WCS and its arrays.

    Parameters
    ----------
    path : path-like
        A ``_cal`` or ``_crf`` file that `open_exposure` takes.

    Returns
    -------
    IFUImageModel
        As ``datamodels.open`` gives it, but ``meta.wcs`` is None, and of the arrays there is only the first element.
    """
    with few_plugins():
        load_datamodels()
        return _open_metadata(path)


def open_placed_metadata(path: Path, placement: Placement) -> Any:
    """Do as `open_metadata`, and say where the target is, if the exposure follows one and is put there."""
    model = open_metadata(path)
    mark_following(model, followed_at(read_target(path), placement))
    return model


def _open_metadata(path: str | os.PathLike[str]) -> Any:
    from astropy.io import fits
    from stdatamodels.jwst import datamodels

    with without_warnings(), open_fits(path) as file, fits.open(file, memmap=False) as hdus:
        hdus[hdus.index_of("ASDF")] = asdf_extension(_without_wcs(asdf_bytes(hdus)))
        model = datamodels.IFUImageModel(hdus)
        # Not before: a model of other headers than the file's takes values from them, which are rounded.
        for name, value in list(model.items()):
            if isinstance(value, np.ndarray) and model.hasattr(name):
                setattr(model, name, value[(slice(0, 1),) * value.ndim].copy())
        return model


def asdf_bytes(hdus: Any) -> bytes:
    """Content of the extension ``ASDF`` of an open FITS file."""
    return bytes(hdus["ASDF"].data["ASDF_METADATA"][0].tobytes())


def asdf_extension(content: bytes) -> Any:
    """Make the extension ``ASDF`` of an ASDF file."""
    from astropy.io import fits

    data = np.frombuffer(content, dtype=np.uint8)[None, :]
    column = fits.Column(array=data, format=f"{data.size}B", name="ASDF_METADATA")
    return table_extension("ASDF", [column])


def _without_wcs(content: bytes) -> bytes:
    """Leave ``meta.wcs`` out of an ASDF file, and its binary blocks when nothing else has any."""
    tree = TreeText(content)
    tree.remove("meta", "wcs")
    return tree.content()
