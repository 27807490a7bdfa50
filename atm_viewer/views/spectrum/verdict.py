"""The line in the Spectrum panel that says whether what one sees is resampling noise."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy

from atm_viewer.engine.results.verdict import Verdict
from atm_viewer.views.base.plain_text import Label, plain_tip

_EXPLAINED = (
    "From spaxel / aperture about its smooth trend; lines and continuum that both share are gone from it.\n"
    "Period: measured over that predicted from the traces; 1 is a perfect match.\n"
    "Per cent of the variance: how much of the squared deviations has the predicted phase, before and after.\n"
    "Scatter: standard deviation relative to the flux; correction should make it smaller.\n"
    "Photon noise: as much as the cube's errors say. Fringes (MIRI): sines in wavenumber. Real structure at lines: "
    "more at the aperture's lines than elsewhere: their light is spread in another way. Unknown: the rest."
)


#: Lines that a verdict has, at a width from which on two are enough and below it.
_FEW, _MANY, _WIDE = 2, 3, 640


class VerdictLine(Label):
    """A verdict, with room for two lines, three in a narrow panel; what does not fit is cut, the tooltip has it all."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setContentsMargins(6, 0, 6, 2)
        self._make_room()
        self.setAccessibleName("Verdict")
        self.show_verdict(None, False)

    def show_verdict(self, verdict: Verdict | None, stale: bool) -> None:
        """Show a verdict; ``stale`` when it is on other spectra than those in sight."""
        self.setEnabled(not stale)
        self.setText(verdict.sentence if verdict is not None else "Is it resampling noise? Working it out…" * stale)
        state = "\nOf the spectra before the latest change; being renewed." * stale
        self.setToolTip(plain_tip(f"{self.text()}{state}\n\n{_EXPLAINED}") if verdict is not None else "")

    def lines(self) -> list[str]:
        """Lines as they are drawn."""
        width, metrics = self.contentsRect().width(), self.fontMetrics()
        unbroken = self.text().replace(" %", "\u00a0%").replace(" → ", "\u00a0→\u00a0")
        words, line, full = unbroken.split(" "), "", list[str]()
        for k, word in enumerate(words):
            longer = f"{line} {word}".lstrip()
            if line and metrics.horizontalAdvance(longer) > width:
                full.append(line)
                if len(full) == self._most - 1:
                    line = " ".join(words[k:])
                    break
                longer = word
            line = longer
        return [*full, metrics.elidedText(line, Qt.TextElideMode.ElideRight, width)]

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Have more lines where they are short."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        self._most = _FEW if self.width() >= _WIDE else _MANY
        self.setFixedHeight(self._most * self.fontMetrics().lineSpacing() + 2)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw what fits."""
        flags = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        QPainter(self).drawText(self.contentsRect(), flags, "\n".join(self.lines()))
