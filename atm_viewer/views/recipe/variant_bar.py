"""Buttons of the variants with their noise: activate, copy, label, adopt, discard."""

from __future__ import annotations

import math
from functools import lru_cache

from PyQt6.QtCore import QPoint, QSize, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPixmap
from PyQt6.QtWidgets import QHBoxLayout, QInputDialog, QMenu, QToolButton, QWidget

from atm_viewer.engine.errors import MOST_OF_SENTENCE
from atm_viewer.jobs.requests.previews import MakeSpectra
from atm_viewer.session.edits.recipe_differences import recipe_words
from atm_viewer.session.edits.variants import Variant
from atm_viewer.session.session import Session
from atm_viewer.session.state.places import spectra_name
from atm_viewer.views.base.plain_text import escaped, set_tip
from atm_viewer.views.base.theme import DARK, Theme

#: With more variants than these a chip has the letter alone.
_ROOMY = 4
_SIDE = 10  # of the coloured square on a chip [dot]
_UNLIMITED = 16_777_215  # Qt's largest width


class VariantBar(QWidget):
    """One chip per variant with its colour and noise; in sight when there are several.

    Parameters
    ----------
    session : Session
        Has the variants, and makes, chooses and deletes them.

    Attributes
    ----------
    new_button : QToolButton
        Makes a variant; stands wherever there is room for it, also as long as there is only one.
    """

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self._theme = DARK
        self.chips: dict[str, QToolButton] = {}
        self.new_button = QToolButton()
        self.new_button.setAccessibleName("New variant")
        self.new_button.setToolTip(
            "Copy the active variant to a new one, edit it, and compare spectra and images (Ctrl+N)"
        )
        self.new_button.clicked.connect(session.recipes.new_variant)
        self.menu_button = QToolButton()
        self.menu_button.setText("⋯")
        self.menu_button.setAccessibleName("Variant actions")
        self.menu_button.setToolTip("Label, adopt or discard the active variant (also: right-click a variant)")
        self.menu_button.clicked.connect(self._open_menu)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(6, 0, 4, 2)
        self._line.setSpacing(3)
        self._line.addStretch(1)
        self._line.addWidget(self.menu_button)
        for changed in (session.changed.recipe, session.changed.spectra, session.changed.pending):
            changed.connect(self._show)
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        self._show()

    def ask_label(self, name: str) -> None:
        """Ask for a few words on what a variant tries."""
        variant = self._session.state.variants[name]
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(f"Variant {name}")
        dialog.setLabelText("Label:")
        dialog.setTextValue(variant.label)
        dialog.textValueSelected.connect(lambda text: self._session.recipes.label_variant(name, text))
        dialog.open()

    def make_menu(self, name: str) -> QMenu:
        """Menu of what can be done with a variant."""
        session, several = self._session, self._session.state.variants.several
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for text, tip, enabled, act in (
            ("Label…", "Label this variant", True, self.ask_label),
            ("Adopt", "Keep only this variant; Undo restores the others", several, session.recipes.adopt_variant),
            ("Discard", "Delete this variant; Undo restores it", several, session.recipes.discard_variant),
        ):
            action = menu.addAction(f"{text.rstrip('…')} {name}{'…' if text.endswith('…') else ''}")
            assert action is not None
            action.setToolTip(tip)
            action.setEnabled(enabled)
            action.triggered.connect(lambda _checked=False, act=act: act(name))
        return menu

    def _show(self) -> None:
        variants = self._session.state.variants
        self.setVisible(variants.several)
        self.new_button.setEnabled(not variants.full)
        self.new_button.setText(f"+ {variants.added().active}" if not variants.full else "+")
        for name in [n for n in self.chips if n not in variants]:
            self.chips.pop(name).deleteLater()
        for row, variant in enumerate(variants.all if variants.several else ()):
            if variant.name not in self.chips:
                self.chips[variant.name] = self._make_chip(variant.name)
            chip = self.chips[variant.name]
            if self._line.indexOf(chip) != row:
                self._line.insertWidget(row, chip)
            self._fill(chip, variant)

    def _make_chip(self, name: str) -> QToolButton:
        chip = QToolButton()
        chip.setCheckable(True)
        chip.setIconSize(QSize(_SIDE, _SIDE))
        chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        chip.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        chip.clicked.connect(lambda: self._choose(name))
        chip.customContextMenuRequested.connect(lambda at: self.make_menu(name).popup(chip.mapToGlobal(at)))
        return chip

    def _choose(self, name: str) -> None:
        self._session.recipes.choose_variant(name)
        self._show()  # a click on the active one would leave it unticked

    def _fill(self, chip: QToolButton, variant: Variant) -> None:
        """Write letter and noise on a chip, and everything else in its tooltip."""
        session, name = self._session, variant.name
        variants, spectra = session.state.variants, session.answers.spectra_of(name)
        active = variants.active == name
        stale = session.answers.is_pending(MakeSpectra, spectra_name(name, session.state.places.active))
        noise = spectra.noise_after if spectra is not None else math.nan
        told = "…" if stale else f"{100 * noise:.1f} %" if math.isfinite(noise) else ""
        roomy = active or len(variants.all) <= _ROOMY
        chip.setText(f"{name} {told}".rstrip() if roomy else name)
        chip.setMaximumWidth(_UNLIMITED if roomy else chip.fontMetrics().horizontalAdvance(name) + _SIDE + 16)
        chip.setIcon(_square(self._theme.variant(name), chip.devicePixelRatioF()))
        chip.setChecked(active)
        if chip.font().bold() != active:
            font = chip.font()
            font.setBold(active)
            chip.setFont(font)
        lines = [
            f"<b>Variant {escaped(variant.title)}</b>{' (active: used for editing and writing)' if active else ''}"
        ]
        differences = [f"Compared with the defaults: {recipe_words(variant.recipe)}"]
        if not active:
            differences.append(f"Compared with {variants.active}: {recipe_words(variant.recipe, variants.recipe)}")
        lines += [escaped(line, MOST_OF_SENTENCE) for line in differences]
        if spectra is not None and math.isfinite(noise):
            before = f"{100 * spectra.noise_before:.1f} %"
            lines.append(
                f"Resampling noise at the spaxel: {before} → {100 * noise:.1f} %{' (updating)' if stale else ''}"
            )
        lines.append("Click: activate (V: next, Shift+V: previous) · Right-click: label, adopt, discard")
        set_tip(chip, "<br>".join(lines))

    def _open_menu(self) -> None:
        below = self.menu_button.mapToGlobal(QPoint(0, self.menu_button.height()))
        self.make_menu(self._session.state.variants.active).popup(below)


@lru_cache(64)  # chips are filled anew with every answer
def _square(colour: str, dots: float) -> QIcon:
    """Square of a colour, for a chip."""
    pixmap = QPixmap(round(_SIDE * dots), round(_SIDE * dots))
    pixmap.setDevicePixelRatio(dots)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.fillRect(0, 0, _SIDE, _SIDE, QColor(colour))
    painter.end()
    return QIcon(pixmap)
