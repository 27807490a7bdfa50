"""Colours of the window and the plots, dark and light, legible for colour-blind eyes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """Every colour the views use, as ``#rrggbb``; curves are tuned from the Okabe-Ito palette.

    Parameters
    ----------
    name : str
        ``dark`` or ``light``.
    window, panel, field, border : str
        Background of the window, of raised parts (headers, buttons), of lists and fields; lines between them.
    plot : str
        Background of plots.
    grid : str
        Grid lines and unobtrusive rules of plots.
    text, muted, disabled : str
        Text, secondary text and axes, text of what does not apply.
    highlight, highlight_text, highlight_accent : str
        Chosen rows, text on them, and overrides on them.
    accent : str
        Overrides: whatever the user set for one slice.
    before, aperture : str
        Spectra of the spaxel before correction, and of the aperture.
    variants : tuple of str
        Spectra after correction by variants A to H. The first four, ``before`` and ``aperture`` are far apart in the
        eyes of people without red, green or blue cones as well (CIELAB distance above 23), the others nearly so (16).
    references : tuple of str
        Spectra of files from elsewhere, R1 to R4, which are dashed besides.
    series : tuple of str
        From blue to purple, for curves that are one of a series.
    threshold, spline, breakpoint, rejected, window_points, column_points : str
        Profile: threshold line, spline, inner knots, rejected points, points of the window, this column's points.
    use : str
        Alpha ranges where the spline is used.
    mark : str
        Chosen slice, column and spaxel on top of images.
    cursor : str
        What the mouse points at, in all views.
    good, warning, error : str
        Tone of messages.
    """

    name: str
    window: str
    panel: str
    field: str
    border: str
    plot: str
    grid: str
    text: str
    muted: str
    disabled: str
    highlight: str
    highlight_text: str
    highlight_accent: str
    accent: str
    before: str
    aperture: str
    variants: tuple[str, ...]
    references: tuple[str, ...]
    series: tuple[str, ...]
    threshold: str
    spline: str
    breakpoint: str
    rejected: str
    window_points: str
    column_points: str
    use: str
    mark: str
    cursor: str
    good: str
    warning: str
    error: str

    @property
    def after(self) -> str:
        """Colour of spectra after correction by the first variant."""
        return self.variants[0]

    def variant(self, name: str) -> str:
        """Colour of a variant, by its letter."""
        return self.variants[(ord(name) - ord("A")) % len(self.variants)]


DARK = Theme(
    name="dark",
    window="#181b21",
    panel="#23272f",
    field="#12151a",
    border="#343a45",
    plot="#101318",
    grid="#3a414d",
    text="#e4e7ec",
    muted="#98a1b0",
    disabled="#6c7482",
    highlight="#1f5c93",
    highlight_text="#ffffff",
    highlight_accent="#ffe2a8",
    accent="#f0a530",
    before="#a3abb8",
    aperture="#e0f957",
    variants=("#56b4e9", "#a855ff", "#f7546b", "#f9d199", "#279c6a", "#6470d0", "#b5f0ff", "#9b6532"),
    references=("#ec6a3c", "#2cc79c", "#e389bf", "#c9d64a"),
    series=("#4baefc", "#49edc2", "#f0c04a", "#e56638", "#b868b3"),
    threshold="#58d48b",
    spline="#e58db2",
    breakpoint="#4a5260",
    rejected="#ec6a3c",
    window_points="#588dcb",
    column_points="#ffffff",
    use="#2b77b8",
    mark="#ffffff",
    cursor="#ff4b5c",
    good="#2cc79c",
    warning="#f0a530",
    error="#f4774e",
)

LIGHT = Theme(
    name="light",
    window="#f2f3f5",
    panel="#e4e7eb",
    field="#ffffff",
    border="#c3c9d2",
    plot="#ffffff",
    grid="#d0d5dc",
    text="#1b1f26",
    muted="#566070",
    disabled="#8d95a1",
    highlight="#2f7bbd",
    highlight_text="#ffffff",
    highlight_accent="#ffe2a8",
    accent="#b35900",
    before="#7c8593",
    aperture="#7c5400",
    variants=("#0072b2", "#a020f0", "#780a1d", "#d68027", "#0b1c8e", "#37a07a", "#c964df", "#15171b"),
    references=("#cc4a12", "#00805d", "#b2418a", "#4d6600"),
    series=("#2c6bbf", "#06a477", "#c78900", "#af4000", "#9c4b8a"),
    threshold="#09815d",
    spline="#932373",
    breakpoint="#b9c0ca",
    rejected="#cc4a12",
    window_points="#8395bb",
    column_points="#1b1f26",
    use="#56b4e9",
    mark="#ffffff",
    cursor="#ff4b5c",
    good="#00805d",
    warning="#995800",
    error="#890b00",
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}
