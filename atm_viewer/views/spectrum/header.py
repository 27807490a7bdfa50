"""Texts of the spectrum view: legend, noise, and values under the mouse."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.session.spectrum.curves import MASKS, Curve, Picture
from atm_viewer.views.base.plain_text import Label, escaped, plain_tip
from atm_viewer.views.base.plotting import Line, legend_html, plain, with_unit
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.spectrum.axes import HATCHES

#: Dashes of variants, where colours stand for places, and their glyphs in the legend.
_DASHES = {
    Qt.PenStyle.SolidLine: "—",
    Qt.PenStyle.DashLine: "╌",
    Qt.PenStyle.DotLine: "⋯",
    Qt.PenStyle.DashDotLine: "╌·",
    Qt.PenStyle.DashDotDotLine: "╌··",
}


@dataclass(frozen=True)
class Styles:
    """Colours and dashes of curves.

    Parameters
    ----------
    theme : Theme
        Colours.
    by_place : bool
        Colours stand for places, and dashes for variants; else colours stand for variants.
    bands : tuple of str
        Where all bands are shown, colours stand for these; else empty.
    """

    theme: Theme
    by_place: bool
    bands: tuple[str, ...] = ()

    def colour(self, curve: Curve) -> str:
        """Colour of a curve."""
        if curve.role == "reference":
            return self.theme.references[_number(curve) % len(self.theme.references)]
        if curve.band:
            return self.theme.variants[self.bands.index(curve.band) % len(self.theme.variants)]
        if curve.role != "after":
            return self.theme.before if curve.role == "before" else self.theme.aperture
        return self.theme.variants[curve.place - 1] if self.by_place else self.theme.variant(curve.variant)

    def dash(self, curve: Curve) -> Qt.PenStyle:
        """Dash of a curve."""
        if curve.role == "reference":
            return list(_DASHES)[1 + _number(curve) % (len(_DASHES) - 1)]
        if curve.role != "after" or not self.by_place or curve.band:
            return Qt.PenStyle.SolidLine
        return list(_DASHES)[(ord(curve.variant) - ord("A")) % len(_DASHES)]

    def glyph(self, curve: Curve) -> str:
        """Sign of a curve in the legend."""
        return _DASHES[self.dash(curve)]


def _number(curve: Curve) -> int:
    """Count a reference from 0, by its name ``R1`` and so on."""
    return int(curve.variant[1:]) - 1


class SpectrumHeader(QWidget):
    """Noise and state in one line, with the buttons; the legend below."""

    def __init__(self) -> None:
        super().__init__()
        self.legend = Label(markup=True)
        self.legend.setWordWrap(True)
        self.legend.setMinimumWidth(40)
        self.legend.setContentsMargins(6, 0, 6, 2)
        self.noise = Label(markup=True)
        self.noise.setToolTip(
            "Resampling noise before → after: 1.4826 × median absolute deviation of spaxel / aperture from a cubic "
            "in wavelength [%]"
        )
        self.place = Line()
        self.place.setToolTip(
            "Spaxel x, y in both cubes (zero-based), or smoothing and RF1D in use. With a grid for each cube, "
            "the corrected one may start a row or column earlier."
        )
        self.options_button = QToolButton()
        self.options_button.setText("Options")
        self.options_button.setCheckable(True)
        self.options_button.setToolTip(
            "Set units, axis, redshift, lines, panels, reference, smoothing, masks and errors (Ctrl+U)"
        )
        self.fit_button = QToolButton()
        self.fit_button.setText("Fit")
        self.fit_button.setToolTip(
            "Show the whole spectrum (double-click; wheel: zoom in wavelength, with Ctrl in flux; drag: move)"
        )
        self.zoom_button = QToolButton()
        self.zoom_button.setText("Zoom")
        self.zoom_button.setCheckable(True)
        self.zoom_button.setToolTip(
            "Drag to draw a box to zoom into; drag sideways for a range of wavelengths (Z; also: Shift+drag)"
        )
        line = QHBoxLayout()
        line.setContentsMargins(6, 2, 4, 2)
        line.setSpacing(4)
        line.addWidget(self.noise)
        line.addSpacing(8)
        line.addWidget(self.place, 1)
        for button in (self.options_button, self.zoom_button, self.fit_button):
            line.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(self.legend)

    def write(self, picture: Picture, styles: Styles, active: tuple[str, int]) -> None:
        """Say what a picture shows; ``active`` are the active variant and place."""
        main, theme = picture.main, styles.theme
        if main is None:
            for label in (self.legend, self.noise, self.place):
                label.setText("")
            return
        faint = [c for c in picture.curves if c.band and c.role == "before"]
        entries = [
            (styles.glyph(c), theme.before if c in faint else styles.colour(c), c.label) for c in _in_order(picture)
        ]
        entries += [("", theme.muted, f"{band}: {why}") for band, why in picture.bands.items() if why]
        entries += [
            (HATCHES[kind].glyph, theme.after if kind == "filled" else theme.muted, MASKS[kind].partition(" (")[0])
            for kind in picture.masks
        ]
        # an entry is not broken; entries with the same look and name at several places appear once
        unbroken = [(glyph, colour, words.replace(" ", "\u00a0")) for glyph, colour, words in entries]
        self.legend.setText(legend_html(dict.fromkeys(unbroken)))
        self.legend.setToolTip(plain_tip(_explain(picture)))
        of = f"{escaped(main.band)}: " if picture.bands else ""
        noise = "…" if main.spaxel_only else f"{_percent(main.noise_before)} → {_percent(main.noise_after)}"
        self.noise.setText(f"<b>{of}noise {noise}</b>")
        stale = any(c.stale for c in picture.curves if (c.variant, c.place) == active)
        words = "updating…" if stale else picture.treatment or f"spaxel {main.spaxel[0]}, {main.spaxel[1]}"
        colour = theme.warning if stale or picture.treatment else theme.muted
        self.place.setText(f'<span style="color:{colour}">{escaped(words)}</span>')


def values_at(picture: Picture, active: tuple[str, int], part: SpaxelSpectra, k: int) -> str:
    """Values in plane ``k`` of a band as they are, neither smoothed nor with an offset, for the status line.

    Of references, which have planes of their own, in the nearest one.
    """
    variant, place = active
    unit = picture.unit or part.unit
    ordered = [c for c in _in_order(picture) if c.band in ("", part.band)]
    told = [
        f"{c.label.partition(' + ')[0]} {with_unit(float(c.plain[k]), unit)}"
        for c in ordered
        if k < c.plain.size and c.role in ("before", "after") and (c.place == place or c.variant == variant)
    ]
    wave = float(part.wavelength[k])
    told += [
        f"{c.variant} {with_unit(float(c.plain[np.abs(c.wavelength - wave).argmin()]), unit)}"
        for c in ordered
        if c.role == "reference"
    ]
    aperture = f"aperture {with_unit(float(part.aperture_after[k]), 'Jy' if part.unit == 'MJy/sr' else part.unit)}"
    shown = next((c for c in ordered if (c.role, c.place) == ("aperture", place)), None)
    if shown is not None:
        how = "scaled" if "scaled" in shown.label else "or"
        aperture += f", {how} {with_unit(float(shown.plain[k]), unit)}"
    if part.coverage_after is not None and (share := float(part.coverage_after[k])) < 1:
        aperture += f" ({share:.0%} covered)"
    told.append(aperture)
    ratios = [
        plain(float(c.ratio[k]), 4)
        for c in ordered
        if c.place == place and c.ratio is not None and c.role != "reference"
    ]
    if ratios:
        told.append(f"{ratio_name(picture.reference)} {' → '.join(ratios)}")
    return "   ".join(told)


def ratio_name(reference: str) -> str:
    """Name of the ratio against a reference."""
    what = "after" if reference == "before" else "variant" if reference.startswith("variant ") else "spaxel"
    return f"{what} / {reference.removeprefix('variant ')}"


def _in_order(picture: Picture) -> list[Curve]:
    """Curves in the order of the legend."""
    rank = {"before": 0, "after": 1, "aperture": 2, "reference": 3}
    return sorted(picture.curves, key=lambda c: (c.place, rank[c.role], c.variant))


def _explain(picture: Picture) -> str:
    told = [
        "Scaled: the aperture's spectrum is multiplied by one number so that its median ratio to the corrected "
        "spaxel is 1. If source and aperture have the same spectrum, this is the spaxel without resampling noise."
    ]
    told += [f"{HATCHES[kind].glyph} {MASKS[kind]}" for kind in picture.masks]
    if picture.bands:
        told = [f"{p.band}: noise {_percent(p.noise_before)} → {_percent(p.noise_after)}" for p in picture.parts]
    return "\n".join(told)


def _percent(share: float) -> str:
    """Noise as a text, such as ``2.1 %``."""
    return "not defined" if math.isnan(share) else f"{100.0 * share:.1f} %"
