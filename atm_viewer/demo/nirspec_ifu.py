"""A simplified NIRSpec IFU: thirty slices in a band like that of G235M with F170LP, on the detector NRS1.

Slice count and size, pixel scale, dispersion and the order of the slices on the detector are those of the
instrument. The detector is smaller than the real one, which would leave two thirds of it empty: the files are
less than half as large.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from atm_viewer.demo.detector_geometry import DetectorGeometry
from atm_viewer.demo.detector_noise import Noise
from atm_viewer.demo.scene import STAR, InstrumentOptics, Scene
from atm_viewer.demo.slice_trace import SliceTrace, map_slices
from atm_viewer.demo.telescope import FieldOfView

SHAPE = (1320, 1500)
DETECTOR = "nrs1"
PRODUCT = "nirspec"
SLICES = 30
PIXEL = 0.1
"""Width of a pixel along a slice in arcsec."""

SLICE_WIDTH = 0.1
"""Width of a slice in arcsec."""

PIXEL_AREA = PIXEL * SLICE_WIDTH

ALONG, ACROSS = -250.0, 125.0
"""Arcsec per metre on the slicer, along the slices (y, against alpha) and across them (x, with beta)."""

FIELD = FieldOfView(v2=300.3, v3=-497.9, angle=41.5, parity=+1)

DITHERS = ((0.02, 0.03), (0.31, -0.22), (-0.28, 0.28), (-0.13, -0.32))
"""Place (alpha, beta) of the star in arcsec: half a slice and fractions of a pixel apart."""

BAND = (1.65, 3.18)
"""Shortest and longest wavelength in um."""


def _fwhm(wavelength: Any) -> Any:
    return np.hypot(0.0323 * wavelength, 0.07)


OPTICS = InstrumentOptics(fwhm=_fwhm, resolving_power=1000.0)
"""Diffraction of the telescope, and what the instrument adds."""

NOISE = Noise(read=0.8, poisson=0.15)

SCENE = Scene(STAR, STAR.moved(0.12, 0.45), star_flux=4.0, neighbour_flux=0.12, emission=4.0, pivot=2.4)
"""The neighbour is closer than in the MRS, as the telescope resolves more."""


def traces() -> list[SliceTrace]:
    """All slices by number: they alternate between the detector's lower and upper half, from the centre outwards."""
    step = (BAND[1] - BAND[0]) / 1440
    middle = (SHAPE[1] - 1) / 2
    made = []
    for index in range(SLICES):
        side = -1 if index % 2 else 1
        outward = side * (index // 2 + 0.5)
        y = SHAPE[0] / 2 - 42 * outward - 12 * side
        made.append(
            SliceTrace(
                number=index + 1,
                beta=outward * SLICE_WIDTH,
                width=SLICE_WIDTH,
                length=3.1,
                scale=PIXEL,
                middle=middle,
                centre=(y, (0.04 * outward - 4.5) / middle, 2.5 / middle**2),
                wavelength=((BAND[0] + BAND[1]) / 2 + 0.9 * step * outward, step),
                skew=0.02 * step * outward,
                band=BAND,
            )
        )
    return made


def detector_geometry() -> DetectorGeometry:
    """Coordinates of all pixels, from the same polynomials as the WCS."""
    return map_slices(traces(), SHAPE[::-1]).transposed()


def describe(model: Any, coordinates: DetectorGeometry) -> None:
    """Write into an exposure what tells the pipeline which instrument it comes from, and its region map."""
    model.meta.instrument.name = "NIRSPEC"
    model.meta.instrument.detector = DETECTOR.upper()
    model.meta.instrument.grating = "G235M"
    model.meta.instrument.filter = "F170LP"
    model.meta.exposure.type = "NRS_IFU"
    model.regions = coordinates.region
    model.wavelength = coordinates.wavelength.astype(np.float32)


def slicer_steps(coordinates: DetectorGeometry) -> list[tuple[Any, Any]]:
    """First steps of an exposure's WCS: from the detector to the telescope's field.

    Parameters
    ----------
    coordinates : DetectorGeometry
        Of this geometry.

    Returns
    -------
    list of (frame, transform)
        Frames are ``coordinates``, ``detector`` and ``slicer`` (in metres), as ``apply_slicemap`` of ``assign_wcs``
        leaves them; the last transform leads to (V2, V3, wavelength) in arcsec and um.
    """
    import gwcs.coordinate_frames as cf
    from astropy import units as u
    from astropy.modeling.models import AffineTransformation2D, Identity, Scale

    # A step of its own, in front, is where the pipeline binds the bounding box of a slice.
    pixels = Identity(2, name="coord2det")
    pixels.inputs = pixels.outputs = ("x", "y")

    spatial = cf.Frame2D(name="slicer_spatial", axes_order=(0, 1), unit=(u.m, u.m), axes_names=("x_slicer", "y_slicer"))
    spectral = cf.SpectralFrame(name="slicer_spectral", axes_order=(2,), unit=(u.m,), axes_names=("wavelength",))
    matrix = FIELD.matrix @ [[0, ALONG], [ACROSS, 0]]
    place = AffineTransformation2D(matrix, translation=(FIELD.v2, FIELD.v3))
    return [
        (cf.Frame2D(name="coordinates", axes_order=(0, 1), unit=(u.pix, u.pix)), pixels),
        (cf.Frame2D(name="detector", axes_order=(0, 1), unit=(u.pix, u.pix)), _detector_to_slicer(coordinates)),
        (cf.CompositeFrame([spatial, spectral], name="slicer"), place & Scale(1e6)),
    ]


def _detector_to_slicer(coordinates: DetectorGeometry) -> Any:
    """Transform (x, y) to (x_slicer, y_slicer, wavelength), all in metres: one model per slice with its bounds."""
    from astropy.modeling import bind_bounding_box
    from astropy.modeling.models import Const1D, Mapping, Scale
    from gwcs import selector

    transforms, numbers = {}, {}
    for trace in traces():
        alpha, wavelength = trace.forward()
        x, y = trace.backward()
        x_slicer = trace.beta / ACROSS
        forward = Mapping([0, 0, 1, 0, 1]) | Const1D(x_slicer) & (alpha | Scale(1 / ALONG)) & (wavelength | Scale(1e-6))
        to_arcsec = Mapping([2, 1], n_inputs=3) | Scale(1e6) & Scale(ALONG)
        forward.inputs = ("x", "y")  # the pipeline binds these bounds to the step in front, by name
        forward.inverse = to_arcsec | Mapping([0, 1, 0, 1]) | x & y
        rows, columns = np.nonzero(coordinates.region == trace.number)
        bounds = (columns.min() - 0.5, columns.max() + 0.5), (rows.min() - 0.5, rows.max() + 0.5)
        bind_bounding_box(forward, bounds, order="F")
        transforms[trace.number] = forward
        numbers[x_slicer] = Mapping((0,), n_inputs=3) | Const1D(trace.number)

    mapper = selector.LabelMapperArray(coordinates.region)
    mapper.inverse = selector.LabelMapperDict(
        ("x_slice", "y_slice", "lam"), numbers, inputs_mapping=Mapping((0,), n_inputs=3), atol=1e-4
    )
    return selector.RegionsSelector(
        ("x", "y"), ("x_slice", "y_slice", "lam"), label_mapper=mapper, selector=transforms, name="det2slicer"
    )
