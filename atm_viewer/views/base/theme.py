"""Colours of the window and the plots, dark and light, legible for colour-blind eyes."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QColor, QPainter, QPalette, QPen, QPolygonF
from PyQt6.QtWidgets import QApplication, QProxyStyle, QStyle, QStyleOption, QWidget


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


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Give the application the theme's palette and the few style rules a palette cannot say.

    Parameters
    ----------
    app : QApplication
        The application.
    theme : Theme
        Colours to use.
    """
    if app.property("theme") == theme.name:
        return  # giving all widgets the same style again takes half a second
    app.setProperty("theme", theme.name)
    app.setStyle(_Style(theme))
    app.setPalette(_palette(theme))
    app.setStyleSheet(_STYLE.format(**vars(theme)))


class _Style(QProxyStyle):
    """Fusion, with tick boxes that can be seen on a dark window, and room around the menus."""

    def __init__(self, theme: Theme):
        super().__init__("Fusion")
        self._theme = theme

    def pixelMetric(
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        """Leave room above and below the menus, as high as the messages beside them."""
        if metric == QStyle.PixelMetric.PM_MenuBarVMargin:
            return 3
        return super().pixelMetric(metric, option, widget)

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption | None,
        painter: QPainter | None,
        widget: QWidget | None = None,
    ) -> None:
        """Draw tick boxes in the theme's colours."""
        boxes = (QStyle.PrimitiveElement.PE_IndicatorCheckBox, QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck)
        if element not in boxes or option is None or painter is None:
            super().drawPrimitive(element, option, painter, widget)
            return
        side = min(option.rect.width(), option.rect.height(), 14) - 1.0
        box = QRectF(0, 0, side, side)
        box.moveCenter(QRectF(option.rect).center())
        ticked = bool(option.state & QStyle.StateFlag.State_On)
        enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        fill = self._theme.highlight if ticked and enabled else self._theme.field
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.muted if enabled else self._theme.border), 1.0))
        painter.setBrush(QColor(fill))
        painter.drawRoundedRect(box, 2.5, 2.5)
        if ticked:
            painter.setPen(QPen(QColor(self._theme.highlight_text if enabled else self._theme.disabled), 1.8))
            corners = ((0.22, 0.52), (0.42, 0.74), (0.80, 0.26))
            painter.drawPolyline(QPolygonF([box.topLeft() + QPointF(side * x, side * y) for x, y in corners]))
        painter.restore()


def _palette(theme: Theme) -> QPalette:
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    palette = QPalette()
    colours = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.field,
        role.AlternateBase: theme.window,
        role.Text: theme.text,
        role.PlaceholderText: theme.disabled,
        role.Button: theme.panel,
        role.ButtonText: theme.text,
        role.BrightText: theme.error,
        role.ToolTipBase: theme.panel,
        role.ToolTipText: theme.text,
        role.Highlight: theme.highlight,
        role.HighlightedText: theme.highlight_text,
        role.Accent: theme.highlight,
        role.Link: theme.after,
        role.Light: theme.border,
        role.Midlight: theme.panel,
        role.Mid: theme.border,
        role.Dark: theme.border,
        role.Shadow: theme.field,
    }
    for which, colour in colours.items():
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(group.Disabled, which, QColor(theme.disabled))
    return palette


_STYLE = """
QToolTip {{ color: {text}; background: {panel}; border: 1px solid {border}; padding: 3px; }}
QMainWindow::separator {{ background: {window}; width: 5px; height: 5px; }}
QMainWindow::separator:hover {{ background: {highlight}; }}
QToolButton[role="title"] {{ border: none; border-radius: 3px; color: {muted}; padding: 0; }}
QToolButton[role="title"]:hover {{ background: {border}; color: {text}; }}
QHeaderView::section {{
    color: {muted}; background: {panel}; border: none; border-right: 1px solid {border};
    border-bottom: 1px solid {border}; padding: 3px 4px;
}}
QTableView, QTreeView, QPlainTextEdit {{ border: 1px solid {border}; gridline-color: {panel}; }}
QStatusBar::item {{ border: none; }}
QFrame[role="drop"] {{ border: 2px dashed {disabled}; border-radius: 10px; }}
QFrame[role="drop"][dropping="true"] {{ border-color: {highlight}; background: {panel}; }}
QFrame[role="card"] {{ border: 1px solid {highlight}; border-radius: 10px; background: {panel}; }}
QDialog[role="palette"] {{ border: 1px solid {highlight}; }}
QDialog[role="palette"] QTreeView::item {{ padding: 3px 2px; }}
QWidget[role="hint"] {{ background: {panel}; border-left: 3px solid {highlight}; }}
QLabel[role="heading"] {{ font-weight: bold; }}
QLabel[role="muted"] {{ color: {muted}; }}
"""
