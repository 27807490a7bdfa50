"""Corrected exposures in files, as the pipeline's own step would write them."""

from __future__ import annotations

import logging
import os
import warnings
from typing import Any

import numpy as np

from atm_viewer.engine.exposure import Exposure
from atm_viewer.engine.finer_wcs import UnfamiliarText, oversampled_wcs, with_wcs_of
from atm_viewer.engine.metadata import asdf_bytes, open_metadata
from atm_viewer.engine.oversample import Corrected
from atm_viewer.engine.provenance import Provenance, add_history, append_provenance

# What the pipeline drops from an oversampled exposure: it would have to be oversampled too, and nothing needs it.
_EXTRAS = (
    "area",
    "barshadow",
    "flatfield_point",
    "flatfield_uniform",
    "pathloss_point",
    "pathloss_uniform",
    "photom_point",
    "photom_uniform",
    "zeroframe",
)


def write_corrected(exposure: Exposure, corrected: Corrected, path: str | os.PathLike, provenance: Provenance) -> None:
    """Write a corrected exposure.

    The datamodel makes headers and ASDF metadata, without the WCS; the WCS goes from file to file as text. Where its
    text is not what we know (NIRSpec's style with slices as inputs), the datamodel writes all of it.

    Parameters
    ----------
    exposure : Exposure
        The exposure; its file is read again.
    corrected : Corrected
        Its correction.
    path : path-like
        File to write.
    provenance : Provenance
        How it was made.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            _write_with_text(exposure, corrected, path, provenance)
        except UnfamiliarText as error:
            logging.getLogger(__name__).debug("%s: the WCS cannot be copied as text: %s", exposure.name, error)
            model = corrected_model(exposure.model, corrected)
            add_history(model, provenance, [exposure.name])
            model.save(path)
            exposure.close()
        append_provenance(path, provenance)


def _write_with_text(exposure: Exposure, corrected: Corrected, path: str | os.PathLike, provenance: Provenance) -> None:
    from astropy.io import fits
    from stdatamodels import fits_support

    with fits.open(exposure.path) as hdus:
        source = asdf_bytes(hdus)
    model = open_metadata(exposure.path)
    try:
        put_correction(model, corrected)
        add_history(model, provenance, [exposure.name])
        # What `to_fits` of the model does, but for the WCS.
        model.on_save(os.fspath(path))
        hdus = fits_support.to_fits(model.instance, model.schema)
        content = with_wcs_of(asdf_bytes(hdus), source, corrected.oversample)
        hdus[hdus.index_of("ASDF")] = asdf_extension(content)
        hdus.writeto(path)
    finally:
        model.close()


def asdf_extension(content: bytes) -> Any:
    """Extension ``ASDF`` of a FITS file."""
    from astropy.io import fits

    tree = np.frombuffer(content, dtype=np.uint8)[None, :]
    column = fits.Column(array=tree, format=f"{tree.size}B", name="ASDF_METADATA")
    return fits.BinTableHDU.from_columns([column], name="ASDF")


def corrected_model(model: Any, corrected: Corrected) -> Any:
    """Put a correction into an exposure's datamodel, as ``fit_and_oversample`` and its step leave it.

    Parameters
    ----------
    model : IFUImageModel
        The open exposure, changed in place together with its WCS.
    corrected : Corrected
        Its correction; with factor 1 only the trace model is attached, as the pipeline does.

    Returns
    -------
    IFUImageModel
        The same model.
    """
    put_correction(model, corrected)
    if corrected.oversample > 1:
        model.meta.wcs = oversampled_wcs(model.meta.wcs, corrected.oversample)
    return model


def put_correction(model: Any, corrected: Corrected) -> None:
    """Put arrays and metadata of a correction into a datamodel; its WCS stays as it is."""
    from jwst.lib.pipe_utils import match_nans_and_flags

    model.trace_model = corrected.trace
    mark_corrected(model, corrected.oversample)
    if corrected.oversample == 1:
        return
    model.data = corrected.sci
    model.dq = corrected.dq
    model.err = corrected.err
    model.wavelength = corrected.wavelength
    model.regions = corrected.regions
    for name in ("var_poisson", "var_rnoise", "var_flat"):
        array = getattr(corrected, name)
        if array is not None:
            setattr(model, name, array)
    for name in _EXTRAS:
        if model.hasattr(name):
            setattr(model, name, None)
    match_nans_and_flags(model)


def mark_corrected(model: Any, oversample: int) -> None:
    """Put into a datamodel's metadata that it is corrected, and the area of its pixels."""
    model.meta.cal_step.adaptive_trace_model = "COMPLETE"
    photometry = model.meta.photometry
    for name in ("pixelarea_steradians", "pixelarea_arcsecsq"):
        if oversample > 1 and getattr(photometry, name) is not None:
            setattr(photometry, name, getattr(photometry, name) / oversample)
