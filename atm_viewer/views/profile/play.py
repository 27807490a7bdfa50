"""Plays through the columns of a slice."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QTimer, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QToolButton

SPEEDS = (2, 10, 50, 200)  #: [columns/s]
BEAT = 40  #: shortest time between two columns that are shown [ms]


class Player(QObject):
    """Button and speed of playing; every column on the way is waited for.

    Signals
    -------
    stepped(int)
        Columns to go on by.
    rewound()
        The last column was in sight already: go to the first one.
    """

    stepped = pyqtSignal(int)
    rewound = pyqtSignal()

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self.button = QToolButton()
        self.button.setText("▶ Play")
        self.button.setAccessibleName("Play")
        self.button.setCheckable(True)
        self.button.setToolTip("Play through the columns up to the last one (Space in the profile, Alt+P anywhere)")
        self.speed_box = QComboBox()
        self.speed_box.setAccessibleName("Playing speed")
        for speed in SPEEDS:
            self.speed_box.addItem(f"{speed} col/s", speed)
        self.speed_box.setCurrentIndex(1)
        self.speed_box.setToolTip("Speed [columns per second]; slower if fits take longer")
        self._left, self._ready = 0, False
        self._beat = QTimer(self)
        self._beat.timeout.connect(self._go_on)
        self.button.toggled.connect(self._set_playing)
        self.speed_box.currentIndexChanged.connect(self._set_beat)

    def stop(self) -> None:
        """Play no more."""
        self.button.setChecked(False)

    def tell(self, left: int, ready: bool) -> None:
        """Say how many columns are left after the chosen one, and whether that one is shown."""
        self._left, self._ready = left, ready

    def _set_playing(self, playing: bool) -> None:
        self.button.setText("■ Stop" if playing else "▶ Play")
        self.button.setAccessibleName("Stop" if playing else "Play")
        if not playing:
            self._beat.stop()
            return
        if self._left <= 0:
            self.rewound.emit()
        self._set_beat()
        self._beat.start()

    def _set_beat(self) -> None:
        self._beat.setInterval(max(BEAT, 1000 // self.speed_box.currentData()))

    def _go_on(self) -> None:
        """Go on once the column on the way is shown; stop at the end."""
        if self._left <= 0:
            self.stop()
        elif self._ready:
            step = max(1, round(self.speed_box.currentData() * self._beat.interval() / 1000))
            self.stepped.emit(min(step, self._left))
