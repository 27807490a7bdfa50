"""A simplified MIRI MRS: channels 1 and 2, band SHORT, on the detector MIRIFUSHORT.

Slice counts, widths, pixel scale and wavelength ranges are the published ones, and the slices lie on the detector
in the instrument's order; the shapes of traces and dispersion are simple.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from atm_viewer.demo.detector_geometry import DetectorGeometry
from atm_viewer.demo.detector_noise import Noise
from atm_viewer.demo.scene import STAR, InstrumentOptics, Scene
from atm_viewer.demo.slice_trace import SliceTrace, map_slices
from atm_viewer.demo.telescope import FieldOfView
from atm_viewer.engine.psf import psf_fwhm

SHAPE = (1024, 1032)
DETECTOR = "mirifushort"
PRODUCT = "miri"
PIXEL = 0.196
"""Width of a pixel along a slice in arcsec."""

PIXEL_AREA = PIXEL * 0.176
"""Sky that a pixel of channel 1 sees in square arcsec."""

FIELD = FieldOfView(v2=-503.5, v3=-318.9, angle=8.4, parity=-1)

DITHERS = ((0.88, -0.40), (-0.78, 0.48), (-0.93, 0.31), (0.83, -0.39))
"""Place (alpha, beta) of the star in arcsec: half a slice and fractions of a pixel apart."""

OPTICS = InstrumentOptics(fwhm=partial(psf_fwhm, "MIRI"), resolving_power=3000.0)
"""Full width of the point-spread function after Law et al. 2023, AJ 166, 45."""

NOISE = Noise(read=0.5, poisson=0.15)

SCENE = Scene(STAR, STAR.moved(0.12, 0.70), star_flux=30.0, neighbour_flux=0.9, emission=6.0, pivot=5.3)


@dataclass(frozen=True)
class Channel:
    """Layout of one channel.

    Attributes
    ----------
    number, slices : int
        Channel and its count of slices; these are numbered from ``100 * number + 1`` along beta.
    width, length : float
        Width and length of a slice in arcsec.
    direction : int
        Sign of the change of alpha with detector x.
    left, pitch : float
        Detector x of the leftmost trace's centre at the ends of the band, and the distance between traces.
    bend, lean : float
        Detector pixels by which a trace bulges in the band's middle, and by which the outermost traces lean.
    first, last : float
        Wavelengths at the lower and upper edge of the detector in um.
    """

    number: int
    slices: int
    width: float
    length: float
    direction: int
    left: float
    pitch: float
    bend: float
    lean: float
    first: float
    last: float

    @property
    def band(self) -> tuple[float, float]:
        """Wavelengths in um that belong to this channel beyond doubt."""
        return self.first - 0.1, self.last + 0.1

    @property
    def first_beta(self) -> float:
        """Place of the first slice in arcsec."""
        return -(self.slices - 1) / 2 * self.width


CHANNELS = (
    Channel(1, 21, 0.176, 3.7, +1, 24.0, 23.0, 4.4, 1.6, 4.885, 5.755),
    Channel(2, 17, 0.277, 4.8, -1, 535.0, 28.5, 11.5, 2.2, 7.490, 8.790),
)


def traces() -> list[SliceTrace]:
    """All slices, in the order in which they lie on the detector."""
    return [trace for channel in CHANNELS for trace in _channel_traces(channel)]


def _channel_traces(channel: Channel) -> list[SliceTrace]:
    # Neighbours on the sky are far apart on the detector: the two halves of the slicer interleave.
    order = np.empty(channel.slices, int)
    half = channel.slices // 2 + 1
    order[0::2], order[1::2] = np.arange(half), np.arange(half, channel.slices)
    middle = (SHAPE[0] - 1) / 2
    step = (channel.last - channel.first) / (SHAPE[0] - 1)
    made = []
    for position, index in enumerate(order[:: -channel.direction].tolist()):
        outward = 2 * position / (channel.slices - 1) - 1
        x = channel.left + channel.pitch * position
        made.append(
            SliceTrace(
                number=100 * channel.number + 1 + index,
                beta=channel.first_beta + index * channel.width,
                width=channel.width,
                length=channel.length,
                scale=channel.direction * PIXEL,
                middle=middle,
                centre=(x + channel.bend, channel.lean * outward / middle, -channel.bend / middle**2),
                wavelength=((channel.first + channel.last) / 2 - 4 * step * outward**2, step),
                skew=0.4 * step * (outward + 0.2),
            )
        )
    return made


def detector_geometry() -> DetectorGeometry:
    """Coordinates of all pixels, from the same polynomials as the WCS."""
    return map_slices(traces(), SHAPE)


def describe(model: Any, coordinates: DetectorGeometry) -> None:
    """Write into an exposure what tells the pipeline which instrument it comes from."""
    model.meta.instrument.name = "MIRI"
    model.meta.instrument.detector = DETECTOR.upper()
    model.meta.instrument.channel = "12"
    model.meta.instrument.band = "SHORT"
    model.meta.exposure.type = "MIR_MRS"


def slicer_steps(coordinates: DetectorGeometry) -> list[tuple[Any, Any]]:
    """First steps of an exposure's WCS: from the detector to the telescope's field.

    Parameters
    ----------
    coordinates : DetectorGeometry
        Of this geometry.

    Returns
    -------
    list of (frame, transform)
        Frames are ``detector`` and ``alpha_beta``; the last transform leads to (V2, V3, wavelength) in arcsec and um.
    """
    import gwcs.coordinate_frames as cf
    from astropy import units as u

    detector = cf.Frame2D(name="detector", axes_order=(0, 1), unit=(u.pix, u.pix))
    spatial = cf.Frame2D(
        name="alpha_beta_spatial", axes_order=(0, 1), unit=(u.arcsec, u.arcsec), axes_names=("alpha", "beta")
    )
    spectral = cf.SpectralFrame(name="alpha_beta_spectral", axes_order=(2,), unit=(u.micron,), axes_names=("lambda",))
    slicer = cf.CompositeFrame([spatial, spectral], name="alpha_beta")
    return [(detector, _detector_to_slicer(coordinates)), (slicer, _slicer_to_telescope())]


def _detector_to_slicer(coordinates: DetectorGeometry) -> Any:
    """Transform (x, y) to (alpha, beta, wavelength): one model per slice, chosen by the region map."""
    from astropy.modeling import bind_bounding_box
    from astropy.modeling.models import Const1D, Mapping
    from gwcs import selector
    from stdatamodels.jwst.transforms.models import MIRI_AB2Slice

    transforms = {}
    for trace in traces():
        alpha, wavelength = trace.forward()
        y, x = trace.backward()
        transforms[trace.number] = Mapping([1, 0, 0, 1, 0]) | alpha & Const1D(trace.beta) & wavelength
        transforms[trace.number].inverse = Mapping([2, 0, 2, 0], n_inputs=3) | x & y

    slice_numbers = {}
    for channel in CHANNELS:
        of_beta = MIRI_AB2Slice(channel.first_beta, channel.width, channel.number)
        slice_numbers[channel.band] = selector.LabelMapper(
            inputs=("alpha", "beta", "lam"), mapper=of_beta, inputs_mapping=Mapping((1,), n_inputs=3)
        )
    mapper = selector.LabelMapperArray(coordinates.region)
    mapper.inverse = selector.LabelMapperRange(("alpha", "beta", "lam"), slice_numbers, Mapping((2,)))
    transform = selector.RegionsSelector(
        ("x", "y"), ("alpha", "beta", "lam"), label_mapper=mapper, selector=transforms, name="detector_to_abl"
    )
    bind_bounding_box(transform, ((-0.5, SHAPE[1] - 0.5), (-0.5, SHAPE[0] - 0.5)), order="F")
    return transform


def _slicer_to_telescope() -> Any:
    """Transform (alpha, beta, wavelength) to (V2, V3, wavelength), chosen by channel as in the pipeline."""
    from astropy.modeling.models import AffineTransformation2D, Const1D, Identity, Mapping
    from gwcs import selector

    place = AffineTransformation2D(FIELD.matrix, translation=(FIELD.v2, FIELD.v3))
    numbers = {channel.band: Mapping((2,)) | Const1D(channel.number) for channel in CHANNELS}
    mapper = selector.LabelMapperRange(("alpha", "beta", "lam"), numbers, inputs_mapping=Mapping((2,)))
    mapper.inverse = mapper.copy()
    return selector.RegionsSelector(
        ("alpha", "beta", "lam"),
        ("v2", "v3", "lam"),
        label_mapper=mapper,
        selector={channel.number: place & Identity(1) for channel in CHANNELS},
        name="abl_to_v2v3l",
    )
