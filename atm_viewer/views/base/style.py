"""Style of the window's widgets: Fusion in the theme's colours.

All colours come from the palette: to give the widgets another one takes Qt some hundredths of a second, another style
or an application's style sheet more than a second.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QBrush, QColor, QFont, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PyQt6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QProxyStyle,
    QStyle,
    QStyleHintReturn,
    QStyleOption,
    QToolButton,
    QToolTip,
    QWidget,
)

from atm_viewer.views.base.theme import Theme

#: Role of the palette that secondary text has: nothing else here is a link that was followed.
MUTED = QPalette.ColorRole.LinkVisited


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Give the application the theme's palette, and with the first one the style that draws with it.

    Parameters
    ----------
    app : QApplication
        The application.
    theme : Theme
        Colours to use.
    """
    if not isinstance(app.style(), Style):
        app.setStyle(Style())
    palette = _palette(theme)
    if app.palette() != palette:
        app.setPalette(palette)
        QToolTip.setPalette(palette)


def make_heading(label: QLabel) -> None:
    """Write a label in bold."""
    font = QFont()
    font.setBold(True)
    label.setFont(font)


def make_narrow(button: QToolButton) -> None:
    """Give a button no more room than its words take."""
    button.setMaximumWidth(button.fontMetrics().horizontalAdvance(button.text()) + 11)


class Card(QFrame):
    """Raised part with round corners; a dashed place that is raised while it is being used."""

    def __init__(self, parent: QWidget | None = None, *, dashed: bool = False):
        super().__init__(parent)
        self._dashed = dashed
        self._raised = not dashed

    def set_raised(self, raised: bool) -> None:
        """Show whether it is being used."""
        self._raised = raised
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw edge and background."""
        painter, palette = QPainter(self), self.palette()
        width = 2.0 if self._dashed else 1.0
        edge = palette.highlight() if self._raised else palette.placeholderText()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(edge, width, Qt.PenStyle.DashLine if self._dashed else Qt.PenStyle.SolidLine))
        painter.setBrush(palette.button() if self._raised else QBrush())
        inset = width / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 10.0, 10.0)


class Style(QProxyStyle):
    """Fusion, with tick boxes that can be seen on a dark window, plain lines, and room around the menus."""

    def __init__(self) -> None:
        super().__init__("Fusion")

    def pixelMetric(
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        """Leave room above and below the menus, as high as the messages beside them, around headings and tooltips."""
        own = _METRICS.get(metric)
        return super().pixelMetric(metric, option, widget) if own is None else own

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returnData: QStyleHintReturn | None = None,
    ) -> int:
        """Draw unobtrusive grids."""
        if hint == QStyle.StyleHint.SH_Table_GridLineColor and option is not None:
            return int.from_bytes(option.palette.button().color().rgba().to_bytes(4), signed=True)
        return super().styleHint(hint, option, widget, returnData)

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption | None,
        painter: QPainter | None,
        widget: QWidget | None = None,
    ) -> None:
        """Draw tick boxes, frames and what separates panels."""
        draw = _PRIMITIVES.get(element)
        if draw is None or option is None or painter is None:
            super().drawPrimitive(element, option, painter, widget)
            return
        painter.save()
        draw(option, painter)
        painter.restore()

    def drawControl(
        self,
        element: QStyle.ControlElement,
        option: QStyleOption | None,
        painter: QPainter | None,
        widget: QWidget | None = None,
    ) -> None:
        """Draw headings of tables."""
        if element == QStyle.ControlElement.CE_HeaderSection and option is not None and painter is not None:
            _draw_heading(option, painter)
            return
        if element == QStyle.ControlElement.CE_HeaderLabel and option is not None:
            palette = QPalette(option.palette)
            palette.setBrush(QPalette.ColorRole.ButtonText, palette.brush(MUTED))
            option.palette = palette
        super().drawControl(element, option, painter, widget)


_METRICS = {
    QStyle.PixelMetric.PM_MenuBarVMargin: 3,
    QStyle.PixelMetric.PM_HeaderMargin: 4,
    QStyle.PixelMetric.PM_DockWidgetSeparatorExtent: 5,
    QStyle.PixelMetric.PM_ToolTipLabelFrameWidth: 4,
}


def _draw_tick_box(option: QStyleOption, painter: QPainter) -> None:
    palette = option.palette
    side = min(option.rect.width(), option.rect.height(), 14) - 1.0
    box = QRectF(0, 0, side, side)
    box.moveCenter(QRectF(option.rect).center())
    ticked = bool(option.state & QStyle.StateFlag.State_On)
    enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(palette.brush(MUTED) if enabled else palette.mid(), 1.0))
    painter.setBrush(palette.highlight() if ticked and enabled else palette.base())
    painter.drawRoundedRect(box, 2.5, 2.5)
    if ticked:
        painter.setPen(QPen(palette.highlightedText() if enabled else palette.placeholderText(), 1.8))
        corners = ((0.22, 0.52), (0.42, 0.74), (0.80, 0.26))
        painter.drawPolyline(QPolygonF([box.topLeft() + QPointF(side * x, side * y) for x, y in corners]))


def _draw_heading(option: QStyleOption, painter: QPainter) -> None:
    rect, lines = option.rect, option.palette.mid()
    painter.fillRect(rect, option.palette.button())
    painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, lines)
    painter.fillRect(rect.right(), rect.top(), 1, rect.height(), lines)


def _draw_separator(option: QStyleOption, painter: QPainter) -> None:
    hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
    painter.fillRect(option.rect, option.palette.highlight() if hovered else option.palette.window())


def _draw_frame(option: QStyleOption, painter: QPainter) -> None:
    painter.setPen(option.palette.mid().color())
    painter.drawRect(option.rect.adjusted(0, 0, -1, -1))


def _draw_tooltip(option: QStyleOption, painter: QPainter) -> None:
    painter.fillRect(option.rect, option.palette.toolTipBase())
    _draw_frame(option, painter)


def _draw_nothing(option: QStyleOption, painter: QPainter) -> None:
    pass


_PRIMITIVES: dict[QStyle.PrimitiveElement, Callable[[QStyleOption, QPainter], None]] = {
    QStyle.PrimitiveElement.PE_IndicatorCheckBox: _draw_tick_box,
    QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck: _draw_tick_box,
    QStyle.PrimitiveElement.PE_IndicatorDockWidgetResizeHandle: _draw_separator,
    QStyle.PrimitiveElement.PE_Frame: _draw_frame,
    QStyle.PrimitiveElement.PE_PanelTipLabel: _draw_tooltip,
    QStyle.PrimitiveElement.PE_FrameStatusBarItem: _draw_nothing,
}


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
        MUTED: theme.muted,
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
