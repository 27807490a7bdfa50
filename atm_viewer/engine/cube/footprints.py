"""Footprints of detector pixels on the sky, as ``cube_build`` maps them for drizzling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from atm_viewer.engine.arrays import Floats, Integers, Mask
from atm_viewer.engine.cube.cube_grid import detector_position
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.io.sky_maps import PixelPositions, SkyMaps, SlicePolynomials, fit_sky_maps
from atm_viewer.engine.kernels.sky import find_within
from atm_viewer.engine.tangent import TangentPlane
from atm_viewer.engine.threads import without_warnings

# The pipeline's distances from a pixel's centre to its edges; short of one half, so that edges stay in the pixel.
EDGE = 0.4999
NIRSPEC_EDGE = 0.49

#: Keeps what is made of a slice, by its number, and gives it while it is kept.
KeepSlice = Callable[[int, Callable[[], SlicePolynomials]], SlicePolynomials]


@dataclass(frozen=True, eq=False)
class Footprints:
    """Footprints of some (oversampled) pixels.

    Parameters
    ----------
    x, y : ndarray of int64, shape (n,)
        Pixels, in the detector's frame.
    number : ndarray of int64, shape (n,)
        Slice numbers.
    plane : TangentPlane
        Plane that positions are given in.
    xi, eta : ndarray of float64, shape (5, n)
        Corners in order around the pixel, and its centre, in the plane [arcsec].
    wavelength, width : ndarray of float64, shape (n,)
        Wavelength of the centre and range of wavelengths that the pixel covers [um].
    """

    x: Integers
    y: Integers
    number: Integers
    plane: TangentPlane
    xi: Floats
    eta: Floats
    wavelength: Floats
    width: Floats

    def __len__(self) -> int:
        return self.x.size

    def select(self, chosen: Integers) -> Footprints:
        """Return the footprints of some of the pixels."""
        return Footprints(
            self.x[chosen],
            self.y[chosen],
            self.number[chosen],
            self.plane,
            self.xi[:, chosen],
            self.eta[:, chosen],
            self.wavelength[chosen],
            self.width[chosen],
        )

    def on(self, plane: TangentPlane) -> tuple[Floats, Floats]:
        """Corners and centre in another tangent plane [arcsec], both of shape (5, n)."""
        return self.plane.onto(plane, self.xi, self.eta)

    @property
    def ra(self) -> np.ndarray:
        """Right ascension of the corners, ICRS [deg]; shape (4, n)."""
        return self._positions[0][:4]

    @property
    def dec(self) -> np.ndarray:
        """Declination of the corners, ICRS [deg]; shape (4, n)."""
        return self._positions[1][:4]

    @property
    def centre(self) -> np.ndarray:
        """Right ascension and declination of the centres, ICRS [deg]; shape (2, n)."""
        return np.stack([self._positions[0][4], self._positions[1][4]])

    @cached_property
    def _positions(self) -> tuple[np.ndarray, np.ndarray]:
        return self.plane.positions(self.xi, self.eta)


class SkyMapper:
    """Maps pixels of one exposure to the sky (``map_miri_pixel_to_sky``, ``map_nirspec_pixel_to_sky``).

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    keep : callable, optional
        Keeps the series of slices, evaluated in all columns: a megabyte each in NIRSpec. By default all stay.
    """

    def __init__(self, exposure: Exposure, keep: KeepSlice | None = None) -> None:
        self._exposure = exposure
        # Nothing here refers to the mapper itself: its exposure is to be gone as soon as nobody has the mapper.
        kept: dict[int, SlicePolynomials] = {}
        self._keep = keep or (lambda number, make: kept.get(number) or kept.setdefault(number, make()))
        self._miri = exposure.instrument == "MIRI"
        self._ends: dict[int, Floats] = {}
        self._edge, self._half = (EDGE, EDGE) if self._miri else (NIRSPEC_EDGE, EDGE)

    def slice_width(self, number: int) -> float:
        """Width of a slice on the sky [arcsec]."""
        if not self._miri:
            return self._across * self._exposure.coordinates.arcsec
        return float(self._widths["beta"][number // 100 - 1])

    @property
    def _across(self) -> float:
        return float(self._widths["across"])

    @cached_property
    def _widths(self) -> dict[str, Floats]:
        def make() -> dict[str, Floats]:
            if self._miri:
                return {"beta": np.array([self._miri_slice_width(channel) for channel in (1, 2, 3, 4)])}
            return {"across": np.array(self._nirspec_slice_width())}

        return self._exposure.kept.get_or_make("slice-widths", make)

    @cached_property
    def maps(self) -> SkyMaps | None:
        """Series that stand in for the WCS; None where they are not good enough."""

        def make() -> dict[str, Integers]:
            maps = self._fit_maps()
            return {} if maps is None else vars(maps)

        arrays = self._exposure.kept.get_or_make("sky-maps", make)
        return SkyMaps(**arrays).placed(self._exposure.placement) if arrays else None

    def slice_map(self, number: int) -> SlicePolynomials:
        """Series of one slice, evaluated in each of its columns."""
        assert self.maps is not None
        return self._keep(number, partial(self.maps.of_slice, number, self._half))

    def within(
        self, x: Integers, y: Integers, number: int, plane: TangentPlane, disc: tuple[float, float, float]
    ) -> Mask:
        """Whether centres of native pixels of a slice are in a disc of a plane.

        It is given by its centre and radius [arcsec]. Only where series stand in for the WCS; pixels in columns
        without a series are not.
        """
        assert self.maps is not None
        here, inside = self.slice_map(number), np.empty(x.size, dtype=bool)
        along, dispersion = (x, y) if self._miri else (y, x)
        matrix = self.maps.plane.matrix(plane)
        find_within(dispersion - here.first, along, here.columns, here.shift, here.scale, matrix, disc, inside)
        return inside

    def ends(self, number: int) -> Floats:
        """Find the ends of a slice, see `SlicePolynomials.ends`."""
        if number not in self._ends:
            self._ends[number] = self.slice_map(number).ends
        return self._ends[number]

    @property
    def edge(self) -> float:
        """Distance of a native pixel's centre to its edges along the slice [pixel]."""
        return self._edge

    def _fit_maps(self) -> SkyMaps | None:
        exposure = self._exposure
        valid = exposure.coordinates.packed_sky[0].mask
        pixels = {}
        for number in exposure.slices:
            y, x = np.unravel_index(exposure.slice_pixels(number), exposure.regions.shape)
            good = valid[y, x]
            if good.any():
                pixels[number] = x[good], y[good]

        def by_wcs(x: Integers, y: Integers, number: Integers) -> PixelPositions:
            return self._by_wcs(x, y, number, 1)

        wcs = exposure.wcs
        if self._miri:
            return fit_sky_maps(pixels, True, self._edge, self._half, by_wcs, ranges=wcs.ranges)

        def along(x: Floats, y: Floats, number: int) -> Floats:
            found = wcs.slices[number](x, y)
            return np.where(np.isfinite(found[2]), found[1], np.nan)

        return fit_sky_maps(pixels, False, self._edge, self._half, by_wcs, along, wcs.table)

    def footprints(self, x: Integers, y: Integers, number: Integers, factor: float) -> Footprints:
        """Footprints of pixels.

        Parameters
        ----------
        x, y : ndarray of int, shape (n,)
            Pixels in the detector's frame, oversampled by ``factor``.
        number : ndarray of int, shape (n,)
            Slices they belong to.
        factor : float
            Oversampling factor.

        Returns
        -------
        Footprints
            Without pixels whose centre or corners have no position on the sky.
        """
        if self.maps:
            along, dispersion = (x, y) if self._miri else (y, x)
            centre = detector_position(along, factor)
            found = self.maps.positions(number, centre, dispersion, self._edge / factor, self._half)
        else:
            plane = TangentPlane(*(float(np.nanmedian(a)) for a in self._first_positions))
            found = self._by_wcs(x, y, number, factor).placed(self._exposure.placement).on(plane)
        lam = found.wavelength
        width = np.abs(lam[1] - lam[2])
        footprints = Footprints(x, y, number, found.plane, found.xi, found.eta, lam[0], width)
        valid = np.isfinite(lam[0]) & np.isfinite(found.xi).all(axis=0)
        return footprints if valid.all() else footprints.select(valid)

    @cached_property
    def _first_positions(self) -> tuple[np.ndarray, np.ndarray]:
        ra, dec = self._exposure.coordinates.packed_sky
        return self._exposure.placement.positions(ra.values[:1].astype(float), dec.values[:1].astype(float))

    def _by_wcs(self, x: Integers, y: Integers, number: Integers, factor: float) -> PixelPositions:
        with without_warnings():
            return self._of_miri(x, y, number, factor) if self._miri else self._of_nirspec(x, y, number, factor)

    def _of_miri(self, x: Integers, y: Integers, number: Integers, factor: float) -> PixelPositions:
        wcs = self._exposure.wcs
        n = x.size
        centre, low, high = (detector_position(x + edge, factor) for edge in (0.0, -EDGE, EDGE))
        alpha, beta, lam = wcs.slicer(
            np.concatenate([centre, centre, centre, low, high]), np.concatenate([y, y - EDGE, y + EDGE, y, y])
        )
        half = self._widths["beta"][number // 100 - 1] / 2.0
        first, last, side = alpha[3 * n : 4 * n], alpha[4 * n :], beta[3 * n : 4 * n]
        centres = slice(0, 3 * n)
        ra, dec, wavelength = wcs.world(
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

    def _of_nirspec(self, x: Integers, y: Integers, number: Integers, factor: float) -> PixelPositions:
        ra, dec = np.full((2, 4, x.size), np.nan)
        middle, wavelength = np.full((2, x.size), np.nan), np.full((3, x.size), np.nan)
        wcs = self._exposure.wcs
        for one in np.unique(number):
            at = np.flatnonzero(number == one)
            n = at.size
            column = x[at].astype(float)
            centre, low, high = (detector_position(y[at] + edge, factor) for edge in (0.0, -NIRSPEC_EDGE, NIRSPEC_EDGE))
            across, along, lam = wcs.slicer(
                np.concatenate([column, column - EDGE, column + EDGE, column, column]),
                np.concatenate([centre, centre, centre, low, high]),
                int(one),
            )
            first, last, half = slice(3 * n, 4 * n), slice(4 * n, 5 * n), self._across / 2
            r, d, w = wcs.world(
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
        regions = self._exposure.regions
        y, x = np.nonzero(regions // 100 == channel)
        if not y.size:
            return np.nan
        rows = np.abs(y - regions.shape[0] // 2) < 2
        _, beta, _ = self._exposure.wcs.slicer(x[rows], y[rows])
        values = np.unique(beta[np.isfinite(beta)])
        return float(np.abs(values[1] - values[0])) if values.size > 1 else np.nan

    def _nirspec_slice_width(self) -> float:
        """Distance of neighbouring slices on the slicer [m], from the centres of the first and the third."""
        wcs, centres = self._exposure.wcs, []
        for number in (1, 3):
            x, y = (np.array([np.mean(ends)]) for ends in wcs.boxes[number])
            centres.append(wcs.slicer(x, y, number)[0][0])
        return float(abs(centres[0] - centres[1]))
