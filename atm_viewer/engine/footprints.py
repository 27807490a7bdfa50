"""Footprints of detector pixels on the sky, as ``cube_build`` maps them for drizzling."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.coordinates import slice_wcs
from atm_viewer.engine.cube_grid import detector_position
from atm_viewer.engine.exposure import Exposure

# The pipeline's distances from a pixel's centre to its edges; short of one half, so that edges stay in the pixel.
EDGE = 0.4999
NIRSPEC_EDGE = 0.49


@dataclass(frozen=True, eq=False)
class Footprints:
    """Footprints of some (oversampled) pixels.

    Parameters
    ----------
    x, y : ndarray of int64, shape (n,)
        Pixels, in the detector's frame.
    number : ndarray of int64, shape (n,)
        Slice numbers.
    ra, dec : ndarray of float64, shape (4, n)
        Corners in order around the pixel, ICRS [deg].
    wavelength, width : ndarray of float64, shape (n,)
        Wavelength of the centre and range of wavelengths that the pixel covers [um].
    centre : ndarray of float64, shape (2, n)
        RA and Dec of the centre, ICRS [deg].
    """

    x: np.ndarray
    y: np.ndarray
    number: np.ndarray
    ra: np.ndarray
    dec: np.ndarray
    wavelength: np.ndarray
    width: np.ndarray
    centre: np.ndarray

    def __len__(self) -> int:
        return self.x.size

    def select(self, chosen: np.ndarray) -> Footprints:
        """Return the footprints of some of the pixels."""
        return Footprints(
            self.x[chosen],
            self.y[chosen],
            self.number[chosen],
            self.ra[:, chosen],
            self.dec[:, chosen],
            self.wavelength[chosen],
            self.width[chosen],
            self.centre[:, chosen],
        )


class SkyMapper:
    """Maps pixels of one exposure to the sky (``map_miri_pixel_to_sky``, ``map_nirspec_pixel_to_sky``).

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    """

    def __init__(self, exposure: Exposure) -> None:
        self._exposure = exposure
        self._miri = exposure.instrument == "MIRI"
        self._widths: dict[int, float] = {}
        self._slices = [] if self._miri else slice_wcs(exposure.model)
        if not self._miri:
            self._across = self._nirspec_slice_width()

    def slice_width(self, number: int) -> float:
        """Width of a slice on the sky [arcsec]."""
        if not self._miri:
            return self._across * self._exposure.coordinates.arcsec
        return self._miri_slice_width(number // 100)

    def footprints(self, x: np.ndarray, y: np.ndarray, number: np.ndarray, factor: int) -> Footprints:
        """Footprints of pixels.

        Parameters
        ----------
        x, y : ndarray of int, shape (n,)
            Pixels in the detector's frame, oversampled by ``factor``.
        number : ndarray of int, shape (n,)
            Slices they belong to.
        factor : int
            Oversampling factor.

        Returns
        -------
        Footprints
            Without pixels whose centre or corners have no position on the sky.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            found = self._of_miri(x, y, number, factor) if self._miri else self._of_nirspec(x, y, number, factor)
        return found.select(np.isfinite(found.wavelength) & np.isfinite(found.ra).all(axis=0))

    def _of_miri(self, x: np.ndarray, y: np.ndarray, number: np.ndarray, factor: int) -> Footprints:
        wcs = self._exposure.model.meta.wcs
        n = x.size
        centre, low, high = (detector_position(x + edge, factor) for edge in (0.0, -EDGE, EDGE))
        alpha, beta, lam = wcs.get_transform("detector", "alpha_beta")(
            np.concatenate([centre, centre, centre, low, high]), np.concatenate([y, y - EDGE, y + EDGE, y, y])
        )
        half = np.array([self._miri_slice_width(channel) / 2.0 for channel in range(1, 5)])[number // 100 - 1]
        first, last, side = alpha[3 * n : 4 * n], alpha[4 * n :], beta[3 * n : 4 * n]
        world = wcs.get_transform("alpha_beta", "world")
        centres = slice(0, 3 * n)
        ra, dec, wavelength = world(
            np.concatenate([alpha[centres], first, first, last, last]),
            np.concatenate([beta[centres], side - half, side + half, side + half, side - half]),
            np.concatenate([lam[centres], *[lam[:n]] * 4]),
        )
        return Footprints(
            x,
            y,
            number,
            ra[3 * n :].reshape(4, n),
            dec[3 * n :].reshape(4, n),
            np.where(np.isfinite(ra[:n]), wavelength[:n], np.nan),
            np.abs(wavelength[n : 2 * n] - wavelength[2 * n : 3 * n]),
            np.stack([ra[:n], dec[:n]]),
        )

    def _of_nirspec(self, x: np.ndarray, y: np.ndarray, number: np.ndarray, factor: int) -> Footprints:
        ra, dec = np.full((2, 4, x.size), np.nan)
        wavelength, width = np.full((2, x.size), np.nan)
        middle = np.full((2, x.size), np.nan)
        for one in np.unique(number):
            at = np.flatnonzero(number == one)
            n = at.size
            wcs = self._slices[one - 1]
            column = x[at].astype(float)
            centre, low, high = (detector_position(y[at] + edge, factor) for edge in (0.0, -NIRSPEC_EDGE, NIRSPEC_EDGE))
            across, along, lam = wcs.get_transform(wcs.available_frames[0], "slicer")(
                np.concatenate([column, column - EDGE, column + EDGE, column, column]),
                np.concatenate([centre, centre, centre, low, high]),
            )
            first, last, half = slice(3 * n, 4 * n), slice(4 * n, 5 * n), self._across / 2
            r, d, w = wcs.get_transform("slicer", wcs.output_frame)(
                np.concatenate(
                    [
                        across[: 3 * n],
                        across[first] - half,
                        across[first] + half,
                        across[last] + half,
                        across[last] - half,
                    ]
                ),
                np.concatenate([along[: 3 * n], along[first], along[first], along[last], along[last]]),
                np.concatenate([lam[: 3 * n], lam[first], lam[first], lam[last], lam[last]]),
            )
            ra[:, at], dec[:, at] = r[3 * n :].reshape(4, n), d[3 * n :].reshape(4, n)
            wavelength[at] = np.where(np.isfinite(r[:n]), w[:n], np.nan)
            width[at] = np.abs(w[n : 2 * n] - w[2 * n : 3 * n])
            middle[:, at] = r[:n], d[:n]
        return Footprints(x, y, number, ra, dec, wavelength, width, middle)

    def _miri_slice_width(self, channel: int) -> float:
        """Distance of the first two slices of a channel in beta [arcsec]."""
        if channel not in self._widths:
            regions = self._exposure.regions
            y, x = np.nonzero(regions // 100 == channel)
            if not y.size:
                return np.nan
            rows = np.abs(y - regions.shape[0] // 2) < 2
            _, beta, _ = self._exposure.model.meta.wcs.get_transform("detector", "alpha_beta")(x[rows], y[rows])
            values = np.unique(beta[np.isfinite(beta)])
            self._widths[channel] = float(np.abs(values[1] - values[0])) if values.size > 1 else np.nan
        return self._widths[channel]

    def _nirspec_slice_width(self) -> float:
        """Distance of neighbouring slices on the slicer [m], from the centres of the first and the third."""
        centres = []
        for wcs in (self._slices[0], self._slices[2]):
            box = wcs.bounding_box
            across, _, _ = wcs.get_transform(wcs.available_frames[0], "slicer")(np.mean(box[0]), np.mean(box[1]))
            centres.append(across)
        return float(abs(centres[0] - centres[1]))
