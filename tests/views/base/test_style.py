"""The style takes its colours from the palette, so that a change of theme touches nothing else."""

from __future__ import annotations

import pytest
from PyQt6.QtWidgets import QApplication, QLabel, QTableWidget, QVBoxLayout, QWidget

from atm_viewer.views.base.style import MUTED, Card, apply_theme
from atm_viewer.views.base.theme import DARK, LIGHT


@pytest.fixture
def themed(qapp: QApplication):
    """Application in the dark theme, as it is found by other tests."""
    apply_theme(qapp, DARK)
    yield qapp
    apply_theme(qapp, DARK)


def colours(widget: QWidget) -> set[str]:
    image = widget.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def test_the_same_style_draws_in_the_colours_of_another_theme(themed, qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    table, label, card = QTableWidget(2, 2), QLabel("secondary"), Card()
    label.setForegroundRole(MUTED)
    card.setFixedHeight(30)
    column = QVBoxLayout(window)
    for widget in (table, label, card):
        column.addWidget(widget)
    window.show()
    style = themed.style()
    for theme in (LIGHT, DARK):
        apply_theme(themed, theme)
        themed.processEvents()
        assert {theme.panel, theme.border, theme.field} <= colours(table)
        assert theme.muted in colours(table.horizontalHeader())
        assert theme.muted in colours(label)
        assert {theme.panel, theme.highlight} <= colours(card)
    # Either of these takes Qt a second in the whole window.
    assert themed.style() is style
    assert not themed.styleSheet()
