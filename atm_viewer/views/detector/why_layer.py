"""How the why map looks: names and colours of its classes, and where they fall on the sky."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.engine.results.pixels import Why, WhyMap
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.session.state.selection import band_of

#: Names for the user, and colours that differ for colour-blind eyes as well (a test measures it): blues and green where
#: the spline is used; yellow, red and pink where a single rule is in the way; quiet ones where nothing speaks for it.
CLASSES: dict[Why, tuple[str, str]] = {
    Why.OUTSIDE: ("", ""),
    Why.BELOW_THRESHOLD: ("below threshold", "#6a7285"),
    Why.TOO_FEW_POINTS: ("too few points", "#76221b"),
    Why.TOO_SPARSE: ("too sparse", "#defff2"),
    Why.END_OF_SPLINE: ("end of spline", "#bbb3cd"),
    Why.BELOW_SLOPE: ("slope below limit", "#8e776c"),
    Why.NOT_WANTED: ("outside the set ranges", "#f0e442"),
    Why.OUT_OF_REACH: ("out of reach", "#e60017"),
    Why.SECOND_SOURCE: ("second source, dropped", "#f6aca2"),
    Why.USED: ("used", "#2463cd"),
    Why.REUSED: ("reused spline", "#4ebcff"),
    Why.FILLED: ("filled", "#209c3e"),
}

COLOURS = tuple(colour for _, colour in CLASSES.values())

#: The class of a spaxel over all wavelengths needs no more pixels than this.
_ENOUGH = 100_000


def names_with_counts(counts: Iterable[int]) -> list[str]:
    """Names for a legend, with numbers of pixels and their share; empty for classes without any."""
    counts = list(counts)
    total = max(sum(counts), 1)
    texts = []
    for (name, _), count in zip(CLASSES.values(), counts, strict=True):
        text = f"{name} {count:,} ({_percent(count / total)})".replace(",", "\u00a0") if name and count else ""
        texts.append(text.replace(" ", "\u00a0"))
    return texts


def short_reason(why: WhyMap, view: ExposureView, x: int, y: int) -> str:
    """Few words on what became of a pixel, empty between slices."""
    kind, number, column = Why(int(why.classes[y, x])), int(view.regions[y, x]), (y, x)[view.dispersion_axis]
    text = CLASSES[kind][0]
    source = int(why.sources[number][column]) if number in why.sources else column
    if kind in (Why.REUSED, Why.FILLED) and source != column:
        text += f" of column {source}" if kind is Why.REUSED else f" by the spline of column {source}"
    return text


def shares_text(counts: np.ndarray) -> str:
    """Shares of classes among some pixels, the most frequent first."""
    order = [k for k in np.argsort(-counts, kind="stable") if counts[k] > 0]
    return ", ".join(f"{CLASSES[Why(int(k))][0]} {_percent(counts[k] / counts.sum())}" for k in order)


def _percent(share: float) -> str:
    return "< 1 %" if share < 0.01 else f"{100 * share:.0f} %"


class SpaxelPixels:
    """Which pixels of an exposure fall on which spaxel of a sky image.

    A sample of the columns is enough: a spaxel's class is that of most of its pixels over all wavelengths.

    Parameters
    ----------
    view : ExposureView
        The exposure.
    image : SkyImage
        The grid; slices of its band alone count.
    """

    def __init__(self, view: ExposureView, image: SkyImage) -> None:
        self.view, self.image = view, image
        numbers = [n for n in view.slices if band_of(view, n) == image.band]
        step = max(1, view.regions.size // _ENOUGH)
        part = (
            (slice(None, None, step), slice(None)) if view.dispersion_axis == 0 else (slice(None), slice(0, None, step))
        )
        ours = np.zeros(int(view.regions.max()) + 1, dtype=bool)
        ours[numbers] = True
        inside = ours[view.regions[part]] & np.isfinite(view.ra[part])
        self._part, self._inside = part, inside
        east, north = image.offsets(view.ra[part][inside], view.dec[part][inside])
        x = np.rint(image.x0 - east / image.spaxel).astype(np.int64)
        y = np.rint(image.y0 + north / image.spaxel).astype(np.int64)
        ny, nx = image.image.shape
        self._on = (x >= 0) & (x < nx) & (y >= 0) & (y < ny)
        self._spaxel = (y * nx + x)[self._on]

    def count(self, why: WhyMap) -> np.ndarray:
        """Count pixels by spaxel and class.

        Parameters
        ----------
        why : WhyMap
            What became of the exposure's pixels.

        Returns
        -------
        ndarray of int64, shape (ny, nx, number of classes)
            Spaxels that no pixel's centre falls on have those of their neighbours; all 0 where the image has no value.
        """
        classes = why.classes[self._part][self._inside][self._on]
        shape = (*self.image.image.shape, len(CLASSES))
        found = np.bincount(self._spaxel * shape[2] + classes, minlength=int(np.prod(shape))).reshape(shape)
        padded = np.pad(found, ((1, 1), (1, 1), (0, 0)))
        around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
        found = np.where(found.any(axis=2, keepdims=True), found, around)
        found[~np.isfinite(self.image.image)] = 0
        return found
