"""Footprints of detector pixels on the sky, as ``cube_build`` maps them for drizzling."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from atm_viewer.engine.coordinates import slice_wcs
from atm_viewer.engine.cube_grid import detector_position
from atm_viewer.engine.exposure import Exposure
from atm_viewer.engine.sky_maps import PixelPositions, SkyMaps, fit_sky_maps

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
        self._edge, self._half = (EDGE, EDGE) if self._miri else (NIRSPEC_EDGE, EDGE)
        self._widths: dict[int, float] = {}
        self._known: dict[int, np.ndarray] = {}
        self._slices = [] if self._miri else slice_wcs(exposure.model)
        if not self._miri:
            self._across = self._nirspec_slice_width()

    def slice_width(self, number: int) -> float:
        """Width of a slice on the sky [arcsec]."""
        if not self._miri:
            return self._across * self._exposure.coordinates.arcsec
        return self._miri_slice_width(number // 100)

    @cached_property
    def maps(self) -> SkyMaps | None:
        """Series that stand in for the WCS; None where they are not good enough."""
        exposure = self._exposure
        valid = np.isfinite(exposure.coordinates.ra)
        pixels = {}
        for number in exposure.slices:
            y, x = np.unravel_index(exposure.slice_pixels(number), exposure.regions.shape)
            good = valid[y, x]
            if good.any():
                pixels[number] = x[good], y[good]
        return fit_sky_maps(
            pixels, self._miri, self._edge, self._half, lambda x, y, number: self._by_wcs(x, y, number, 1)
        )

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
        found = self._by_maps(x, y, number, factor) if self.maps else self._by_wcs(x, y, number, factor)
        lam = found.wavelength
        footprints = Footprints(x, y, number, found.ra, found.dec, lam[0], np.abs(lam[1] - lam[2]), found.centre)
        valid = np.isfinite(lam[0]) & np.isfinite(found.centre).all(axis=0) & np.isfinite(found.ra).all(axis=0)
        return footprints if valid.all() else footprints.select(valid)

    def _by_maps(self, x: np.ndarray, y: np.ndarray, number: np.ndarray, factor: int) -> PixelPositions:
        assert self.maps is not None
        native_x, native_y = (x // factor, y) if self._miri else (x, y // factor)
        known = np.isfinite(self._exposure.coordinates.ra[native_y, native_x])
        if not known.all():
            x, y, number = (np.where(known, a, a[np.argmax(known)]) for a in (x, y, number))
        along, dispersion = (x, y) if self._miri else (y, x)
        found = self.maps.positions(
            number, detector_position(along, factor), dispersion.astype(float), self._edge / factor, self._half
        )
        wrong = ~known
        if self._miri:
            lam = found.wavelength
            within = np.zeros(lam.shape, dtype=bool)
            for low, high in self._wavelength_ranges:
                within |= (lam > low) & (lam < high)
            lam[~within] = np.nan
            wrong = wrong | ~within[0]
        else:
            x0, x1 = self._columns[number - 1].T
            wrong |= ~self._on_sky(factor)[y, x]
            found.wavelength[1:, (x - self._half < x0) | (x + self._half > x1)] = np.nan
        if wrong.any():
            found.wavelength[:, wrong] = np.nan
            found.ra[:, wrong] = np.nan
        return found

    @cached_property
    def _wavelength_ranges(self) -> list[tuple[float, float]]:
        """Ranges, without their ends, in which the step from alpha and beta to V2 and V3 is defined [um]."""
        transform = self._exposure.model.meta.wcs.get_transform("alpha_beta", "v2v3")
        return [(float(low), float(high)) for low, high in transform.label_mapper.mapper]

    @cached_property
    def _columns(self) -> np.ndarray:
        """First and last x of the bounding boxes of NIRSpec's slices [pixel]; shape (30, 2)."""
        return np.array([wcs.bounding_box.bounding_box(order="F")[0] for wcs in self._slices])

    def _on_sky(self, factor: int) -> np.ndarray:
        """Whether NIRSpec's pixels have all corners on the sky: at the ends of slices only the WCS knows.

        Boolean, with the shape of the oversampled exposure; True between the ends and outside of slices.
        """
        if factor not in self._known:
            regions = self._exposure.regions
            end = np.zeros(regions.shape, dtype=bool)
            for shift in (1, 2):
                end[shift:] |= regions[shift:] != regions[:-shift]
                end[:-shift] |= regions[:-shift] != regions[shift:]
            y, x = np.nonzero(end & (regions > 0))
            fine = np.repeat(y * factor, factor) + np.tile(np.arange(factor), y.size)
            x, number = np.repeat(x, factor), np.repeat(regions[y, x], factor)
            found = self._by_wcs(x, fine, number, factor)
            known = np.ones((regions.shape[0] * factor, regions.shape[1]), dtype=bool)
            known[fine, x] = np.isfinite(found.ra).all(axis=0) & np.isfinite(found.wavelength[0])
            self._known[factor] = known
        return self._known[factor]

    def _by_wcs(self, x: np.ndarray, y: np.ndarray, number: np.ndarray, factor: int) -> PixelPositions:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return self._of_miri(x, y, number, factor) if self._miri else self._of_nirspec(x, y, number, factor)

    def _of_miri(self, x: np.ndarray, y: np.ndarray, number: np.ndarray, factor: int) -> PixelPositions:
        wcs = self._exposure.model.meta.wcs
        n = x.size
        centre, low, high = (detector_position(x + edge, factor) for edge in (0.0, -EDGE, EDGE))
        alpha, beta, lam = wcs.get_transform("detector", "alpha_beta")(
            np.concatenate([centre, centre, centre, low, high]), np.concatenate([y, y - EDGE, y + EDGE, y, y])
        )
        half = np.array([self._miri_slice_width(channel) / 2.0 for channel in range(1, 5)])[number // 100 - 1]
        first, last, side = alpha[3 * n : 4 * n], alpha[4 * n :], beta[3 * n : 4 * n]
        centres = slice(0, 3 * n)
        ra, dec, wavelength = wcs.get_transform("alpha_beta", "world")(
            np.concatenate([alpha[centres], first, first, last, last]),
            np.concatenate([beta[centres], side - half, side + half, side + half, side - half]),
            np.concatenate([lam[centres], *[lam[:n]] * 4]),
        )
        return PixelPositions(
            ra[3 * n :].reshape(4, n),
            dec[3 * n :].reshape(4, n),
            np.stack([ra[:n], dec[:n]]),
            wavelength[centres].reshape(3, n),
        )

    def _of_nirspec(self, x: np.ndarray, y: np.ndarray, number: np.ndarray, factor: int) -> PixelPositions:
        ra, dec = np.full((2, 4, x.size), np.nan)
        middle, wavelength = np.full((2, x.size), np.nan), np.full((3, x.size), np.nan)
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
            middle[:, at] = r[:n], d[:n]
            wavelength[:, at] = w[: 3 * n].reshape(3, n)
        return PixelPositions(ra, dec, middle, wavelength)

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
