"""A MIRI MRS of our own: channels 1 and 2, band SHORT, on the detector MIRIFUSHORT.

Slice counts, widths, pixel scale and wavelength ranges are the published ones, and the slices lie on the detector
in the instrument's order; the shapes of traces and dispersion are simple polynomials with exact inverses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from atm_viewer.demo.scene import Optics
from atm_viewer.demo.slice_map import SliceMap
from atm_viewer.demo.telescope import FieldOfView

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

OPTICS = Optics(fwhm=lambda wavelength: 0.033 * wavelength + 0.106, resolving_power=3000.0)
"""Full width of the point-spread function after Law et al. 2023, AJ 166, 45."""


@dataclass(frozen=True)
class Channel:
    """Layout of one channel.

    Attributes
    ----------
    number, slices : int
        Channel and its count of slices; these are numbered from ``100 * number + 1`` along beta.
    slice_width, length : float
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
    slice_width: float
    length: float
    direction: int
    left: float
    pitch: float
    bend: float
    lean: float
    first: float
    last: float


CHANNELS = (
    Channel(1, 21, 0.176, 3.7, +1, 24.0, 23.0, 4.4, 1.6, 4.885, 5.755),
    Channel(2, 17, 0.277, 4.8, -1, 535.0, 28.5, 11.5, 2.2, 7.490, 8.790),
)


@dataclass(frozen=True)
class Slice:
    """One slice on the detector, in terms of ``u``, the detector row counted from the middle.

    Attributes
    ----------
    number : int
        Slice number as in the pipeline's region map.
    channel : Channel
        Channel it belongs to.
    beta : float
        Place across the slices in arcsec.
    centre : tuple of float
        Coefficients (constant, linear, quadratic) of the detector x at which alpha is zero, in ``u``.
    wavelength : tuple of float
        Coefficients (constant, linear) of the wavelength in um at alpha = 0, in ``u``.
    skew : float
        Change of wavelength along the slice in um per arcsec: lines are a little tilted on the detector.
    """

    number: int
    channel: Channel
    beta: float
    centre: tuple[float, float, float]
    wavelength: tuple[float, float]
    skew: float


_MIDDLE = (SHAPE[0] - 1) / 2


def slices() -> list[Slice]:
    """All slices, in the order in which they lie on the detector."""
    return [one for channel in CHANNELS for one in _channel_slices(channel)]


def _channel_slices(channel: Channel) -> list[Slice]:
    # Neighbours on the sky are far apart on the detector: the two halves of the slicer interleave.
    order = np.empty(channel.slices, int)
    half = channel.slices // 2 + 1
    order[0::2], order[1::2] = np.arange(half), np.arange(half, channel.slices)
    step = (channel.last - channel.first) / (SHAPE[0] - 1)
    made = []
    for position, index in enumerate(order[:: -channel.direction].tolist()):
        outward = 2 * position / (channel.slices - 1) - 1
        x = channel.left + channel.pitch * position
        made.append(
            Slice(
                number=100 * channel.number + 1 + index,
                channel=channel,
                beta=(index - (channel.slices - 1) / 2) * channel.slice_width,
                centre=(x + channel.bend, channel.lean * outward / _MIDDLE, -channel.bend / _MIDDLE**2),
                wavelength=((channel.first + channel.last) / 2 - 4 * step * outward**2, step),
                skew=0.4 * step * (outward + 0.2),
            )
        )
    return made


def slice_map() -> SliceMap:
    """Coordinates of all pixels, from the same polynomials as the WCS."""
    region = np.zeros(SHAPE, np.int32)
    alpha, beta, wavelength, width = (np.full(SHAPE, np.nan) for _ in range(4))
    y, x = np.indices(SHAPE, float)
    u = y - _MIDDLE
    for one in slices():
        reach = one.channel.length / 2 / PIXEL + one.channel.bend + one.channel.lean + 1
        columns = slice(max(int(one.centre[0] - reach), 0), int(one.centre[0] + reach) + 1)
        along = one.channel.direction * PIXEL * (x[:, columns] - Polynomial(one.centre)(u[:, columns]))
        inside = np.abs(along) <= one.channel.length / 2
        region[:, columns][inside] = one.number
        alpha[:, columns][inside] = along[inside]
        beta[:, columns][inside] = one.beta
        width[:, columns][inside] = one.channel.slice_width
        wavelength[:, columns][inside] = (Polynomial(one.wavelength)(u[:, columns]) + one.skew * along)[inside]
    return SliceMap(region, alpha, beta, wavelength, PIXEL, width)


def describe(model: Any) -> None:
    """Write into an exposure's metadata what tells the pipeline which instrument it comes from."""
    model.meta.instrument.name = "MIRI"
    model.meta.instrument.detector = DETECTOR.upper()
    model.meta.instrument.channel = "12"
    model.meta.instrument.band = "SHORT"
    model.meta.exposure.type = "MIR_MRS"


def slicer_steps(coordinates: SliceMap) -> list[tuple[Any, Any]]:
    """First steps of an exposure's WCS: from the detector to the telescope's field.

    Parameters
    ----------
    coordinates : SliceMap
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


def _detector_to_slicer(coordinates: SliceMap) -> Any:
    """Transform (x, y) to (alpha, beta, wavelength): one model per slice, chosen by the region map."""
    from astropy.modeling import bind_bounding_box
    from astropy.modeling.models import Const1D, Mapping, Polynomial2D
    from gwcs import selector
    from stdatamodels.jwst.transforms.models import MIRI_AB2Slice

    def quadratic(coefficients: NDArray[np.float64]) -> Any:
        named = {f"c{i}_{j}": coefficients[i, j] for i in range(3) for j in range(3 - i)}
        return Polynomial2D(2, **named)

    transforms = {}
    for one in slices():
        scale = one.channel.direction * PIXEL
        # In detector rows y and columns x: alpha = scale (x - centre(u)), wavelength = w0 + w1 u + skew alpha.
        u = np.array([[-_MIDDLE, 0, 0], [1, 0, 0], [0, 0, 0]], float)
        x = np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]], float)
        alpha = scale * (x - _of_plane(one.centre, u))
        wavelength = _of_plane(one.wavelength, u) + one.skew * alpha
        forward = Mapping([1, 0, 0, 1, 0]) | quadratic(alpha) & Const1D(one.beta) & quadratic(wavelength)
        # And solved for u, in wavelength and alpha.
        constant, linear = one.wavelength
        u = np.array([[-constant, -one.skew, 0], [1, 0, 0], [0, 0, 0]], float) / linear
        x = np.array([[0, 1 / scale, 0], [0, 0, 0], [0, 0, 0]]) + _of_plane(one.centre, u)
        y = u.copy()
        y[0, 0] += _MIDDLE
        forward.inverse = Mapping([2, 0, 2, 0], n_inputs=3) | quadratic(x) & quadratic(y)
        transforms[one.number] = forward

    by_band = {}
    for channel in CHANNELS:
        first = -(channel.slices - 1) / 2 * channel.slice_width
        number = MIRI_AB2Slice(first, channel.slice_width, channel.number)
        by_band[_band(channel)] = selector.LabelMapper(
            inputs=("alpha", "beta", "lam"), mapper=number, inputs_mapping=Mapping((1,), n_inputs=3)
        )
    mapper = selector.LabelMapperArray(coordinates.region)
    mapper.inverse = selector.LabelMapperRange(("alpha", "beta", "lam"), by_band, Mapping((2,)))
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
    channels = {_band(c): Mapping((2,)) | Const1D(c.number) for c in CHANNELS}
    mapper = selector.LabelMapperRange(("alpha", "beta", "lam"), channels, inputs_mapping=Mapping((2,)))
    mapper.inverse = mapper.copy()
    return selector.RegionsSelector(
        ("alpha", "beta", "lam"),
        ("v2", "v3", "lam"),
        label_mapper=mapper,
        selector={c.number: place & Identity(1) for c in CHANNELS},
        name="abl_to_v2v3l",
    )


def _band(channel: Channel) -> tuple[float, float]:
    """Wavelengths in um that belong to a channel beyond doubt."""
    return channel.first - 0.1, channel.last + 0.1


def _of_plane(coefficients: tuple[float, ...], plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coefficients of a polynomial, at most quadratic, of a plane ``p00 + p10 a + p01 b``.

    Parameters
    ----------
    coefficients : tuple of float
        Of the polynomial, constant first.
    plane : ndarray, shape (3, 3)
        Element (i, j) belongs to ``a**i b**j``.

    Returns
    -------
    ndarray, shape (3, 3)
        Indexed as ``plane``.
    """
    constant, slope_a, slope_b = plane[0, 0], plane[1, 0], plane[0, 1]
    square = np.zeros((3, 3))
    square[0, 0], square[1, 0], square[0, 1] = constant**2, 2 * constant * slope_a, 2 * constant * slope_b
    square[2, 0], square[0, 2], square[1, 1] = slope_a**2, slope_b**2, 2 * slope_a * slope_b
    powers = [np.array([[1.0, 0, 0], [0, 0, 0], [0, 0, 0]]), plane, square]
    return np.sum([c * power for c, power in zip(coefficients, powers, strict=False)], axis=0)
