"""Corrections in the datamodels of exposures, as the pipeline's step leaves them."""

from __future__ import annotations

from typing import Any

from atm_viewer.engine.arrays import Singles
from atm_viewer.engine.threads import loading
from atm_viewer.engine.trace.oversample import Corrected

#: What the pipeline drops from an oversampled exposure: it would have to be oversampled too, and nothing needs it.
EXTRAS = (
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
    with loading():
        from jwst.lib.pipe_utils import match_nans_and_flags

    model.trace_model = corrected.trace
    mark_corrected(model, corrected.oversample)
    if corrected.oversample == 1:
        return model
    model.data = corrected.sci
    model.dq = corrected.dq
    model.err = corrected.err
    model.wavelength = corrected.wavelength
    model.regions = corrected.regions
    for name in ("var_poisson", "var_rnoise", "var_flat"):
        array = getattr(corrected, name)
        if array is not None:
            setattr(model, name, array)
    for name in EXTRAS:
        if model.hasattr(name):
            setattr(model, name, None)
    # Not by attribute: that would check the whole WCS against the schemas of its transforms.
    model.meta.instance["wcs"] = oversampled_wcs(model.meta.wcs, corrected.oversample)
    match_nans_and_flags(model)
    return model


def mark_corrected(model: Any, oversample: float) -> None:
    """Put into a datamodel's metadata that it is corrected, and the area of its pixels."""
    model.meta.cal_step.adaptive_trace_model = "COMPLETE"
    photometry = model.meta.photometry
    for name in ("pixelarea_steradians", "pixelarea_arcsecsq"):
        if oversample > 1 and getattr(photometry, name) is not None:
            setattr(photometry, name, getattr(photometry, name) / oversample)


def oversampled_wcs(wcs: Any, factor: float) -> Any:
    """WCS of an exposure whose pixels are divided along the slices.

    A transform from oversampled to detector pixels is put in front; bounding boxes are in oversampled pixels.

    Parameters
    ----------
    wcs : gwcs.WCS
        WCS of a MIRI MRS exposure, or of a NIRSpec IFU exposure in either style: with slices as inputs, or with a
        map of slices behind a frame ``coordinates``. Bounding boxes of the latter's map are changed in place.
    factor : float
        Oversampling factor.

    Returns
    -------
    gwcs.WCS
        Its first frame is ``coordinates``, by which ``cube_build`` knows an oversampled exposure.
    """
    with loading():
        import gwcs
        from astropy.modeling.models import Identity, Scale, Shift
        from gwcs.coordinate_frames import Frame2D

    shift = (factor - 1) / 2
    along = Scale(1 / factor) | Shift(-shift / factor)

    def fine(interval: Any) -> tuple[float, float]:
        low, high = interval
        return low * factor + shift, high * factor + shift

    frame = Frame2D(name="coordinates", axes_order=(0, 1))
    inputs: tuple[str, ...]
    if "alpha_beta" in wcs.available_frames:
        first, axis, inputs = along & Identity(1), 0, ("x", "y")
    elif "coordinates" in wcs.available_frames:
        for transform in wcs.pipeline[1].transform.selector.values():
            transform.bounding_box[1] = fine(transform.bounding_box[1])
        old = wcs.pipeline[0].transform
        first = Identity(1) & along | old
        first.name, first.inputs, first.outputs = old.name, old.inputs, old.outputs
        return gwcs.WCS([(wcs.pipeline[0].frame, first), *wcs.pipeline[1:]])
    else:
        first, axis, inputs = Identity(1) & along & Identity(1), 1, ("x", "y", "name")
    first.name, first.inputs, first.outputs = "coord2det", inputs, inputs
    new = gwcs.WCS([(frame, first), *wcs.pipeline])
    if (box := wcs.bounding_box) is None:
        return new
    if axis == 0:
        box[0] = fine(box[0])
        new.bounding_box = (box[0], box[1])
    else:
        for number in range(30):
            box[number][axis] = fine(box[number][axis])
        new.bounding_box = box
    return new


def intermediate_model(model: Any, array: Singles) -> Any:
    """Make the datamodel of one of the arrays that a correction is made of, as the pipeline does.

    Parameters
    ----------
    model : IFUImageModel
        The exposure, corrected.
    array : ndarray of float32
        One of `Corrected.steps`.

    Returns
    -------
    IFUImageModel
        With the exposure's metadata.
    """
    made = type(model)(data=array)
    made.update(model)
    made.meta.cal_step.adaptive_trace_model = None  # the pipeline saves them before its step is complete
    made.dq = None  # both are made, empty, when they are asked for
    made.err = None
    made.meta.bunit_err = None
    return made
