"""Labels for boxes to choose from."""

from __future__ import annotations

from PyQt6.QtWidgets import QComboBox, QLabel, QWidget

from atm_viewer.views.base.plain_text import Label


def label_boxes(window: QWidget) -> None:
    """Give each box to choose from a label that is not shown, unless a label names it.

    On Linux, Qt tells screen readers the chosen text as the box's name, and what the box is about by its label alone.
    """
    for box in window.findChildren(QComboBox):
        holder = box.parentWidget()
        if holder is None or not box.accessibleName():
            continue
        if not any(label.buddy() is box for label in holder.findChildren(QLabel)):
            label = Label(box.accessibleName(), holder)
            label.hide()
            label.setBuddy(box)
