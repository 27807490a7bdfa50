"""Metadata of an exposure as a datamodel without WCS, which is slow to convert, and without arrays, which are large."""

from __future__ import annotations

import os
import re
import warnings
from typing import Any

import numpy as np

from atm_viewer.engine.io.fits_input import open_fits


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
    from astropy.io import fits
    from stdatamodels.jwst import datamodels

    with warnings.catch_warnings(), open_fits(path) as file, fits.open(file, memmap=False) as hdus:
        warnings.simplefilter("ignore")
        tree = np.frombuffer(without_wcs(asdf_bytes(hdus)), dtype=np.uint8)[None, :]
        column = fits.Column(array=tree, format=f"{tree.size}B", name="ASDF_METADATA")
        hdus[hdus.index_of("ASDF")] = fits.BinTableHDU.from_columns([column], name="ASDF")
        model = datamodels.IFUImageModel(hdus)
        # Not before: a model of other headers than the file's takes values from them, which are rounded.
        for name, value in list(model.items()):
            if isinstance(value, np.ndarray) and model.hasattr(name):
                setattr(model, name, value[(slice(0, 1),) * value.ndim].copy())
        return model


def asdf_bytes(hdus: Any) -> bytes:
    """Content of the extension ``ASDF`` of an open FITS file."""
    return bytes(hdus["ASDF"].data["ASDF_METADATA"][0].tobytes())


def without_wcs(content: bytes) -> bytes:
    """Leave ``meta.wcs`` out of an ASDF file, and its binary blocks when nothing else has any.

    Parameters
    ----------
    content : bytes
        An ASDF file, as datamodels embed it.

    Returns
    -------
    bytes
        The same file without the WCS.
    """
    import yaml

    text, blocks = split(content)
    # Marks of the parser, not patterns: they hold however the YAML is laid out.
    root = yaml.compose(text, Loader=_loader())
    assert isinstance(root, yaml.MappingNode)
    meta = next(value for key, value in root.value if key.value == "meta")
    for k, (key, value) in enumerate(meta.value):
        if key.value == "wcs":
            following = meta.value[k + 1][0].start_mark if k + 1 < len(meta.value) else value.end_mark
            text = text[: key.start_mark.index] + text[following.index :]
    return text.encode("utf-8") + (blocks if re.search(r"\bsource: \d", text) else b"")


def split(content: bytes) -> tuple[str, bytes]:
    """Tree, as YAML, and binary blocks of an ASDF file.

    The blocks come without their index, which holds positions in the file and need not be there.
    """
    end = content.index(b"\n...\n") + 5
    index = content.rfind(b"#ASDF BLOCK INDEX")
    return content[:end].decode("utf-8"), content[end : index if index > 0 else None]


def _loader() -> Any:
    """PyYAML's parser in C, where it has one."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)
